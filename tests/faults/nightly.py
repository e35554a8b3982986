"""The office of the scheduler on the ground, and the slot of its nightly clean-up."""

from tests.faults.ground import Ground
from tests.flow import acts
from tests.stack import Process, eventually

TAKEN_OVER_S = 20.0
"""The lease of a silent leader, the turns of the other one, and a machine that has other things to do."""


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
