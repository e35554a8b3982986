"""Events across processes: two web processes, two workers, a Redis that may go, and readers who miss nothing."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from statistics import median

import httpx2
import pytest

from tests.flow.acts import Event, rows
from tests.flow.conftest import HEARD_S, new_database
from tests.stack import Fleet, JiraSite, Process, Stack, eventually

MODEL_S = 1.5
SELDOM_S = 1.6
"""Less than between two looks of who is told nothing, four times what is usual between two reports."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, postgres_template: str) -> Iterator[Stack]:
    database = new_database(postgres_url, postgres_template)
    folder = tmp_path_factory.mktemp("events")
    with Stack(database, folder, sites=2, model=MODEL_S, scaled=True, warm=True) as running:
        yield running


@pytest.fixture
def whole(fleet: Stack) -> Iterator[Stack]:
    """Every process there is and as quick as ever, before a test and after it."""
    yield fleet
    fleet.model("reset")
    fleet.model("latency", MODEL_S)
    assert fleet.redis is not None
    with suppress(ProcessLookupError):
        fleet.redis.thaw()
    try:
        fleet.redis.command("PING")
    except OSError:
        fleet.redis.start()
    fleet.restart()


def web(stack: Stack, number: int) -> Process:
    assert isinstance(stack.addon, Fleet)
    return stack.addon.webs[number]


def address(process: Process) -> str:
    return f"http://127.0.0.1:{process.name.rpartition('-')[2]}/api/v1"


class Reader(threading.Thread):
    """Follows a run at one web process and keeps what comes, until the stream ends or breaks."""

    def __init__(self, site: JiraSite, process: Process, run_id: str, *, after: str = "", user: str = "tess") -> None:
        super().__init__(daemon=True)
        self.events: list[Event] = []
        self.came: list[float] = []
        self.broken: Exception | None = None
        self._url = f"{address(process)}/runs/{run_id}/events"
        self._headers = {"Authorization": f"JWT {site.token(user)}"} | ({"Last-Event-ID": after} if after else {})
        self.start()

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.events]

    @property
    def last_id(self) -> str:
        return next((event.id for event in reversed(self.events) if event.id), "")

    def run(self) -> None:
        try:
            with (
                httpx2.Client(timeout=60, trust_env=False) as client,
                client.stream("GET", self._url, headers=self._headers) as answer,
            ):
                assert answer.status_code == 200, answer.read()
                self._read(answer)
        except (httpx2.TransportError, AssertionError) as error:
            self.broken = error

    def _read(self, answer: httpx2.Response) -> None:
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                self.events.append(Event(fields.get("id", ""), fields["event"], json.loads(fields["data"])))
                self.came.append(time.monotonic())
                fields = {}

    def until(self, condition: Callable[["Reader"], object], what: str, within_s: float = 30.0) -> "Reader":
        def look() -> object:
            assert self.broken is None, self.broken
            return condition(self)

        eventually(look, what, within_s)
        return self

    def ended(self, within_s: float = 30.0) -> "Reader":
        self.join(within_s)
        assert not self.is_alive(), self.names
        return self


def started(stack: Stack, *, at: int = 0, site: int = 0) -> tuple[JiraSite, str]:
    """A run begun at that web process, on an issue of its own that was not analysed by itself."""
    jira = stack.site(site)
    issue = jira.create_issue()
    headers = {"Authorization": f"JWT {jira.token('tess')}"}
    url = f"{address(web(stack, at))}/ai/analyze-issue"
    answer = stack.client.post(url, json={"issue": issue["id"]}, headers=headers)
    assert answer.status_code == 202, answer.text
    return jira, answer.json()["run"]["id"]


def stages(events: list[Event]) -> list[str]:
    return [event.data["stage"] for event in events if event.name == "stage"]


def usual_gap_s(reader: Reader, since: float = 0.0) -> float:
    """Seconds between two partial results, in the middle of all of them."""
    times = [came for came, name in zip(reader.came, reader.names, strict=True) if name == "token" and came > since]
    assert len(times) > 4
    return median(after - before for before, after in pairwise(times))


def in_order(events: list[Event]) -> bool:
    numbers = [int(event.id) for event in events if event.id]
    return numbers == sorted(set(numbers))


def test_a_run_begun_at_one_process_is_followed_at_the_other(whole: Stack) -> None:
    site, run_id = started(whole, at=0)
    readers = [Reader(site, web(whole, number), run_id) for number in (0, 1)]
    for reader in readers:
        reader.ended()
        assert reader.names[-1] == "done"
        assert in_order(reader.events)
        assert "token" in reader.names
    one, other = (reader.events for reader in readers)
    assert stages(one) == stages(other)
    assert one[-1] == other[-1]
    assert one[-1].data["result"]["author"] == "model"


def test_events_come_at_once_and_not_when_somebody_happens_to_look(whole: Stack) -> None:
    """Partial results are reported every 0.4 s: were they polled for, they would come 2 s apart."""
    whole.model("latency", 6.0)
    site, run_id = started(whole, at=0)
    reader = Reader(site, web(whole, 1), run_id).ended()
    assert usual_gap_s(reader) < SELDOM_S


