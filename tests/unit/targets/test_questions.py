"""Questions reach the author by name, once, and never a customer."""

from typing import Any

import pytest

from addon.i18n.catalog import Texts
from addon.jira.errors import JiraDown
from addon.targets.questions import QuestionsTarget
from tests.unit.targets.fake_jira import FakeJira, story
from tests.unit.targets.make import publication, writing

ANN = {"accountId": "1:ann", "displayName": "Ann Lee", "accountType": "atlassian"}
BOT = {"accountId": "1:bot", "displayName": "Automation", "accountType": "app"}
CUSTOMER = {"accountId": "1:cust", "displayName": "A customer", "accountType": "customer"}
TARGET = QuestionsTarget(Texts())


def row(**content: Any) -> Any:
    questions = {"questions": ["What does “quickly” mean?", "Who may\npay?"], "account_id": None, "service_desk": False}
    return publication("questions", {**questions, **content})


def body(jira: FakeJira) -> Any:
    (made,) = jira.ours()
    return made["body"]["content"]


@pytest.mark.parametrize(
    ("reporter", "creator", "mentioned"),
    [(ANN, BOT, "1:ann"), (None, ANN, "1:ann"), (BOT, ANN, "1:ann"), (CUSTOMER, BOT, None), (None, None, None)],
)
async def test_the_reporter_is_mentioned_or_else_who_created_it(reporter: Any, creator: Any, mentioned: Any) -> None:
    jira = FakeJira(story(reporter=reporter, creator=creator))
    await TARGET.publish(writing(jira, row()))
    opening = body(jira)[0]["content"]
    assert [node["attrs"]["id"] for node in opening if node["type"] == "mention"] == [mentioned] * bool(mentioned)
    questions = [item["content"][0]["content"][0]["text"] for item in body(jira)[1]["content"]]
    assert questions[0] == "What does “quickly” mean?"
    assert len(questions) == 2


async def test_it_speaks_the_language_of_the_issue() -> None:
    jira = FakeJira(story(reporter=ANN))
    await TARGET.publish(writing(jira, row(language="fr")))
    assert "pourriez-vous" in str(body(jira)[0])


async def test_a_lost_reply_asks_nobody_twice() -> None:
    jira = FakeJira(story(reporter=ANN))
    jira.next("POST", "/issue/10231/comment", 500, after=True)
    with pytest.raises(JiraDown):
        await TARGET.publish(writing(jira, row()))
    written = await TARGET.publish(writing(jira, row(), repeated=True))
    assert [one["id"] for one in jira.ours()] == [written.remote_id]


async def test_customers_of_a_service_desk_see_nothing() -> None:
    jira = FakeJira(story(reporter=CUSTOMER, creator=ANN))
    await TARGET.publish(writing(jira, row(service_desk=True)))
    assert {"key": "sd.public.comment", "value": {"internal": True}} in jira.ours()[0]["properties"]


async def test_the_preview_is_what_is_posted() -> None:
    jira = FakeJira(story(reporter=ANN))
    shown = await TARGET.preview([writing(jira, row())])
    assert (shown.place, shown.warnings, jira.writes()) == ("Ann Lee", (), [])
    await TARGET.publish(writing(jira, row()))
    assert shown.items[0].adf == jira.ours()[0]["body"]
    nobody = await TARGET.preview([writing(FakeJira(story()), row())])
    assert len(nobody.warnings) == 1


async def test_an_undo_deletes_the_comment_of_this_result_alone() -> None:
    jira = FakeJira(story(reporter=ANN))
    await TARGET.publish(writing(jira, row()))
    other = publication("questions", row().content, marker="questions:run-2:0")
    await TARGET.publish(writing(jira, other))
    await TARGET.undo(writing(jira, row()))
    assert [one["properties"][0]["value"]["publication"] for one in jira.ours()] == ["questions:run-2:0"]
