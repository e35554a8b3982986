"""Lays out what a feature gets for one attempt at one run."""

from addon.policy.prompts import ProjectPrompt
from addon.policy.tenants import Tenant
from addon.runs import own_writing
from addon.runs.desk import Desk
from addon.runs.feature import Work
from addon.runs.progress import RunLedger, RunProgress
from addon.store.leases import Lease
from addon.store.repos import runs as rows
from addon.store.repos import verdicts
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Standing

MADE_OF = {"pipeline": ("criteria", "scenarios"), "scenarios": ("criteria",)}
"""Kinds whose results are made of others', with the words the project has for those."""


async def prepared(desk: Desk, lease: Lease, *, run: Run, tenant: Tenant, seq: int) -> Work:
    """seq: the highest number of an event that an earlier attempt has used. Raises DatabaseDown."""
    base = await _base(desk, run)
    return Work(
        run=run,
        tenant=tenant,
        jira=desk.jira.as_app(tenant.site, automatic=run.account_id is None),
        as_user=desk.jira.as_user(tenant.site, run.account_id) if run.account_id else None,
        settings=await desk.projects.get(tenant.id, run.project_id or ""),
        model=await desk.askers.asker(tenant.id, account_id=run.account_id),
        prompt=await _prompt(desk, run),
        prompts={kind: found for kind in MADE_OF.get(run.kind, ()) if (found := await _active(desk, run, kind=kind))},
        base=base,
        decided=await _decided(desk, base) if base else {},
        ours=await own_writing.of_issue(desk.db, tenant.id, issue_id=run.issue_id),
        progress=RunProgress(desk.db, desk.bus, lease=lease, after=seq),
        ledger=RunLedger(desk.db, run, lease),
        now=desk.db.utc,
    )


async def _prompt(desk: Desk, run: Run) -> ProjectPrompt | None:
    if run.preview and "prompt" in run.params:
        return ProjectPrompt(0, str(run.params["prompt"]))
    return await _active(desk, run, kind=run.kind)


async def _active(desk: Desk, run: Run, *, kind: str) -> ProjectPrompt | None:
    return await desk.prompts.active(run.tenant_id, run.project_id or "", kind=kind)


async def _base(desk: Desk, run: Run) -> Run | None:
    based_on = run.params.get("based_on")
    if not based_on:
        return None
    async with desk.db.single() as tx:
        base = await rows.get(tx, run.tenant_id, run_id=str(based_on))
    # An id comes from outside: what belongs to another issue is none of this run's business.
    return base if base and base.issue_id == run.issue_id and base.result is not None else None


async def _decided(desk: Desk, base: Run) -> Standing:
    async with desk.db.single() as tx:
        return await verdicts.of_run(tx, base.tenant_id, run_id=base.id)
