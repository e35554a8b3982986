import contextlib
from dataclasses import replace
from typing import Any

import pytest

from addon.errors import Invalid
from addon.llm.choice import ModelChoice
from addon.policy.chain import Offer
from addon.policy.models import Fallback, ModelPolicy, Wanted
from addon.policy.tenants import TENANT
from addon.redis.hub import Hub
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.secrets import Seals
from addon.store.tables.money import tenant_keys
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


async def first(policy: ModelPolicy, tenant_id: str) -> ModelChoice | None:
    chain = await policy.chain(tenant_id)
    return chain[0].choice if chain else None


async def test_without_a_model_the_rules_answer(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings())
    assert await policy.chain(tenant_id) == ()
    assert policy.deployment == ()


async def test_the_deployments_model_answers_unless_the_site_chose(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai(llm_timeout=30))
    assert await first(policy, tenant_id) == ModelChoice("openai", "gpt-x", "http://llm.test/v1", "operator-key", 30)
    await policy.save(tenant_id, Wanted("rules"), account_id="ann")
    assert await policy.chain(tenant_id) == ()
    await policy.save(tenant_id, Wanted(None), account_id="ann")
    assert [option.payer for option in await policy.chain(tenant_id)] == ["operator"]


async def test_a_sites_own_key_and_model_are_used_and_never_shown(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings())
    wanted = Wanted("openai", "gpt-y", api_key=KEY)
    shown = await policy.save(tenant_id, wanted, account_id="ann")
    (option,) = await policy.chain(tenant_id)
    assert (option.choice, option.payer) == (ModelChoice("openai", "gpt-y", None, KEY, 120.0), "site")
    assert shown == await policy.get(tenant_id)
    assert (shown.has_key, shown.updated_by) == (True, "ann")
    assert shown.updated_at == pytest.approx(database.now(), abs=30)
    assert KEY not in repr(shown) + repr(option) + repr(wanted)


