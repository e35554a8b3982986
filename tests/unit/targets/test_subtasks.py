"""Sub-tasks come into being once each and as the right type, or their suggestions stand in one comment."""

import asyncio
from typing import Any

import pytest

from addon.i18n.catalog import Texts
from addon.jira.errors import JiraDown, JiraForbidden
from addon.results.analysis import Subtask
from addon.runs.feature import CannotUndo
from addon.targets.subtasks import NoSubtasks, SubtasksTarget
from tests.unit.targets.fake_jira import COMPANY, FRENCH, SITE, TEAM, FakeJira, story
from tests.unit.targets.make import Settings, publication, writing

KEY = SITE.app_key
TITLE = "Return the reason from the API"
OTHER = [{"id": "9", "name": "Technical task", "subtask": True, "hierarchyLevel": -1}]


def target(**settings: Any) -> SubtasksTarget:
    return SubtasksTarget(Settings(**settings), Texts(), now=lambda: 1_000_000.0)


def row(title: str = TITLE, *, item: int = 0, language: str = "en", in_comment: bool = False) -> Any:
    content = Subtask(title=title, description="The answer holds a **code**.").model_dump()
    return publication("subtasks", {**content, "language": language, "in_comment": in_comment}, item=item)


def made(jira: FakeJira) -> list[dict[str, Any]]:
    return [issue for issue in jira.issues.values() if "made" in issue]


@pytest.mark.parametrize(
    ("kinds", "wanted", "type_id"),
    [
        (COMPANY, None, "10003"),
        (TEAM, None, "11003"),
        (FRENCH, None, "12003"),
        ([*OTHER, *COMPANY], None, "10003"),
        ([*COMPANY, *OTHER], "technical task", "9"),
        ([*COMPANY, *OTHER], "9", "9"),
        (FRENCH, "Sub-task", "12003"),
    ],
)
async def test_the_type_fits_every_kind_of_project(kinds: list[Any], wanted: str | None, type_id: str) -> None:
    jira = FakeJira()
    jira.kinds = kinds
    written = await target(subtask_type=wanted).publish(writing(jira, row()))
    (issue,) = made(jira)
    assert issue["fields"]["issuetype"] == {"id": type_id}
    assert (written.remote_id, written.remote_key) == (issue["id"], issue["key"])
    assert written.url == f"https://jira.acme.example/browse/{issue['key']}"


async def test_a_sub_task_carries_parent_words_mark_and_trace() -> None:
    jira = FakeJira()
    await target().publish(writing(jira, row("long\ntitle " * 40, item=3)))
    _, _, body, headers = jira.said[-1]
    assert body["fields"]["parent"] == {"id": "10231"}
    assert body["fields"]["project"] == {"id": "10010"}
    assert "\n" not in body["fields"]["summary"]
    assert len(body["fields"]["summary"]) <= 255
    assert body["fields"]["description"]["type"] == "doc"
    assert body["properties"] == [
        {"key": KEY, "value": {"kind": "subtask", "publication": "subtasks:run-1:3", "issue": "10231"}}
    ]
    assert headers["X-Atlassian-Webhook-Trace"] == f"{KEY}/run-1"


async def test_a_lost_reply_does_not_lead_to_a_second_sub_task() -> None:
    jira = FakeJira()
    jira.next("POST", "/issue", 502, after=True)
    with pytest.raises(JiraDown):
        await target().publish(writing(jira, row()))
    written = await target().publish(writing(jira, row(), repeated=True))
    assert [issue["id"] for issue in made(jira)] == [written.remote_id]


async def test_the_types_of_a_project_are_asked_once_for_many_items() -> None:
    jira = FakeJira()
    one = target()
    for item in range(3):
        await one.publish(writing(jira, row(f"Part {item}", item=item)))
    assert len(made(jira)) == 3
    assert sum("createmeta" in path for _, path, _, _ in jira.said) == 2


async def test_a_description_jira_refuses_is_sent_plain() -> None:
    jira = FakeJira()
    jira.next("POST", "/issue", 400, {"errors": {"description": "INVALID_INPUT"}})
    await target().publish(writing(jira, row()))
    (issue,) = made(jira)
    assert "code" in str(issue["fields"]["description"])


def level(name: str, number: int) -> dict[str, Any]:
    return {"id": "1", "name": name, "subtask": number < 0, "hierarchyLevel": number}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kinds": COMPANY[:1]}, "switched off"),
        ({"required": [{"fieldId": "customfield_1", "name": "Team", "required": True}]}, "need these fields.*Team"),
        ({"issue": story(issuetype=level("Sub-task", -1))}, "is a sub-task itself"),
        ({"issue": story(issuetype=level("Epic", 1))}, "this level"),
    ],
)
async def test_where_there_can_be_none_one_comment_lists_them(change: dict[str, Any], why: str) -> None:
    jira = FakeJira(change.pop("issue", None))
    for name, value in change.items():
        setattr(jira, name, value)
    one = target()
    for item, title in enumerate(("First *part*", "Second part", "First *part*")):
        with pytest.raises(NoSubtasks, match=why) as caught:
            await one.publish(writing(jira, row(title, item=item)))
        assert caught.value.retry_after_s is None
    (comment,) = jira.ours()
    assert made(jira) == []
    assert comment["properties"][0]["value"]["kind"] == "subtasks"
    items = comment["body"]["content"][-1]["content"]
    assert [item["content"][0]["content"][0]["text"] for item in items] == ["First *part*", "Second part"]


