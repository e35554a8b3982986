"""Our section of a description: read, merged, written, and again when somebody was faster."""

import json
from typing import Any

import pytest

from addon.adf.nodes import bullet_list, doc, paragraph
from addon.adf.sections import is_ours
from addon.i18n.catalog import Texts
from addon.jira.errors import JiraForbidden
from addon.runs.feature import CannotUndo
from addon.targets.description import DescriptionBusy, DescriptionFull, DescriptionTarget, DescriptionUnreadable
from tests.unit.targets.fake_jira import SITE, FakeJira, story
from tests.unit.targets.make import publication, writing

THEIRS = doc(paragraph("As a buyer I want to pay by card"), bullet_list(["fast", "safe"]))
TARGET = DescriptionTarget(Texts())
CONFLICT = {"errorMessages": ["changed meanwhile"]}


def jira_with(description: Any = THEIRS) -> FakeJira:
    return FakeJira(story(description=description, updated="2026-11-20T10:00:00.000+0000"))


def row(words: str = "Given a basket", **changes: Any) -> Any:
    content = {"section": "criteria", "title": "Acceptance criteria", "adf": doc(paragraph(words))}
    return publication("description", {**content, **changes.pop("content", {})}, **changes)


def description(jira: FakeJira) -> Any:
    return jira.issue["fields"]["description"]


async def test_the_section_stands_behind_what_people_wrote() -> None:
    jira = jira_with()
    written = await TARGET.publish(writing(jira, row()))
    assert json.dumps(description(jira)["content"][:-1]) == json.dumps(THEIRS["content"])
    ours = description(jira)["content"][-1]
    assert ours["attrs"]["title"] == "Acceptance criteria · JiraVision"
    assert (written.remote_id, written.remote_key) == ("criteria", "SHOP-142")
    sent = jira.said[-1]
    assert sent[3]["X-Atlassian-Webhook-Trace"] == f"{SITE.app_key}/run-1"
    assert sent[2]["properties"] == [{"key": f"{SITE.app_key}.sections", "value": {"criteria": "Acceptance criteria"}}]


async def test_an_empty_description_begins_with_it_and_becomes_empty_again() -> None:
    jira = jira_with(None)
    written = await TARGET.publish(writing(jira, row()))
    assert [is_ours(node) for node in description(jira)["content"]] == [True]
    await TARGET.undo(writing(jira, row(kept=dict(written.kept))))
    assert description(jira) is None


async def test_a_second_writing_replaces_the_first_also_in_another_language() -> None:
    jira = jira_with()
    await TARGET.publish(writing(jira, row("First")))
    # What an editor does: hints are dropped, and the title alone tells.
    description(jira)["content"][-1]["attrs"].pop("localId")
    french = {"title": "Critères d’acceptation"}
    await TARGET.publish(writing(jira, row("Second", content=french)))
    assert [is_ours(node) for node in description(jira)["content"]] == [False, False, True]
    assert "First" not in json.dumps(description(jira))


async def test_a_title_no_release_knows_is_remembered_by_the_issue() -> None:
    jira = jira_with()
    await TARGET.publish(writing(jira, row(content={"title": "Akzeptanzkriterien"})))
    jira.issue["properties"] = {f"{SITE.app_key}.sections": {"criteria": "Akzeptanzkriterien"}}
    description(jira)["content"][-1]["attrs"].pop("localId")
    await TARGET.publish(writing(jira, row("Again")))
    assert len(description(jira)["content"]) == 3


async def test_the_same_words_again_are_not_sent() -> None:
    jira = jira_with()
    await TARGET.publish(writing(jira, row()))
    await TARGET.publish(writing(jira, row(), repeated=True))
    assert len(jira.writes()) == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_after_a_conflict_it_is_read_and_merged_anew(times: int) -> None:
    jira = jira_with()
    for _ in range(times):
        jira.next("PUT", "/issue/10231", 409, CONFLICT)
    await TARGET.publish(writing(jira, row()))
    assert is_ours(description(jira)["content"][-1])


