"""How much is done at a time, for whom, and when."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


@cache
def _zones() -> set[str]:
    # The system's own list stands in six hundred files, which all are opened to tell zones from others.
    return available_timezones()


class ScaleSettings(BaseSettings):
    """Shares of the work, and the clock of what happens by itself."""

    ai_slots: int = Field(
        50,
        ge=1,
        le=1000,
        description="How many analyses one process works on at a time, beside those that people wait for.",
    )
    site_slots: int = Field(
        20,
        ge=1,
        le=1000,
        description="How many analyses are worked for one site at a time, over all processes, beside those that people"
        " wait for.",
    )
    site_starts_per_minute: int = Field(
        300,
        ge=0,
        le=100_000,
        description="How many analyses that nobody waits for are begun for one site a minute; what is beyond waits for"
        " its turn. 0 for no limit.",
    )
    person_calls_per_minute: int = Field(
        300, ge=0, le=100_000, description="Most calls to the API by one person a minute; 0 for no limit."
    )
    site_calls_per_minute: int = Field(
        3000, ge=0, le=1_000_000, description="Most calls to the API by all people of a site a minute; 0 for no limit."
    )
    jira_points_per_hour: int = Field(
        65_000,
        ge=0,
        description="Points that Jira grants the add-on an hour for all sites together; it slows down before they are"
        " used up. 0 for no limit.",
    )
    probe_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port on which `worker` and `scheduler` answer /health/live, /health/ready and /metrics, on HOST;"
        " 0: none.",
    )
    nightly: str = Field(
        "30 2 * * *", description="When the nightly clean-up runs, as five cron fields in the time zone of TIMEZONE."
    )
    timezone: str = Field("UTC", description="Time zone of NIGHTLY, by its IANA name (Europe/Paris).")

    @field_validator("nightly")
    @classmethod
    def _is_a_schedule(cls, value: str) -> str:
        try:
            # Five fields that no day fits are found out only when a day is wanted.
            if len(value.split()) == 5 and next(CronSim(value, datetime.now(UTC)), None) is not None:
                return value
        except CronSimError:
            pass
        raise ValueError("must be five cron fields that name a time which comes, such as 30 2 * * *")

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        # By the list and not by trying: a zone's name is also the name of a file.
        if value not in _zones():
            raise ValueError("must be an IANA time zone, such as Europe/Paris")
        return value
