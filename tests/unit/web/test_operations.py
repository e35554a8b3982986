import asyncio
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import text

from addon.house.health import CACHE_S, CHECK_S, Readiness, waiting
from addon.settings import ROOT
from addon.store.db import Database
from addon.store.trouble import DatabaseDown
from tests import tokens
from tests.services import PostgreSQL
from tests.unit.awake import awake
from tests.unit.web.door import HOST, Door, open_door

TOKEN = "operators-token-0123456789-0123456789"


async def test_live_and_health_ask_nothing_of_anybody(door: Door) -> None:
    await door.house.db.close()
    assert (await door.http.get("/addon/health/live")).json() == {"status": "ok"}
    assert (await door.http.get("/addon/health")).json() == {"status": "ok", "name": "jiravision"}


async def test_ready_while_the_database_is_there_and_migrated(door: Door) -> None:
    answer = await door.http.get("/addon/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert door.jira.requests == []


async def test_probes_that_bypass_the_proxy_are_answered_at_the_root_too(door: Door) -> None:
    for path in ("/health/live", "/health/ready"):
        at_root, below = await door.http.get(path), await door.http.get(f"/addon{path}")
        assert (at_root.status_code, at_root.json()["status"]) == (200, "ok") == (below.status_code, "ok")
    assert "http_requests_total" in (await door.http.get("/metrics")).text
    assert (await door.http.get("/metrics", headers={"Via": "1.1 proxy"})).status_code == 403
    documented = (await door.http.get("/addon/openapi.json")).json()["paths"]
    assert all(path.startswith("/addon/") for path in documented)


async def test_not_ready_without_the_newest_schema(door: Door) -> None:
    async with door.house.db.begin() as tx:
        await tx.execute(text("update alembic_version set version_num = '0001'"))
    answer = await door.http.get("/addon/health/ready")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "migrations": "failed"}


async def test_ready_on_the_schema_of_a_later_release(door: Door) -> None:
    async with door.house.db.begin() as tx:
        await tx.execute(text("update alembic_version set version_num = '9999'"))
    assert (await door.http.get("/addon/health/ready")).status_code == 200


async def test_not_ready_while_leaving(door: Door) -> None:
    door.app.state.drain.begin()
    answer = await door.http.get("/addon/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")
    assert (await door.http.get("/addon/health/live")).status_code == 200


async def test_a_flood_of_probes_is_one_question(door: Door) -> None:
    await door.house.worker.stop(0)
    await door.http.get("/addon/health/ready")
    with door.counted() as seen:
        began = time.monotonic()
        for _ in range(20):
            await door.http.get("/addon/health/ready")
    assert len(seen) < 5 * (1 + (time.monotonic() - began) / CACHE_S)


PROBE_S = 4.0
"""When the health check of the image gives up; the driver would go on for ten seconds."""


@dataclass
class Checked:
    """As much of a house as is looked at, without a Redis."""

    db: Database
    between: Any = field(default_factory=lambda: SimpleNamespace(redis=None))


async def test_a_database_that_says_nothing_is_said_before_probes_give_up() -> None:
    server = PostgreSQL()
    try:
        await asyncio.to_thread(server.start)
        house, readiness = Checked(Database.open(server.url, pool=2)), Readiness()
        assert (await readiness.checks(house))["database"]["status"] == "ok"
        server.freeze()
        # The answer that is kept for a second was a good one.
        await asyncio.sleep(CACHE_S)
        for _ in range(2):
            began = time.monotonic()
            async with awake() as passed:
                found = await asyncio.gather(*(readiness.checks(house) for _ in range(3)))
                assert passed() < PROBE_S
            assert time.monotonic() - began >= CHECK_S
            assert [each["database"]["last_error"] for each in found] == ["timeout"] * 3
            await asyncio.sleep(CACHE_S)
        async with awake() as passed:
            with pytest.raises(DatabaseDown):
                await waiting(house.db)
            assert passed() < PROBE_S
        server.thaw()
        async with asyncio.timeout(60):
            while (await readiness.checks(house))["database"]["status"] != "ok":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await house.db.close()
    finally:
        server.thaw()
        await asyncio.to_thread(server.remove)


OPERATOR_ROUTES = ["/metrics", "/health/detailed"]


@pytest.mark.parametrize("path", OPERATOR_ROUTES)
async def test_without_a_token_only_this_machine_may_look(door: Door, path: str) -> None:
    assert (await door.http.get(f"/addon{path}")).status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert (await door.http.get(f"/addon{path}", headers={name: "127.0.0.1"})).status_code == 403
    elsewhere = httpx2.ASGITransport(door.app, client=("203.0.113.7", 4321))
    async with httpx2.AsyncClient(transport=elsewhere, base_url=HOST) as stranger:
        assert (await stranger.get(f"/addon{path}")).status_code == 403


@pytest.mark.parametrize("path", OPERATOR_ROUTES)
async def test_with_a_token_nothing_else_opens(tmp_path: Path, sqlite_template: Path, path: str) -> None:
    async with open_door(tmp_path, sqlite_template, operator_token=TOKEN) as door:
        for wrong in (
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": f"JWT {TOKEN}"},
            {"Authorization": "Bearer "},
        ):
            assert (await door.http.get(f"/addon{path}", headers=wrong)).status_code == 401
        right = await door.http.get(f"/addon{path}", headers={"Authorization": f"Bearer {TOKEN}"})
        assert right.status_code == 200
        assert TOKEN not in right.text


