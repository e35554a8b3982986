"""One comment per issue, whatever happens on the way."""

from typing import Any

import pytest

from addon.adf.nodes import doc, expand, paragraph
from addon.jira.errors import JiraDown, JiraForbidden, JiraNotFound, JiraRefused
from addon.targets.comment import CommentTarget
from tests.unit.targets.fake_jira import SITE, FakeJira
from tests.unit.targets.make import publication, writing

ADF = doc(paragraph("A review"))
CONTENT = {"adf": ADF, "service_desk": False, "fresh": True}
KEY = SITE.app_key


def row(**content: Any) -> Any:
    return publication("comment", {**CONTENT, **content})


async def test_the_first_comment_carries_our_mark_and_our_trace() -> None:
    jira = FakeJira()
    written = await CommentTarget().publish(writing(jira, row()))
    (made,) = jira.ours()
    assert made["properties"] == [
        {"key": KEY, "value": {"kind": "analysis", "publication": "comment:run-1:0", "issue": "10231"}}
    ]
    assert made["body"] == ADF
    assert jira.said[-1][3]["X-Atlassian-Webhook-Trace"] == f"{KEY}/run-1"
    assert written.remote_id == made["id"]
    assert written.url == f"https://jira.acme.example/browse/SHOP-142?focusedCommentId={made['id']}"


async def test_a_first_comment_on_a_new_issue_costs_one_request() -> None:
    jira = FakeJira()
    await CommentTarget().publish(writing(jira, row()))
    assert [said[:2] for said in jira.said] == [("POST", "/issue/10231/comment")]


async def test_a_second_analysis_replaces_the_comment() -> None:
    jira = FakeJira()
    first = await CommentTarget().publish(writing(jira, row()))
    second = doc(paragraph("Better now"))
    again = await CommentTarget().publish(writing(jira, row(adf=second), previous=first.remote_id))
    assert again.remote_id == first.remote_id
    assert [one["body"] for one in jira.ours()] == [second]
    assert "properties" not in jira.said[-1][2]


async def test_a_deleted_comment_is_written_anew() -> None:
    jira = FakeJira()
    written = await CommentTarget().publish(writing(jira, row(), previous="777"))
    assert [one["id"] for one in jira.ours()] == [written.remote_id]
    assert jira.writes() == [("PUT", "/issue/10231/comment/777"), ("POST", "/issue/10231/comment")]


async def test_a_lost_reply_does_not_lead_to_a_second_comment() -> None:
    jira = FakeJira()
    jira.next("POST", "/issue/10231/comment", 500, after=True)
    with pytest.raises(JiraDown) as caught:
        await CommentTarget().publish(writing(jira, row()))
    assert caught.value.uncertain
    written = await CommentTarget().publish(writing(jira, row(), repeated=True))
    assert [one["id"] for one in jira.ours()] == [written.remote_id]


async def test_a_comment_our_database_forgot_is_found_by_its_mark() -> None:
    jira = FakeJira()
    first = await CommentTarget().publish(writing(jira, row()))
    again = await CommentTarget().publish(writing(jira, row(fresh=False)))
    assert again.remote_id == first.remote_id
    assert len(jira.ours()) == 1


async def test_a_mark_of_another_kind_or_issue_is_not_ours_to_replace() -> None:
    jira = FakeJira()
    for value in ({"kind": "subtasks", "issue": "10231"}, {"kind": "analysis", "issue": "1"}, "odd"):
        jira.comments["10231"].append(
            {"id": str(len(jira.comments["10231"])), "properties": [{"key": KEY, "value": value}]}
        )
    await CommentTarget().publish(writing(jira, row(fresh=False)))
    assert jira.writes() == [("POST", "/issue/10231/comment")]


@pytest.mark.parametrize("known", [True, None])
async def test_customers_of_a_service_desk_do_not_see_the_comment(known: bool | None) -> None:
    jira = FakeJira()
    jira.project["projectTypeKey"] = "service_desk"
    await CommentTarget().publish(writing(jira, row(service_desk=known)))
    assert {"key": "sd.public.comment", "value": {"internal": True}} in jira.ours()[0]["properties"]


async def test_an_update_leaves_the_visibility_as_it_is() -> None:
    jira = FakeJira()
    first = await CommentTarget().publish(writing(jira, row(service_desk=True)))
    await CommentTarget().publish(writing(jira, row(service_desk=True), previous=first.remote_id))
    assert set(jira.said[-1][2]) == {"body"}


