"""F22: of two schedulers one leads; killed or frozen it is replaced, and what is due is done once."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.ground import Ground
from tests.faults.nightly import TAKEN_OVER_S, cleaned, done, leader, night_falls
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

QUIET_S = 5.0
"""Two ticks of the clock: who wanted to do it once more would have."""


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
