"""F3: a PostgreSQL that is not there, says nothing, takes nobody in, or whose answer to COMMIT never comes."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from tests.faults.ground import RECOVERED_S, Ground, refused
from tests.flow import acts
from tests.postgres_wire import ASKS
from tests.stack import Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WAVE = 20
READY_S = 6.0
"""The check itself waits two seconds, a statement ten."""


@contextmanager
def stopped(ground: Ground) -> Iterator[None]:
    ground.postgres.stop()
    try:
        yield
    finally:
        ground.postgres.start()


@contextmanager
def killed(ground: Ground) -> Iterator[None]:
    ground.postgres.kill()
    try:
        yield
    finally:
        ground.postgres.start()


@pytest.mark.parametrize("away", [stopped, killed], ids=lambda way: str(way.__name__))
def test_database_that_is_away_is_said_and_comes_back_by_itself(
    faulty: Ground, away: Callable[[Ground], Iterator[None]]
) -> None:
    issue = faulty.issue()
    faulty.issues(WAVE)
    site = faulty.site()
    token = {"Authorization": f"JWT {site.token('tess')}"}
    wish = {"issue": issue["id"], "force": True}
    with away(faulty):  # type: ignore[attr-defined]
        eventually(lambda: faulty.ready() == 503, "unready web process", READY_S)
        url = f"{faulty.stack.url}/api/v1/ai/analyze-issue"
        refused(faulty.stack.client.post(url, json=wish, headers=token))
        faulty.issues(WAVE)
        eventually(lambda: len(turned_away(faulty)) >= WAVE, "answer 503 to every event")
    eventually(lambda: faulty.ready() == 200, "ready web process", RECOVERED_S)


def turned_away(ground: Ground) -> list[str]:
    """The events that were answered 503, and with nothing else so far."""
    found = [d for site in ground.stack.sites for d in site.ask("GET", "/deliveries")["deliveries"]]
    told = {d["identifier"]: [a["status"] for a in d["attempts"] if "status" in a] for d in found}
    return [identifier for identifier, statuses in told.items() if statuses and set(statuses) == {503}]


def test_database_that_says_nothing_holds_nobody_for_ever(faulty: Ground) -> None:
    faulty.issues(WAVE)
    faulty.postgres.freeze()
    try:
        began = time.monotonic()
        while time.monotonic() - began < 2 * READY_S:
            asked = time.monotonic()
            status = faulty.ready()
            assert time.monotonic() - asked < READY_S
            # The last good answer is remembered for a second, and the check itself waits two.
            assert status == 503 or time.monotonic() - began < READY_S + 1
            time.sleep(0.5)
        faulty.issues(WAVE)
    finally:
        faulty.postgres.thaw()


def test_database_that_takes_nobody_in_is_asked_again_until_it_does(faulty: Ground) -> None:
    issue = faulty.issue()
    faulty.issues(WAVE)
    asyncio.run(besieged(faulty, issue["id"]))


async def besieged(ground: Ground, issue_id: str) -> None:
    async with crowd(ground.postgres.url):
        await asyncio.to_thread(lambda: eventually(lambda: ground.ready() == 503, "unready web process"))
        await asyncio.to_thread(ground.issues, WAVE)
        site = ground.site()
        refused(await asyncio.to_thread(site.api, "POST", "/ai/analyze-issue", user="tess", body={"issue": issue_id}))


@asynccontextmanager
async def crowd(url: str) -> AsyncIterator[None]:
    """Strangers take every connection there is, those of the add-on included."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    strangers = [await asyncpg.connect(address)]
    try:
        other = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'jiravision'"
        for _ in range(100):
            await strangers[0].execute(other)
            with suppress(asyncpg.TooManyConnectionsError):
                while True:
                    strangers.append(await asyncpg.connect(address))
            mine = await strangers[0].fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jiravision'"
            )
            if mine == 0:
                break
        assert mine == 0
        yield
    finally:
        await asyncio.gather(*(stranger.close() for stranger in strangers))


