"""What we wrote about an issue ourselves is neither its author's word nor a change of it."""

from typing import Any

import pytest

from addon.reading import framing
from addon.reading.changes import between, names
from addon.reading.facts import BUDGET, Facts, Section, fit, input_hash
from addon.reading.issue import MOST_LINKS
from addon.reading.ours import Ours
from tests.unit.analysis.make import facts
from tests.unit.reading.test_facts import TEXTAREA, adf, facts_of
from tests.unit.targets.fake_jira import FakeJira, story

FIELD = "customfield_10058"
MADE = Ours(frozenset({"SHOP-7", "SHOP-8"}), {FIELD: frozenset({"An older text", "The list is café-proof"})})


def other(key: str, title: str = "") -> dict[str, Any]:
    return {"id": key, "key": key, "fields": {"summary": title or f"About {key}"}}


def link(key: str) -> dict[str, Any]:
    return {"type": {"inward": "is tested by"}, "inwardIssue": other(key)}


def jira(**fields: Any) -> FakeJira:
    found = FakeJira(story(**fields))
    found.editable = {FIELD: {"name": "Acceptance criteria", "schema": TEXTAREA, "operations": ["set"]}}
    return found


async def test_subtasks_and_tests_we_made_are_no_change_and_stay_in_the_prompt() -> None:
    before = await facts_of(jira(subtasks=[other("SHOP-5")]), ours=MADE)
    after = await facts_of(jira(subtasks=[other("SHOP-7"), other("SHOP-5")], issuelinks=[link("SHOP-8")]), ours=MADE)
    assert between(before, after) == between(after, before) == []
    assert input_hash(before) == input_hash(after)
    assert [(each.text, each.ours) for each in after.of("subtask")] == [
        ("SHOP-5: About SHOP-5", False),
        ("SHOP-7: About SHOP-7", True),
    ]
    shown = framing.data(after, "==")
    assert "is tested by SHOP-8: About SHOP-8" in shown
    assert "SHOP-7: About SHOP-7" in shown
    assert "SHOP-7" in after.text()
    assert "SHOP-7" not in after.said()
    assert "SHOP-5" in after.said()


async def test_what_a_person_makes_is_a_change() -> None:
    before = await facts_of(jira(), ours=MADE)
    after = await facts_of(jira(subtasks=[other("SHOP-9")], issuelinks=[link("SHOP-10")]), ours=MADE)
    assert names(between(before, after)) == ["link", "subtask"]
    assert input_hash(before) != input_hash(after)


async def test_a_field_we_wrote_is_not_read_until_a_person_changes_it() -> None:
    empty = await facts_of(jira(), ours=MADE)
    # Composed and decomposed letters are the same words.
    for text in ("The list is cafe\u0301-proof", "An older text"):
        ours = await facts_of(jira(**{FIELD: adf(text)}), ours=MADE)
        assert (between(empty, ours), input_hash(ours)) == ([], input_hash(empty))
        assert list(ours.of("field")) == []
    theirs = await facts_of(jira(**{FIELD: adf("The list is café-proof and fast")}), ours=MADE)
    assert theirs.first("field") == "The list is café-proof and fast"
    assert names(between(empty, theirs)) == ["field"]


async def test_our_text_in_another_field_is_somebodys_copy() -> None:
    copied = jira(customfield_1=adf("An older text"))
    copied.editable = {"customfield_1": {"name": "Scope", "schema": TEXTAREA, "operations": ["set"]}}
    assert (await facts_of(copied, ours=MADE)).first("field") == "An older text"


async def test_many_of_ours_push_out_none_of_theirs() -> None:
    keys = [f"SHOP-{number}" for number in range(100, 130)]
    made = Ours(frozenset(keys))
    children = [*map(other, keys), other("SHOP-5")]
    found = await facts_of(jira(subtasks=children), ours=made)
    assert [each.text for each in found.of("subtask") if not each.ours] == ["SHOP-5: About SHOP-5"]
    assert len([each for each in found.of("subtask") if each.ours]) == MOST_LINKS


def test_ours_that_finds_no_room_is_not_missing() -> None:
    full = Section(name="description", text="word " * 20)
    ours = Section(name="subtask", text="SHOP-7: " + "long " * 30, ours=True)
    assert fit([full, ours], budget=len(full.text) + 10) == (full,)
    assert fit([full, ours], budget=BUDGET) == (full, ours)


def reading(*sections: Section) -> Facts:
    return facts().model_copy(update={"sections": sections})


@pytest.mark.parametrize("known_later", [True, False])
def test_what_one_of_two_readings_did_not_know_to_be_ours_is_no_change(known_later: bool) -> None:
    plain = reading(Section(name="subtask", text="SHOP-7: Made"))
    marked = reading(Section(name="subtask", text="SHOP-7: Made", ours=True))
    pair = (plain, marked) if known_later else (marked, plain)
    assert between(*pair) == []


def test_results_of_before_ours_was_told_apart_are_found_again() -> None:
    # What is kept in databases was hashed like this.
    assert input_hash(reading(Section(name="summary", text="x")), language="en") == (
        "d05114f4ff84264a43b0dbf6132ffaeaa97010a511d62845b8346202f1993bed"
    )
