"""The database's face: settings of the connection, one error when it is away, one server per file."""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, ProgrammingError

from addon.errors import Misconfigured
from addon.store.db import Database
from addon.store.ids import new_id
from addon.store.inserts import insert_into
from addon.store.swift import Swift
from addon.store.tables.audit import audit
from addon.store.tables.tenants import tenants
from addon.store.trouble import DatabaseDown, DatabaseRefused, Unstorable
from tests.conftest import administer
from tests.postgres_wire import Wire
from tests.rows import add_tenant
from tests.services import PostgreSQL, free_port


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x/y", "sqlite:///x.db", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"]
)
def test_address_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="DATABASE_URL"):
        Database.open(url)


def test_password_does_not_show_in_the_refusal() -> None:
    with pytest.raises(Misconfigured) as caught:
        Database.open("postgresql+psycopg://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


async def test_sqlite_keeps_what_was_committed_when_the_power_goes(tmp_path: Path) -> None:
    db = Database.open(f"sqlite+aiosqlite:///{tmp_path}/deep/er/jv.db")
    async with db.begin() as tx:
        found = [
            await tx.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    await db.close()
    assert found == ["wal", 2, 1, 10_000]


async def test_transaction_is_rolled_back_when_its_body_fails(database: Database) -> None:
    with pytest.raises(ValueError, match="oops"):
        await insert_and_fail(database)
    async with database.begin() as tx:
        assert (await tx.execute(select(tenants))).all() == []


async def test_single_statement_commits_itself(database: Database) -> None:
    async with database.single() as tx:
        await tx.execute(tenants.insert().values(**tenant()))
    async with database.begin() as tx:
        assert len((await tx.execute(select(tenants))).all()) == 1


async def test_who_waits_for_a_connection_is_hardly_ever_overtaken(database: Database) -> None:
    came, served = itertools.count(), list[int]()

    async def use_often() -> None:
        for _ in range(20):
            number = next(came)
            async with database.begin() as tx:
                served.append(number)
                await tx.execute(select(tenants))

    await asyncio.gather(*(use_often() for _ in range(50)))
    overtaken = sum(number < max(served[:place]) for place, number in enumerate(served) if place)
    assert overtaken < len(served) / 20


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as tx:
            await tx.execute(audit.insert().values(id=new_id(), tenant_id=new_id(), at=1.0, action="x", detail={}))


async def test_deleting_a_tenant_deletes_what_belongs_to_it(database: Database) -> None:
    tenant_id = await add_tenant(database)
    async with database.begin() as tx:
        await tx.execute(audit.insert().values(id=new_id(), tenant_id=tenant_id, at=1.0, action="x", detail={}))
        await tx.execute(tenants.delete())
        assert (await tx.execute(select(audit))).all() == []


async def test_upsert_has_one_face_on_both_databases(database: Database) -> None:
    row = tenant()
    async with database.begin() as tx:
        for state in ("installed", "disabled"):
            statement = database.insert(tenants).values(**{**row, "state": state})
            await tx.execute(
                statement.on_conflict_do_update(index_elements=["client_key"], set_={"state": statement.excluded.state})
            )
        assert (await tx.execute(select(tenants.c.state))).scalars().all() == ["disabled"]


async def test_a_hundred_transactions_at_once_all_get_their_turn(database: Database) -> None:
    await asyncio.gather(*(add_tenant(database) for _ in range(100)))
    async with database.begin() as tx:
        assert len((await tx.execute(select(tenants.c.id))).all()) == 100


async def test_cancelled_transaction_leaves_the_database_usable(database: Database) -> None:
    for delay in (0.0, 0.0005, 0.001, 0.002, 0.004):
        task = asyncio.create_task(add_tenant(database))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(60):
        await add_tenant(database)


async def test_mistake_of_ours_is_not_called_an_outage() -> None:
    server = PostgreSQL()
    try:
        server.start()
        db = Database.open(server.url)
        with pytest.raises(ProgrammingError):
            async with db.begin() as tx:
                await tx.execute(text("SELECT nothing FROM nowhere"))
        await db.close()
    finally:
        server.remove()


async def test_absent_server_is_an_outage() -> None:
    db = Database.open(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none")
    with pytest.raises(DatabaseDown) as caught:
        async with db.begin():
            pass
    assert caught.value.retry_after_s == 5
    await db.close()


async def test_server_that_comes_back_is_used_again() -> None:
    server = PostgreSQL()
    try:
        server.start()
        db = Database.open(server.url)
        assert await answer(db) == 1
        server.kill()
        with pytest.raises(DatabaseDown):
            await answer(db)
        server.start()
        assert await answer(db) == 1
        await db.close()
    finally:
        server.remove()


async def test_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/jv.db"
    first = Database.open(url, exclusive=True)
    with pytest.raises(Misconfigured, match="another server"):
        Database.open(url, exclusive=True)
    await Database.open(url).close()
    await first.close()
    await Database.open(url, exclusive=True).close()


async def test_lock_of_a_killed_server_is_free(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/jv.db"
    code = f"import time; from addon.store.db import Database; db = Database.open({url!r}, exclusive=True)"
    code += "; print('held', flush=True); time.sleep(60)"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    assert await child.stdout.readline() == b"held\n"
    with pytest.raises(Misconfigured):
        Database.open(url, exclusive=True)
    os.kill(child.pid, signal.SIGKILL)
    await child.wait()
    await Database.open(url, exclusive=True).close()


def test_folder_that_cannot_be_made_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(Misconfigured, match="cannot write the database file"):
        Database.open(f"sqlite+aiosqlite:///{tmp_path}/file/jv.db")


async def test_text_that_postgresql_cannot_keep_is_the_callers_mistake(database: Database) -> None:
    tenant_id = await add_tenant(database)
    event = {"id": new_id(), "tenant_id": tenant_id, "at": 1.0, "action": "x"}
    for changes in ({"subject": "a\x00b"}, {"subject": "x" * 300}, {"detail": {"a": "b\x00"}}):
        refused = pytest.raises(Unstorable) if database.dialect == "postgresql" else nullcontext()
        with refused:
            async with database.begin() as tx:
                await tx.execute(insert_into(tx, audit).values({"detail": {}, **event, "id": new_id(), **changes}))


async def insert_and_fail(db: Database) -> None:
    async with db.begin() as tx:
        await tx.execute(tenants.insert().values(**tenant()))
        raise ValueError("oops")


def tenant() -> dict[str, object]:
    return {
        "id": new_id(), "client_key": "k", "state": "installed", "base_url": "b", "display_url": "d",
        "installed_at": 1.0, "updated_at": 1.0,
    }  # fmt: skip


async def answer(db: Database) -> int:
    async with db.begin() as tx:
        return int(await tx.scalar(text("SELECT 1")) or 0)


async def test_connections_that_ended_while_nobody_used_them_are_replaced_unseen() -> None:
    server = PostgreSQL()
    server.start()
    db = Database.open(server.url)

    async def asked() -> int:
        async with db.begin() as tx:
            return int(await tx.scalar(text("SELECT pg_backend_pid()")))

    try:
        before = await asyncio.gather(*(asked() for _ in range(4)))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        after = await asyncio.gather(*(asked() for _ in range(4)))
        assert not set(before) & set(after)
    finally:
        await db.close()
        server.remove()


ASK = Swift(text("SELECT 1"), text("SELECT pg_backend_pid()"))


async def ask_swiftly(db: Database) -> int:
    return int((await db.swift(ASK, {}))[0][0])


async def ask_alone(db: Database) -> int:
    async with db.single() as tx:
        return int(await tx.scalar(text("SELECT pg_backend_pid()")) or 0)


@pytest.mark.parametrize("ask", [ask_swiftly, ask_alone, answer])
async def test_connection_whose_server_said_good_bye_and_has_not_hung_up_is_an_outage(
    postgres_url: str, ask: Callable[[Database], Awaitable[int]]
) -> None:
    async with Wire(postgres_url, lingering=True) as wire:
        db = Database.open(wire.url, pool=1)
        pid = await ask_swiftly(db)
        await administer(postgres_url, f"SELECT pg_terminate_backend({pid})")
        await asyncio.wait_for(wire.hung_up.wait(), 60)
        # What was written is there to be read; the driver reads it in the next turn of the loop.
        await asyncio.sleep(0.01)
        with pytest.raises(DatabaseDown) as caught:
            await ask(db)
        assert caught.value.retry_after_s == 5
        # In the words of the driver, not because it found out that the connection is closed.
        assert "InternalClientError" in repr(cause(caught.value))
        wire.lingering = False
        assert await ask_swiftly(db) != pid
        await db.close()


def cause(error: BaseException) -> BaseException:
    """What everything began with."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database": "nowhere"}, 'database "nowhere" does not exist'),
        ({"username": "nobody"}, 'role "nobody" does not exist'),
    ],
)
async def test_a_server_that_lets_nobody_in_is_said_to_the_operator_alone(
    postgres_url: str, change: dict[str, str], said: str
) -> None:
    url = make_url(postgres_url).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    db = Database.open(url)
    for ask in (db.begin, db.single):
        with pytest.raises(DatabaseRefused) as refused:
            async with ask() as tx:
                await tx.execute(text("select 1"))
        assert refused.value.for_operator == f"the server lets nobody in by DATABASE_URL: {said}"
        assert said not in refused.value.detail
        assert (refused.value.status, refused.value.retry_after_s) == (503, 5)
    await db.close()