def test_who_comes_back_at_the_other_process_misses_nothing_and_gets_nothing_twice(whole: Stack) -> None:
    whole.model("latency", 4.0)
    site, run_id = started(whole, at=0)
    first = Reader(site, web(whole, 0), run_id).until(lambda r: "token" in r.names, "partial result")
    seen = list(first.events)
    web(whole, 0).kill()
    rest = Reader(site, web(whole, 1), run_id, after=seen[-1].id).ended()
    assert rest.names[-1] == "done"
    whole_story = [*seen, *rest.events]
    assert in_order(whole_story)
    reported = "SELECT seq FROM run_events WHERE run_id = :r AND event = 'stage' ORDER BY seq"
    stored = [str(row.seq) for row in rows(whole, reported, r=run_id)]
    assert [event.id for event in whole_story if event.name == "stage"] == stored


def test_a_process_told_to_go_says_so_and_goes_at_once(whole: Stack) -> None:
    whole.model("latency", 8.0)
    site, run_id = started(whole, at=1)
    readers = [Reader(site, web(whole, 0), run_id, user=user) for user in ("tess", "paul") for _ in range(3)]
    for reader in readers:
        reader.until(lambda r: r.events, "first event")
    began = time.monotonic()
    code = web(whole, 0).stop()
    took = time.monotonic() - began
    for reader in readers:
        reader.ended()
        assert reader.broken is None
        assert reader.names[-1] == "reconnect"
    assert code in (0, -15)
    assert took < 7.0, "it waited for the end of the run"
    rest = Reader(site, web(whole, 1), run_id, after=readers[0].last_id).ended()
    assert rest.names[-1] == "done"
    assert in_order([*readers[0].events, *rest.events])


@pytest.mark.parametrize("trouble", ["killed", "frozen"])
def test_without_redis_events_come_slower_and_none_is_missing(whole: Stack, trouble: str) -> None:
    whole.model("latency", 6.0)
    assert whole.redis is not None
    site, run_id = started(whole, at=0)
    readers = [Reader(site, web(whole, number), run_id) for number in (0, 1)]
    for reader in readers:
        reader.until(lambda r: r.events, "first event")
    whole.redis.kill() if trouble == "killed" else whole.redis.freeze()
    for reader in readers:
        reader.ended(within_s=40)
        assert reader.names[-1] == "done"
        assert in_order(reader.events)
    assert stages(readers[0].events) == stages(readers[1].events)


def test_redis_restarted_on_the_way_is_live_again(whole: Stack) -> None:
    whole.model("latency", 16.0)
    assert whole.redis is not None
    site, run_id = started(whole, at=0)
    reader = Reader(site, web(whole, 1), run_id).until(lambda r: "token" in r.names, "partial result")
    whole.redis.kill()
    whole.redis.start()
    back = time.monotonic() + 2.0
    reader.ended()
    assert reader.names[-1] == "done"
    assert usual_gap_s(reader, back) < SELDOM_S


def test_a_run_cancelled_at_one_process_stops_on_its_worker_within_a_second_or_so(whole: Stack) -> None:
    whole.model("latency", 20.0)
    site, run_id = started(whole, at=0)
    reader = Reader(site, web(whole, 1), run_id).until(lambda r: "thinking" in stages(r.events), "run at its model")
    headers = {"Authorization": f"JWT {site.token('tess')}"}
    began = time.monotonic()
    answer = whole.client.delete(f"{address(web(whole, 0))}/runs/{run_id}", headers=headers)
    assert answer.status_code == 200, answer.text
    reader.ended()
    assert (reader.names[-1], reader.events[-1].data["status"]) == ("failed", "cancelled")
    # Who is not told looks every ten seconds.
    assert reader.came[-1] - began < 6


def test_who_loses_the_site_is_told_so_at_whichever_process(whole: Stack) -> None:
    whole.model("latency", 20.0)
    site, run_id = started(whole, at=0, site=1)
    readers = [Reader(site, web(whole, number), run_id) for number in (0, 1)]
    for reader in readers:
        reader.until(lambda r: r.events, "first event")
    site.ask("POST", "/disable")
    try:
        for reader in readers:
            reader.ended()
            assert reader.names[-1] == "refused"
            assert "removed from this Jira site" in reader.events[-1].data["detail"]
    finally:
        site.ask("POST", "/enable")


def test_a_site_that_is_switched_off_is_refused_by_every_process_at_once(whole: Stack) -> None:
    site = whole.site(1)
    issue = site.create_issue()
    headers = {"Authorization": f"JWT {site.token('tess')}"}

    def answers() -> list[int]:
        urls = [f"{address(web(whole, number))}/issues/{issue['id']}/runs" for number in (0, 1)]
        return [whole.client.get(url, headers=headers).status_code for url in urls]

    assert answers() == [200, 200]
    site.ask("POST", "/disable")
    try:
        eventually(lambda: answers() == [401, 401], "refusal by both", within_s=HEARD_S)
    finally:
        site.ask("POST", "/enable")
    eventually(lambda: answers() == [200, 200], "welcome by both", within_s=HEARD_S)