@pytest.mark.parametrize("previous", [None, "50000"])
async def test_a_refused_document_is_sent_once_more_as_plain_paragraphs(previous: str | None) -> None:
    jira = FakeJira()
    if previous:
        await CommentTarget().publish(writing(jira, row()))
    rich = doc(paragraph("First"), expand("More", paragraph("Hidden")))
    refusal = {"errorMessages": ["INVALID_INPUT"], "errors": {}}
    jira.next("PUT" if previous else "POST", "/issue/10231/comment.*", 400, refusal)
    await CommentTarget().publish(writing(jira, row(adf=rich), previous=previous))
    (made,) = jira.ours()
    assert {block["type"] for block in made["body"]["content"]} == {"paragraph"}
    assert "Hidden" in str(made["body"])


async def test_a_document_refused_twice_is_given_up() -> None:
    jira = FakeJira()
    for _ in range(2):
        jira.next("POST", "/issue/10231/comment", 400, {"errors": {"comment": "Comment body is not valid!"}})
    with pytest.raises(JiraRefused):
        await CommentTarget().publish(writing(jira, row()))
    assert len(jira.writes()) == 2


@pytest.mark.parametrize("status", [403, 404])
async def test_a_missing_right_is_named_however_jira_tells_it(status: int) -> None:
    jira = FakeJira()
    jira.next("POST", "/issue/10231/comment", status)
    with pytest.raises(JiraForbidden) as caught:
        await CommentTarget().publish(writing(jira, row()))
    assert "Add comments" in caught.value.detail
    assert caught.value.retry_after_s is None


async def test_right_to_edit_that_is_missing_is_named_though_jira_calls_it_a_bad_request() -> None:
    jira = FakeJira()
    first = await CommentTarget().publish(writing(jira, row()))
    body = {"errorMessages": ["You do not have the permission to edit this comment."], "errors": {}}
    jira.next("PUT", "/issue/10231/comment.*", 400, body)
    with pytest.raises(JiraForbidden) as caught:
        await CommentTarget().publish(writing(jira, row(), previous=first.remote_id))
    assert "Edit own comments" in caught.value.detail


async def test_an_issue_that_is_gone_ends_the_publication() -> None:
    jira = FakeJira()
    jira.issues.clear()
    jira.next("POST", "/issue/10231/comment", 404)
    with pytest.raises(JiraNotFound) as caught:
        await CommentTarget().publish(writing(jira, row()))
    assert caught.value.retry_after_s is None


async def test_each_kind_of_result_has_a_comment_of_its_own() -> None:
    jira = FakeJira()
    first = await CommentTarget().publish(writing(jira, row()))
    second = await CommentTarget().publish(writing(jira, row(kind="criteria", fresh=False)))
    assert first.remote_id != second.remote_id
    again = await CommentTarget().publish(writing(jira, row(kind="criteria", fresh=False)))
    assert again.remote_id == second.remote_id


async def test_the_preview_says_whether_a_comment_is_replaced_or_too_long() -> None:
    jira = FakeJira()
    shown = await CommentTarget().preview([writing(jira, row())])
    assert (shown.items[0].adf, shown.items[0].markdown, shown.warnings) == (ADF, "A review", ())
    assert jira.writes() == []
    await CommentTarget().publish(writing(jira, row()))
    assert (await CommentTarget().preview([writing(jira, row())])).warnings
    long = await CommentTarget().preview([writing(jira, row(adf=doc(paragraph("x" * 33_000))))])
    assert long.items[0].problems == ("This is longer than Jira takes.",)


async def test_an_undo_deletes_our_comment_and_is_done_when_it_is_gone() -> None:
    jira = FakeJira()
    jira.comments["10231"].append({"id": "1", "author": {}, "body": ADF, "created": 0})
    await CommentTarget().publish(writing(jira, row()))
    await CommentTarget().undo(writing(jira, row()))
    await CommentTarget().undo(writing(jira, row(), repeated=True))
    assert [one["id"] for one in jira.comments["10231"]] == ["1"]
    assert [w for w in jira.writes() if w[0] == "DELETE"] == [("DELETE", "/issue/10231/comment/50001")]


async def test_a_comment_that_goes_while_we_look_is_gone_all_the_same() -> None:
    jira = FakeJira()
    await CommentTarget().publish(writing(jira, row()))
    jira.next("DELETE", "/issue/10231/comment.*", 404)
    await CommentTarget().undo(writing(jira, row()))


@pytest.mark.parametrize(("status", "words"), [(403, ""), (400, "You do not have the permission to delete it")])
async def test_a_missing_right_to_delete_is_named(status: int, words: str) -> None:
    jira = FakeJira()
    await CommentTarget().publish(writing(jira, row()))
    jira.next("DELETE", "/issue/10231/comment.*", status, {"errorMessages": [words]})
    with pytest.raises(JiraForbidden, match="Delete own comments"):
        await CommentTarget().undo(writing(jira, row()))