async def test_the_keys_are_sealed_at_rest_and_absent_from_the_audit(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    wanted = Wanted("openai", "gpt-y", api_key=KEY, fallbacks=(Fallback("gemini", "flash", f"{KEY}-2"),))
    await ModelPolicy(database, seals, settings=settings()).save(tenant_id, wanted, account_id="ann")
    async with database.begin() as tx:
        row = (await tx.execute(tenant_models.select())).one()
        other = (await tx.execute(tenant_keys.select())).one()
        events = await audit.latest(tx, tenant_id)
    assert KEY.encode() not in bytes(row.api_key) + bytes(other.api_key)
    assert KEY not in repr(events)
    assert events[0].action == "site.model"
    assert events[0].detail["fallbacks"] == ["gemini:flash"]


async def test_a_key_stays_until_it_is_cleared(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai())
    await policy.save(tenant_id, Wanted("openai", "gpt-y", api_key=KEY), account_id="ann")
    await policy.save(tenant_id, Wanted("openai", "gpt-z"), account_id="ann")
    assert await first(policy, tenant_id) == ModelChoice("openai", "gpt-z", "http://llm.test/v1", KEY, 120.0)
    await policy.save(tenant_id, Wanted("openai", "gpt-x", api_key=""), account_id="ann")
    (option,) = await policy.chain(tenant_id)
    assert option.choice == ModelChoice("openai", "gpt-x", "http://llm.test/v1", "operator-key", 120.0)
    assert option.payer == "operator"


async def test_another_provider_never_receives_the_old_key(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    made = settings(llm_provider="ollama", llm_model="llama", llm_base_url="http://ollama.test/v1")
    policy = ModelPolicy(database, seals, settings=made)
    await policy.save(tenant_id, Wanted("openai", "gpt-y", api_key=KEY), account_id="ann")
    shown = await policy.save(tenant_id, Wanted("ollama", "mistral"), account_id="ann")
    (option,) = await policy.chain(tenant_id)
    assert (option.choice, option.payer) == (
        ModelChoice("ollama", "mistral", "http://ollama.test/v1", "", 120.0),
        "operator",
    )
    assert not shown.has_key


@pytest.mark.parametrize("moved", ["https://evil.example/v1", "https://llm.example/v1/x", "https://llm.example:444/v1"])
async def test_another_address_never_receives_the_old_key(database: Database, seals: Seals, moved: str) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai())
    mine = Wanted("openai", "gpt-y", "https://llm.example/v1", api_key=KEY)
    await policy.save(tenant_id, mine, account_id="ann")
    assert (await policy.save(tenant_id, replace(mine, api_key=None), account_id="ann")).has_key
    typed = await policy.typed(tenant_id, replace(mine, base_url=moved, api_key=None))
    shown = await policy.save(tenant_id, replace(mine, base_url=moved, api_key=None), account_id="ann")
    assert not shown.has_key
    (option,) = await policy.chain(tenant_id)
    assert [each.choice.api_key for each in (*typed, option)] == ["", ""]
    await policy.save(tenant_id, replace(mine, api_key=None), account_id="ann")
    assert (await first(policy, tenant_id)).api_key == "", "the key is gone, not only hidden"  # type: ignore[union-attr]


async def test_a_sites_own_address_is_guarded_and_never_gets_the_operators_key(
    database: Database, seals: Seals
) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai(llm_allowed_hosts="ollama.lan:11434"))
    await policy.save(tenant_id, Wanted("openai", "gpt-x", "https://llm.example/v1/"), account_id="ann")
    (option,) = await policy.chain(tenant_id)
    choice = option.choice
    assert (choice.api_key, choice.guarded, choice.allowed_hosts) == ("", True, ("ollama.lan:11434",))
    assert (choice.base_url, option.payer) == ("https://llm.example/v1", "site")
    await policy.save(tenant_id, Wanted("ollama", "llama", "http://ollama.lan:11434"), account_id="ann")
    (option,) = await policy.chain(tenant_id)
    # The host is the operator's, so the operator's limits bind; with a key of the site, somebody bills the site.
    assert (option.choice.guarded, option.payer) == (True, "operator")
    await policy.save(tenant_id, Wanted("ollama", "llama", "http://ollama.lan:11434", "sk-own"), account_id="ann")
    (option,) = await policy.chain(tenant_id)
    assert option.payer == "site"


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Wanted("openai", "gpt-y"), "api_key: .*API key of your own"),
        (Wanted("openai", "", api_key=KEY), "model: name the model"),
        (Wanted("ollama", "llama"), "base_url: .*operator"),
        (Wanted("hal", "9000"), "provider: must be one of"),
        (Wanted("openai", "x", "http://llm.example/v1", KEY), "base_url: .*https"),
        (Wanted("openai", "x", "https://127.0.0.1/v1", KEY), "base_url: .*not a public address"),
        (Wanted("ollama", "x", "http://ollama.lan:11435"), "base_url"),
        (Wanted("openai", "x", api_key=KEY, fallbacks=(Fallback("hal", "9000"),)), "fallbacks.0: must be one of"),
        (Wanted("openai", "x", api_key=KEY, fallbacks=(Fallback("gemini", "f"),)), "fallbacks.0: .*of your own"),
        (Wanted("openai", "x", api_key=KEY, fallbacks=(Fallback("openai", ""),)), "fallbacks.0: name the model"),
        (Wanted("openai", "x", api_key=KEY, fallbacks=(Fallback("openai", "y"),) * 5), "fallbacks: no more"),
    ],
)
async def test_a_choice_that_cannot_work_is_refused(
    database: Database, seals: Seals, wanted: Wanted, said: str
) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings(llm_allowed_hosts="ollama.lan:11434"))
    with pytest.raises(Invalid, match=said):
        await policy.save(tenant_id, wanted, account_id="ann")
    with pytest.raises(Invalid, match=said):
        await policy.typed(tenant_id, wanted)
    assert (await policy.get(tenant_id)).updated_at is None


@pytest.mark.parametrize(
    ("leads_to", "taken"),
    [(["93.184.216.34"], True), (["10.0.0.5"], False), (["93.184.216.34", "::1"], False), (["169.254.169.254"], False)],
)
async def test_a_name_that_leads_to_a_private_address_is_refused(
    database: Database, seals: Seals, leads_to: list[str], taken: bool
) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("llm.example", 8443)
        return leads_to

    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings(), resolve=resolve)
    wanted = Wanted("openai", "x", "https://llm.example:8443/v1", KEY)
    with contextlib.nullcontext() if taken else pytest.raises(Invalid, match="base_url: this name leads"):
        await policy.save(tenant_id, wanted, account_id="ann")
    assert (await policy.get(tenant_id)).has_key is taken


async def test_the_operators_key_pays_for_the_operators_models_only(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai(llm_fallbacks="openai:gpt-small"))
    for model in ("gpt-x", "gpt-small"):
        await policy.save(tenant_id, Wanted("openai", model), account_id="ann")
    with pytest.raises(Invalid, match="key of your own"):
        await policy.save(tenant_id, Wanted("openai", "gpt-expensive"), account_id="ann")


