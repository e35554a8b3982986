"""F22: of two schedulers one leads; killed or frozen it is replaced, and what is due is done once."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.ground import Ground
from tests.flow import acts
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

TAKEN_OVER_S = 20.0
"""The lease of a silent leader, the turns of the other one, and a machine that has other things to do."""
QUIET_S = 5.0
"""Two ticks of the clock: who wanted to do it once more would have."""


def leader(ground: Ground) -> Process | None:
    """The scheduler that holds the office, by the id in its name."""
    found = acts.rows(ground.stack, "SELECT holder FROM leaders WHERE name = 'scheduler'")
    return next((p for p in ground.fleet.schedulers for (name,) in found if f"-{p.pid}-" in name), None)


def cleaned(ground: Ground) -> int:
    """How often the nightly clean-up was done since the test began."""
    return sum(p.output[ground.unread[p.name] :].count('"cleaned up"') for p in ground.fleet.schedulers)


def night_falls(ground: Ground) -> None:
    due = "UPDATE schedules SET next_at = extract(epoch FROM clock_timestamp()) - 1 WHERE name = 'nightly'"
    acts.rows(ground.stack, due)


def waits(ground: Ground) -> bool:
    """Whether the slot still is to be done."""
    late = "SELECT 1 FROM schedules WHERE name = 'nightly' AND next_at < extract(epoch FROM clock_timestamp())"
    return bool(acts.rows(ground.stack, late))


def done(ground: Ground, times: int) -> None:
    eventually(lambda: cleaned(ground) >= times, f"clean-up number {times}", TAKEN_OVER_S)
    eventually(lambda: not waits(ground), "slot that is over")


def test_each_slot_is_done_once_with_two_schedulers(faulty: Ground) -> None:
    eventually(lambda: leader(faulty), "leader", TAKEN_OVER_S)
    for times in (1, 2):
        night_falls(faulty)
        done(faulty, times)
    time.sleep(QUIET_S)
    assert cleaned(faulty) == 2


def killed(process: Process) -> None:
    process.kill()


def frozen(process: Process) -> None:
    os.kill(process.pid, signal.SIGSTOP)


@pytest.mark.parametrize("struck", [killed, frozen], ids=lambda how: str(how.__name__))
def test_scheduler_that_falls_silent_is_replaced_and_its_slot_done_once(
    faulty: Ground, struck: Callable[[Process], None]
) -> None:
    leads = eventually(lambda: leader(faulty), "leader", TAKEN_OVER_S)
    was = leads.pid
    struck(leads)
    try:
        night_falls(faulty)
        done(faulty, 1)
        assert leader(faulty) not in (None, leads) or leads.pid != was
    finally:
        if struck is frozen:
            os.kill(was, signal.SIGCONT)
    night_falls(faulty)
    done(faulty, 2)
    time.sleep(QUIET_S)
    assert cleaned(faulty) == 2
    assert leader(faulty) is not None
