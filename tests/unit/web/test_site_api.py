import time
from typing import Any

import pytest
from sqlalchemy import insert

from addon.store.ids import new_id
from addon.store.repos import spending
from addon.store.repos.spending import Account, Amount
from addon.store.tables.runs import runs
from tests import tokens
from tests.captured_logs import captured_logs
from tests.unit.web.door import OTHER_KEY, Door

KEY = "sk-canary-of-the-site-0123456789"
CHOICE = {"provider": "openai", "model": "gpt-x", "api_key": KEY}
EVERY_ROUTE = [
    ("GET", "/site/model"),
    ("PUT", "/site/model"),
    ("POST", "/site/model/test"),
    ("GET", "/site/health"),
    ("GET", "/usage"),
    ("GET", "/budget"),
    ("PUT", "/budget"),
    ("GET", "/audit"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
async def test_only_site_administrators_come_here(door: Door, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": CHOICE if "model" in path else {}} if method == "PUT" else {}
    assert (await door.api(method, path, who="ann", **body)).status_code == 403
    assert (await door.api(method, path, who="boss", **body)).status_code == 200


async def test_the_model_is_stored_and_its_key_never_comes_back(door: Door) -> None:
    before = (await door.api("GET", "/site/model", who="boss")).json()
    assert before == {
        "provider": None,
        "model": "",
        "base_url": "",
        "has_key": False,
        "fallbacks": None,
        "deployment": {"provider": "rules", "model": "", "fallbacks": []},
        "trouble": None,
        "updated_by": None,
        "updated_at": None,
    }
    with captured_logs("DEBUG") as lines:
        saved = await door.api("PUT", "/site/model", who="boss", json=CHOICE)
        shown = await door.api("GET", "/site/model", who="boss")
        refused = await door.api("PUT", "/site/model", who="boss", json={**CHOICE, "model": 5})
        events = await door.api("GET", "/audit", who="boss")
    assert saved.json() == shown.json()
    assert (shown.json()["provider"], shown.json()["model"], shown.json()["has_key"]) == ("openai", "gpt-x", True)
    assert shown.json()["updated_by"] == {"account_id": "boss", "name": "Boss"}
    assert refused.status_code == 422
    assert KEY not in saved.text + shown.text + refused.text + events.text + lines.text


@pytest.mark.parametrize(
    "body",
    [
        {"provider": "hal"},
        {"model": "x"},
        {"provider": "openai", "model": "x\ny"},
        {"provider": "rules", "url": "http://x"},
        {"provider": "openai", "model": "x", "api_key": "k", "fallbacks": [{"provider": "rules"}]},
        {"provider": "openai", "model": "x", "api_key": "k", "fallbacks": [{"provider": "openai", "base_url": "x"}]},
    ],
)
async def test_a_wrong_choice_is_refused(door: Door, body: dict[str, Any]) -> None:
    answer = await door.api("PUT", "/site/model", who="boss", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


async def test_the_rules_always_answer_a_test(door: Door) -> None:
    answer = (await door.api("POST", "/site/model/test", who="boss")).json()
    assert answer["ok"] is True
    assert answer["latency_ms"] == 0


HOSTILE = [
    *("http://169.254.169.254/latest/meta-data", "https://169.254.169.254/v1", "https://localhost/v1"),
    *("http://localhost:11434", "https://127.0.0.1:11434", "https://127.1/v1", "https://0x7f.1/v1"),
    *("https://2130706433/v1", "https://[::1]/v1", "https://[::ffff:127.0.0.1]/v1", "https://[64:ff9b::7f00:1]/v1"),
    *("https://10.0.0.5/v1", "https://192.168.1.1/v1", "https://ollama.internal/v1", "https://ollama/v1"),
    *("https://user:pass@llm.example.com/v1", "https://llm.example.com@127.0.0.1/v1", "https://127.0.0.1#.example.com"),
    *(
        "https://llm.example.com\\@127.0.0.1/v1",
        "https://llm.example.com/v1?next=http://127.0.0.1",
        "ftp://llm.example.com",
    ),
    *("https://llm.example.com:0/v1", "https://llm.example.com:99999/v1", "file:///etc/passwd", "https://ⓛocalhost/v1"),
]


@pytest.mark.parametrize("address", HOSTILE)
async def test_no_administrator_can_make_us_call_a_private_address(door: Door, address: str) -> None:
    body = {"provider": "openai", "model": "x", "api_key": KEY, "base_url": address}
    saved = await door.api("PUT", "/site/model", who="boss", json=body)
    tried = await door.api("POST", "/site/model/test", who="boss", json=body)
    for answer in (saved, tried):
        assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, "base_url"), answer.text
    assert (await door.api("GET", "/site/model", who="boss")).json()["provider"] is None


async def test_moving_the_address_leaves_the_key_behind(door: Door) -> None:
    body = {"provider": "openai", "model": "x", "base_url": "https://llm.invalid/v1"}
    saved = (await door.api("PUT", "/site/model", who="boss", json={**body, "api_key": KEY})).json()
    assert (saved["has_key"], saved["base_url"]) == (True, "https://llm.invalid/v1")
    assert (await door.api("PUT", "/site/model", who="boss", json=body)).json()["has_key"] is True
    moved = await door.api("PUT", "/site/model", who="boss", json={**body, "base_url": "https://thief.invalid/v1"})
    assert moved.json()["has_key"] is False
    assert (await door.api("PUT", "/site/model", who="boss", json=body)).json()["has_key"] is False


async def test_fallbacks_are_shown_without_their_keys(door: Door) -> None:
    spare = {"provider": "gemini", "model": "flash"}
    body = {**CHOICE, "fallbacks": [{**spare, "api_key": f"{KEY}-2"}, {"provider": "openai", "model": "gpt-small"}]}
    saved = await door.api("PUT", "/site/model", who="boss", json=body)
    assert saved.json()["fallbacks"] == [
        {**spare, "has_key": True},
        {"provider": "openai", "model": "gpt-small", "has_key": False},
    ]
    assert KEY not in saved.text


@pytest.mark.usefixtures("one_day")
async def test_usage_counts_the_sites_own_runs_and_spending(door: Door) -> None:
    for number, (key, state, days_ago) in enumerate(
        [
            (tokens.CLIENT_KEY, "succeeded", 0),
            (tokens.CLIENT_KEY, "succeeded", 2),
            (tokens.CLIENT_KEY, "failed", 2),
            (tokens.CLIENT_KEY, "succeeded", 40),
            (OTHER_KEY, "succeeded", 0),
        ]
    ):
        await add_run(door, key, str(number), state=state, created_at=time.time() - days_ago * 86_400)
        await spend(door, key, days_ago, Amount(10, 4, 0.5))
    await spend(door, tokens.CLIENT_KEY, 2, Amount(1, 0, None), model="strange", payer="site")
    shown = (await door.api("GET", "/usage", who="boss")).json()
    assert shown["runs"] == {"succeeded": 2, "failed": 1, "cancelled": 0, "queued": 0, "running": 0}
    assert shown["tokens"] == {"input": 31, "output": 12}
    assert (shown["cost_usd"], shown["unpriced_tokens"], shown["issues"]) == (1.5, 1, 3)
    assert len(shown["by_day"]) == shown["days"] == 30
    assert shown["by_day"][-1]["runs"] == 1
    assert shown["by_day"][-3] | {"day": ""} == {
        "day": "",
        "runs": 2,
        "input_tokens": 21,
        "output_tokens": 8,
        "cost_usd": 1.0,
        "providers": {"openai": 29},
    }
    assert [(each["model"], each["payer"], each["asks"], each["cost_usd"]) for each in shown["by_model"]] == [
        ("gpt-x", "operator", 3, 1.5),
        ("strange", "site", 1, None),
    ]
    longer = (await door.api("GET", "/usage?days=60", who="boss")).json()
    assert longer["tokens"] == {"input": 41, "output": 16}
    assert (await door.api("GET", "/usage?days=0", who="boss")).status_code == 422


async def spend(
    door: Door, key: str, days_ago: int, amount: Amount, *, model: str = "gpt-x", payer: str = "operator"
) -> None:
    tenant = await door.house.tenants.by_client_key(key)
    assert tenant is not None
    account = Account(int(time.time() // 86_400) - days_ago, payer, "openai", model)
    async with door.house.db.begin() as tx:
        await spending.book(tx, tenant.id, account=account, amount=amount)


@pytest.mark.usefixtures("one_day")
async def test_a_budget_is_set_in_parts_and_shown_with_what_is_used_of_it(door: Door) -> None:
    none = {
        "tokens_per_day": 0,
        "tokens_per_month": 0,
        "usd_per_day": 0.0,
        "usd_per_month": 0.0,
        "tokens_per_minute": 0,
    }
    empty = (await door.api("GET", "/budget", who="boss")).json()
    assert (empty["site"], empty["operator"], empty["bars"], empty["updated_by"]) == (none, none, [], None)
    await door.api("PUT", "/budget", who="boss", json={"tokens_per_day": 100, "usd_per_month": 8})
    await spend(door, tokens.CLIENT_KEY, 0, Amount(70, 10, 2.0))
    shown = (await door.api("PUT", "/budget", who="boss", json={"tokens_per_minute": 50, "usd_per_day": None})).json()
    assert shown["site"] == {**none, "tokens_per_day": 100, "usd_per_month": 8, "tokens_per_minute": 50}
    assert shown["updated_by"] == {"account_id": "boss", "name": "Boss"}
    bars = {bar["budget"]: (bar["owner"], bar["most"], bar["used"], bar["state"]) for bar in shown["bars"]}
    assert bars == {"tokens_per_day": ("site", 100, 80, "near"), "usd_per_month": ("site", 8, 2.0, "ok")}
    assert shown["bars"][0]["full_again_at"].endswith("T00:00:00.000Z")
    events = (await door.api("GET", "/audit", who="boss")).json()["events"]
    assert [event["action"] for event in events[:2]] == ["site.budget", "site.budget"]


@pytest.mark.parametrize(
    "body", [{"tokens_per_day": -1}, {"usd_per_day": "x"}, {"tokens_per_year": 5}, {"tokens_per_day": 1.5}, []]
)
async def test_a_wrong_budget_is_refused(door: Door, body: Any) -> None:
    answer = await door.api("PUT", "/budget", who="boss", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


async def add_run(door: Door, client_key: str, issue_id: str, **values: Any) -> None:
    tenant = await door.house.tenants.by_client_key(client_key)
    assert tenant is not None
    fixed = {"kind": "analysis", "trigger": "webhook", "params": {}, "queue": "ai", "run_at": 0.0}
    async with door.house.db.begin() as tx:
        await tx.execute(insert(runs).values(id=new_id(), tenant_id=tenant.id, issue_id=issue_id, **fixed, **values))


async def test_the_audit_tells_who_did_what_newest_first(door: Door) -> None:
    await door.api("PUT", "/site/model", who="boss", json={"provider": "rules"})
    events = (await door.api("GET", "/audit?limit=1", who="boss")).json()["events"]
    assert len(events) == 1
    assert events[0]["action"] == "site.model"
    assert (events[0]["account_id"], events[0]["name"]) == ("boss", "Boss")
    assert events[0]["at"].endswith("Z")
