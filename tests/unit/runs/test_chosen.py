"""What a person decided about items before shapes what is written now."""

from typing import Any

import pytest

from addon.errors import Invalid
from addon.runs.chosen import Wish, chosen, part_of
from addon.store.db import Database
from addon.store.repos import verdicts
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import NewVerdict
from tests.rows import add_run, add_tenant, run_of

CRITERION = {"title": "Pay", "given": ["a basket"], "when": "they pay", "then": ["done"]}
RESULT = {"criteria": {"criteria": [CRITERION, CRITERION, CRITERION]}}


async def a_run(db: Database, kind: str = "criteria", result: Any = RESULT) -> Run:
    tenant = await add_tenant(db)
    return await run_of(db, tenant, await add_run(db, tenant, kind=kind, state="succeeded", result=result))


async def judged(db: Database, run: Run, item: int, verdict: str, edit: Any = None) -> None:
    new = NewVerdict(
        part="criteria", item=item, verdict=verdict, original=CRITERION, edit=edit, distance=None,
        prompt_version="criteria.v1", account_id="ann",
    )  # fmt: skip
    async with db.begin() as tx:
        await verdicts.put(tx, run, new=new, now=1.0)


async def test_rejected_items_are_left_out_when_all_is_wanted(database: Database) -> None:
    run = await a_run(database)
    await judged(database, run, 1, "rejected")
    assert list((await chosen(database, run, wish=Wish("xray"))).items) == [0, 2]
    # Who names an item wants it.
    assert list((await chosen(database, run, wish=Wish("xray", [1]))).items) == [1]
    for item in (0, 2):
        await judged(database, run, item, "rejected")
    with pytest.raises(Invalid, match="rejected"):
        await chosen(database, run, wish=Wish("xray"))


async def test_stored_edits_apply_unless_the_wish_brings_its_own(database: Database) -> None:
    run = await a_run(database)
    await judged(database, run, 0, "edited", {"title": "Stored"})
    await judged(database, run, 2, "edited", {"title": "Another"})
    assert (await chosen(database, run, wish=Wish("comment"))).edits == {
        "0": {"title": "Stored"},
        "2": {"title": "Another"},
    }
    own = await chosen(database, run, wish=Wish("comment", [0], {"0": {"title": "Own"}}))
    assert own.edits == {"0": {"title": "Own"}}


@pytest.mark.parametrize("edit", [{"html": "x"}, {"title": 5}, {"steps": []}, {"given": "one"}])
async def test_what_no_such_item_has_is_refused(database: Database, edit: Any) -> None:
    run = await a_run(database)
    with pytest.raises(Invalid) as caught:
        await chosen(database, run, wish=Wish("xray", [0], {"0": edit}))
    assert caught.value.detail.startswith("edits: ")


async def test_what_is_written_as_a_whole_has_no_items_to_edit(database: Database) -> None:
    run = await a_run(database, "analysis", {})
    assert await chosen(database, run, wish=Wish("comment")) == Wish("comment")
    with pytest.raises(Invalid, match="no single items"):
        await chosen(database, run, wish=Wish("comment", [], {"0": {"title": "x"}}))


def test_each_kind_and_target_has_its_part() -> None:
    assert part_of("analysis", "subtasks") == "subtasks"
    assert part_of("analysis", "description") == "criteria"
    assert part_of("pipeline", "xray") == "scenarios"
    assert part_of("pipeline", "field") == "criteria"
    assert part_of("scenarios", "zephyr") == "scenarios"
    assert part_of("summary", "comment") is None