async def test_the_operators_fallbacks_are_asked_each_with_its_own_key(database: Database, seals: Seals) -> None:
    made = with_openai(llm_fallbacks="anthropic:claude-X, openai:gpt-small", anthropic_api_key="anthropic-key")
    policy = ModelPolicy(database, seals, settings=made)
    chain = await policy.chain(await add_tenant(database))
    assert policy.deployment == (
        Offer("openai", "gpt-x"),
        Offer("anthropic", "claude-X"),
        Offer("openai", "gpt-small"),
    )
    assert [(o.choice.provider, o.choice.base_url, o.choice.api_key, o.payer) for o in chain] == [
        ("openai", "http://llm.test/v1", "operator-key", "operator"),
        ("anthropic", None, "anthropic-key", "operator"),
        ("openai", "http://llm.test/v1", "operator-key", "operator"),
    ]


async def test_a_site_that_chose_its_model_is_not_sent_on_to_the_operators(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    made = with_openai(llm_fallbacks="anthropic:claude", anthropic_api_key="anthropic-key")
    policy = ModelPolicy(database, seals, settings=made)
    mine = Wanted("gemini", "flash", api_key=KEY)
    await policy.save(tenant_id, mine, account_id="ann")
    assert [option.choice.provider for option in await policy.chain(tenant_id)] == ["gemini"]
    asked = replace(mine, api_key=None, fallbacks=(Fallback("anthropic", "claude"), Fallback("gemini", "pro")))
    await policy.save(tenant_id, asked, account_id="ann")
    assert [(o.choice.model, o.choice.api_key, o.payer) for o in await policy.chain(tenant_id)] == [
        ("flash", KEY, "site"),
        ("claude", "anthropic-key", "operator"),
        ("pro", KEY, "site"),
    ]


async def test_a_fallbacks_key_goes_to_its_provider_alone_and_leaves_with_it(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=with_openai())
    spare = Fallback("anthropic", "claude", f"{KEY}-2")
    await policy.save(tenant_id, Wanted(None, fallbacks=(spare,)), account_id="ann")
    kept = await policy.save(
        tenant_id, Wanted(None, fallbacks=(replace(spare, model="claude-2", api_key=None),)), account_id="ann"
    )
    assert (kept.keys_of, kept.fallbacks) == ({"anthropic"}, (("anthropic", "claude-2"),))
    chain = await policy.chain(tenant_id)
    assert [(o.choice.provider, o.choice.api_key, o.choice.base_url) for o in chain] == [
        ("openai", "operator-key", "http://llm.test/v1"),
        ("anthropic", f"{KEY}-2", None),
    ]
    await policy.save(tenant_id, Wanted(None), account_id="ann")
    with pytest.raises(Invalid, match="of your own"):
        await policy.save(tenant_id, Wanted(None, fallbacks=(replace(spare, api_key=None),)), account_id="ann")


async def test_what_is_typed_is_tried_without_being_stored(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    policy = ModelPolicy(database, seals, settings=settings())
    (option,) = await policy.typed(tenant_id, Wanted("gemini", "flash", api_key=KEY))
    assert option.choice == ModelChoice("gemini", "flash", None, KEY, 120.0)
    assert await policy.chain(tenant_id) == ()


async def test_a_change_holds_at_once_where_it_is_heard_and_within_five_seconds_elsewhere(
    database: Database, seals: Seals
) -> None:
    tenant_id, other = await add_tenant(database), await add_tenant(database, "tenant-b")
    hub, moment = Hub(), [0.0]
    here, near, far = (ModelPolicy(database, seals, settings=with_openai(), hub=each) for each in (hub, hub, Hub()))
    far._kept._clock = lambda: moment[0]
    for policy in (here, near, far):
        assert [option.payer for option in await policy.chain(tenant_id)] == ["operator"]
    await here.save(tenant_id, Wanted("gemini", "flash", api_key=KEY), account_id="ann")
    for policy in (here, near):
        assert [option.choice.api_key for option in await policy.chain(tenant_id)] == [KEY]
    moment[0] = 4.9
    assert [option.payer for option in await far.chain(tenant_id)] == ["operator"]
    moment[0] = 5.0
    assert [option.choice.api_key for option in await far.chain(tenant_id)] == [KEY]
    assert [option.payer for option in await here.chain(other)] == ["operator"]


async def test_keys_are_kept_sealed_and_not_beyond_a_site(database: Database, seals: Seals) -> None:
    tenant_id, hub = await add_tenant(database), Hub()
    policy = ModelPolicy(database, seals, settings=settings(), hub=hub)
    wanted = Wanted("openai", "gpt-y", api_key=KEY, fallbacks=(Fallback("gemini", "flash", f"{KEY}-2"),))
    await policy.save(tenant_id, wanted, account_id="ann")
    assert len(await policy.chain(tenant_id)) == 2
    ((_, (row, keys)),) = policy._kept._known.values()
    assert row is not None
    assert row.api_key is not None
    assert KEY.encode() not in b"".join((row.api_key, *keys.values()))
    hub.tell(TENANT, "a-client-key")
    assert not policy._kept._known