COMMITS = (b"COMMIT;\x00", b"INSERT INTO runs")


class Scissors:
    """A wire to PostgreSQL that is cut behind some commits: carried out, and nobody was told.

    every: how many of a kind pass for one that is cut, while `on`. most: cut of a kind. cuts: what was, by its words.
    """

    def __init__(self, url: str, *, every: int, most: int) -> None:
        self._behind = make_url(url)
        self._every, self._most = every, most
        self._seen: Counter[bytes] = Counter()
        self._up = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.cuts: Counter[bytes] = Counter()
        self.on = False

    @property
    def url(self) -> str:
        through = self._behind.set(host="127.0.0.1", port=self.port)
        return through.update_query_dict({"ssl": "disable"}).render_as_string(hide_password=False)

    def __enter__(self) -> "Scissors":
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await self._over.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers, server = await asyncio.open_connection(self._behind.host, self._behind.port)
        cut = asyncio.Event()
        back = asyncio.create_task(self._answered(answers, writer, cut))
        self._tasks.add(back)
        back.add_done_callback(self._tasks.discard)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            # The first message of a connection has a length but no kind.
            kind, doomed, prepared = b"", b"", dict[bytes, bytes]()
            while not cut.is_set():
                size = await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(size) - 4)
                doomed = doomed or self._doomed(kind, body, prepared)
                if doomed and kind and kind in ASKS:
                    # From here on no answer passes; the server gets all of the command and time to carry it out.
                    cut.set()
                    self.cuts[doomed] += 1
                server.write(kind + size + body)
                await server.drain()
                kind = await reader.readexactly(1) if not cut.is_set() else b""
        if cut.is_set():
            await asyncio.sleep(0.2)
            writer.transport.abort()
        server.close()
        await back

    def _doomed(self, kind: bytes, body: bytes, prepared: dict[bytes, bytes]) -> bytes:
        """Which commit this message is, when it is one to be cut behind. prepared: the commits of this connection."""
        word = next((word for word in COMMITS if word in body), b"")
        name, _, rest = body.partition(b"\x00")
        if kind == b"P":
            # Preparing does nothing yet; what was prepared is carried out by its name.
            prepared[name] = word
            return b""
        if kind == b"B":
            word = prepared.get(rest.partition(b"\x00")[0], b"")
        if not word or not self.on:
            return b""
        self._seen[word] += 1
        return word if self._seen[word] % self._every == 0 and self.cuts[word] < self._most else b""

    async def _answered(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event) -> None:
        with suppress(ConnectionError):
            while data := await answers.read(65_536):
                if not cut.is_set():
                    writer.write(data)
        if not cut.is_set():
            writer.close()


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Scissors]:
    with Scissors(postgres_url, every=7, most=8) as scissors:
        yield scissors


def test_commit_whose_answer_was_lost_is_neither_lost_nor_done_twice(
    wire: Scissors, fresh: Callable[..., Stack]
) -> None:
    stack = fresh(postgresql=True, model=0.1, through=wire)
    site = stack.site()
    site.ask("POST", "/settings", {"webhook_retry_s": 0.5})
    wire.on = True
    issues = [site.create_issue(description=acts.STORY, summary=f"Story {n}") for n in range(60)]
    # A claim whose answer was lost comes free when its lease is over.
    eventually(lambda: all(site.comments(issue["key"]) for issue in issues), "comment on every issue", 100)
    left = "SELECT 1 FROM {} WHERE state IN ('queued', 'running')"
    for table in ("runs", "publications"):
        eventually(lambda t=table: not acts.rows(stack, left.format(t)), f"end of {table}", 70)
    assert [len(site.comments(issue["key"])) for issue in issues] == [1] * 60
    assert acts.rows(stack, "SELECT state, count(*) FROM runs GROUP BY 1") == [("succeeded", 60)]
    assert wire.cuts == dict.fromkeys(COMMITS, 8)
    assert "Traceback" not in stack.addon.output
    assert site.complaints() == []