async def test_items_written_side_by_side_share_the_comment() -> None:
    jira = FakeJira()
    jira.kinds = COMPANY[:1]
    one = target()
    work = [one.publish(writing(jira, row(f"Part {item}", item=item))) for item in range(5)]
    ended = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(error, NoSubtasks) for error in ended)
    (comment,) = jira.ours()
    assert len(comment["body"]["content"][-1]["content"]) == 5


async def test_suggestions_our_comment_lists_already_are_not_repeated() -> None:
    jira = FakeJira()
    jira.kinds = COMPANY[:1]
    with pytest.raises(NoSubtasks):
        await target().publish(writing(jira, row(in_comment=True)))
    assert jira.writes() == []


async def test_the_comment_on_a_service_desk_is_internal_and_in_the_language_of_the_analysis() -> None:
    jira = FakeJira(story(project={"id": "10010", "key": "SHOP", "projectTypeKey": "service_desk"}))
    jira.kinds = COMPANY[:1]
    with pytest.raises(NoSubtasks):
        await target().publish(writing(jira, row(language="fr")))
    (comment,) = jira.ours()
    assert {"key": "sd.public.comment", "value": {"internal": True}} in comment["properties"]
    assert "Suggested" not in str(comment["body"])


async def test_a_refusal_by_jira_names_the_fields_and_ends_in_the_comment() -> None:
    jira = FakeJira()
    jira.next("POST", "/issue", 400, {"errors": {"customfield_10": "Team is required."}})
    with pytest.raises(NoSubtasks, match="customfield_10"):
        await target().publish(writing(jira, row()))
    assert len(jira.ours()) == 1


@pytest.mark.parametrize("how", ["no type visible", "forbidden"])
async def test_a_missing_right_is_named_and_nothing_is_written(how: str) -> None:
    jira = FakeJira()
    if how == "forbidden":
        jira.next("POST", "/issue", 403)
    else:
        jira.kinds = []
    with pytest.raises(JiraForbidden, match="Create issues"):
        await target().publish(writing(jira, row()))
    assert made(jira) == []
    assert jira.ours() == []


async def test_thirty_items_read_their_issue_once() -> None:
    jira = FakeJira()
    one = target()
    for item in range(30):
        await one.publish(writing(jira, row(f"Step {item}", item=item)))
    assert len([said for said in jira.said if said[:2] == ("GET", "/issue/10231")]) == 1


async def test_the_preview_shows_each_sub_task_and_where_it_ends_up() -> None:
    jira = FakeJira()
    shown = await target().preview([writing(jira, row()), writing(jira, row("x" * 300, item=1))])
    assert [item.item for item in shown.items] == [0, 1]
    assert (shown.items[0].title, shown.items[0].markdown, shown.items[0].problems) == (
        TITLE,
        "The answer holds a **code**.",
        (),
    )
    assert (len(shown.items[1].title), len(shown.items[1].problems)) == (255, 1)
    assert (shown.warnings, jira.writes()) == ((), [])
    jira.kinds = jira.kinds[:1]
    assert "comment" in (await target().preview([writing(jira, row())])).warnings[1]


async def undone(jira: FakeJira, number: str) -> None:
    await target().undo(writing(jira, row_of(number)))


def row_of(number: str) -> Any:
    content = Subtask(title=TITLE, description="The answer holds a **code**.").model_dump()
    return publication("subtasks", content, remote_id=number)


async def test_an_untouched_sub_task_is_deleted_once() -> None:
    jira = FakeJira()
    written = await target().publish(writing(jira, row()))
    await undone(jira, written.remote_id)
    await undone(jira, written.remote_id)
    assert made(jira) == []
    assert [w for w in jira.writes() if w[0] == "DELETE"] == [("DELETE", f"/issue/{written.remote_id}")]


@pytest.mark.parametrize(
    "work",
    [
        {"summary": "Return the reason and more"},
        {"created": "2026-11-20T10:00:00.000+0000", "updated": "2026-11-20T10:05:00.000+0000"},
        {"comment": {"comments": [{"id": "1"}], "total": 1}},
        {"attachment": [{"id": "1"}]},
        {"description": None},
    ],
)
async def test_a_sub_task_somebody_worked_on_stays(work: dict[str, Any]) -> None:
    jira = FakeJira()
    written = await target().publish(writing(jira, row()))
    made(jira)[0]["fields"] |= work
    with pytest.raises(CannotUndo, match="worked on"):
        await undone(jira, written.remote_id)
    assert len(made(jira)) == 1


async def test_an_issue_without_our_mark_is_never_deleted() -> None:
    jira = FakeJira()
    written = await target().publish(writing(jira, row()))
    made(jira)[0]["properties"] = {}
    with pytest.raises(CannotUndo, match="mark"):
        await undone(jira, written.remote_id)
    with pytest.raises(CannotUndo, match="not known"):
        await target().undo(writing(jira, row()))


async def test_a_missing_right_to_delete_is_named() -> None:
    jira = FakeJira()
    written = await target().publish(writing(jira, row()))
    jira.next("DELETE", "/issue/.*", 403)
    with pytest.raises(JiraForbidden, match="Delete issues"):
        await undone(jira, written.remote_id)
