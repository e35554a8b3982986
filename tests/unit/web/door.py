"""The whole application over an in-process wire: real database, real routes and worker, a pretend Jira behind it."""

import json
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.engine import Dialect

from addon.house.house import House
from addon.policy.lifecycle import Installation
from addon.settings import Settings
from addon.store.swift import Swift
from addon.web.app import create_app
from tests import tokens
from tests.pretend import ALL_RIGHTS, PretendJira

HOST = "https://vision.example.com"
OTHER_KEY = "jira:99999999-2222-3333-4444-555555555555"
OTHER_SECRET = "the secret of quite another site, long enough for it" * 2
ISSUE, KEY, PROJECT = "10023", "ABC-7", "10000"


@dataclass
class Door:
    """person(...) and page(...) act as somebody signed in to the first site."""

    app: FastAPI
    http: httpx2.AsyncClient
    jira: PretendJira
    settings: Settings
    statements: list[str] = field(default_factory=list)

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    def lose_database(self) -> None:
        """Removes the file, as a disk that is gone would."""
        Path(self.settings.database_url.removeprefix("sqlite+aiosqlite:///")).unlink()

    async def api(
        self,
        method: str,
        path: str,
        *,
        who: str = "ann",
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """A call of one of our pages. path: below /api/v1."""
        given = token or tokens.for_api(sub=who)
        sent = {"Authorization": f"JWT {given}", **(headers or {})}
        if "json" in more:
            # Escaped, so that also half of a surrogate pair can be sent.
            more["content"] = json.dumps(more.pop("json")).encode()
            sent["Content-Type"] = "application/json"
        return await self.http.request(method, f"/addon/api/v1{path}", headers=sent, **more)

    async def page(self, target: str, *, who: str = "ann", **headers: str) -> httpx2.Response:
        """A frame as Jira opens it. target: below /ui, with its query."""
        target = f"/addon/ui{target}"
        mark = "&" if "?" in target else "?"
        token = tokens.for_request("GET", target, sub=who)
        return await self.http.get(f"{target}{mark}jwt={token}", headers=headers)

    async def deliver(self, body: Any, *, token: str | None = None, **headers: str) -> httpx2.Response:
        """A webhook of the first site. headers: underscores stand for dashes."""
        target = "/addon/webhooks/issue-created"
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"JWT {token or tokens.for_request('POST', target, sub=None)}"
        content = body if isinstance(body, bytes) else None
        return await self.http.post(target, json=None if content else body, content=content, headers=sent)

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """The SQL statements and commits inside the block, of the requests alone."""
        engine = self.house.db.engine.sync_engine
        seen: list[str] = []

        def statement(_c: object, _k: object, sql: str, *_: object) -> None:
            seen.append(sql.split("\n")[0])

        def commit(_c: object) -> None:
            seen.append("COMMIT")

        original = Swift.given

        def given(swift: Swift, dialect: Dialect, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
            found = original(swift, dialect, values)
            seen.append(found[0])
            return found

        Swift.given = given  # type: ignore[assignment, method-assign]
        event.listen(engine, "before_cursor_execute", statement)
        event.listen(engine, "commit", commit)
        try:
            yield seen
        finally:
            Swift.given = original  # type: ignore[method-assign]
            event.remove(engine, "before_cursor_execute", statement)
            event.remove(engine, "commit", commit)


def new_issue(issue_id: str = ISSUE, key: str = KEY, **changes: Any) -> dict[str, Any]:
    """The body of jira:issue_created; changes go into the issue."""
    return {
        "timestamp": 1763650000123,
        "webhookEvent": "jira:issue_created",
        "issue_event_type_name": "issue_created",
        "user": {"accountId": "ann", "accountType": "atlassian", "displayName": "Ann"},
        "issue": {
            "id": issue_id,
            "key": key,
            "fields": {
                "summary": "As a buyer I want to pay by card",
                "description": "h2. Why",
                "issuetype": {"id": "10001", "name": "Story", "subtask": False},
                "project": {"id": PROJECT, "key": "ABC", "name": "Alpha"},
                "updated": "2026-11-20T10:05:00.000+0100",
            },
            **changes,
        },
    }


@asynccontextmanager
async def open_door(folder: Path, template: Path, **settings: Any) -> AsyncIterator[Door]:
    """template: a migrated SQLite file. Two sites are installed; ann holds every right on the first one's issue."""
    file = shutil.copy(template, folder)
    made = Settings(
        _env_file=None,
        **{
            "base_url": tokens.BASE_URL,
            "addon_key": tokens.APP_KEY,
            "database_url": f"sqlite+aiosqlite:///{file}",
            **settings,
        },
    )
    jira = PretendJira()
    jira.add_issue(ISSUE, KEY, PROJECT)
    jira.grant("ann", "issue", ISSUE, *ALL_RIGHTS)
    jira.grant("ann", "project", PROJECT, *ALL_RIGHTS)
    jira.grant("boss", "global", "", "ADMINISTER")
    app = create_app(made, jira_transport=jira.transport)
    async with app.router.lifespan_context(app):
        await install(app, tokens.CLIENT_KEY, tokens.SECRET, "acme")
        await install(app, OTHER_KEY, OTHER_SECRET, "other")
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=HOST) as http:
            yield Door(app, http, jira, made)


async def install(app: FastAPI, client_key: str, secret: str, name: str, display_url: str | None = None) -> None:
    site = f"https://{name}.atlassian.net"
    came = Installation(
        client_key=client_key,
        base_url=site,
        display_url=site if display_url is None else display_url,
        shared_secret=secret,
        oauth_client_id=None,
        token_id=f"token:{name}:{display_url}",
    )
    await app.state.house.lifecycle.installed(came, time.time())


def of_other_site(who: str = "ann") -> str:
    return tokens.for_api(OTHER_SECRET, iss=OTHER_KEY, sub=who)
