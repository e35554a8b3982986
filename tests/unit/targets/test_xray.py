"""A test in Xray comes into being once, complete and linked, whatever breaks on the way."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from addon.errors import AddonError
from addon.jira.errors import JiraDown
from addon.runs.feature import CannotUndo, LeaseLost
from addon.targets.coverage import NotLinked
from addon.targets.settling import SETTLED_S, Unsettled
from addon.targets.xray import XrayTarget
from addon.testmgmt.errors import ToolDown, ToolError, ToolRefused
from sandbox.site import Issue
from tests.unit.targets.fake_jira import FakeJira
from tests.unit.targets.make import publication, writing
from tests.unit.testmgmt.pretend import Bench
from tests.unit.testmgmt.pretend import bench as opened

GHERKIN = "Given a basket\nWhen they pay\nThen a receipt comes"
STEPS = [{"action": f"Do {n}", "data": "", "expected": "Seen"} for n in range(3)]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with opened() as made:
        yield made


class Desk:
    """One target between a pretend Jira and a pretend Xray; `book` is what the row of the publication keeps."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.jira = FakeJira()
        self.now = 1_000_000.0
        self.target = XrayTarget(bench, now=lambda: self.now)
        self.book: dict[str, Any] = {}

    async def publish(self, *, repeated: bool = False, item: int = 0, **content: Any) -> Any:
        row = self.row(item, **content)
        return await self.target.publish(writing(self.jira, row, repeated=repeated, book=self.book))

    def row(self, item: int = 0, **content: Any) -> Any:
        made = {"style": "gherkin", "title": f"Pay {item}", "gherkin": GHERKIN, **content}
        kept = dict(self.book) or None
        return publication("xray", made, item=item, kept=kept, remote_id=self.book.get("remote_id"))

    @property
    def tests(self) -> list[Issue]:
        return [test.issue for test in self.bench.site.tests.values()]

    @property
    def links(self) -> list[Any]:
        return list(self.jira.issue["fields"].get("issuelinks", []))


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


async def test_it_is_made_kept_and_linked(desk: Desk) -> None:
    written = await desk.publish()
    (test,) = desk.tests
    assert (written.remote_id, written.remote_key) == (str(test.id), test.key)
    assert written.url == f"https://jira.acme.example/browse/{test.key}"
    assert desk.book["remote_id"] == str(test.id)
    assert desk.links == [{"type": {"id": "10300"}, "inwardIssue": {"id": str(test.id)}}]
    assert desk.bench.wrong == []


async def test_it_may_belong_to_another_project(desk: Desk) -> None:
    desk.bench.elsewhere = "MOBI"
    assert (await desk.publish()).remote_key.startswith("MOBI-")
    shown = await desk.target.preview([writing(desk.jira, desk.row())])
    assert shown.place == "MOBI"


async def test_a_lost_answer_is_looked_for(desk: Desk) -> None:
    desk.bench.wire.lost = ["createTest"]
    with pytest.raises(ToolDown):
        await desk.publish()
    written = await desk.publish(repeated=True)
    assert [str(test.id) for test in desk.tests] == [written.remote_id]
    assert len(desk.links) == 1


async def test_what_no_search_finds_yet_is_waited_for_and_then_made_anew(desk: Desk) -> None:
    desk.bench.wire.lost = ["createTest"]
    with pytest.raises(ToolDown):
        await desk.publish()
    desk.bench.site.tests.clear()
    desk.now += 20
    with pytest.raises(Unsettled) as caught:
        await desk.publish(repeated=True)
    assert (caught.value.retry_after_s, caught.value.code) == (40.0, "xray_unsettled")
    desk.now += 41
    await desk.publish(repeated=True)
    assert len(desk.tests) == 1


async def test_what_was_refused_is_looked_for_once_and_not_waited_for(desk: Desk) -> None:
    # No such project for Xray.
    desk.bench.elsewhere = "SHOP"
    desk.bench.site.projects["10010"].roles["paul"] = ""
    with pytest.raises(ToolRefused):
        await desk.publish()
    assert desk.book == {"sent_at": 0.0}
    desk.bench.site.projects["10010"].roles["paul"] = "lead"
    await desk.publish(repeated=True)
    assert (len(desk.tests), len(desk.bench.wire.bodies("getTests"))) == (1, 1)


async def test_a_link_that_failed_is_made_later_and_alone(desk: Desk) -> None:
    desk.jira.next("POST", "/issueLink", 403)
    with pytest.raises(NotLinked, match="Link issues"):
        await desk.publish()
    assert desk.book["remote_key"] == desk.tests[0].key
    await desk.publish(repeated=True)
    assert (len(desk.tests), len(desk.links)) == (1, 1)


REFUSALS = [(200, {"errors": [{"message": "Internal server error"}], "data": None}), (400, {"error": "Bad"}), (404, {})]


