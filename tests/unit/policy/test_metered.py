"""Around every ask: money put aside before, the real bill booked after, whatever happens in between."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from addon.errors import TooMany
from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import BudgetSpent, ModelDown, ModelError
from addon.llm.expected import longest_answer, said
from addon.llm.models import Models
from addon.llm.prices import Prices
from addon.llm.prompt import Prompt
from addon.policy.asking import Asks
from addon.policy.budgets import Budgets
from addon.policy.limits import Limits
from addon.policy.models import Fallback, ModelPolicy, Wanted
from addon.policy.probing import Probes
from addon.results.analysis import Analysis
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import spending
from addon.store.repos.spending import Line
from addon.store.secrets import Seals
from addon.store.tables.money import reservations
from tests.fake_model import FakeModel
from tests.rows import add_tenant

PROMPT = Prompt("Judge.", "As a reader I want a list", "analysis.v1")
pytestmark = pytest.mark.usefixtures("one_day", "one_minute")

COSTLY = {"gpt-x": (1.0, 10.0), "claude": (2.0, 20.0)}
TOKENS = {"input_tokens": 900, "output_tokens": 100, "requests": 1}


class Scripted:
    """Models that end as they are told, one ask each."""

    def __init__(self, *ends: object) -> None:
        self.ends = list(ends)
        self.asked: list[ModelChoice] = []
        self.asking = asyncio.Event()

    async def ask(self, choice: ModelChoice, prompt: Prompt, **more: Any) -> Answer[Any]:
        self.asked.append(choice)
        end = self.ends.pop(0)
        if more["on_partial"] and end == "hang":
            await more["on_partial"]({"summary": "x" * 300})
        self.asking.set()
        if end == "hang":
            await asyncio.sleep(60)
        if isinstance(end, ModelError):
            end.usage = end.usage and used(choice)
            raise end
        return Answer(end, used(choice), "{}")


def used(choice: ModelChoice) -> Usage:
    return Usage(choice.provider, choice.model, "analysis.v1", **TOKENS)


def failing(*, spent: bool) -> ModelDown:
    error = ModelDown("away", retry_after_s=3.0)
    error.usage = Usage("", "", "") if spent else None
    return error


def opened(db: Database, seals: Seals, models: Any, **values: Any) -> tuple[Asks, ModelPolicy, Budgets]:
    known = {"llm_provider": "openai", "llm_model": "gpt-x", "llm_api_key": "operator-key", **values}
    settings = Settings(_env_file=None, **known)
    policy, budgets = ModelPolicy(db, seals, settings=settings), Budgets(db, settings=settings)
    return Asks(models, policy, budgets=budgets, prices=Prices(COSTLY)), policy, budgets


async def ask(asks: Asks, tenant_id: str, **more: Any) -> Answer[Analysis]:
    asker = await asks.asker(tenant_id, account_id=more.pop("account_id", None))
    assert asker is not None
    return await asker.ask(PROMPT, shape=Analysis, check=lambda value: value, **more)


async def books(db: Database, tenant_id: str) -> list[Line]:
    async with db.begin() as tx:
        assert await tx.scalar(select(func.count()).select_from(reservations)) == 0
        return await spending.since(tx, tenant_id, first_day=0)


async def test_an_answer_carries_its_price_and_stands_in_the_books(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    asks, _, _ = opened(database, seals, Scripted("fine"))
    answer = await ask(asks, tenant_id)
    assert answer.usage.cost_usd == pytest.approx(0.0019)
    (line,) = await books(database, tenant_id)
    assert (line.account.payer, line.asks, line.input_tokens, line.output_tokens) == ("operator", 1, 900, 100)
    assert line.cost_usd == pytest.approx(0.0019)


@pytest.mark.parametrize("spent", [True, False])
async def test_a_failed_ask_is_booked_with_what_it_came_to(database: Database, seals: Seals, spent: bool) -> None:
    tenant_id = await add_tenant(database)
    asks, _, _ = opened(database, seals, Scripted(failing(spent=spent)))
    with pytest.raises(ModelDown) as failed:
        await ask(asks, tenant_id)
    (line,) = await books(database, tenant_id)
    assert line.input_tokens == (900 if spent else 0)
    assert (failed.value.usage is not None) is spent


async def test_each_model_of_a_chain_is_booked_to_its_own_payer(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    models = Scripted(failing(spent=True), "fine")
    asks, policy, _ = opened(database, seals, models)
    spare = Fallback("anthropic", "claude", "sk-own")
    await policy.save(tenant_id, Wanted(None, fallbacks=(spare,)), account_id="boss")
    answer = await ask(asks, tenant_id)
    assert (answer.usage.model, answer.usage.input_tokens) == ("claude", 1800)
    assert answer.usage.cost_usd == pytest.approx(0.0019 + 0.0038)
    lines = await books(database, tenant_id)
    assert {(line.account.payer, line.account.model) for line in lines} == {("operator", "gpt-x"), ("site", "claude")}


@pytest.mark.parametrize("watched", [True, False])
async def test_an_ask_that_is_called_off_is_booked_with_what_was_said(
    database: Database, seals: Seals, watched: bool
) -> None:
    tenant_id = await add_tenant(database)
    models = Scripted("hang")
    asks, _, _ = opened(database, seals, models)

    async def heard(_: dict[str, Any]) -> None: ...

    asking = asyncio.ensure_future(ask(asks, tenant_id, on_partial=heard if watched else None))
    await models.asking.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    (line,) = await books(database, tenant_id)
    assert line.input_tokens > 100
    assert (line.output_tokens > 90) is watched


async def test_nothing_is_asked_once_the_budget_is_spent(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    models = Scripted("fine", "fine")
    asks, policy, budgets = opened(database, seals, models)
    await ask(asks, tenant_id)
    await budgets.save(tenant_id, Limits(tokens_per_day=1500), account_id="boss")
    # Neither the first model nor the others: the limit is the site's, whoever would be asked.
    await policy.save(tenant_id, Wanted(None, fallbacks=(Fallback("anthropic", "claude", "sk"),)), account_id="boss")
    with pytest.raises(BudgetSpent):
        await ask(asks, tenant_id)
    assert len(models.asked) == 1


async def test_a_person_in_a_hurry_is_put_off_and_the_webhook_is_not(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    models = Scripted(*["fine"] * 8)
    asks, _, _ = opened(database, seals, models, budget_tokens_per_minute=3000)
    for _ in range(3):
        await ask(asks, tenant_id)
    await ask(asks, tenant_id, account_id="ann")
    with pytest.raises(TooMany, match="a minute for one person") as hurried:
        await ask(asks, tenant_id, account_id="ann")
    assert 0 < (hurried.value.retry_after_s or 0) <= 60
    assert len(models.asked) == 4


async def test_a_bill_that_cannot_be_written_does_not_cost_the_answer(
    tmp_path: Any, sqlite_template: Any, seals: Seals
) -> None:
    file = tmp_path / "gone.db"
    file.write_bytes(sqlite_template.read_bytes())
    db = Database.open(f"sqlite+aiosqlite:///{file}")
    tenant_id = await add_tenant(db)

    class Closing(Scripted):
        async def ask(self, choice: ModelChoice, prompt: Prompt, **more: Any) -> Answer[Any]:
            await db.close()
            file.unlink()
            file.mkdir()
            return await super().ask(choice, prompt, **more)

    asks, _, _ = opened(db, seals, Closing("fine"))
    assert (await ask(asks, tenant_id)).value == "fine"  # type: ignore[comparison-overlap]
    await db.close()


async def test_a_chain_without_models_is_no_asker(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    asks, _, _ = opened(database, seals, Scripted(), llm_provider="rules", llm_model="")
    assert await asks.asker(tenant_id) is None


class Elsewhere:
    """A service that takes everybody."""

    def __init__(self, models: Scripted) -> None:
        self.models = models

    def takes(self, tenant_id: str) -> bool:
        return bool(tenant_id)

    def instead_of(self, models: Any) -> Any:
        return self.models


async def test_the_service_is_asked_in_place_of_this_process(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    settings = Settings(_env_file=None, llm_provider="openai", llm_model="gpt-x")  # type: ignore[call-arg]
    policy, budgets = ModelPolicy(database, seals, settings=settings), Budgets(database, settings=settings)
    here, there = Scripted(), Scripted("fine")
    asks = Asks(here, policy, budgets=budgets, prices=Prices({}), elsewhere=Elsewhere(there))
    await ask(asks, tenant_id)
    assert (len(here.asked), len(there.asked)) == (0, 1)


async def test_the_round_of_repair_is_put_aside_as_well(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    models = Scripted("hang")
    asks, _, _ = opened(database, seals, models)
    asking = asyncio.ensure_future(ask(asks, tenant_id))
    await models.asking.wait()
    async with database.begin() as tx:
        held = (await tx.execute(select(reservations))).one()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert held.output_tokens == 2 * longest_answer(models.asked[0])
    assert held.input_tokens == 2 * said(PROMPT, Analysis)


async def test_the_test_button_is_bound_by_the_budget_and_booked(database: Database, seals: Seals) -> None:
    tenant_id = await add_tenant(database)
    async with FakeModel() as server:
        models = Models()
        _, policy, budgets = opened(database, seals, models, llm_base_url=server.url)
        probes = Probes(models, budgets, Settings(_env_file=None))  # type: ignore[call-arg]
        (option,) = await policy.chain(tenant_id)
        server.default = "whole"
        assert "answered in" in await probes.probe(tenant_id, option, account_id="boss")
        (line,) = await books(database, tenant_id)
        asked = len(server.requests)
        await budgets.save(tenant_id, Limits(tokens_per_day=200), account_id="boss")
        with pytest.raises(BudgetSpent):
            await probes.probe(tenant_id, option, account_id="boss")
        assert len(server.requests) == asked > 0
        await models.close()
    assert (line.account.payer, line.asks, line.input_tokens >= 100) == ("operator", 1, True)
