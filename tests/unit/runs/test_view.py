"""Rows as the API shows them."""

from addon.runs.moments import iso
from addon.runs.view import short_view
from addon.store.db import Database
from addon.store.secrets import Seals
from tests.rows import add_publication, add_run, add_tenant, run_of
from tests.unit.runs.make import stage

RUN = {
    "id", "kind", "status", "trigger", "asked_by", "issue_id", "issue_key", "project_id",
    "created_at", "started_at", "finished_at",
    "params", "progress", "facts_read", "result", "error", "next_attempt_at", "usage", "publications",
    "verdicts",
}  # fmt: skip


def test_times_are_utc_with_a_z() -> None:
    assert iso(1_700_000_000.1234) == "2023-11-14T22:13:20.123Z"
    assert iso(None) is None


async def test_run_is_shown_whole_and_in_lists_without_its_result(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await add_run(
            database,
            s.tenant.id,
            issue_id="1",
            result={"overall": 55, "x": 1},
            state="succeeded",
            created_at=1.5,
            stage="checking",
        )
        shown = await s.office.runs.shown(await run_of(database, s.tenant.id, run_id))
        (listed,) = await s.office.runs.of_project(s.tenant.id, "10000")
    assert set(shown) == RUN
    assert shown["progress"] == {"stage": "checking", "done": 0, "total": 0}
    assert shown["created_at"] == "1970-01-01T00:00:01.500Z"
    assert set(listed) == RUN - {"result", "facts_read", "verdicts"} | {"overall"}
    assert listed["overall"] == 55


async def test_publications_stand_with_their_run_in_a_readers_words(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id, issue_id="1")
        for item, state in enumerate(("queued", "running", "succeeded", "failed", "cancelled")):
            await add_publication(database, s.tenant.id, run_id, item=item, state=state)
        (shown,) = await s.office.runs.of_issue(s.tenant.id, "1")
    assert [p["status"] for p in shown["publications"]] == ["pending", "pending", "done", "failed", "skipped"]


async def test_a_sub_task_is_shown_with_the_title_it_is_written_under(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = await add_run(database, s.tenant.id, issue_id="1", account_id="ann")
        await add_publication(database, s.tenant.id, run_id, target="subtasks", content={"title": "Edited"})
        await add_publication(database, s.tenant.id, run_id, target="comment", content={"body": {}})
        (shown,) = await s.office.runs.of_issue(s.tenant.id, "1")
    assert {p["target"]: p["title"] for p in shown["publications"]} == {"subtasks": "Edited", "comment": None}
    assert shown["asked_by"] == {"account_id": "ann", "name": ""}


async def test_run_without_a_result_has_no_mark(database: Database) -> None:
    tenant_id = await add_tenant(database)
    run = await run_of(database, tenant_id, await add_run(database, tenant_id))
    assert short_view(run, ())["overall"] is None


async def test_analysis_without_scores_has_no_mark(database: Database) -> None:
    tenant_id = await add_tenant(database)
    result = {"overall": 0, "analysis": {"scores": []}}
    run = await run_of(database, tenant_id, await add_run(database, tenant_id, result=result, state="succeeded"))
    assert short_view(run, ())["overall"] is None
