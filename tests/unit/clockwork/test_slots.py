"""Which times a cron expression names, on the days on which clocks are moved above all."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from addon.clockwork.slots import NoSchedule, following

pytestmark = pytest.mark.faults

PARIS = ZoneInfo("Europe/Paris")


def at(text: str, *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS, fold=fold).timestamp()


def slots(cron: str, after: float, count: int) -> list[str]:
    found: list[str] = []
    for _ in range(count):
        after = following(cron, "Europe/Paris", after=after)
        found.append(datetime.fromtimestamp(after, PARIS).isoformat())
    return found


def test_a_time_that_clocks_skip_comes_right_after_the_gap_and_once() -> None:
    assert slots("30 2 * * *", at("2026-03-28T12:00"), 2) == ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]


def test_a_time_that_comes_twice_is_the_first_of_them() -> None:
    assert slots("30 2 * * *", at("2026-10-24T12:00"), 2) == ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]


@pytest.mark.parametrize("minute", ["02:10", "02:29", "02:45"])
def test_asked_in_the_hour_that_comes_the_second_time_it_is_over(minute: str) -> None:
    assert slots("30 2 * * *", at(f"2026-10-25T{minute}", fold=1), 1) == ["2026-10-26T02:30:00+01:00"]


def test_an_hourly_job_goes_by_elapsed_time() -> None:
    spring = [slots("0 * * * *", at("2026-03-29T00:30"), 3)[n][11:16] for n in range(3)]
    autumn = [slots("0 * * * *", at("2026-10-25T01:30"), 3)[n][11:] for n in range(3)]
    assert spring == ["01:00", "03:00", "04:00"]
    assert autumn == ["02:00:00+02:00", "02:00:00+01:00", "03:00:00+01:00"]


def test_a_slot_is_later_than_what_it_follows() -> None:
    slot = following("30 2 * * *", "UTC", after=0.0)
    assert following("30 2 * * *", "UTC", after=slot) == slot + 86_400
    assert following("30 2 * * *", "UTC", after=slot - 0.001) == slot


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("0 0 30 2 *", "UTC"), ("x", "UTC"), ("* * * * * *", "UTC"), ("", "UTC"), ("30 2 * * *", "Mars/Olympus"),
     ("30 2 * * *", "../../etc/passwd"), ("99 2 * * *", "UTC")],
)  # fmt: skip
def test_what_names_no_time_is_refused(cron: str, zone: str) -> None:
    with pytest.raises(NoSchedule):
        following(cron, zone, after=0.0)
