"""What `doctor` finds in good and bad configurations."""

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from addon.cli.checkup import checkup
from addon.cli.finding import Finding
from addon.settings import Settings
from addon.store.db import Database
from addon.store.keyring import open_seals
from addon.store.migrate import migrate
from addon.store.repos import processes
from addon.store.repos.tenant_models import TenantModelRow, save
from addon.store.repos.tenants import change
from addon.store.secrets import Seals
from tests.conftest import administer, in_database
from tests.fake_model import FakeModel
from tests.rows import add_tenant
from tests.services import RedisServer, free_port
from tests.unit.cli.test_main import invoke


def settings(folder: Path, **other: Any) -> Settings:
    base = {"base_url": f"http://127.0.0.1:{free_port()}", "database_url": f"sqlite+aiosqlite:///{folder / 'a.db'}"}
    return Settings(**{**base, **other}, _env_file=None)


def contents(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def found(wanted: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in await checkup(wanted)}


async def test_a_fresh_checkout_works_and_says_what_will_be_made(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path))
    assert "fail" not in [finding.state for finding in findings.values()]
    assert "will be made" in findings["DATABASE_URL"].said
    assert "will be made" in findings["APP_SECRET_KEY"].said
    assert findings["Descriptor"].state == "warn"
    assert "rules judge" in findings["Model"].said
    assert contents(tmp_path) == []


async def test_a_database_at_the_newest_schema_is_fine(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    await migrate(wanted.database_url)
    open_seals(wanted)
    findings = await found(wanted)
    assert findings["DATABASE_URL"].said == "SQLite, newest schema"
    assert findings["APP_SECRET_KEY"].said == f"kept in {tmp_path / 'a.db.key'}"


def test_schema_that_is_missing_or_older_fails_and_names_the_command(tmp_path: Path) -> None:
    file = tmp_path / "a.db"

    def said() -> str:
        assert invoke("doctor", folder=tmp_path)[0] == 1
        finding = asyncio.run(found(settings(tmp_path)))["DATABASE_URL"]
        assert (finding.state, "`jiravision migrate`" in finding.todo) == ("fail", True)
        return finding.said

    file.touch()
    assert said() == "the database has no schema yet"
    invoke("migrate", folder=tmp_path)
    assert invoke("doctor", folder=tmp_path)[0] == 0
    with sqlite3.connect(file) as db:
        (newest,) = db.execute("select version_num from alembic_version").fetchone()
        db.execute("update alembic_version set version_num = '0001'")
    assert said() == f"schema 0001 is older than this release, which needs {newest}"


async def test_a_key_file_others_can_read_is_told(tmp_path: Path) -> None:
    key = tmp_path / "a.db.key"
    key.write_text("k" * 40)
    key.chmod(0o644)
    finding = (await found(settings(tmp_path)))["APP_SECRET_KEY"]
    assert (finding.state, finding.todo) == ("warn", f"chmod 600 {key}")


@pytest.mark.parametrize(
    ("other", "what", "said"),
    [
        ({"app_secret_key": "short"}, "APP_SECRET_KEY", ""),
        ({"database_url": f"postgresql+asyncpg://u:p@127.0.0.1:{free_port()}/d"}, "DATABASE_URL", ""),
        ({"database_url": "postgresql+asyncpg://u:p@127.0.0.1:1/d"}, "APP_SECRET_KEY", "PostgreSQL"),
        ({"database_url": "mysql://x"}, "DATABASE_URL", ""),
        ({"database_url": "mysql://x"}, "APP_SECRET_KEY", ""),
        ({"jira_allowed_hosts": ""}, "JIRA_ALLOWED_HOSTS", "no Jira"),
        ({"jira_allowed_hosts": "*"}, "JIRA_ALLOWED_HOSTS", "no Jira site matches"),
        ({"jira_allowed_hosts": "https://acme.atlassian.net,*"}, "JIRA_ALLOWED_HOSTS", "no Jira site matches"),
        (
            {"llm_provider": "openai", "llm_model": "m", "llm_base_url": f"http://127.0.0.1:{free_port()}/v1",
             "llm_api_key": "k", "llm_timeout": 5},
            "Model", "",
        ),
    ],
)  # fmt: skip
async def test_what_will_not_work_fails_with_a_reason(
    tmp_path: Path, other: dict[str, Any], what: str, said: str
) -> None:
    finding = (await found(settings(tmp_path, **other)))[what]
    assert finding.state == "fail"
    assert finding.said
    assert said in finding.said


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"jira_allowed_hosts": "127.0.0.1:8090"}, "JIRA_ALLOWED_HOSTS"),
        ({"jira_allowed_hosts": "*.atlassian.net,jira"}, "JIRA_ALLOWED_HOSTS"),
        ({"install_keys_url": "http://127.0.0.1:8090/install-keys"}, "INSTALL_KEYS_URL"),
        ({"oauth_url": "http://127.0.0.1:8090/oauth"}, "OAUTH_URL"),
        ({"enable_debug_routes": True, "base_url": "https://addon.invalid"}, "ENABLE_DEBUG_ROUTES"),
    ],
)
async def test_what_is_right_for_development_only_is_a_warning(
    tmp_path: Path, other: dict[str, Any], what: str
) -> None:
    finding = (await found(settings(tmp_path, **other)))[what]
    assert finding.state == "warn"


