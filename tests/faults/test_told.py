"""F20: who is told to go goes, and has not failed: while it starts, while it is gone already, however often."""

import time

import pytest

from tests.faults.ground import Ground
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

BEGUN_S = 0.02
"""Of a processor's time: twice what passes before the first line of ours, which until then nobody can be heard by."""
MOMENTS_S = (0.05, 0.15, 0.3, 0.55, 0.95, 1.55)
"""After the beginning: before the loop, while the database is asked, before Redis was heard, at work."""
LEAVES_S = 30.0
AGAIN_S = 0.001


@pytest.fixture(params=["webs", "workers", "schedulers"])
def alone(faulty: Ground, request: pytest.FixtureRequest) -> Process:
    """One of each kind, that nobody starts again."""
    process: Process = getattr(faulty.fleet, request.param)[0]
    faulty.supervisor.rest(process)
    return process


def test_process_that_is_told_to_go_again_and_again_leaves_in_order(faulty: Ground, alone: Process) -> None:
    faulty.issues(5)
    until = time.monotonic() + LEAVES_S
    while alone.running:
        assert time.monotonic() < until, alone.last_words()
        alone.terminate()
        time.sleep(AGAIN_S)
    assert alone.code == 0
    faulty.supervisor.mind()
    eventually(faulty.up, "fleet at work", 60)


def test_process_that_is_told_to_go_while_it_starts_leaves_in_order(faulty: Ground, alone: Process) -> None:
    alone.stop(LEAVES_S)
    for after_s in MOMENTS_S:
        alone.start()
        # On a busy machine it may have to wait for its turn first.
        eventually(lambda: alone.cpu_s() > BEGUN_S, "beginning")
        time.sleep(after_s)
        began = time.monotonic()
        assert alone.stop(LEAVES_S) == 0, (after_s, alone.last_words())
        assert time.monotonic() - began < LEAVES_S / 2
    faulty.supervisor.mind()
    eventually(faulty.up, "fleet at work", 60)
