import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from addon.store.db import Database
from addon.store.repos import tenants as rows
from addon.store.secrets import Seals
from addon.store.tables.tenants import tenants as table
from tests import tokens
from tests.unit.web.gate import ROUTES, Gate

NEW = "a new secret of the site which nobody has seen before, and long"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database is enough here: what differs between them is tested with the tenants' state machine."""
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture
async def gate(database: Database, seals: Seals) -> AsyncIterator[Gate]:
    made = Gate(database, seals)
    yield made
    await made.close()


async def stored(database: Database) -> int:
    async with database.begin() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


async def test_a_site_installs_enables_disables_and_leaves(gate: Gate) -> None:
    assert (await gate.event("installed")).status_code == 204
    assert (await gate.event("enabled")).status_code == 204
    assert await gate.opens()
    assert (await gate.event("disabled")).status_code == 204
    assert not await gate.opens()
    assert (
        await gate.event("enabled", tokens.for_request(*ROUTES["enabled"], iat=int(time.time()) - 1))
    ).status_code == 204
    assert await gate.opens()
    answer = await gate.event("uninstalled", sharedSecret=None)
    assert (answer.status_code, answer.content) == (204, b"")
    assert not await gate.opens()


async def test_reinstall_rotates_the_secret_and_open_pages_go_on(gate: Gate) -> None:
    await gate.event("installed")
    later = tokens.of_atlassian(*ROUTES["installed"], iat=int(time.time()) + 1)
    assert (await gate.event("installed", later, sharedSecret=NEW)).status_code == 204
    assert await gate.opens(NEW)
    assert await gate.opens()


