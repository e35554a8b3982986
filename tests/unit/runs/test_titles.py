"""Items of a new result that stand in their place already, and items of a result that is taken from an earlier run."""

from typing import Any

import pytest

from addon.runs.feature import Draft
from addon.runs.publish import plan_asked
from addon.runs.titles import folded
from addon.store.db import Database
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from tests.rows import add_publication, add_run, run_of
from tests.unit.runs.make import Stage, stage


async def a_run(s: Stage, issue_id: str = "10001", **params: Any) -> Run:
    run_id = await add_run(
        s.db, s.tenant.id, issue_id=issue_id, kind="criteria", state="succeeded", result={}, params=params
    )
    return await run_of(s.db, s.tenant.id, run_id)


async def there(s: Stage, title: str, state: str = "succeeded", **values: Any) -> str:
    """Something of an earlier run; the id of that run."""
    run = await a_run(s)
    known = {"target": "xray", "slot": "", "content": {"title": title}, "remote_key": "QA-7", "state": state}
    await add_publication(s.db, s.tenant.id, run.id, marker=f"xray:{run.id}:0", **{**known, **values})
    return run.id


async def planned(s: Stage, run: Run, *titles: str, target: str = "xray", first: str = "") -> list[str]:
    """Statuses of what the run shows of these items."""
    of = first or run.id
    drafts = [Draft(target, n, f"{target}:{of}:{n}", {"title": title}, first) for n, title in enumerate(titles)]
    async with s.db.begin() as tx:
        await plan_asked(tx, run, drafts=drafts, account_id="ann")
    return [each["status"] for each in (await s.office.runs.shown(run))["publications"]]


def test_titles_are_equal_but_for_case_and_blanks() -> None:
    assert folded(" Pay  in ONE\ngo ") == folded("pay in one go")
    assert folded("Straße") == folded("STRASSE")
    assert folded("Pay once") != folded("Pay twice")
    assert folded(None) == ""


async def test_item_with_the_title_of_one_that_stands_there_is_left_out_in_words(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        await there(s, "Pay in one go")
        run = await a_run(s)
        assert await planned(s, run, " pay in ONE  go", "Pay later") == ["skipped", "pending"]
        left, _ = (await s.office.runs.shown(run))["publications"]
    assert left["error"] == {"error": "nothing_to_do", "detail": "One with this title is there already: QA-7."}


@pytest.mark.parametrize(
    ("state", "undoing", "status"),
    [
        ("queued", False, "skipped"),
        ("running", False, "skipped"),
        ("failed", True, "skipped"),
        ("failed", False, "pending"),
        ("cancelled", False, "pending"),
        ("undone", False, "pending"),
        ("queued", True, "pending"),
    ],
)
async def test_what_is_on_its_way_counts_and_what_is_taken_back_does_not(
    database: Database, seals: Seals, state: str, undoing: bool, status: str
) -> None:
    async with stage(database, seals, at_work=False) as s:
        await there(s, "Pay", state, undoing=undoing)
        assert await planned(s, await a_run(s), "Pay") == [status]


async def test_other_places_and_other_issues_do_not_count(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await there(s, "Pay")
        assert await planned(s, await a_run(s), "Pay", target="subtasks") == ["pending"]
        await there(s, "Buy", issue_id="10002")
        assert await planned(s, await a_run(s), "Buy") == ["pending"]


async def test_two_items_of_one_result_may_bear_the_same_title(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await a_run(s)
        assert await planned(s, run, "Pay", "Pay") == ["pending", "pending"]
        assert await planned(s, run, "Pay", "Pay") == ["pending", "pending"]


async def test_items_of_a_reused_result_are_found_and_those_that_failed_start_over(
    database: Database, seals: Seals
) -> None:
    async with stage(database, seals, at_work=False) as s:
        first = await there(s, "Pay")
        await add_publication(
            s.db, s.tenant.id, first, target="xray", item=1, marker=f"xray:{first}:1", state="failed", slot=""
        )
        for _ in range(2):
            # A run that reuses what a run reused names the first one.
            again = await a_run(s, origin=first)
            assert await planned(s, again, "Pay", "Buy", first=first) == ["done", "pending"]
        listed = await s.office.runs.of_issue(s.tenant.id, "10001")
    assert [[p["status"] for p in run["publications"]] for run in listed] == [["done", "pending"]] * 3
