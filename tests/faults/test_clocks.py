"""F19: clocks that are ten minutes off take no work from anybody and refuse nobody: the database's clock is the one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.flow import acts
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
OFF = ["+10m", "-10m"]


def library() -> str:
    """Raises RuntimeError: a skipped clock proves nothing."""
    found = sorted(Path("/").glob(LIBRARIES.removeprefix("/")))
    if not found:
        raise RuntimeError("The tests need faketime: install it (Debian: apt-get install faketime).")
    return str(found[0])


@pytest.fixture
def skewed(faulty: Ground) -> Iterator["Skewed"]:
    off = Skewed(faulty)
    yield off
    off.right()


class Skewed:
    """Processes of the ground that live in another time, until they are put right."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._off: list[Process] = []

    def put(self, processes: list[Process], by: str) -> None:
        self._off += processes
        self._change(processes, LD_PRELOAD=library(), FAKETIME=by, FAKETIME_DONT_FAKE_MONOTONIC="1")

    def right(self) -> None:
        self._change(self._off, LD_PRELOAD="", FAKETIME="", FAKETIME_DONT_FAKE_MONOTONIC="")

    def _change(self, processes: list[Process], **environment: str) -> None:
        before = {process.name: process.pid for process in processes}
        for process in processes:
            process.change(**environment)
            process.terminate()
        # One that still loads has no clock yet, and would be told to go before it had shown anything.
        eventually(
            lambda: all(p.pid != before[p.name] for p in processes) and self._ground.up(), "fleet in another time", 120
        )


@pytest.mark.parametrize("by", OFF)
def test_worker_and_scheduler_with_a_wrong_clock_disturb_nobody(faulty: Ground, skewed: Skewed, by: str) -> None:
    off = [faulty.fleet.workers[0], faulty.fleet.schedulers[0]]
    skewed.put(off, by)
    # Longer than the sweep of the others takes to come by.
    faulty.stack.model("latency", 4)
    faulty.issues(20)
    eventually(lambda: faulty.commented() == 20, "comments", 60)
    # By the database's clock, which is right: what other tests left behind is older.
    workers = acts.rows(faulty.stack, "SELECT attempts, crashes FROM runs WHERE created_at >= :t", t=faulty.began_at)
    assert len(workers) == 20
    assert {tuple(row) for row in workers if row[0] != 1 or row[1] != 0} == set()
    asked = faulty.stack.model("requests")
    assert len(asked) == 20
    # And what was told of them on the way is dated by it as well.
    dates = (
        "SELECT e.at - :t, extract(epoch FROM clock_timestamp()) - e.at"
        " FROM run_events e JOIN runs r ON r.id = e.run_id WHERE r.created_at >= :t"
    )
    told = acts.rows(faulty.stack, dates, t=faulty.began_at)
    assert {row[0] for row in told if min(row) < -60} == set()
    assert len(told) >= 20


@pytest.mark.parametrize("by", OFF)
def test_web_process_with_a_wrong_clock_goes_by_the_right_one(faulty: Ground, skewed: Skewed, by: str) -> None:
    web = faulty.fleet.webs[0]
    read = len(web.output)
    skewed.put([web], by)
    token = faulty.site().ask("GET", "/token", kind="context", user="ann", age_s=0, ttl_s=60)["token"]
    late = faulty.site().ask("GET", "/token", kind="context", user="ann", age_s=400, ttl_s=180)["token"]
    for number in range(2):
        for each, status in ((token, 200), (late, 401)):
            headers = {"Authorization": f"JWT {each}"}
            asked = faulty.stack.client.get(f"{faulty.address(number)}/api/v1/usage", headers=headers)
            assert (number, asked.status_code) == (number, status)
    # It signs for Jira by the right clock as well.
    faulty.issues(4)
    told = [json.loads(line) for line in web.output[read:].splitlines() if line.startswith("{")]
    assert any("clock of this machine" in line["msg"] for line in told), told
