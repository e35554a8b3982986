import asyncio
import json
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from addon.errors import Forbidden, NotFound, TooMany, Unauthenticated, Unavailable
from addon.jira.site import Site
from addon.observe import metrics
from addon.policy.tenants import Tenant
from addon.runs.watching import News
from addon.web.api.events import CUT, Streams, respond
from addon.web.api.frames import Pace, Right, frames, nobody_asks
from addon.web.drain import Drain
from addon.web.security import Caller
from tests import tokens
from tests.pretend import site
from tests.unit.web.door import ISSUE, Door
from tests.unit.web.test_runs_api import asked, ended

pytestmark = pytest.mark.faults

QUICK = Pace(heartbeat_s=0.05, longest_s=1.0)
SLOW = Pace(heartbeat_s=60, longest_s=120)


def caller(account_id: str = "ann", tenant_id: str = "tenant-a") -> Caller:
    where: Site = site()
    return Caller(Tenant(tenant_id, where, where.base_url, None, None), account_id)


@dataclass
class Source:
    """Events of a run that a test hands out; None ends them, an exception breaks them."""

    coming: "asyncio.Queue[News | Exception | None]" = field(default_factory=asyncio.Queue)
    closed: bool = False

    async def follow(self) -> AsyncGenerator[News]:
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


async def read(source: Source, pace: Pace, drain: Drain | None = None, *, right: Right = nobody_asks) -> str:
    stream = frames(source.follow(), drain or Drain(), pace=pace, right=right)
    return b"".join([frame async for frame in stream]).decode()


async def test_events_carry_their_number_and_the_last_one_ends_the_stream() -> None:
    source = Source()
    for event in (
        News(1, "stage", {"stage": "reading"}),
        News(2, "token", {"summary": "été\n"}),
        News(3, "done", {"id": "r"}),
    ):
        source.coming.put_nowait(event)
    source.coming.put_nowait(News(4, "stage", {}))
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
    source.coming.put_nowait(News(1, "stage", {}))
    asyncio.get_running_loop().call_later(0.05, drain.begin)
    async with asyncio.timeout(30):
        assert [name for name, _, _ in parsed(await read(source, SLOW, drain))] == ["stage", "reconnect"]


async def test_a_stream_that_breaks_sends_its_reader_back_for_the_reason() -> None:
    source = Source()
    source.coming.put_nowait(NotFound("gone"))
    assert parsed(await read(source, SLOW)) == [("reconnect", None, {})]


@pytest.mark.parametrize("error", [Forbidden("no more"), NotFound("no more"), Unauthenticated("no more")])
async def test_a_reader_who_loses_the_right_is_told_so_and_gets_nothing_more(error: Exception) -> None:
    source, allowed = Source(), [True]
    source.coming.put_nowait(News(1, "stage", {}))

    async def right() -> None:
        if not allowed[0]:
            # Something comes in the very moment in which the right is gone.
            source.coming.put_nowait(News(2, "done", {"secret": 1}))
            raise error

    asyncio.get_running_loop().call_later(0.05, allowed.clear)
    asyncio.get_running_loop().call_later(0.05, allowed.append, False)
    async with asyncio.timeout(30):
        text = await read(source, Pace(check_s=0.02), right=right)
    stage, last = parsed(text)
    assert stage[0] == "stage"
    assert last == ("refused", None, {"error": getattr(error, "code", None), "detail": "no more"})
    assert source.closed


