"""Hundreds of event streams at one process of the real server: everybody else is served as before."""

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx2

from addon.cli.serve import Server, config
from addon.house.house import House
from addon.runs.progress import RunProgress
from addon.settings import Settings
from addon.store.leases import Claims, Lease
from addon.store.tables.runs import runs
from addon.web.api.events import Streams
from addon.web.api.frames import Pace
from addon.web.app import create_app
from tests import tokens
from tests.pretend import ALL_RIGHTS, PretendJira
from tests.rows import add_run
from tests.services import free_port
from tests.unit.web.door import ISSUE, KEY, PROJECT, install

STREAMS = 500


class Served:
    """The application behind uvicorn, on a port of its own, with one run that is at work."""

    def __init__(self, app: Any, port: int, jira: PretendJira) -> None:
        self.app = app
        self.port = port
        self.jira = jira
        self.lease: Lease

    @property
    def house(self) -> House:
        house: House = self.app.state.house
        return house

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/addon/api/v1"

    def progress(self) -> RunProgress:
        moment = iter(range(1_000_000))
        return RunProgress(self.house.db, self.house.between.bus, lease=self.lease, clock=lambda: float(next(moment)))

    async def begin(self) -> None:
        tenant = await self.house.tenants.by_client_key(tokens.CLIENT_KEY)
        assert tenant is not None
        await add_run(self.house.db, tenant.id, issue_id=ISSUE, issue_key=KEY, project_id=PROJECT)
        async with self.house.db.begin() as tx:
            (self.lease,) = await Claims(runs, "ann").claim(tx, "ai", limit=1, now=time.time())

    async def end(self) -> None:
        async with self.house.db.begin() as tx:
            await tx.execute(runs.update().values(state="succeeded", finished_at=time.time(), result={"overall": 80}))
        self.house.between.bus.tell(self.lease.id)

    async def open(self, *, who: str = "ann", after: str = "", buffer: int = 0) -> "Wire":
        """A stream on the run. buffer: bytes its reader takes before it has read anything."""
        wire = socket.socket()
        wire.setblocking(False)
        if buffer:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        await asyncio.get_running_loop().sock_connect(wire, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=wire, limit=2**22)
        head = f"GET /addon/api/v1/runs/{self.lease.id}/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        head += f"Authorization: JWT {tokens.for_api(sub=who)}\r\nLast-Event-ID: {after}\r\n\r\n"
        writer.write(head.encode())
        return Wire(reader, writer)


