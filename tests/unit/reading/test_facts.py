"""What is read of an issue, in which order, and how much of it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from addon.adf.inline import MOST_TEXT, is_whole
from addon.adf.read import to_markdown
from addon.reading.facts import BUDGET, LEAST, SHARES, Facts, Section, fit, input_hash, shorten
from addon.reading.issue import MOST_COMMENTS, read
from addon.reading.natures import is_bug
from tests.unit.analysis.make import facts
from tests.unit.targets.fake_jira import APP_ACCOUNT, FakeJira, story

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "issues"
TEXTAREA = {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textarea"}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text("utf-8"))
    return found


async def facts_of(jira: FakeJira, **options: Any) -> Facts:
    return await read(jira.session(), jira.issue["id"], **{"own_account_id": APP_ACCOUNT, **options})


def adf(text: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": text}]}],
    }


def said(text: str, **changes: Any) -> dict[str, Any]:
    author = {"accountId": "ann", "accountType": "atlassian"}
    return {"id": "1", "author": author, "created": "2026-10-02T09:14:03.120+0100", "body": adf(text), **changes}


def with_comments(*comments: dict[str, Any]) -> FakeJira:
    numbered = [{**one, "id": str(number)} for number, one in enumerate(comments, 1)]
    return FakeJira(story(comment={"comments": numbered, "total": len(numbered)}))


async def test_a_rich_story_is_read_with_tables_code_and_surroundings() -> None:
    found = await facts_of(FakeJira(sample("01-rich-story")))
    assert found.issue_key == "SHOP-142"
    assert (found.is_bug, found.is_subtask, found.service_desk) == (False, False, False)
    assert found.labels == ("checkout", "voucher")
    assert found.components == ("Basket",)
    assert found.first("parent") == "SHOP-90: Checkout clarity"
    assert "VOUCHER_EXPIRED" in found.first("description")
    assert "POST /api/v1/basket/{id}/vouchers" in found.first("description")
    assert any("Voucher catalogue API" in link.text for link in found.of("link"))
    assert found.sections_read == ["summary", "description", "parent", "link", "subtask", "comment"]


async def test_comments_are_newest_first_and_dated() -> None:
    jira = with_comments(said("first"), said("second", created="2026-10-05T16:20:00.000+0100"))
    found = await facts_of(jira)
    assert [(one.title, one.text) for one in found.of("comment")] == [("2026-10-05", "second"), ("2026-10-02", "first")]


async def test_our_own_and_restricted_comments_are_no_facts() -> None:
    ours = {"accountId": APP_ACCOUNT, "accountType": "app"}
    robot = {"accountId": "ci", "accountType": "app"}
    secret = {"type": "role", "value": "Developers"}
    jira = with_comments(
        said("ours", author=ours), said("secret", visibility=secret), said("build passed", author=robot)
    )
    assert [one.text for one in (await facts_of(jira)).of("comment")] == ["build passed"]
    assert not list((await facts_of(jira, own_account_id=None)).of("comment"))


async def test_an_incomplete_page_of_comments_is_read_from_its_end() -> None:
    jira = with_comments(*(said(f"comment {n}", created=f"2026-10-{n:02}T09:00:00.000+0000") for n in range(1, 15)))
    jira.issue["fields"]["comment"] = {"comments": [said("old")], "total": 14}
    found = await facts_of(jira)
    assert len(list(found.of("comment"))) <= MOST_COMMENTS
    assert ("GET", "/issue/10231/comment") in [one[:2] for one in jira.said]


async def test_text_fields_are_read_when_their_name_says_that_they_matter() -> None:
    jira = FakeJira(
        story(
            customfield_1=adf("Given a voucher"),
            customfield_2=adf("call Ann"),
            customfield_3="0|i0001z:",
            customfield_4=5.0,
        )
    )
    jira.editable = {
        "customfield_1": {"name": "Acceptance criteria", "schema": TEXTAREA},
        "customfield_2": {"name": "Customer contact", "schema": TEXTAREA},
    }
    found = await facts_of(jira)
    assert [(one.title, one.text) for one in found.of("field")] == [("Acceptance criteria", "Given a voucher")]
    chosen = await facts_of(jira, criteria_field="customfield_2")
    assert [one.title for one in chosen.of("field")] == ["Customer contact", "Acceptance criteria"]


async def test_fields_that_cannot_be_named_are_left_out() -> None:
    jira = FakeJira(story(customfield_1=adf("Given a voucher")))
    jira.next("GET", "/issue/10231/editmeta", 403)
    assert not list((await facts_of(jira)).of("field"))


async def test_issues_of_other_projects_are_not_told_apart() -> None:
    link = {
        "type": {"outward": "blocks"},
        "outwardIssue": {"id": "1", "key": "HR-7", "fields": {"summary": "Lay off Bob"}},
    }
    found = await facts_of(FakeJira(story(issuelinks=[link])))
    assert found.first("link") == "blocks an issue that not everybody may see"


async def test_issues_with_a_security_level_are_not_told_either() -> None:
    shown = {"id": "1", "key": "SHOP-7", "fields": {"summary": "Open"}}
    secret = {"id": "2", "key": "SHOP-8", "fields": {"summary": "Buy the rival"}}
    links = [{"type": {"outward": "blocks"}, "outwardIssue": other} for other in (shown, secret)]
    jira = FakeJira(story(issuelinks=links, parent=secret, subtasks=[secret]))
    jira.hidden = {"SHOP-8"}
    found = await facts_of(jira)
    assert "Buy the rival" not in found.text()
    assert found.first("link") == "blocks SHOP-7: Open"


async def test_neighbours_stay_unnamed_when_jira_does_not_tell_who_may_see_them() -> None:
    other = {"id": "1", "key": "SHOP-7", "fields": {"summary": "Open"}}
    jira = FakeJira(story(parent=other))
    jira.next("POST", "/issue/bulkfetch", 403)
    assert (await facts_of(jira)).first("parent") == "an issue that not everybody may see"


async def test_an_issue_without_neighbours_costs_no_second_request() -> None:
    jira = FakeJira(story())
    await facts_of(jira)
    assert [path for _, path, *_ in jira.said if "bulkfetch" in path] == []


async def test_an_empty_issue_is_read_without_complaint() -> None:
    found = await facts_of(FakeJira(sample("06-minimal-null-description")))
    assert found.sections_read == ["summary"]
    assert found.text() == "x"


async def test_a_sub_task_and_its_criteria_field_are_recognised() -> None:
    jira = FakeJira(sample("02-team-managed-subtask"))
    jira.editable = {"customfield_10058": {"name": "Acceptance criteria", "schema": TEXTAREA}}
    found = await facts_of(jira)
    assert found.is_subtask
    assert "Scenario: offline banner" in found.first("field")


async def test_invisible_characters_are_gone() -> None:
    found = await facts_of(FakeJira(sample("04-hostile-injection")))
    text = found.text() + "".join(found.labels)
    assert not any(ord(char) in range(0xE0000, 0xE0080) or char in "\u200b\u202e\u202c\x07" for char in text)


async def test_a_huge_issue_stays_within_the_budget_and_says_what_is_missing() -> None:
    found = await facts_of(FakeJira(sample("05-huge")))
    assert sum(len(one.text) for one in found.sections) <= BUDGET
    assert all(len(one.text) <= SHARES[one.name] for one in found.sections)
    (description,) = found.of("description")
    assert re.search(r"\n\[… \d{4,} characters cut\]$", description.text)


def test_a_cut_is_between_words_and_counts_what_it_takes() -> None:
    text = "alpha beta gamma " * 40
    short = shorten(Section(name="comment", text=text), 200)
    head = short.text.split("\n[…")[0]
    assert len(short.text) <= 200
    assert head.split()[-1] in ("alpha", "beta", "gamma")
    assert text.startswith(head)
    assert short.text.endswith(f"[… {len(text) - len(head)} characters cut]")


def test_a_cut_in_what_was_not_read_to_its_end_does_not_say_how_much_is_missing() -> None:
    read = to_markdown("word " * (MOST_TEXT // 4))
    assert not is_whole(read)
    short = shorten(Section(name="description", text=read), 200)
    assert short.text.endswith("word\n[… the rest is cut]")


def test_facts_of_an_earlier_release_are_read() -> None:
    stored = facts().model_dump(mode="json") | {"left_out": ["comment"]}
    stored["sections"] = [{"name": "summary", "text": "Login", "cut": 7}]
    assert Facts.model_validate(stored).first("summary") == "Login"


def test_what_finds_no_room_is_left_out() -> None:
    sections = [Section(name="description", text="d" * 900), Section(name="comment", text="c" * 500)]
    kept = fit(sections, budget=900 + LEAST - 1)
    assert [one.name for one in kept] == ["description"]


def test_every_sample_of_a_bug_type_is_one_and_no_story_is() -> None:
    bugs = (
        "Bug",
        "Defect",
        "Anomalie",
        "Fehler",
        "Error",
        "バグ",
        "Production incident",
        "Ошибка",
        "Dysfonctionnement",
    )
    others = (
        "Story",
        "Récit",
        "Tâche",
        "Task",
        "Epic",
        "Sub-task",
        "Bug Story",
        "Debugging aid",
        "Improvement",
        "",
        "Bogus",
    )
    assert [name for name in bugs if not is_bug(name)] == []
    assert [name for name in others if is_bug(name)] == []


@pytest.mark.parametrize(
    "change", [{"language": "fr"}, {"instruction": "x"}, {"model": ["o", "m", None]}, {"prompt": "v2"}]
)
def test_the_hash_follows_everything_that_shapes_the_answer(change: dict[str, object]) -> None:
    base: dict[str, object] = {"language": "auto", "instruction": "", "model": None, "prompt": "v1"}
    assert input_hash(facts(), **base) == input_hash(facts(), **base)
    assert input_hash(facts(), **base) != input_hash(facts(), **{**base, **change})
    assert input_hash(facts(), **base) != input_hash(facts(description="other"), **base)


def test_facts_survive_being_stored() -> None:
    stored = json.loads(json.dumps(facts().model_dump(mode="json")))
    assert Facts.model_validate(stored) == facts()
    assert [section["name"] for section in stored["sections"]] == ["summary", "description", "comment"]