async def test_a_right_that_nobody_can_tell_of_stays(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[int] = []

    async def right() -> None:
        asked.append(1)
        raise Unavailable("nobody there")

    assert parsed(await read(Source(), Pace(longest_s=2.0, check_s=0.02), right=right)) == [("reconnect", None, {})]
    assert len(asked) > 3


class Reader:
    """The other end of a connection. takes: how many messages before it takes nothing any more."""

    def __init__(self, takes: int) -> None:
        self.taken: list[Any] = []
        self.was_cut = asyncio.Event()
        self._takes = takes

    async def send(self, message: Any) -> None:
        if len(self.taken) >= self._takes:
            await asyncio.Event().wait()
        self.taken.append(message)

    async def receive(self) -> Any:
        await asyncio.Event().wait()

    async def answered(self, answer: Any) -> None:
        scope = {"type": "http", "asgi": {"spec_version": "2.3"}, "extensions": {CUT: {"now": self.was_cut.set}}}
        await answer(scope, self.receive, self.send)


async def test_a_reader_that_takes_nothing_is_cut_and_its_place_given_to_others() -> None:
    streams, source, reader = Streams(Drain(), per_person=1, pace=Pace(send_s=0.1)), Source(), Reader(takes=2)
    for number in range(5):
        source.coming.put_nowait(News(number + 1, "stage", {}))
    async with asyncio.timeout(30):
        await reader.answered(await respond(streams, caller(), events=source.follow()))
    assert reader.was_cut.is_set()
    assert source.closed
    async with streams.slot(caller()):
        pass


async def test_a_silent_run_is_no_reason_to_cut_its_reader() -> None:
    source, reader = Source(), Reader(takes=100)
    asyncio.get_running_loop().call_later(0.3, source.coming.put_nowait, News(1, "done", {}))
    await reader.answered(await respond(Streams(Drain(), pace=Pace(send_s=0.05)), caller(), events=source.follow()))
    assert not reader.was_cut.is_set()
    assert b"event: done" in b"".join(each.get("body", b"") for each in reader.taken)


async def test_a_process_that_leaves_waits_for_no_reader_that_takes_nothing() -> None:
    drain, source, reader = Drain(), Source(), Reader(takes=1)
    source.coming.put_nowait(News(1, "stage", {}))
    asyncio.get_running_loop().call_later(0.1, drain.begin)
    async with asyncio.timeout(30):
        await reader.answered(
            await respond(Streams(drain, pace=Pace(last_send_s=0.1)), caller(), events=source.follow())
        )
    assert reader.was_cut.is_set()


async def begun(door: Door, run_id: str) -> "asyncio.Task[httpx2.Response]":
    """A stream of the run, once it is open."""
    reading = asyncio.create_task(door.api("GET", f"/runs/{run_id}/events"))
    async with asyncio.timeout(30):
        while not metrics.REGISTRY.get_sample_value("http_event_streams"):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return reading


async def test_the_right_to_a_stream_ends_with_the_right_to_the_issue(door: Door) -> None:
    await door.house.worker.stop(0)
    door.app.state.streams.pace = Pace(check_s=0.05)
    run = await asked(door)
    reading = await begun(door, run["id"])
    await asyncio.sleep(0.2)
    assert not reading.done()
    door.jira.rights.clear()
    tenant = await door.house.tenants.by_client_key(tokens.CLIENT_KEY)
    assert tenant is not None
    door.house.access.forget(tenant.id)
    async with asyncio.timeout(30):
        ((name, _, said),) = [each for each in parsed((await reading).text) if each[0] != "stage"]
    assert (name, said["error"]) == ("refused", "not_found")
    again = await door.api("GET", f"/runs/{run['id']}/events")
    assert (again.status_code, again.json()) == (404, said)


@pytest.mark.parametrize("how", ["disabled", "uninstalled"])
async def test_the_streams_of_a_site_end_when_it_leaves(door: Door, how: str) -> None:
    await door.house.worker.stop(0)
    door.app.state.streams.pace = Pace(check_s=0.05)
    run = await asked(door)
    reading = await begun(door, run["id"])
    await asyncio.sleep(0.2)
    await getattr(door.house.lifecycle, how)(tokens.CLIENT_KEY, "token:leaves", now=time.time())
    async with asyncio.timeout(30):
        name, _, said = parsed((await reading).text)[-1]
    # Whichever comes first: the run that was stopped, or the right that is gone.
    assert name in (("refused",) if how == "disabled" else ("refused", "failed"))
    if name == "refused":
        assert "removed from this Jira site" in said["detail"]


async def test_a_person_and_a_site_have_only_so_many_streams() -> None:
    streams = Streams(Drain(), per_person=2, per_tenant=3)
    async with streams.slot(caller()), streams.slot(caller()):
        with pytest.raises(TooMany) as refused:
            async with streams.slot(caller()):
                pass
        assert refused.value.retry_after_s
        async with streams.slot(caller("bob")):
            with pytest.raises(TooMany):
                async with streams.slot(caller("carl")):
                    pass
            async with streams.slot(caller("ann", "tenant-b")):
                pass
    async with streams.slot(caller()), streams.slot(caller()):
        pass


@pytest.mark.parametrize("how", ["ends", "is cut off", "fails"])
async def test_a_place_is_given_back_however_the_stream_ends(how: str) -> None:
    streams, source = Streams(Drain(), per_person=1, pace=SLOW), Source()
    answer = await respond(streams, caller(), events=source.follow())
    with pytest.raises(TooMany):
        await respond(streams, caller(), events=Source().follow())
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if how == "fails" and message["type"] == "http.response.body":
            raise OSError("the reader is gone")

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}, "state": {}}
    running = asyncio.create_task(answer(scope, receive, send))
    source.coming.put_nowait(News(1, "stage", {}))
    async with asyncio.timeout(30):
        # The head, and what there is of the body.
        while len(sent) < 2:  # noqa: ASYNC110 - a plain list
            await asyncio.sleep(0.01)
    if how == "is cut off":
        running.cancel()
    source.coming.put_nowait(News(2, "done", {}))
    await asyncio.gather(running, return_exceptions=True)
    assert source.closed
    assert metrics.REGISTRY.get_sample_value("http_event_streams") == 0
    async with streams.slot(caller()):
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
    reading = await begun(door, run["id"])
    await asyncio.sleep(0.2)
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*(door.api("GET", f"/runs/{run['id']}") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {200}
    door.app.state.drain.begin()
    assert parsed((await reading).text)[-1][0] == "reconnect"
