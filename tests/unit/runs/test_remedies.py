"""Every error a row can end with has words for whoever looks after the site."""

import pytest

from addon.errors import AddonError
from addon.jira.errors import JiraDown, failure
from addon.jira.search import JqlRefused
from addon.llm import faults
from addon.runs import remedies
from addon.runs.feature import CannotUndo
from addon.runs.setbacks import gave_up
from addon.store.leases import WORKER_LOST
from addon.testmgmt.errors import ToolRefused
from tests.unit.i18n.extract import ROOT
from tests.unit.i18n.test_words import UNSEEN, codes

NEVER = {
    **UNSEEN,
    "database_down": "the row is given back, and nothing is held against it",
    "redis_down": "nothing a row needs",
    "site_paused": "the row waits",
    "unsettled": "the row waits, and nothing is held against it",
    "issue_deleted": "ends as cancelled",
    "nothing_to_do": "ends as cancelled",
    "superseded": "ends as cancelled",
    "tenant_gone": "ends as cancelled",
    "uninstalled": "ends as cancelled",
    "not_ready": "an answer to a request",
    "too_large": "an answer to a request",
    "too_many_requests": "an answer to a request",
    "unauthenticated": "an answer to a request",
    "unavailable": "an answer to a request",
    "unsupported_media_type": "an answer to a request",
    "upstream_failed": "the base of others, never raised itself",
}
"""Codes with which no row ends as failed, and why."""


def test_every_code_a_row_can_fail_with_has_words_of_its_own() -> None:
    silent = {code for code in codes() if remedies.of({"error": code}) is remedies.UNKNOWN}
    assert silent - set(NEVER) == set()


@pytest.mark.parametrize("cause", ["jira_down", "jira_busy", "xray_down", "zephyr_busy", "model_busy"])
def test_what_was_given_up_names_who_did_not_answer(cause: str) -> None:
    of_cause = remedies.of({"error": "gave_up", "cause": cause})
    assert of_cause != remedies.of({"error": "gave_up"})
    assert "given up" in of_cause.said


@pytest.mark.parametrize("error", [{}, {"error": ""}, {"error": "never_heard_of"}, {"error": "gave_up", "cause": ""}])
def test_what_nobody_foresaw_has_words_as_well(error: dict[str, str]) -> None:
    remedy = remedies.of(error)
    assert remedy.said
    assert remedy.todo


@pytest.mark.parametrize(
    ("error", "by", "text"),
    [
        (JqlRefused("The value 'PAZ' does not exist."), "jira", "The value 'PAZ' does not exist."),
        (ToolRefused("xray", "“Manual” is no type"), "xray", "“Manual” is no type"),
        (ToolRefused("zephyr", "Folder unknown"), "zephyr", "Folder unknown"),
        (failure(400, b'{"errors": {"team": "Required.", "priority": "No."}}'), "about", "team, priority"),
        (CannotUndo("PAY-7 was executed since it was made; it was left as it is."), "about", "PAY-7"),
    ],
)
def test_what_others_said_is_found_in_the_detail(error: AddonError, by: str, text: str) -> None:
    found = remedies.quoted({"error": error.code, "detail": error.detail})
    assert found is not None
    assert (found.by, found.text) == (by, text)


@pytest.mark.parametrize(
    "error",
    [
        WORKER_LOST,
        gave_up(JiraDown(), 16),
        gave_up(ToolRefused("xray", "No."), 16),
        {"error": "xray_refused", "detail": ToolRefused("xray", "").detail},
        {"error": "jira_refused", "detail": failure(400, b"").detail},
        {"error": "never_heard_of", "detail": "Jira refused these fields: team."},
        {"error": "jql_refused"},
        {},
    ],
)
def test_words_of_our_own_are_nobodys_quote(error: dict[str, str]) -> None:
    assert remedies.quoted(error) is None


SENTENCES = {
    "targets/field.py": 'FieldTooShort(f"The field {place.field.name or content.field} holds one line of {LINE}',
    "targets/making.py": 'CannotUndo(f"Somebody has worked on {issue.key} since it was made;',
    "targets/xray.py": 'CannotUndo(f"{test.key} was executed since it was made;',
    "targets/xray_making.py": 'Incomplete(f"{test.key} was made, but ',
}
"""Where the sentences stand that only a whole write can raise."""


@pytest.mark.parametrize("path", SENTENCES)
def test_the_sentences_that_are_read_are_the_ones_that_are_written(path: str) -> None:
    assert SENTENCES[path] in (ROOT / "addon" / path).read_text("utf-8")


def test_a_spent_quota_is_not_told_as_a_wrong_name() -> None:
    spent = faults.of_status(429, {}, body="insufficient_quota", now=0.0).error
    refused = faults.of_status(418, {}, body="", now=0.0).error
    told, other = (remedies.of({"error": each.code, "detail": each.detail}) for each in (spent, refused))
    assert spent.code == refused.code
    assert "quota" in told.said
    assert told != other == remedies.of({"error": refused.code})
