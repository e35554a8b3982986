import re

import pytest

from addon.observe import metrics
from addon.settings import ROOT

REQUIRED = (
    "http_requests_total",
    "http_request_duration_seconds",
    "llm_requests_total",
    "llm_request_duration_seconds",
    "llm_tokens_used_total",
    "jira_requests_total",
    "jira_waits_total",
    "jira_points_used",
    "jira_points_limit",
    "api_refusals_total",
    "jira_publish_success_total",
    "runs_total",
    "webhooks_total",
    "queue_depth",
    "build_info",
)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_metric_is_there_before_its_first_event(name: str) -> None:
    lines = metrics.exposition().decode().splitlines()
    assert any(line.startswith(f"# HELP {name}") for line in lines)
    assert any(line.split("{")[0].split(" ")[0].removesuffix("_count") == name for line in lines)


def test_counters_start_at_zero_for_every_known_label() -> None:
    text = metrics.exposition().decode()
    for target in metrics.TARGETS:
        assert f'jira_publish_success_total{{target="{target}"}}' in text
    for outcome in metrics.WEBHOOK_OUTCOMES:
        assert f'webhooks_total{{outcome="{outcome}"}}' in text


def test_no_label_can_name_a_tenant_an_issue_or_a_person() -> None:
    allowed = {
        "method",
        "route",
        "status",
        "outcome",
        "operation",
        "provider",
        "direction",
        "target",
        "kind",
        "state",
        "queue",
        "tool",
        "author",
        "owner",
        "budget",
        "level",
        "cause",
        "limit",
    }
    declared = {
        label
        for family in metrics.REGISTRY.collect()
        if family.documentation and not family.name.startswith(("process_", "python_"))
        for sample in family.samples
        for label in sample.labels
    }
    assert declared <= allowed | {"le", "version"}


def test_the_calls_to_jira_are_counted_under_known_names() -> None:
    written = "".join(path.read_text("utf-8") for path in (ROOT / "addon" / "jira").glob("*.py"))
    used = set(
        re.findall(r'"((?:comment|createmeta|field|issue|jql|link|permissions|project|search|user)\.[a-z]+)"', written)
    ) | {"myself"}
    assert used == set(metrics.JIRA_OPERATIONS)