async def test_metrics_are_prometheus_text_with_the_queues(door: Door) -> None:
    answer = await door.http.get("/addon/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'queue_depth{queue="runs"} 0.0' in answer.text
    assert tokens.CLIENT_KEY not in answer.text


async def test_detailed_health_names_latencies_and_queues(door: Door) -> None:
    report = (await door.http.get("/addon/health/detailed")).json()
    assert report["checks"]["database"]["status"] == "ok"
    assert report["checks"]["database"]["latency_ms"] >= 0
    assert report["queues"]["runs"] == {"waiting": 0, "oldest_age_s": 0.0}
    assert set(report["leader"]) == {"alive", "since_s"}
    for process in report["processes"]:
        assert set(process) == {"kind", "up_s", "slots", "busy", "draining", "leads"}, "no host, no process id"


async def test_the_descriptor_is_served_with_our_address_and_an_etag(door: Door) -> None:
    plain = await door.http.get("/addon/atlassian-connect.json")
    assert plain.json()["baseUrl"] == tokens.BASE_URL
    assert plain.json()["key"] == tokens.APP_KEY
    forged = await door.http.get(
        "/addon/atlassian-connect.json",
        headers={
            "X-Forwarded-Host": "evil.test",
            "Host": "evil.test",
            "X-Forwarded-Prefix": "/x",
            "X-Original-URL": "/y",
        },
    )
    assert forged.content == plain.content
    same = await door.http.get("/addon/atlassian-connect.json", headers={"If-None-Match": plain.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_static_files_are_served_for_ever_under_their_version_and_checked_otherwise(door: Door) -> None:
    version = (await door.page("/project?projectId=10000")).text.split("style.css?v=")[1].split('"')[0]
    plain = await door.http.get("/addon/static/style.css")
    assert plain.content == (ROOT / "static" / "style.css").read_bytes()
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert plain.headers["cache-control"] == "no-cache"
    versioned = await door.http.get(f"/addon/static/style.css?v={version}")
    assert "immutable" in versioned.headers["cache-control"]
    stale = await door.http.get("/addon/static/style.css?v=old")
    assert stale.headers["cache-control"] == "no-cache"
    same = await door.http.get("/addon/static/style.css", headers={"If-None-Match": f"W/{plain.headers['etag']}"})
    assert (same.status_code, same.content) == (304, b"")
    head = await door.http.head("/addon/static/style.css")
    assert (head.status_code, head.content) == (200, b"")


async def test_the_modules_of_a_page_carry_the_version_and_are_all_named_in_it(door: Door) -> None:
    html = (await door.page("/project?projectId=10000")).text
    named = re.findall(r'(?:rel="modulepreload" href|type="module" src)="([^"]+)"', html)
    assert len(named) > 5
    for address in named:
        answer = await door.http.get(address)
        assert "immutable" in answer.headers["cache-control"], address
        near = re.findall(r'^import .*from "(\.[^"]+)"', answer.text, re.MULTILINE)
        # A module that is not named would only be asked for when the one that needs it is there.
        assert {urljoin(address, path) for path in near} <= set(named)
    stale = await door.http.get("/addon/static/v-0123abcd/panel/item.js")
    assert stale.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "kind"), [("api.js", "text/javascript; charset=utf-8"), ("icon.svg", "image/svg+xml")]
)
async def test_static_files_have_the_type_a_browser_needs(door: Door, name: str, kind: str) -> None:
    answer = await door.http.get(f"/addon/static/{name}")
    assert answer.headers["content-type"] == kind
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "../pyproject.toml",
        "..%2fpyproject.toml",
        "%2e%2e/%2e%2e/etc/passwd",
        "/etc/passwd",
        "",
        "nothing.js",
        "..\\x",
        "%00",
    ],
)
async def test_nothing_outside_the_folder_is_served(door: Door, path: str) -> None:
    answer = await door.http.get(f"/addon/static/{path}")
    assert answer.status_code == 404
    assert set(answer.json()) == {"error", "detail"}


async def test_every_route_but_the_probes_stands_below_the_base_path_alone(door: Door) -> None:
    paths = {context.path for context in iter_route_contexts(door.app.routes)}
    outside = {path for path in paths if not path.startswith("/addon/")}
    assert outside == {"/health/live", "/health/ready", "/metrics"}
    assert {f"/addon{path}" for path in outside} <= paths
    for path in ("/health/detailed", "/api/v1/usage", "/", "/docs", "/webhooks/issue-created", "/ui/site-admin"):
        answer = await door.http.get(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_the_api_describes_itself(door: Door) -> None:
    schema = (await door.http.get("/addon/openapi.json")).json()
    assert schema["openapi"].startswith("3.")
    assert "/addon/api/v1/runs/{run_id}" in schema["paths"]
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["description"], path


async def test_a_wrong_method_answers_in_the_common_shape(door: Door) -> None:
    answer = await door.http.post("/addon/health/live")
    assert answer.status_code == 405
    assert answer.json()["error"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://acme.atlassian.net"])
async def test_no_other_origin_may_read_or_write(door: Door, origin: str) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = await door.http.options("/addon/api/v1/ai/analyze-issue", headers=asked)
    simple = await door.http.post(
        "/addon/api/v1/ai/analyze-issue", content="{}", headers={"Origin": origin, "Content-Type": "text/plain"}
    )
    assert preflight.status_code == 405
    assert simple.status_code == 415
    for answer in (preflight, simple):
        assert not any(name.startswith("access-control-") for name in answer.headers)
        assert "set-cookie" not in answer.headers


async def test_no_route_sets_a_cookie_or_redirects(door: Door) -> None:
    for path in ("/addon", "/addon/", "/addon/health/live/", "//evil.test", "/addon//evil.test/%2e%2e"):
        answer = await door.http.get(path)
        assert answer.status_code in (200, 404)
        assert "location" not in answer.headers