async def test_the_same_signed_install_twice_is_harmless(gate: Gate) -> None:
    token = tokens.of_atlassian(*ROUTES["installed"])
    answers = await asyncio.gather(*(gate.event("installed", token) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [204] * 4
    assert await gate.opens()


async def test_the_same_token_with_another_secret_is_refused(gate: Gate) -> None:
    token = tokens.of_atlassian(*ROUTES["installed"])
    await gate.event("installed", token)
    answer = await gate.event("installed", token, sharedSecret=NEW)
    assert (answer.status_code, answer.json()["verdict"]) == (401, "replayed")
    assert await gate.opens()
    assert not await gate.opens(NEW)


async def test_a_replayed_uninstall_is_refused(gate: Gate) -> None:
    await gate.event("installed")
    gone = tokens.of_atlassian(*ROUTES["uninstalled"])
    assert (await gate.event("uninstalled", gone)).status_code == 204
    again = tokens.of_atlassian(*ROUTES["installed"], iat=int(time.time()) + 1)
    await gate.event("installed", again, sharedSecret=NEW)
    answer = await gate.event("uninstalled", gone)
    assert (answer.status_code, answer.json()["verdict"]) == (401, "replayed")
    assert await gate.opens(NEW)


def signed(**changes: Any) -> str:
    return tokens.of_atlassian(*ROUTES["installed"], **changes)


HIJACKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "signed by a stranger": (lambda: signed(key=tokens.stranger()), {}),
    "key id leads elsewhere": (lambda: signed(kid="../../evil?x="), {}),
    "key id is an address": (lambda: signed(kid="https://evil.test/key"), {}),
    "no key id": (lambda: signed(kid=None), {}),
    "key nobody knows": (lambda: signed(kid="0a1b2c3d-0000-4000-8000-0000000000ff"), {}),
    "issuer is somebody else": (lambda: signed(iss="the-attacker"), {}),
    "body is somebody else's": (signed, {"clientKey": "somebody-else"}),
    "made for another app": (lambda: signed(aud="https://vision.example.com.evil.test/addon"), {}),
    "body of another app": (signed, {"key": "com.example.other"}),
    "another event": (signed, {"eventType": "uninstalled"}),
    "no secret": (signed, {"sharedSecret": None}),
    "signed with the shared secret": (lambda: tokens.for_request(*ROUTES["installed"]), {}),
    "made for the uninstall": (lambda: tokens.of_atlassian(*ROUTES["uninstalled"]), {}),
    "without the base path": (lambda: tokens.of_atlassian("POST", "/installed"), {}),
    "long expired": (lambda: signed(iat=1, exp=900), {}),
    "body that is no object": (signed, {"clientKey": 7}),
}


@pytest.mark.parametrize("variant", HIJACKS)
async def test_a_hijacked_install_leaves_the_secret_as_it_was(gate: Gate, database: Database, variant: str) -> None:
    await gate.installed(time.time())
    make, changes = HIJACKS[variant]
    answer = await gate.event("installed", make(), **{"sharedSecret": NEW} | changes)
    assert answer.status_code == 401
    assert await gate.opens()
    assert not await gate.opens(NEW)
    assert await stored(database) == 1
    assert not [path for path in gate.key_server.asked if "evil" in path or ".." in path]


@pytest.mark.parametrize("event", ["enabled", "disabled"])
@pytest.mark.parametrize("token", [None, "context", "stranger"])
async def test_switches_need_the_sites_own_token(gate: Gate, event: str, token: str | None) -> None:
    await gate.installed(time.time())
    made = {"context": tokens.for_api(), "stranger": tokens.of_atlassian(*ROUTES[event], key=tokens.stranger())}
    answer = await gate.call(event, made.get(token or ""), json=tokens.installation(eventType=event))
    assert answer.status_code == 401
    assert await gate.opens()


async def test_a_late_disable_without_a_token_changes_nothing(gate: Gate, database: Database) -> None:
    await gate.event("installed")
    await gate.event("uninstalled")
    for token in (None, tokens.for_request(*ROUTES["disabled"])):
        answer = await gate.call("disabled", token, json=tokens.installation(eventType="disabled"))
        assert answer.status_code == 401
    async with database.begin() as tx:
        row = await rows.by_client_key(tx, tokens.CLIENT_KEY)
    assert row is not None
    assert row.state == "uninstalled"


async def test_uninstall_of_an_unknown_site_is_fine(gate: Gate, database: Database) -> None:
    assert (await gate.event("uninstalled")).status_code == 204
    assert await stored(database) == 0


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        "http://acme.atlassian.net",
        "https://127.0.0.1",
        "https://2130706433",
        "https://[::ffff:127.0.0.1]",
        "https://acme.atlassian.net.evil.test",
        "https://acme.atlassian.net@evil.test",
        "https://acme.atlassian.net.",
        "https://acme.atlassian.net:8443",
        "https://acme.atlassian.net/rest",
        "http://127.0.0.1:8090",
    ],
)
async def test_a_site_at_a_foreign_address_is_refused(gate: Gate, database: Database, base_url: str | None) -> None:
    answer = await gate.event("installed", baseUrl=base_url)
    assert (answer.status_code, answer.json()["verdict"]) == (401, "site_not_allowed")
    assert await stored(database) == 0


async def test_custom_domain_is_kept_for_display_only(gate: Gate) -> None:
    await gate.event("installed", displayUrl="https://issues.acme.example")
    tenant = await gate.tenants.by_client_key(tokens.CLIENT_KEY)
    assert tenant is not None
    assert (tenant.site.base_url, tenant.display_url) == ("https://acme.atlassian.net", "https://issues.acme.example")


async def test_a_key_server_that_is_down_asks_to_come_again(gate: Gate, database: Database) -> None:
    gate.key_server.status = 500
    answer = await gate.event("installed")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert await stored(database) == 0


async def test_an_install_the_store_cannot_take_is_no_success(seals: Seals) -> None:
    gate = Gate(Database.open("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), seals)
    assert (await gate.event("installed")).status_code == 503
    await gate.close()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"eventType":' + b"[" * 100_000])
async def test_a_body_that_cannot_be_read_is_refused_after_its_token(gate: Gate, body: bytes) -> None:
    for authorization, verdict in (("JWT " + signed(), "malformed_body"), ("JWT a.b.c", "malformed_token")):
        headers = {"Authorization": authorization, "Content-Type": "application/json"}
        answer = await gate.http.post(ROUTES["installed"][1], content=body, headers=headers)
        assert (answer.status_code, answer.json()["verdict"]) == (401, verdict)
