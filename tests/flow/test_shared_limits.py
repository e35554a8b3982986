"""What one person may do is the same whichever of two web processes they meet."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from addon.redis.slots import LEASE_S
from tests.flow.conftest import new_database
from tests.stack import Fleet, JiraSite, Process, Stack, eventually

CALLS = 60
STREAMS = 8
MODEL_S = 120.0
"""Longer than any test takes: its streams stay open."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, postgres_url: str, postgres_template: str) -> Iterator[Stack]:
    database = new_database(postgres_url, postgres_template)
    folder = tmp_path_factory.mktemp("limits")
    with Stack(
        database,
        folder,
        model=MODEL_S,
        scaled=True,
        warm=True,
        PERSON_CALLS_PER_MINUTE=str(CALLS),
        LLM_TIMEOUT=str(MODEL_S + 60),
    ) as running:
        yield running
        # What is under way takes longer than any worker waits for it when it is told to go.
        running.addon.kill()


def address(stack: Stack, number: int) -> str:
    assert isinstance(stack.addon, Fleet)
    return f"http://127.0.0.1:{stack.addon.webs[number].name.rpartition('-')[2]}/api/v1"


def asked(stack: Stack, number: int, *, user: str, path: str) -> httpx2.Response:
    headers = {"Authorization": f"JWT {stack.site().token(user)}"}
    return stack.client.get(f"{address(stack, number)}{path}", headers=headers)


class Watcher:
    """Streams of one run that stay open at a web process."""

    def __init__(self, stack: Stack, exit_: ExitStack, *, run_id: str, user: str) -> None:
        self.client = exit_.enter_context(httpx2.Client(timeout=30, trust_env=False))
        self._stack, self._exit, self._run_id, self._user = stack, exit_, run_id, user

    def opens(self, number: int) -> int:
        """The status of one more stream at that process."""
        headers = {"Authorization": f"JWT {self._stack.site().token(self._user)}"}
        url = f"{address(self._stack, number)}/runs/{self._run_id}/events"
        answer = self._exit.enter_context(self.client.stream("GET", url, headers=headers))
        if answer.status_code != 200:
            assert int(answer.headers["retry-after"]) > 0
            answer.close()
        return answer.status_code


def begun(stack: Stack, user: str) -> str:
    """A run that goes on for longer than the test."""
    site: JiraSite = stack.site()
    issue = site.create_issue()
    runs = eventually(lambda: site.api("GET", f"/issues/{issue['id']}/runs", user=user).json().get("runs"), "run")
    return str(runs[0]["id"])


def test_calls_of_a_person_are_counted_over_both_processes_and_go_on_without_redis(fleet: Stack) -> None:
    issue = fleet.site().create_issue()
    path = f"/issues/{issue['id']}/runs"
    answers = [asked(fleet, number % 2, user="ann", path=path) for number in range(CALLS + 20)]
    found = Counter(answer.status_code for answer in answers)
    # A window slides: while they are made, the first ones may have left it.
    assert found.keys() == {200, 429}
    assert CALLS <= found[200] <= CALLS + 15
    assert [answer.status_code for answer in answers[:CALLS]] == [200] * CALLS
    refused = answers[-1]
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.json()["error"] == "too_many_requests"
    assert asked(fleet, 0, user="paul", path=path).status_code == 200

    assert fleet.redis is not None
    fleet.redis.freeze()
    try:
        # Each counts for itself now, and nobody is refused because of Redis, or held for long.
        for number in (0, 1):
            started = time.monotonic()
            codes = {asked(fleet, number, user="paul", path=path).status_code for _ in range(5)}
            assert codes == {200}
            assert time.monotonic() - started < 12.0
    finally:
        fleet.redis.thaw()
    assert isinstance(fleet.addon, Fleet)
    for web in fleet.addon.webs:
        eventually(lambda web=web: _together(web), "process that counts with the others again")  # type: ignore[misc]


def _together(web: Process) -> bool:
    return web.output.count("Redis is away") == web.output.count("Redis is back")


def test_open_streams_of_a_person_are_counted_over_both_processes(fleet: Stack) -> None:
    assert isinstance(fleet.addon, Fleet)
    run_id = begun(fleet, "tess")
    with ExitStack() as exit_:
        watcher = Watcher(fleet, exit_, run_id=run_id, user="tess")
        assert [watcher.opens(number % 2) for number in range(STREAMS)] == [200] * STREAMS
        for number in (0, 1):
            assert watcher.opens(number) == 429
        # kill -9: what was open there is open nowhere.
        fleet.addon.webs[0].kill()
        killed = time.monotonic()
        while watcher.opens(1) == 429:
            assert time.monotonic() - killed < 2 * LEASE_S
            # Every look is a call, and calls are counted as well.
            time.sleep(2)
        fleet.restart()
