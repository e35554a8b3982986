"""What people decide about items: kept with what they changed, counted by prompt, told by writing as well."""

from typing import Any

import pytest

from addon.errors import Conflict, Invalid, NotFound
from addon.policy.verdicts import Judgement, Published, Verdicts, distance, note_published
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import verdicts as rows
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Standing
from tests.rows import add_run, add_tenant, run_of
from tests.unit.analysis.make import result

USAGE = {"provider": "openai", "model": "m", "prompt_version": "analysis.v1+p2"}


async def run_in(db: Database, tenant_id: str | None = None, **values: Any) -> Run:
    """A run of an analysis that succeeded."""
    tenant_id = tenant_id or await add_tenant(db)
    row = {"state": "succeeded", "result": result().model_dump(mode="json"), "usage": USAGE, **values}
    return await run_of(db, tenant_id, await add_run(db, tenant_id, **row))


async def standing(db: Database, run: Run) -> Standing:
    async with db.single() as tx:
        return await rows.of_run(tx, run.tenant_id, run_id=run.id)


async def test_a_verdict_is_kept_with_who_gave_it(database: Database) -> None:
    run = await run_in(database)
    found = await Verdicts(database).judge(run, Judgement("criteria", 0, "accepted"), account_id="ann")
    row = found["criteria", 0]
    assert (row.verdict, row.edit, row.account_id) == ("accepted", None, "ann")
    assert await standing(database, run) == found


async def test_an_edit_keeps_only_what_was_changed_and_is_measured(database: Database) -> None:
    run = await run_in(database)
    edit = {"title": "Return the reason from the API", "description": "The answer holds a **reason**."}
    await Verdicts(database).judge(run, Judgement("subtasks", 0, "edited", edit), account_id="ann")
    assert (await standing(database, run))["subtasks", 0].edit == {"description": "The answer holds a **reason**."}
    (row,) = await Verdicts(database).acceptance(run.tenant_id, "10000")
    assert (row.kind, row.prompt_version, row.edited) == ("analysis", "analysis.v1+p2", 1)
    assert row.distance is not None
    assert 0 < row.distance < 0.2


async def test_an_edit_that_changes_nothing_is_an_acceptance(database: Database) -> None:
    run = await run_in(database)
    edit = {"text": "Which vouchers are in scope?"}
    found = await Verdicts(database).judge(run, Judgement("questions", 0, "edited", edit), account_id="ann")
    assert found["questions", 0].verdict == "accepted"


async def test_a_verdict_is_replaced_and_taken_back(database: Database) -> None:
    run, verdicts = await run_in(database), Verdicts(database)
    await verdicts.judge(run, Judgement("criteria", 0, "accepted"), account_id="ann")
    replaced = await verdicts.judge(run, Judgement("criteria", 0, "rejected"), account_id="bob")
    assert [(row.verdict, row.account_id) for row in replaced.values()] == [("rejected", "bob")]
    for _ in range(2):
        assert await verdicts.judge(run, Judgement("criteria", 0, None), account_id="bob") == {}
    async with database.single() as tx:
        said = [event.detail["verdict"] for event in await audit.latest(tx, run.tenant_id)]
    assert said == [None, None, "rejected", "accepted"]


@pytest.mark.parametrize(
    ("judgement", "error"),
    [
        (Judgement("criteria", 1, "accepted"), NotFound),
        (Judgement("scenarios", 0, "accepted"), NotFound),
        (Judgement("criteria", 0, "edited"), Invalid),
        (Judgement("criteria", 0, "accepted", {"title": "x"}), Invalid),
        (Judgement("criteria", 0, "edited", {"priority": "high"}), Invalid),
        (Judgement("criteria", 0, "edited", {"given": ["a", "list"]}), Invalid),
        (Judgement("subtasks", 0, "edited", {"title": "x" * 256}), Invalid),
        (Judgement("subtasks", 0, "edited", {"title": "a\x00b"}), Invalid),
        (Judgement("subtasks", 0, "edited", {"title": "half \ud800"}), Invalid),
    ],
)
async def test_what_does_not_fit_the_item_is_refused(
    database: Database, judgement: Judgement, error: type[Exception]
) -> None:
    run = await run_in(database)
    with pytest.raises(error):
        await Verdicts(database).judge(run, judgement, account_id="ann")
    assert await standing(database, run) == {}


async def test_a_run_without_a_result_is_not_judged(database: Database) -> None:
    run = await run_in(database, state="failed", result=None)
    with pytest.raises(Conflict):
        await Verdicts(database).judge(run, Judgement("criteria", 0, "accepted"), account_id="ann")


async def test_acceptance_is_counted_by_prompt_and_never_across_projects_or_sites(database: Database) -> None:
    tenant_id, verdicts = await add_tenant(database), Verdicts(database)
    for number, verdict in enumerate(("accepted", "rejected", "accepted")):
        run = await run_in(database, tenant_id, usage={**USAGE, "prompt_version": f"analysis.v{1 + number // 2}"})
        await verdicts.judge(run, Judgement("criteria", 0, verdict), account_id="ann")
    await verdicts.judge(
        await run_in(database, tenant_id, project_id="2"), Judgement("criteria", 0, "accepted"), account_id="ann"
    )
    await verdicts.judge(await run_in(database), Judgement("criteria", 0, "accepted"), account_id="ann")
    found = await verdicts.acceptance(tenant_id, "10000")
    counts = [(row.prompt_version, row.accepted, row.rejected, row.distance) for row in found]
    assert counts == [("analysis.v1", 1, 1, 0.0), ("analysis.v2", 1, 0, 0.0)]


async def test_what_the_rules_wrote_counts_for_no_prompt(database: Database) -> None:
    by_rules = result(author="rules", notice="model_failed").model_dump(mode="json")
    run = await run_in(database, result=by_rules)
    await Verdicts(database).judge(run, Judgement("criteria", 0, "rejected"), account_id="ann")
    (row,) = await Verdicts(database).acceptance(run.tenant_id, "10000")
    assert (row.prompt_version, row.rejected, row.distance) == ("rules", 1, None)


async def publish(db: Database, run: Run, published: Published) -> Standing:
    async with db.begin() as tx:
        await note_published(tx, run, published=published, account_id="ann")
    return await standing(db, run)


async def test_writing_an_item_accepts_it_or_its_edit(database: Database) -> None:
    run = await run_in(database)
    edits = {"0": {"title": "Shorter"}}
    found = await publish(database, run, Published("subtasks", [0], edits))
    assert found["subtasks", 0].verdict == "edited"
    assert found["subtasks", 0].edit == {"title": "Shorter"}
    found = await publish(database, run, Published("questions"))
    assert found["questions", 0].verdict == "accepted"


async def test_writing_does_not_overrule_what_somebody_said(database: Database) -> None:
    run = await run_in(database)
    await Verdicts(database).judge(run, Judgement("criteria", 0, "rejected"), account_id="bob")
    found = await publish(database, run, Published("field", []))
    assert found["criteria", 0].verdict == "rejected"


async def test_a_comment_says_nothing_of_single_items_and_strange_numbers_are_passed_over(database: Database) -> None:
    run = await run_in(database)
    assert await publish(database, run, Published("comment")) == {}
    assert await publish(database, run, Published("subtasks", [7])) == {}


def test_distance_goes_from_nothing_to_everything() -> None:
    original = {"title": "abc", "then": ["one", "two"]}
    assert distance(original, {}) == 0
    assert distance(original, {"title": "abd"}) < 0.2
    assert distance({"text": "aaaa"}, {"text": "bbbb"}) == 1
    assert distance({"text": ""}, {"text": ""}) == 0
