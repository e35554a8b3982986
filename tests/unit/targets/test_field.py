"""Criteria go into the chosen field as the field takes them, and never over somebody's words."""

from typing import Any

import pytest

from addon.adf.nodes import doc, paragraph
from addon.jira.errors import JiraForbidden
from addon.runs.feature import CannotUndo
from addon.targets.field import FieldNotEmpty, FieldNotWritable, FieldTarget, FieldTooShort
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


def row(**changes: Any) -> Any:
    content = {"field": FIELD, "adf": ADF, "text": "1) A voucher", **changes.pop("content", {})}
    return publication("field", content, **changes)


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


async def test_lines_become_one_for_a_field_of_one_line_and_too_many_are_refused() -> None:
    jira = jira_with("textfield")
    await FieldTarget().publish(writing(jira, row(content={"text": "1) A voucher\n2) A receipt"})))
    assert jira.issue["fields"][FIELD] == "1) A voucher 2) A receipt"
    jira = jira_with("textfield")
    with pytest.raises(FieldTooShort):
        await FieldTarget().publish(writing(jira, row(content={"text": "x" * 256})))
    assert jira.writes() == []
    rich = jira_with("textarea")
    rich.next("PUT", "/issue/10231", 400, {"errors": {FIELD: "It exceeds the allowed limit of 32,767 characters."}})
    with pytest.raises(FieldTooShort):
        await FieldTarget().publish(writing(rich, row()))


async def test_what_stands_there_is_replaced_when_a_person_says_so_and_comes_back() -> None:
    before = doc(paragraph("Ours, by hand"))
    jira = jira_with("textarea", before)
    book: dict[str, Any] = {}
    await FieldTarget().publish(writing(jira, row(content={"replace": True}), book=book))
    assert jira.issue["fields"][FIELD] == ADF
    assert book["before"] == before
    await FieldTarget().undo(writing(jira, row(kept=book)))
    assert jira.issue["fields"][FIELD] == before
    await FieldTarget().undo(writing(jira, row(kept=book), repeated=True))
    assert len(jira.writes()) == 2


async def test_our_own_earlier_words_are_brought_up_to_date_for_who_asks() -> None:
    jira = jira_with("textarea", doc(paragraph("Our older words")))
    older = row(kept={"before": None, "wrote": "Our older words"})
    with pytest.raises(FieldNotEmpty):
        await FieldTarget().publish(writing(jira, row(), previous=older))
    await FieldTarget().publish(writing(jira, row(account_id="ann"), previous=older))
    assert jira.issue["fields"][FIELD] == ADF


async def test_a_field_somebody_changed_is_not_put_back() -> None:
    jira = jira_with("textarea")
    written = await FieldTarget().publish(writing(jira, row()))
    jira.issue["fields"][FIELD] = doc(paragraph("Better words"))
    with pytest.raises(CannotUndo):
        await FieldTarget().undo(writing(jira, row(kept=dict(written.kept))))
    with pytest.raises(CannotUndo):
        await FieldTarget().undo(writing(jira, row()))


@pytest.mark.parametrize(
    ("kind", "value", "replace", "told"),
    [
        ("textarea", None, False, ((), ())),
        ("textarea", doc(paragraph("By hand")), True, ((), ("replaced",))),
        ("textarea", doc(paragraph("By hand")), False, (("written over",), ())),
        ("select", None, False, (("cannot be written",), ())),
    ],
)
async def test_the_preview_tells_what_will_happen(kind: str, value: Any, replace: bool, told: Any) -> None:
    jira = jira_with(kind, value)
    shown = await FieldTarget().preview([writing(jira, row(content={"replace": replace}))])
    problems, warnings = told
    assert [any(word in said for said in shown.items[0].problems) for word in problems] == [True] * len(problems)
    assert len(shown.items[0].problems) == len(problems)
    assert [any(word in said for said in shown.warnings) for word in warnings] == [True] * len(warnings)
    assert jira.writes() == []
    assert shown.place == (FIELD if kind == "select" else "Acceptance criteria")