async def test_what_somebody_wrote_between_reading_and_writing_is_kept() -> None:
    jira = jira_with()
    looks = iter(range(100))

    def edited(request: Any) -> Any:
        # Somebody saves the description between our first and our second look.
        if request.method == "GET" and next(looks) == 1:
            jira.issue["fields"] |= {"description": doc(paragraph("Newer words")), "updated": "later"}
        return jira.answer(request)

    await TARGET.publish(writing(jira, row(), answer=edited))
    assert [node["type"] for node in description(jira)["content"]] == ["paragraph", "expand"]
    assert "Newer words" in json.dumps(description(jira))


async def test_a_description_that_never_rests_is_given_back_for_later() -> None:
    jira = jira_with()
    for _ in range(4):
        jira.next("PUT", "/issue/10231", 409, CONFLICT)
    with pytest.raises(DescriptionBusy) as caught:
        await TARGET.publish(writing(jira, row()))
    assert caught.value.retry_after_s


async def test_a_text_that_is_no_document_stays_as_it_is() -> None:
    jira = jira_with("h2. Old markup")
    with pytest.raises(DescriptionUnreadable):
        await TARGET.publish(writing(jira, row()))
    assert jira.writes() == []


async def test_a_description_without_room_stays_as_it_is() -> None:
    jira = jira_with(doc(paragraph("x" * 33_000)))
    with pytest.raises(DescriptionFull):
        await TARGET.publish(writing(jira, row()))
    assert jira.writes() == []
    jira = jira_with()
    jira.next("PUT", "/issue/10231", 400, {"errorMessages": ["CONTENT_LIMIT_EXCEEDED"]})
    with pytest.raises(DescriptionFull):
        await TARGET.publish(writing(jira, row()))


async def test_a_refused_section_is_sent_as_plain_paragraphs_beside_what_people_wrote() -> None:
    jira = jira_with()
    jira.next("PUT", "/issue/10231", 400, {"errorMessages": ["INVALID_INPUT"]})
    content = {"adf": doc(bullet_list(["one", "two"]))}
    written = await TARGET.publish(writing(jira, row(content=content)))
    ours = description(jira)["content"][-1]
    assert {block["type"] for block in ours["content"]} == {"paragraph"}
    assert json.dumps(description(jira)["content"][:-1]) == json.dumps(THEIRS["content"])
    await TARGET.undo(writing(jira, row(kept=dict(written.kept))))
    assert description(jira) == THEIRS


async def test_a_missing_right_is_named() -> None:
    jira = jira_with()
    jira.next("PUT", "/issue/10231", 403)
    with pytest.raises(JiraForbidden, match="Edit issues"):
        await TARGET.publish(writing(jira, row()))


async def test_a_preview_shows_the_section_and_writes_nothing() -> None:
    jira = jira_with()
    shown = await TARGET.preview([writing(jira, row())])
    assert (shown.items[0].title, shown.items[0].problems, shown.warnings) == (
        "Acceptance criteria · JiraVision",
        (),
        (),
    )
    assert jira.writes() == []
    await TARGET.publish(writing(jira, row()))
    assert shown.items[0].adf == {**THEIRS, "content": description(jira)["content"][-1:]}
    again = await TARGET.preview([writing(jira, row("Other"))])
    assert again.warnings == ("The section that JiraVision wrote before is replaced.",)
    full = await TARGET.preview([writing(jira_with(doc(paragraph("x" * 33_000))), row())])
    odd = await TARGET.preview([writing(jira_with("h2. Old"), row())])
    assert all(each.items[0].problems for each in (full, odd))


async def test_an_undo_takes_out_our_section_and_nothing_else() -> None:
    jira = jira_with()
    written = await TARGET.publish(writing(jira, row()))
    await TARGET.undo(writing(jira, row(kept=dict(written.kept))))
    assert json.dumps(description(jira)) == json.dumps(THEIRS)
    await TARGET.undo(writing(jira, row(kept=dict(written.kept)), repeated=True))
    assert len(jira.writes()) == 2


async def test_a_section_somebody_wrote_into_is_not_taken_out() -> None:
    jira = jira_with()
    written = await TARGET.publish(writing(jira, row()))
    description(jira)["content"][-1]["content"].append(paragraph("and a receipt"))
    with pytest.raises(CannotUndo):
        await TARGET.undo(writing(jira, row(kept=dict(written.kept))))
    assert "and a receipt" in json.dumps(description(jira))
