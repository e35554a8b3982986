"""What a site's administrators decide and see: the models, whether they answer, what was done and by whom."""

import asyncio
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from addon.errors import TooMany
from addon.jira.errors import JiraError, JiraForbidden, JiraUnauthorized
from addon.llm.errors import ModelError
from addon.observe import logs
from addon.policy.chain import Option
from addon.policy.models import Fallback, Shown, Wanted
from addon.policy.probing import Probes
from addon.runs.moments import iso
from addon.store.repos import audit, troubles
from addon.web.api.people import names_of, person
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["site"])

NO_MODEL = {"ok": True, "detail": "The built-in rules answer; no model is called.", "latency_ms": 0}

log = logs.logger("addon.web")

ModelName = Annotated[str, Field(max_length=128, pattern=r"^[\w./:@+ -]*$")]
Key = Annotated[SecretStr, Field(max_length=500)]


class FallbackChange(BaseModel):
    """A model that is asked when those before it fail; api_key as in ModelChange."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["openai", "ollama", "anthropic", "gemini"]
    model: ModelName = ""
    api_key: Key | None = None


class ModelChange(BaseModel):
    """provider: null for the deployment's own choice. base_url: "" for where the provider lives.

    api_key: absent or null keeps the stored one, "" clears it. fallbacks: null for the deployment's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    provider: Literal["rules", "openai", "ollama", "anthropic", "gemini"] | None
    model: ModelName = ""
    base_url: Annotated[str, Field(max_length=500)] = ""
    api_key: Key | None = None
    fallbacks: Annotated[list[FallbackChange], Field(max_length=4)] | None = None

    def wanted(self) -> Wanted:
        others = self.fallbacks
        return Wanted(
            self.provider,
            self.model.strip(),
            self.base_url.strip(),
            _plain(self.api_key),
            None
            if others is None
            else tuple(Fallback(each.provider, each.model.strip(), _plain(each.api_key)) for each in others),
        )


@routes.get("/site/model")
async def read_model(house: HouseDep, caller: ApiCaller) -> dict[str, Any]:
    """Which models the site chose; whether there are keys, never a key. trouble: why it is not asked at the moment."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    return await _shown(house, caller, choice=await house.model_policy.get(caller.tenant.id))


@routes.put("/site/model")
async def change_model(house: HouseDep, caller: ApiCaller, *, change: ModelChange) -> dict[str, Any]:
    """Stores the site's choice; 422 when it could not work or names an address it must not."""
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    saved = await house.model_policy.save(caller.tenant.id, change.wanted(), account_id=caller.account_id)
    return await _shown(house, caller, choice=saved)


@routes.post("/site/model/test")
async def try_model(house: HouseDep, caller: ApiCaller, *, change: ModelChange | None = None) -> dict[str, Any]:
    """Asks the model a trifle, what is stored or what is typed, and its fallbacks as well.

    A model that fails is an answer here, not an error of ours. Budgets bind it, and it is booked.
    """
    await house.access.require_site_admin(caller.tenant, caller.account_id)
    policy, tenant_id = house.model_policy, caller.tenant.id
    chain = await (policy.typed(tenant_id, change.wanted()) if change else policy.chain(tenant_id))
    if not chain:
        return {**NO_MODEL, "fallbacks": []}
    first, *others = await asyncio.gather(*(_tried(house, caller, option=option) for option in chain))
    return {**first, "fallbacks": others}


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


async def _tried(house: House, caller: Caller, *, option: Option) -> dict[str, Any]:
    probes, choice = Probes(house.models, house.budgets, house.settings), option.choice
    started = time.perf_counter()
    try:
        ok, detail = True, await probes.probe(caller.tenant.id, option, account_id=caller.account_id)
    except (ModelError, TooMany) as error:
        # The administrator reads the reason on the page; the operator should find it as well.
        log.info("model probe failed", error=error.code)
        ok, detail = False, error.detail
    return {
        "provider": choice.provider,
        "model": choice.model,
        "ok": ok,
        "detail": detail[:300],
        "latency_ms": round((time.perf_counter() - started) * 1000),
    }


async def _shown(house: House, caller: Caller, *, choice: Shown) -> dict[str, Any]:
    policy = house.model_policy
    offered = [{"provider": offer.provider, "model": offer.model} for offer in policy.deployment]
    chain = await policy.chain(caller.tenant.id)
    fallbacks = None
    if choice.fallbacks is not None:
        fallbacks = [
            {"provider": provider, "model": model, "has_key": provider in choice.keys_of}
            for provider, model in choice.fallbacks
        ]
    return {
        "provider": choice.provider,
        "model": choice.model,
        "base_url": choice.base_url,
        "has_key": choice.has_key,
        "fallbacks": fallbacks,
        "deployment": {**(offered[0] if offered else {"provider": "rules", "model": ""}), "fallbacks": offered[1:]},
        "trouble": (house.models.trouble(chain[0].choice) if chain else "") or None,
        "updated_by": await person(house.jira, caller.tenant, account_id=choice.updated_by),
        "updated_at": iso(choice.updated_at),
    }


def _plain(key: SecretStr | None) -> str | None:
    return key.get_secret_value().strip() if key is not None else None
