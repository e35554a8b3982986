import json
import re
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from addon.store.db import Database
from addon.store.secrets import Seals
from addon.web.app import create_app
from addon.web.security import declared
from descriptor.build import build
from tests import tokens
from tests.unit.web.gate import Gate

PUBLIC = {
    "/health",
    "/health/live",
    "/health/ready",
    "/health/detailed",
    "/metrics",
    "/atlassian-connect.json",
    "/static/{name:path}",
    "/openapi.json",
}


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture
async def gate(database: Database, seals: Seals) -> AsyncIterator[Gate]:
    made = Gate(database, seals)
    await made.installed(time.time())
    yield made
    await made.close()


@pytest.fixture
def app(gate: Gate) -> FastAPI:
    made = create_app(gate.settings)
    made.state.house = gate
    return made


def test_every_route_of_the_add_on_declares_exactly_one_class(app: FastAPI) -> None:
    assert {route: found for route, found in declared(app.routes).items() if len(found) != 1} == {}


def test_only_these_routes_are_public(app: FastAPI) -> None:
    found = {route.partition(" ")[2] for route, classes in declared(app.routes).items() if "public" in classes}
    assert {path.removeprefix(tokens.BASE_PATH) for path in found} == PUBLIC


def test_every_address_of_the_descriptor_is_a_route_of_the_right_class(app: FastAPI) -> None:
    found = declared(app.routes)
    made = json.loads(build(tokens.BASE_URL, tokens.APP_KEY).body)
    modules = made["modules"]
    pages = [modules["jiraIssueContexts"][0]["target"], modules["configurePage"]]
    pages += [*modules["jiraProjectAdminTabPanels"], *modules["jiraProjectPages"], *modules["adminPages"]]
    wanted = {f"POST {tokens.BASE_PATH}{path}": {"lifecycle"} for path in made["lifecycle"].values()}
    wanted |= {f"POST {tokens.BASE_PATH}{hook['url']}": {"hook"} for hook in modules["webhooks"]}
    wanted |= {f"GET {tokens.BASE_PATH}{urlsplit(page['url']).path}": {"page"} for page in pages}
    assert wanted.items() <= found.items()


@pytest.mark.parametrize("kind", ["no token", "page", "lifecycle", "context of nobody known"])
async def test_no_api_route_opens_without_a_context_token(app: FastAPI, kind: str) -> None:
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="https://vision.example.com") as http:
        for route, classes in declared(app.routes).items():
            if classes != {"api"}:
                continue
            method, _, template = route.partition(" ")
            path = re.sub(r"\{\w+\}", "1", template)
            token = {
                "page": tokens.for_request(method, path),
                "lifecycle": tokens.of_atlassian(method, path),
                "context of nobody known": tokens.for_api(iss="nobody"),
            }.get(kind)
            headers = {"Authorization": f"JWT {token}"} if token else {}
            answer = await http.request(method, path, headers=headers, json={} if method in ("POST", "PUT") else None)
            assert answer.status_code == 401, route
            assert "verdict" in answer.json()


def test_a_route_without_a_class_is_noticed() -> None:
    app = FastAPI(openapi_url=None)
    app.mount("/files", StaticFiles(directory=Path(__file__).parent))

    @app.get("/forgotten")
    async def forgotten() -> None: ...

    assert declared(app.routes) == {"* /files": set(), "GET /forgotten": set()}
