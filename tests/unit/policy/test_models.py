from typing import Any

import pytest

from addon.errors import Invalid
from addon.llm.choice import ModelChoice
from addon.policy.models import ModelPolicy
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.secrets import Seals
from addon.store.tables.tenants import tenant_models
from tests.unit.policy.test_projects import add_tenant

KEY = "sk-canary-of-a-tenant-0123456789"


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def with_openai(**values: Any) -> Settings:
    return settings(
        llm_provider="openai",
        llm_model="gpt-x",
        llm_api_key="operator-key",
        llm_base_url="http://llm.test/v1",
        **values,
    )


async def test_without_a_model_the_rules_answer(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings())
    assert await policy.choice(tenant_id) is None
    assert policy.deployment == ("rules", "")


async def test_the_deployments_model_answers_unless_the_site_chose(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai(llm_timeout=30))
    assert await policy.choice(tenant_id) == ModelChoice("openai", "gpt-x", "http://llm.test/v1", "operator-key", 30)
    await policy.save(tenant_id, "rules", model="", api_key=None, account_id="ann")
    assert await policy.choice(tenant_id) is None
    await policy.save(tenant_id, None, model="", api_key=None, account_id="ann")
    assert (await policy.choice(tenant_id)) is not None


async def test_a_sites_own_key_and_model_are_used_and_never_shown(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings(), now=lambda: 7.0)
    shown = await policy.save(tenant_id, "openai", model="gpt-y", api_key=KEY, account_id="ann")
    choice = await policy.choice(tenant_id)
    assert choice == ModelChoice("openai", "gpt-y", None, KEY, 120.0)
    assert shown == await policy.get(tenant_id)
    assert (shown.has_key, shown.updated_by, shown.updated_at) == (True, "ann", 7.0)
    assert KEY not in repr(shown) + repr(choice)


async def test_the_key_is_sealed_at_rest_and_absent_from_the_audit(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    await ModelPolicy(database, seals, settings=settings()).save(
        tenant_id, "openai", model="gpt-y", api_key=KEY, account_id="ann"
    )
    async with database.begin() as tx:
        row = (await tx.execute(tenant_models.select())).one()
        events = await audit.latest(tx, tenant_id)
    assert KEY.encode() not in bytes(row.api_key)
    assert KEY not in repr(events)
    assert events[0].action == "site.model"


async def test_a_key_stays_until_it_is_cleared(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai())
    await policy.save(tenant_id, "openai", model="gpt-y", api_key=KEY, account_id="ann")
    await policy.save(tenant_id, "openai", model="gpt-z", api_key=None, account_id="ann")
    assert (await policy.choice(tenant_id)) == ModelChoice("openai", "gpt-z", "http://llm.test/v1", KEY, 120.0)
    await policy.save(tenant_id, "openai", model="gpt-x", api_key="", account_id="ann")
    assert (await policy.choice(tenant_id)) == ModelChoice(
        "openai", "gpt-x", "http://llm.test/v1", "operator-key", 120.0
    )


async def test_another_provider_never_receives_the_old_key(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(
        database,
        seals,
        settings=settings(llm_provider="ollama", llm_model="llama", llm_base_url="http://ollama.test/v1"),
    )
    await policy.save(tenant_id, "openai", model="gpt-y", api_key=KEY, account_id="ann")
    shown = await policy.save(tenant_id, "ollama", model="mistral", api_key=None, account_id="ann")
    choice = await policy.choice(tenant_id)
    assert choice == ModelChoice("ollama", "mistral", "http://ollama.test/v1", "", 120.0)
    assert not shown.has_key


@pytest.mark.parametrize(
    ("provider", "model", "key", "said"),
    [
        ("openai", "gpt-y", None, "API key of your own"),
        ("openai", "", KEY, "name the model"),
        ("ollama", "llama", None, "operator"),
        ("hal", "9000", None, "must be one of"),
    ],
)
async def test_a_choice_that_cannot_work_is_refused(
    database: Database, seals: Seals, provider: str, model: str, key: str | None, said: str
) -> None:
    tenant_id = await add_tenant(database)
    with pytest.raises(Invalid, match=said):
        await ModelPolicy(database, seals, settings=settings()).save(
            tenant_id, provider, model=model, api_key=key, account_id="ann"
        )


async def test_the_operators_key_pays_for_the_operators_model_only(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai())
    await policy.save(tenant_id, "openai", model="gpt-x", api_key=None, account_id="ann")
    with pytest.raises(Invalid, match="key of your own"):
        await policy.save(tenant_id, "openai", model="gpt-expensive", api_key=None, account_id="ann")
