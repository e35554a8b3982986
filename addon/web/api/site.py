"""What a site's administrators decide and see: the model, whether it answers, what was done and by whom."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from addon.jira.errors import JiraError, JiraForbidden, JiraUnauthorized
from addon.llm.errors import ModelError
from addon.observe import logs
from addon.policy.models import Shown
from addon.runs.moments import iso
from addon.store.repos import audit, troubles, usage
from addon.web.api.people import names_of, person
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["site"])

DAYS = 30
STATES = ("succeeded", "failed", "cancelled", "queued", "running")

log = logs.logger("addon.web")


class ModelChange(BaseModel):
    """provider: null for the deployment's own choice. api_key: absent or null keeps the stored one, "" clears it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["rules", "openai", "ollama"] | None
    model: Annotated[str, Field(max_length=128, pattern=r"^[\w./:@+ -]*$")] = ""
    api_key: Annotated[SecretStr, Field(max_length=500)] | None = None


@routes.get("/site/model")
async def read_model(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """Which model the site chose; whether there is a key, never the key. trouble: why it is not asked at the moment."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    return await _shown(house, caller, choice=await house.model_policy.get(caller.tenant.id))


@routes.put("/site/model")
async def change_model(house: HouseDep, caller: ApiCaller, *, change: ModelChange) -> dict[str, Any]:
    """Stores the site's choice; 422 when it could not work."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    key = change.api_key.get_secret_value().strip() if change.api_key is not None else None
    saved = await house.model_policy.save(
        caller.tenant.id, change.provider, model=change.model.strip(), api_key=key, account_id=caller.account_id
    )
    return await _shown(house, caller, choice=saved)


@routes.post("/site/model/test")
async def test_model(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """Asks the chosen model a trifle. A model that fails is an answer here, not an error of ours."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    choice = await house.model_policy.choice(caller.tenant.id)
    if choice is None:
        return {"ok": True, "detail": "The built-in rules answer; no model is called.", "latency_ms": 0}
    started = time.perf_counter()
    try:
        said = await house.models.probe(choice)
        ok, detail = True, said
    except ModelError as error:
        # The administrator reads the reason on the page; the operator should find it as well.
        log.info("model probe failed", error=error.code)
        ok, detail = False, error.detail
    return {"ok": ok, "detail": detail[:300], "latency_ms": round((time.perf_counter() - started) * 1000)}


@routes.get("/site/health")
async def read_health(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """Whether the site refuses the add-on, since when, and when it is asked again; null when it does not."""
    refused: JiraError | None = None
    try:
        await house.access.require_site_admin(caller.tenant, caller.account_id)
    except (JiraUnauthorized, JiraForbidden) as error:
        # A site that refuses us does not say who its administrators are either: then everybody may know just this.
        refused = error
    async with house.db.single() as tx:
        found = await troubles.of(tx, caller.tenant.id)
    if found is not None:
        return {"trouble": {"code": found.code, "since": iso(found.since), "next_probe_at": iso(found.probe_at)}}
    return {"trouble": {"code": refused.code, "since": None, "next_probe_at": None} if refused else None}


@routes.get("/usage")
async def read_usage(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """What the site's runs of the last 30 days came to, in all and by day (UTC)."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    today = int(time.time() // usage.DAY_S)
    first = today - DAYS + 1
    async with house.db.begin() as tx:
        found = await usage.since(tx, caller.tenant.id, start=first * usage.DAY_S)
    by_day = {row.day: row for row in found.days}
    rows = [by_day.get(number) or usage.DayRow(number, 0, 0, 0) for number in range(first, today + 1)]
    return {
        "runs": {state: found.by_state.get(state, 0) for state in STATES},
        "tokens": {"input": sum(row.input_tokens for row in rows), "output": sum(row.output_tokens for row in rows)},
        "issues": found.issues,
        "by_day": [
            {
                "day": _day(row.day),
                "runs": row.runs,
                "input_tokens": row.input_tokens,
                "output_tokens": row.output_tokens,
            }
            for row in rows
        ],
    }


@routes.get("/audit")
async def read_audit(
    house: HouseDep, caller: ApiCaller, *, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """Who changed what, newest first."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    async with house.db.single() as tx:
        events = await audit.latest(tx, caller.tenant.id, limit=limit)
    names = await names_of(
        house.jira, caller.tenant, account_ids=[event.account_id for event in events if event.account_id]
    )
    return {
        "events": [
            {
                "at": iso(event.at),
                "action": event.action,
                "account_id": event.account_id,
                "name": names.get(event.account_id or ""),
                "subject": event.subject,
                "detail": event.detail,
            }
            for event in events
        ]
    }


async def _shown(house: House, caller: Caller, *, choice: Shown) -> dict[str, Any]:
    provider, model = house.model_policy.deployment
    in_force = await house.model_policy.choice(caller.tenant.id)
    return {
        "provider": choice.provider,
        "model": choice.model,
        "has_key": choice.has_key,
        "deployment": {"provider": provider, "model": model},
        "trouble": (house.models.trouble(in_force) if in_force else "") or None,
        "updated_by": await person(house.jira, caller.tenant, account_id=choice.updated_by),
        "updated_at": iso(choice.updated_at),
    }


def _day(days: int) -> str:
    return datetime.fromtimestamp(days * usage.DAY_S, UTC).date().isoformat()