class Wire:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.status = 0

    async def begun(self) -> int:
        """The status."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.status = int(head.split()[1])
        return self.status

    async def names(self) -> list[str]:
        """Of all events until the stream ends."""
        rest = await self.reader.read(-1)
        return [line[7:].decode() for line in rest.replace(b"\r", b"").split(b"\n") if line.startswith(b"event: ")]

    def stop_reading(self) -> None:
        """As a program that was stopped: what comes fills the buffers of the system, and then nothing more comes."""
        cast("asyncio.Transport", self.writer.transport).pause_reading()

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def served(folder: Path, database_url: str, **pace: float) -> AsyncIterator[Served]:
    settings = Settings(
        _env_file=None,
        base_url=tokens.BASE_URL,
        addon_key=tokens.APP_KEY,
        database_url=database_url,
        port=free_port(),
        host="127.0.0.1",
        person_calls_per_minute=100_000,
        site_calls_per_minute=100_000,
        app_secret_key="a key of the tests that is long enough to be one",
    )
    jira = PretendJira()
    jira.add_issue(ISSUE, KEY, PROJECT)
    jira.grant("ann", "issue", ISSUE, *ALL_RIGHTS)
    app = create_app(settings, jira_transport=jira.transport)
    server = Server(config(settings, app), app.state.drain.begin)
    # Signals are for a process that is all server.
    running = asyncio.create_task(server._serve())
    try:
        while not server.started:
            assert not running.done()
            await asyncio.sleep(0.02)
        made = Served(app, settings.port, jira)
        await made.house.worker.stop(0)
        await install(app, tokens.CLIENT_KEY, tokens.SECRET, "acme")
        app.state.streams = Streams(app.state.drain, per_person=STREAMS, per_tenant=STREAMS, pace=Pace(**pace))
        await made.begin()
        yield made
    finally:
        app.state.drain.begin()
        server.should_exit = True
        await running


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def worst_of(site: Served, seconds: float) -> list[float]:
    """How much work comes before answers of the API meanwhile, in seconds of a processor, the least first.

    Streams and their readers are of this very process; what others do on the machine is not counted.
    """
    took = []
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.process_time()
            headers = {"Authorization": f"JWT {tokens.for_api(sub='ann')}"}
            answer = await client.get(f"{site.url}/runs/{site.lease.id}", headers=headers)
            assert answer.status_code == 200, answer.text
            took.append(time.process_time() - began)
            await asyncio.sleep(0.05)
    return sorted(took)


async def test_five_hundred_streams_on_one_run_leave_room_for_everything_else(
    tmp_path: Path, database_url: str
) -> None:
    async with served(tmp_path, database_url) as site:
        progress = site.progress()
        await progress.stage("reading")
        wires = [await site.open() for _ in range(STREAMS)]
        assert {await wire.begun() for wire in wires} == {200}
        over = await site.open()
        assert await over.begun() == 429
        await over.close()
        await asyncio.sleep(0.5)
        before = resident_mb()
        answers = asyncio.create_task(worst_of(site, 6.0))
        reading = asyncio.gather(*(wire.names() for wire in wires))
        for number in range(10):
            await progress.partial(lambda n=number: {"n": n, "text": "x" * 5_000})
            # No stream holds a connection: all of them are there for others.
            free = site.house.db._free._value
            assert free >= (site.house.settings.database_pool if site.house.db.dialect == "postgresql" else 1) - 4
            await asyncio.sleep(0.5)
        took = await answers
        await site.end()
        names = await reading
        assert all(each[0] == "stage" and each[-1] == "done" for each in names)
        assert all(each.count("token") >= 1 for each in names)
        assert took[int(len(took) * 0.95)] < 0.5, took
        # What the readers of this very process have read is in it as well: 500 x 10 x 5 kB.
        assert resident_mb() - before < 80
        for wire in wires:
            await wire.close()


async def test_a_reader_that_does_not_read_is_cut_and_the_others_never_notice(
    tmp_path: Path, database_url: str
) -> None:
    async with served(tmp_path, database_url, send_s=3.0) as site:
        progress = site.progress()
        stuck, quick, reading = await one_that_does_not_read(site, progress)
        sent = 0
        while stuck_streams(site) == 2:
            await progress.partial(lambda n=sent: {"n": n, "text": "x" * 500_000})
            sent += 1
            await asyncio.sleep(0.1)
            assert sent < 200
        await site.end()
        async with asyncio.timeout(30):
            names = await reading
        assert names[-1] == "done"
        assert names.count("token") > 5
        await stuck.close()
        await quick.close()


async def test_a_process_that_leaves_does_not_wait_for_a_reader_that_does_not_read(
    tmp_path: Path, database_url: str
) -> None:
    async with served(tmp_path, database_url, last_send_s=1.0) as site:
        progress = site.progress()
        stuck, quick, reading = await one_that_does_not_read(site, progress)
        for number in range(30):
            await progress.partial(lambda n=number: {"n": n, "text": "x" * 500_000})
            await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 5.0
    assert (await reading)[-1] == "reconnect"
    await stuck.close()
    await quick.close()


async def one_that_does_not_read(site: Served, progress: RunProgress) -> tuple[Wire, Wire, asyncio.Task[list[str]]]:
    """Of two readers of the run: the one that takes nothing any more, the one that does, and what it will have read."""
    await progress.stage("reading")
    stuck, quick = await site.open(buffer=4096), await site.open()
    assert [await stuck.begun(), await quick.begun()] == [200, 200]
    reading = asyncio.create_task(quick.names())
    stuck.stop_reading()
    async with asyncio.timeout(30):
        while stuck_streams(site) < 2:  # noqa: ASYNC110 - a status is sent before the run is followed
            await asyncio.sleep(0.02)
    return stuck, quick, reading


def stuck_streams(site: Served) -> int:
    """How many follow the run."""
    return sum(watched.watchers for watched in site.house.events._watched.values())
