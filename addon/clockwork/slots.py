"""The times that a cron expression names in a time zone, as Debian's cron understands them.

A slot that clocks skip when they are put forward comes right after the gap; one that they pass twice when they are put
back comes the first time only. Expressions whose minute or hour begins with a star go by elapsed time instead.
"""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from addon.errors import Invalid

FIELDS = 5
FOREVER_S = 86400.0 * 366 * 5
"""What does not come within years does not come."""


class NoSchedule(Invalid):
    """Not five cron fields, a time that never comes, or no time zone."""

    code = "no_schedule"


def following(cron: str, zone: str, *, after: float) -> float:
    """The first slot later than `after`; both in UTC seconds. Raises NoSchedule."""
    # Of seconds nothing is said in five fields: slots are whole minutes.
    where = _zone(zone)
    began = datetime.fromtimestamp(int(after), where)
    if len(cron.split()) != FIELDS:
        raise NoSchedule("A schedule has five fields: minute, hour, day of the month, month, day of the week.")
    try:
        for slot in CronSim(cron, began):
            at = slot.timestamp()
            if at > after + FOREVER_S:
                break
            # In the hour that comes twice the second pass looks like the first, whose slots are over.
            if at > after:
                return at
    except (CronSimError, OverflowError):
        pass
    raise NoSchedule("This is no time that comes: five fields of cron are wanted, such as 30 2 * * *.")


def _zone(name: str) -> tzinfo:
    try:
        # cronsim leaves out what is only about summer time for this one object.
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NoSchedule("Time zones are named as the IANA does, such as Europe/Paris.") from None
