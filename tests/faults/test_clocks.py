"""F19: clocks that are ten minutes off take no work from anybody and refuse nobody: the database's clock is the one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.ground import Ground
from tests.faults.nightly import TAKEN_OVER_S, cleaned, done, leader, night_falls
from tests.flow import acts
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

LIBRARIES = "/usr/lib/*/faketime/libfaketimeMT.so.1"
OFF = "10m"


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

    def put(self, ahead: list[Process], behind: list[Process]) -> None:
        self._off += ahead + behind
        with self._changed():
            for processes, by in ((ahead, f"+{OFF}"), (behind, f"-{OFF}")):
                for process in processes:
                    process.change(LD_PRELOAD=library(), FAKETIME=by, FAKETIME_DONT_FAKE_MONOTONIC="1")

    def right(self) -> None:
        with self._changed():
            for process in self._off:
                process.change(LD_PRELOAD="", FAKETIME="", FAKETIME_DONT_FAKE_MONOTONIC="")

    @contextmanager
    def _changed(self) -> Iterator[None]:
        """What is changed in the block holds when it is over: they have all come back."""
        before = {process.name: process.pid for process in self._off}
        yield
        for process in self._off:
            process.terminate()
        # One that still loads has no clock yet, and would be told to go before it had shown anything.
        eventually(
            lambda: all(p.pid != before[p.name] for p in self._off) and self._ground.up(), "fleet in another time", 120
        )


def test_wrong_clocks_disturb_nobody(faulty: Ground, skewed: Skewed) -> None:
    """No process has the right time: of each kind one is ten minutes ahead, the other ten behind."""
    webs, workers, schedulers = faulty.fleet.webs, faulty.fleet.workers, faulty.fleet.schedulers
    read = {process.name: len(process.output) for process in faulty.fleet.all}
    ahead, behind = ([kind[n] for kind in (webs, workers, schedulers)] for n in range(2))
    skewed.put(ahead, behind)
    each_leads_and_does_its_slot(faulty)
    work_is_done_once(faulty)
    tokens_hold_by_the_right_clock(faulty)
    # They sign for Jira by the right clock as well.
    for processes, off in ((ahead, " 600 s off"), (behind, " -600 s off")):
        assert [p.name for p in processes if off not in p.output[read[p.name] :]] == []
    assert cleaned(faulty) == len(schedulers)


def each_leads_and_does_its_slot(faulty: Ground) -> None:
    led = set()
    for times, _ in enumerate(faulty.fleet.schedulers, 1):
        leads = eventually(lambda: leader(faulty), "leader", TAKEN_OVER_S)
        led.add(leads.name)
        night_falls(faulty)
        done(faulty, times)
        faulty.supervisor.mind()
        faulty.supervisor.rest(leads)
        assert leads.stop() == 0
    assert len(led) == len(faulty.fleet.schedulers)
    faulty.supervisor.mind()


def work_is_done_once(faulty: Ground) -> None:
    # Longer than the sweep of the others takes to come by.
    faulty.stack.model("latency", 4)
    faulty.issues(20)
    at_work: set[str] = set()

    def both() -> bool:
        query = "SELECT DISTINCT worker FROM runs WHERE state = 'running' AND created_at >= :t"
        at_work.update(worker for (worker,) in acts.rows(faulty.stack, query, t=faulty.began_at))
        if len(at_work) < 2:
            faulty.issue()
        return len(at_work) == 2

    eventually(both, "work of both workers")
    count = len(faulty.made)
    eventually(lambda: faulty.commented() == count, "comments", 60)
    # By the database's clock, which is right: what other tests left behind is older.
    runs = acts.rows(faulty.stack, "SELECT attempts, crashes FROM runs WHERE created_at >= :t", t=faulty.began_at)
    assert len(runs) == count
    assert {tuple(row) for row in runs if row[0] != 1 or row[1] != 0} == set()
    asked = faulty.stack.model("requests")
    assert len(asked) == count
    # And what was told of them on the way is dated by it as well.
    dates = (
        "SELECT e.at - :t, extract(epoch FROM clock_timestamp()) - e.at"
        " FROM run_events e JOIN runs r ON r.id = e.run_id WHERE r.created_at >= :t"
    )
    told = acts.rows(faulty.stack, dates, t=faulty.began_at)
    assert {row[0] for row in told if min(row) < -60} == set()
    assert len(told) >= count


def tokens_hold_by_the_right_clock(faulty: Ground) -> None:
    token = faulty.site().ask("GET", "/token", kind="context", user="ann", age_s=0, ttl_s=60)["token"]
    late = faulty.site().ask("GET", "/token", kind="context", user="ann", age_s=400, ttl_s=180)["token"]
    for number in range(2):
        for each, status in ((token, 200), (late, 401)):
            headers = {"Authorization": f"JWT {each}"}
            asked = faulty.stack.client.get(f"{faulty.address(number)}/api/v1/usage", headers=headers)
            assert (number, asked.status_code) == (number, status)
