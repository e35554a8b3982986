"""Criteria go into the chosen field as the field takes them, and never over somebody's words."""

from typing import Any

import pytest

from addon.adf.nodes import doc, paragraph
from addon.jira.errors import JiraForbidden
from addon.targets.field import FieldNotEmpty, FieldNotWritable, FieldTarget
from tests.unit.targets.fake_jira import SITE, FakeJira, story
from tests.unit.targets.make import publication, writing

FIELD = "customfield_10058"
ADF = doc(paragraph("Given a voucher"))
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes"


def jira_with(kind: str, value: Any = None) -> FakeJira:
    jira = FakeJira(story(**{FIELD: value}))
    schema = {"type": "string", "custom": f"{CUSTOM}:{kind}"}
    jira.editable = {FIELD: {"name": "Acceptance criteria", "schema": schema, "operations": ["set"]}}
    return jira


def row() -> Any:
    return publication("field", {"field": FIELD, "adf": ADF, "text": "1) A voucher"})


@pytest.mark.parametrize(("kind", "value"), [("textarea", ADF), ("textfield", "1) A voucher")])
async def test_the_field_gets_what_it_takes(kind: str, value: Any) -> None:
    jira = jira_with(kind)
    written = await FieldTarget().publish(writing(jira, row()))
    assert jira.issue["fields"][FIELD] == value
    assert jira.said[-1][3]["X-Atlassian-Webhook-Trace"] == f"{SITE.app_key}/run-1"
    assert written.url == "https://jira.acme.example/browse/SHOP-142"


async def test_a_filled_field_is_left_alone() -> None:
    jira = jira_with("textarea", doc(paragraph("Ours, by hand")))
    with pytest.raises(FieldNotEmpty, match="Acceptance criteria already holds a text"):
        await FieldTarget().publish(writing(jira, row()))
    assert jira.writes() == []


async def test_a_field_with_blanks_only_counts_as_empty() -> None:
    jira = jira_with("textarea", doc(paragraph(" ")))
    await FieldTarget().publish(writing(jira, row()))
    assert jira.issue["fields"][FIELD] == ADF


@pytest.mark.parametrize("kind", ["select", None])
async def test_a_field_that_takes_no_text_is_named_as_the_trouble(kind: str | None) -> None:
    jira = jira_with(kind) if kind else FakeJira()
    with pytest.raises(FieldNotWritable, match="project's settings"):
        await FieldTarget().publish(writing(jira, row()))
    assert jira.writes() == []


async def test_our_own_words_after_a_lost_reply_count_as_written() -> None:
    jira = jira_with("textarea", ADF)
    written = await FieldTarget().publish(writing(jira, row(), repeated=True))
    assert written.remote_id == FIELD
    assert jira.writes() == []


async def test_a_missing_right_is_named() -> None:
    jira = jira_with("textarea")
    jira.next("PUT", "/issue/10231", 403)
    with pytest.raises(JiraForbidden, match="Edit issues"):
        await FieldTarget().publish(writing(jira, row()))