async def test_stored_secrets_are_opened_with_the_keys_there_are(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    await migrate(wanted.database_url)
    assert "Stored secrets" not in await found(wanted), "none is stored yet"
    db = Database.open(wanted.database_url)
    tenant_id = await add_tenant(db)
    async with db.begin() as tx:
        await change(tx, tenant_id, values={"shared_secret": open_seals(wanted).seal("s", tenant_id)})
        row = TenantModelRow("openai", "m", Seals(["l" * 40]).seal("sk", tenant_id), None, 1.0)
        await save(tx, tenant_id, row=row)
    finding = (await found(wanted))["Stored secrets"]
    assert (finding.state, finding.said) == ("fail", "no key opens 1 of 1 in tenant_models")
    assert "APP_SECRET_KEY" in finding.todo
    both = (await found(settings(tmp_path, app_secret_key=f"{'n' * 40},{'l' * 40}")))["Stored secrets"]
    assert (both.state, both.said) == ("warn", "2 of 2 are sealed with an older key")
    key = (tmp_path / "a.db.key").rename(tmp_path / "elsewhere").read_text()
    alone = (await found(wanted))["Stored secrets"]
    assert (alone.state, alone.said) == ("fail", "no key opens 1 of 1 in tenants and 1 of 1 in tenant_models")
    async with db.begin() as tx:
        await save(tx, tenant_id, row=replace(row, api_key=None))
    await db.close()
    right = (await found(settings(tmp_path, app_secret_key=key)))["Stored secrets"]
    assert (right.state, right.said) == ("ok", "all 1 open with the first key")


async def test_a_long_enough_key_of_the_operator_is_fine(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path, app_secret_key="k" * 48, base_url="https://addon.invalid"))
    assert findings["APP_SECRET_KEY"].said == "set"
    assert findings["BASE_URL"].state == "ok"
    assert not any("k" * 48 in finding.said for finding in findings.values())


async def test_every_model_of_the_chain_is_tried(tmp_path: Path) -> None:
    async with FakeModel() as model:
        model.default = "status:404"
        findings = await found(
            settings(tmp_path, llm_provider="openai", llm_model="m", llm_base_url=model.url, llm_fallbacks="openai:n")
        )
        asked = {seen.body["model"] for seen in model.requests}
    states = {what: finding.state for what, finding in findings.items() if what.startswith(("Model", "Fallback"))}
    assert states == {"Model": "fail", "Fallback openai:n": "warn"}
    assert asked == {"m", "n"}


async def test_a_limit_in_dollars_that_counts_nothing_is_told(tmp_path: Path) -> None:
    strange: dict[str, Any] = {"llm_provider": "openai", "llm_model": "nobody-knows-me", "budget_usd_per_day": 5}
    strange["llm_base_url"] = "http://llm.invalid/v1"
    assert "nobody-knows-me" in (await found(settings(tmp_path, **strange)))["Prices"].said
    assert "Prices" not in await found(settings(tmp_path, **strange, llm_prices="nobody-knows-me=1/2"))


async def test_the_ai_service_is_looked_for(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    secret = "a secret of host and service: long enough"
    assert "AI_SERVICE_URL" not in await found(settings(tmp_path))
    away = (await found(settings(tmp_path, ai_service_url=url, ai_shared_secret=secret)))["AI_SERVICE_URL"]
    assert (away.state, "this process asks" in away.said) == ("warn", True)
    short = (await found(settings(tmp_path, ai_service_url=url, ai_shared_secret="short")))["AI_SERVICE_URL"]
    assert (short.state, "AI_SHARED_SECRET" in short.said) == ("fail", True)


async def test_a_redis_that_several_processes_share_is_looked_at(tmp_path: Path, postgres_url: str) -> None:
    assert "REDIS_URL" not in await found(settings(tmp_path))
    shared = {"database_url": postgres_url, "app_secret_key": "k" * 40}
    away = await found(settings(tmp_path, **shared, redis_url=f"redis://127.0.0.1:{free_port()}/0"))
    assert (away["REDIS_URL"].state, "Nothing is lost" in away["REDIS_URL"].said) == ("warn", True)
    server = RedisServer()
    server.start()
    try:
        there = settings(tmp_path, **shared, redis_url=server.url)
        assert (await found(there))["REDIS_URL"].state == "ok"
        server.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        forgetful = (await found(there))["REDIS_URL"]
        assert (forgetful.state, "noeviction" in forgetful.todo) == ("warn", True)
    finally:
        server.remove()


async def test_more_connections_than_the_server_allows_are_told(tmp_path: Path, postgres_url: str) -> None:
    assert "DATABASE_POOL" not in await found(settings(tmp_path)), "SQLite has one"
    assert "DATABASE_POOL" not in await found(settings(tmp_path, database_url=postgres_url, app_secret_key="k" * 40))
    name = f"pool_{uuid4().hex}"
    await administer(postgres_url, f'CREATE DATABASE "{name}"')
    url = in_database(postgres_url, name)
    await migrate(url)
    db = Database.open(url)
    try:
        async with db.begin() as tx:
            for number in range(3):
                identity = processes.Identity(f"p{number}", "worker", "host", number, "1")
                await processes.report(tx, identity, load=processes.Load({}, {}))
        wanted: dict[str, Any] = {"database_url": url, "app_secret_key": "k" * 40}
        fits = (await found(settings(tmp_path, **wanted, database_pool=10)))["DATABASE_POOL"]
        assert (fits.state, "3 running with 10 each" in fits.said) == ("ok", True)
        burst = (await found(settings(tmp_path, **wanted, database_pool=150)))["DATABASE_POOL"]
        assert (burst.state, "max_connections" in burst.todo) == ("warn", True)
    finally:
        await db.close()
        await administer(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')
