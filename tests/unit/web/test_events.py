import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest

from addon.errors import NotFound, TooMany
from addon.jira.site import Site
from addon.observe import metrics
from addon.policy.tenants import Tenant
from addon.store.repos.events import Event
from addon.web.api.events import Pace, Streams, frames, respond
from addon.web.drain import Drain
from addon.web.security import Caller
from tests.pretend import site
from tests.unit.web.door import ISSUE, Door
from tests.unit.web.test_runs_api import asked, ended

QUICK = Pace(heartbeat_s=0.02, longest_s=0.1)
SLOW = Pace(heartbeat_s=5, longest_s=10)


def caller(account_id: str = "ann", tenant_id: str = "tenant-a") -> Caller:
    where: Site = site()
    return Caller(Tenant(tenant_id, where, where.base_url, None, None), account_id)


@dataclass
class Source:
    """Events of a run that a test hands out; None ends them, an exception breaks them."""

    coming: "asyncio.Queue[Event | Exception | None]" = field(default_factory=asyncio.Queue)
    closed: bool = False

    async def follow(self) -> AsyncGenerator[Event]:
        try:
            while (event := await self.coming.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.closed = True


def parsed(text: str) -> list[tuple[str, str | None, Any]]:
    """(event, id, data) of each event; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines["event"], lines.get("id"), json.loads(lines["data"])))
    return found


async def read(source: Source, pace: Pace, drain: Drain | None = None) -> str:
    return b"".join([frame async for frame in frames(source.follow(), drain or Drain(), pace=pace)]).decode()


async def test_events_carry_their_number_and_the_last_one_ends_the_stream() -> None:
    source = Source()
    for event in (
        Event(1, "stage", {"stage": "reading"}),
        Event(2, "token", {"summary": "été\n"}),
        Event(3, "done", {"id": "r"}),
    ):
        source.coming.put_nowait(event)
    source.coming.put_nowait(Event(4, "stage", {}))
    assert parsed(await read(source, SLOW)) == [
        ("stage", "1", {"stage": "reading"}),
        ("token", "2", {"summary": "été\n"}),
        ("done", "3", {"id": "r"}),
    ]
    assert source.closed


async def test_a_silent_stream_shows_it_lives_and_asks_to_reconnect_in_the_end() -> None:
    source = Source()
    text = await read(source, QUICK)
    assert text.count(": ping") >= 2
    assert parsed(text) == [("reconnect", None, {})]
    assert source.closed


async def test_a_process_that_leaves_sends_its_readers_elsewhere() -> None:
    source, drain = Source(), Drain()
    source.coming.put_nowait(Event(1, "stage", {}))
    asyncio.get_running_loop().call_later(0.05, drain.begin)
    async with asyncio.timeout(2):
        assert [name for name, _, _ in parsed(await read(source, SLOW, drain))] == ["stage", "reconnect"]


async def test_a_stream_that_breaks_sends_its_reader_back_for_the_reason() -> None:
    source = Source()
    source.coming.put_nowait(NotFound("gone"))
    assert parsed(await read(source, SLOW)) == [("reconnect", None, {})]


def test_a_person_and_a_site_have_only_so_many_streams() -> None:
    streams = Streams(Drain(), per_person=2, per_tenant=3)
    with streams.slot(caller()), streams.slot(caller()):
        with pytest.raises(TooMany) as refused, streams.slot(caller()):
            pass
        assert refused.value.retry_after_s
        with streams.slot(caller("bob")):
            with pytest.raises(TooMany), streams.slot(caller("carl")):
                pass
            with streams.slot(caller("ann", "tenant-b")):
                pass
    with streams.slot(caller()), streams.slot(caller()):
        pass


@pytest.mark.parametrize("how", ["ends", "is cut off", "fails"])
async def test_a_place_is_given_back_however_the_stream_ends(how: str) -> None:
    streams, source = Streams(Drain(), per_person=1, pace=SLOW), Source()
    answer = respond(streams, caller(), events=source.follow())
    with pytest.raises(TooMany):
        respond(streams, caller(), events=Source().follow())
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if how == "fails" and message["type"] == "http.response.body":
            raise OSError("the reader is gone")

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "state": {}}
    running = asyncio.create_task(answer(scope, receive, send))
    source.coming.put_nowait(Event(1, "stage", {}))
    await asyncio.sleep(0.05)
    if how == "is cut off":
        running.cancel()
    source.coming.put_nowait(Event(2, "done", {}))
    await asyncio.gather(running, return_exceptions=True)
    assert source.closed
    assert metrics.REGISTRY.get_sample_value("http_event_streams") == 0
    with streams.slot(caller()):
        pass


async def test_a_run_is_followed_to_its_end_and_resumed_after_any_event(door: Door) -> None:
    answer = await door.api("POST", "/ai/analyze-issue/stream", json={"issue": ISSUE})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    events = parsed(answer.text)
    assert events[-1][0] == "done"
    run = events[-1][2]
    assert run["status"] == "succeeded"
    assert run["result"]["author"] == "rules"
    numbers = [int(number) for _, number, _ in events if number]
    assert numbers == sorted(set(numbers))
    again = await door.api("GET", f"/runs/{run['id']}/events", headers={"Last-Event-ID": str(numbers[0])})
    assert all(int(number) > numbers[0] for _, number, _ in parsed(again.text) if number)
    assert parsed(again.text)[-1][0] == "done"


@pytest.mark.parametrize("last", ["", "x", "-1", "１２", "99999999999999999999"])
async def test_an_odd_last_event_id_still_ends_in_the_result(door: Door, last: str) -> None:
    run = await asked(door)
    await ended(door, run["id"])
    answer = await door.api("GET", f"/runs/{run['id']}/events", headers={"Last-Event-ID": last.encode()})  # type: ignore[dict-item]
    assert answer.status_code == 200
    assert parsed(answer.text)[-1][0] == "done"


async def test_too_many_watchers_get_a_429_and_no_run_is_started(door: Door) -> None:
    door.app.state.streams = Streams(Drain(), per_person=0)
    answer = await door.api("POST", "/ai/analyze-issue/stream", json={"issue": ISSUE})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (await door.api("GET", f"/issues/{ISSUE}/runs")).json() == {"runs": []}


async def test_no_connection_is_held_while_a_stream_is_silent(door: Door) -> None:
    await door.house.worker.stop(0)
    run = await asked(door)
    reading = asyncio.create_task(door.api("GET", f"/runs/{run['id']}/events"))
    await asyncio.sleep(0.2)
    async with asyncio.timeout(1):
        answers = await asyncio.gather(*(door.api("GET", f"/runs/{run['id']}") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    door.app.state.drain.begin()
    assert parsed((await reading).text)[-1][0] == "reconnect"
