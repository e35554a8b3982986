import time
from typing import Any

import pytest
from sqlalchemy import insert

from addon.store.ids import new_id
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
    ("GET", "/audit"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
async def test_only_site_administrators_come_here(door: Door, method: str, path: str) -> None:
    body: dict[str, Any] = {"json": CHOICE} if method == "PUT" else {}
    assert (await door.api(method, path, who="ann", **body)).status_code == 403
    assert (await door.api(method, path, who="boss", **body)).status_code == 200


async def test_the_model_is_stored_and_its_key_never_comes_back(door: Door) -> None:
    before = (await door.api("GET", "/site/model", who="boss")).json()
    assert before == {
        "provider": None,
        "model": "",
        "has_key": False,
        "deployment": {"provider": "rules", "model": ""},
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
    ],
)
async def test_a_wrong_choice_is_refused(door: Door, body: dict[str, Any]) -> None:
    answer = await door.api("PUT", "/site/model", who="boss", json=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")


async def test_the_rules_always_answer_a_test(door: Door) -> None:
    answer = (await door.api("POST", "/site/model/test", who="boss")).json()
    assert answer["ok"] is True
    assert answer["latency_ms"] == 0


async def test_usage_counts_the_sites_own_runs_by_state_and_day(door: Door) -> None:
    spent = {"provider": "openai", "model": "x", "prompt_version": "1", "input_tokens": 10, "output_tokens": 4}
    for number, (key, state, days_ago, usage) in enumerate(
        [
            (tokens.CLIENT_KEY, "succeeded", 0, spent),
            (tokens.CLIENT_KEY, "succeeded", 2, spent),
            (tokens.CLIENT_KEY, "failed", 2, None),
            (tokens.CLIENT_KEY, "succeeded", 40, spent),
            (OTHER_KEY, "succeeded", 0, spent),
        ]
    ):
        await add_run(door, key, str(number), state=state, created_at=time.time() - days_ago * 86_400, usage=usage)
    usage_shown = (await door.api("GET", "/usage", who="boss")).json()
    assert usage_shown["runs"] == {"succeeded": 2, "failed": 1, "cancelled": 0, "queued": 0, "running": 0}
    assert usage_shown["tokens"] == {"input": 20, "output": 8}
    assert usage_shown["issues"] == 3
    assert len(usage_shown["by_day"]) == 30
    assert usage_shown["by_day"][-1]["runs"] == 1
    assert usage_shown["by_day"][-3] | {"day": ""} == {"day": "", "runs": 2, "input_tokens": 10, "output_tokens": 4}


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