@pytest.mark.parametrize(("status", "body"), REFUSALS)
async def test_xray_refusing_to_say_whether_a_test_is_there_makes_no_second_and_undoes_nothing(
    desk: Desk, status: int, body: Any
) -> None:
    desk.jira.next("POST", "/issueLink", 403)
    with pytest.raises(NotLinked):
        await desk.publish()
    for again in (desk.publish(repeated=True), desk.target.undo(writing(desk.jira, desk.row()))):
        desk.bench.wire.answers = [httpx2.Response(status, json=body)]
        with pytest.raises(ToolError):
            await again
    assert len(desk.tests) == 1
    # A test that somebody deleted is another matter.
    desk.bench.wire.answers = [httpx2.Response(200, json={"errors": [{"message": "test with id 1 not found!"}]})]
    await desk.target.undo(writing(desk.jira, desk.row()))


async def test_a_link_that_exists_is_not_made_again(desk: Desk) -> None:
    desk.jira.next("POST", "/issueLink", 500, after=True)
    with pytest.raises(JiraDown):
        await desk.publish()
    again = Desk(desk.bench)
    again.jira, again.book = desk.jira, desk.book
    again.jira.said.clear()
    await again.publish(repeated=True)
    assert [said for said in again.jira.said if said[1] == "/issueLink"] == []
    assert len(again.links) == 1


@pytest.mark.parametrize(
    ("types", "words"),
    [([], "no link type"), (None, "switched off")],
)
async def test_a_site_without_the_link_type_is_told(desk: Desk, types: Any, words: str) -> None:
    if types is None:
        desk.jira.next("GET", "/issueLinkType", 404)
    else:
        desk.jira.link_types = types
    with pytest.raises(NotLinked, match=words):
        await desk.publish()


async def test_lost_steps_are_added_and_other_words_take_their_place(desk: Desk) -> None:
    desk.bench.site.xray_drops_steps = True
    manual = {"style": "manual", "steps": STEPS, "gherkin": ""}
    await desk.publish(**manual)
    (made,) = desk.bench.site.tests.values()
    assert [step["action"] for step in made.steps] == ["Do 0", "Do 1", "Do 2"]
    changed = {**manual, "title": "Said better", "steps": [{"action": "Other"}]}
    desk.jira.add({"id": str(made.issue.id), "key": made.issue.key, "fields": {"summary": "Pay 0"}})
    await desk.publish(repeated=True, **changed)
    assert [step["action"] for step in made.steps] == ["Other"]
    assert desk.jira.issues[str(made.issue.id)]["fields"]["summary"] == "Said better"
    spoken = Desk(desk.bench)
    await spoken.publish(item=1)
    await spoken.publish(item=1, repeated=True, gherkin="Given nothing")
    assert [t.gherkin for t in desk.bench.site.tests.values()][-1] == "Given nothing"


async def test_a_title_that_may_not_be_changed_is_told(desk: Desk) -> None:
    await desk.publish()
    with pytest.raises(AddonError, match="may not change its title"):
        await desk.publish(repeated=True, title="Said better")


async def test_thirty_tests_look_once(desk: Desk) -> None:
    for item in range(4):
        desk.book = {}
        await desk.publish(item=item)
    calls = [said[:2] for said in desk.jira.said]
    assert calls.count(("GET", "/issue/10231")) == 1
    assert calls.count(("GET", "/issueLinkType")) == 1
    assert len(desk.bench.wire.bodies("authenticate")) == 1
    assert len(desk.bench.wire.bodies("getProjectSettings")) == 1
    # After trouble with all of them, one search finds them all.
    desk.bench.wire.said.clear()
    for item in range(4):
        desk.book = {"sent_at": desk.now}
        await desk.publish(item=item, repeated=True)
    assert len(desk.bench.wire.bodies("getTests")) == 1
    assert len(desk.tests) == 4


async def test_an_undo_deletes_what_is_ours_and_was_never_executed(desk: Desk) -> None:
    written = await desk.publish()
    (made,) = desk.bench.site.tests.values()
    made.runs = 1
    with pytest.raises(CannotUndo, match="executed"):
        await desk.target.undo(writing(desk.jira, desk.row()))
    made.runs, labels = 0, made.issue.labels
    made.issue.labels = []
    with pytest.raises(CannotUndo, match="label"):
        await desk.target.undo(writing(desk.jira, desk.row()))
    made.issue.labels = labels
    await desk.target.undo(writing(desk.jira, desk.row()))
    assert (desk.tests, desk.bench.site.issue(written.remote_id)) == ([], None)
    await desk.target.undo(writing(desk.jira, desk.row(), repeated=True))


async def test_an_attempt_that_may_have_been_taken_over_makes_nothing_and_the_next_one_makes_it(desk: Desk) -> None:
    def lost() -> None:
        raise LeaseLost

    late = writing(desk.jira, desk.row(), book=desk.book)
    with pytest.raises(LeaseLost):
        await desk.target.publish(replace(late, jira=replace(late.jira, before_writing=lost)))
    assert desk.tests == []
    desk.now += SETTLED_S
    await desk.publish(repeated=True)
    assert len(desk.tests) == 1
