"""A test case in Zephyr Scale is made once, since nobody can delete it, and completed step by step."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from addon.runs.feature import CannotUndo, LeaseLost
from addon.targets.settling import SETTLED_S, Unsettled
from addon.targets.zephyr import ZephyrTarget
from addon.testmgmt.errors import ToolDown
from sandbox.zephyr import ZCase
from tests.unit.targets.fake_jira import FakeJira, story
from tests.unit.targets.make import publication, writing
from tests.unit.testmgmt.pretend import Bench
from tests.unit.testmgmt.pretend import bench as opened

GHERKIN = "Given a basket\nWhen they pay\nThen a receipt comes"


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with opened() as made:
        yield made


class Desk:
    """One target between a pretend Jira and a pretend Zephyr; `book` is what the row of the publication keeps."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        issue = bench.site.issue("SHOP-142")
        assert issue is not None
        self.jira = FakeJira({**story(), "id": str(issue.id), "key": "SHOP-142"})
        self.issue_id = issue.id
        self.now = 1_000_000.0
        self.target = ZephyrTarget(bench, now=lambda: self.now)
        self.book: dict[str, Any] = {}

    async def publish(self, *, repeated: bool = False, item: int = 0, **content: Any) -> Any:
        row = self.row(item, **content)
        return await self.target.publish(writing(self.jira, row, repeated=repeated, book=self.book))

    def row(self, item: int = 0, **content: Any) -> Any:
        steps = [{"action": f"Do {n}", "data": "a < b", "expected": "Seen"} for n in range(120)]
        made = {"style": "manual", "title": f"Pay {item}", "steps": steps, "priority": "high", **content}
        return publication("zephyr", made, item=item, kept=dict(self.book) or None, issue_id=str(self.issue_id))

    @property
    def cases(self) -> list[ZCase]:
        return list(self.bench.site.cases.values())

    def sent(self, part: str) -> int:
        return sum(part in request.url.path and request.method != "GET" for request in self.bench.wire.said)


@pytest.fixture
def desk(bench: Bench) -> Desk:
    return Desk(bench)


def complete(case: ZCase, desk: Desk) -> bool:
    return len(case.steps) == 120 and case.links == [desk.issue_id]


async def test_it_is_made_kept_at_once_filled_and_linked(desk: Desk) -> None:
    written = await desk.publish()
    (case,) = desk.cases
    assert (written.remote_key, desk.book["remote_key"]) == (case.key, case.key)
    assert case.key in written.url
    assert complete(case, desk)
    assert case.fields["priority"]["id"] == 1
    assert desk.bench.wrong == []


async def test_gherkin_becomes_a_script(desk: Desk) -> None:
    await desk.publish(style="gherkin", gherkin=GHERKIN)
    assert desk.cases[0].script == {"type": "bdd", "text": GHERKIN}


@pytest.mark.parametrize("lost", ["/testcases\n", "/teststeps", "APPEND", "/links/issues"])
async def test_whatever_answer_is_lost_nothing_is_made_twice(desk: Desk, lost: str) -> None:
    desk.bench.wire.lost = [lost.rstrip()] if lost != "/testcases\n" else ["projectKey"]
    try:
        await desk.publish()
    except ToolDown:
        await desk.publish(repeated=True)
    (case,) = desk.cases
    assert complete(case, desk)
    # The first batch may go again by itself: it takes the place of all steps.
    assert desk.sent("/links/issues") == 1


async def test_what_stands_there_complete_is_not_written_again(desk: Desk) -> None:
    await desk.publish()
    desk.bench.wire.said.clear()
    await desk.publish(repeated=True)
    assert [request.method for request in desk.bench.wire.said if request.method != "GET"] == []
    spoken = Desk(desk.bench)
    await spoken.publish(item=1, style="gherkin", gherkin=GHERKIN)
    desk.bench.wire.said.clear()
    await spoken.publish(item=1, repeated=True, style="gherkin", gherkin=GHERKIN)
    assert [request.method for request in desk.bench.wire.said if request.method != "GET"] == []


async def test_other_words_take_the_place_of_the_first_ones(desk: Desk) -> None:
    await desk.publish(objective="Why")
    await desk.publish(repeated=True, title="Said better", steps=[{"action": "Other"}])
    (case,) = desk.cases
    assert (case.fields["name"], [step["inline"]["description"] for step in case.steps]) == ("Said better", ["Other"])
    assert case.fields["labels"] == ["jiravision-run1", "jiravision-run1-0"]
    await desk.publish(repeated=True, style="gherkin", gherkin=GHERKIN)
    assert case.script == {"type": "bdd", "text": GHERKIN}


async def test_what_no_search_finds_yet_is_waited_for_and_then_made_anew(desk: Desk) -> None:
    desk.bench.wire.lost = ["projectKey"]
    with pytest.raises(ToolDown):
        await desk.publish()
    desk.bench.site.cases.clear()
    desk.now += 20
    with pytest.raises(Unsettled) as caught:
        await desk.publish(repeated=True)
    assert (caught.value.retry_after_s, caught.value.code) == (40.0, "zephyr_unsettled")
    desk.now += 41
    await desk.publish(repeated=True)
    assert len(desk.cases) == 1


async def test_many_cases_look_once(desk: Desk) -> None:
    for item in range(3):
        desk.book = {}
        await desk.publish(item=item, steps=[{"action": "One"}])
    asked = [request.url.path for request in desk.bench.wire.said]
    assert sum(path.endswith("/priorities") for path in asked) == 1
    desk.bench.wire.said.clear()
    for item in range(3):
        desk.book = {"sent_at": desk.now}
        await desk.publish(item=item, repeated=True, steps=[{"action": "One"}])
    asked = [request.url.path for request in desk.bench.wire.said]
    assert sum(path.endswith("/nextgen") for path in asked) == 1
    assert sum(path.endswith("/issuelinks/SHOP-142/testcases") for path in asked) == 1
    assert len(desk.cases) == 3


async def test_the_preview_warns_that_nothing_can_be_taken_back(desk: Desk) -> None:
    shown = await desk.target.preview([writing(desk.jira, desk.row(n)) for n in range(2)])
    assert ([item.title for item in shown.items], shown.place) == (["Pay 0", "Pay 1"], "SHOP")
    assert "cannot be taken back" in shown.warnings[0]
    assert (desk.cases, desk.sent("")) == ([], 0)
    with pytest.raises(CannotUndo, match="no way to delete"):
        await desk.target.undo(writing(desk.jira, desk.row()))


async def test_an_attempt_that_may_have_been_taken_over_makes_nothing_and_the_next_one_makes_it(desk: Desk) -> None:
    def lost() -> None:
        raise LeaseLost

    late = writing(desk.jira, desk.row(), book=desk.book)
    with pytest.raises(LeaseLost):
        await desk.target.publish(replace(late, jira=replace(late.jira, before_writing=lost)))
    assert desk.cases == []
    desk.now += SETTLED_S
    await desk.publish(repeated=True)
    assert len(desk.cases) == 1
