"""What is different between two readings of the same issue."""

import pytest

from addon.adf.nodes import doc, paragraph
from addon.adf.sections import section
from addon.reading.changes import between, names
from addon.reading.facts import Facts, Section
from addon.reading.issue import is_read, read
from tests.unit.analysis.make import facts
from tests.unit.reading.test_facts import sample
from tests.unit.targets.fake_jira import FakeJira


def with_sections(*sections: Section) -> Facts:
    return facts().model_copy(update={"sections": sections})


def test_the_same_reading_shows_no_change() -> None:
    assert between(facts(), facts()) == []


def test_a_changed_text_is_told_with_what_it_was() -> None:
    (change,) = between(facts(description="Before"), facts(description="After"))
    assert (change.section, change.before, change.after) == ("description", "Before", "After")


def test_type_labels_and_components_are_compared_too() -> None:
    found = between(facts(), facts(issue_type="Task", labels=(), components=("Shop", "Web")))
    assert [(each.section, each.before, each.after) for each in found] == [
        ("issue_type", "Story", "Task"),
        ("labels", "checkout", ""),
        ("components", "", "Shop, Web"),
    ]


def test_a_new_comment_is_new_and_takes_no_other_ones_place() -> None:
    old = Section(name="comment", title="2026-10-02", text="First")
    new = Section(name="comment", title="2026-10-02", text="Second")
    (change,) = between(with_sections(old), with_sections(new, old))
    assert (change.before, change.after) == ("", "Second")
    (gone,) = between(with_sections(new, old), with_sections(old))
    assert (gone.before, gone.after) == ("Second", "")


def test_fields_are_told_apart_by_their_titles() -> None:
    before = with_sections(
        Section(name="field", title="Scope", text="a"), Section(name="field", title="Steps", text="b")
    )
    after = with_sections(
        Section(name="field", title="Scope", text="a"), Section(name="field", title="Steps", text="c")
    )
    (change,) = between(before, after)
    assert (change.title, change.before, change.after) == ("Steps", "b", "c")


def test_each_section_is_named_once() -> None:
    before = with_sections()
    after = with_sections(Section(name="comment", text="a"), Section(name="comment", text="b"))
    assert names(between(before, after)) == ["comment"]


@pytest.mark.parametrize(
    ("field_id", "name", "expected"),
    [
        ("summary", "summary", True),
        ("", "Link", True),
        ("description", "description", True),
        ("labels", "labels", True),
        ("parent", "Parent", True),
        ("status", "status", False),
        ("assignee", "assignee", False),
        ("", "", False),
        ("customfield_1", "Story Points", False),
        ("customfield_1", "Acceptance criteria", True),
        ("customfield_9", "Anything", True),
    ],
)
def test_only_what_is_read_makes_a_change(field_id: str, name: str, expected: bool) -> None:
    assert is_read(field_id, name, criteria_field="customfield_9") is expected


async def test_a_section_of_our_own_in_the_description_is_no_fact() -> None:
    jira = FakeJira(sample("01-rich-story"))
    issue_id, fields = jira.issue["id"], jira.issue["fields"]
    before = await read(jira.session(), issue_id, own_account_id=None)
    ours = section("criteria", "Critères", paragraph("Written by us"))
    column = {"type": "layoutColumn", "attrs": {"width": 50}, "content": [ours, paragraph("Typed by a person")]}
    fields["description"]["content"].append(ours)
    assert between(before, await read(jira.session(), issue_id, own_account_id=None)) == []
    fields["description"]["content"].append({"type": "layoutSection", "content": [column]})
    moved = await read(jira.session(), issue_id, own_account_id=None)
    assert "Written by us" not in moved.text()
    assert names(between(before, moved)) == ["description"]


async def test_a_description_that_is_all_ours_reads_like_none() -> None:
    jira = FakeJira()
    jira.issue["fields"]["description"] = doc(section("analysis", "Suggested", paragraph("x")))
    found = await read(jira.session(), jira.issue["id"], own_account_id=None)
    assert found.first("description") == ""
