"""How many calls to the API a person and a site may make a minute."""

from typing import Protocol

from addon.errors import TooMany
from addon.observe.metrics import API_REFUSALS
from addon.settings import Settings


class Windows(Protocol):
    """Counts over all processes."""

    async def hit(self, *name: str, most: int) -> float: ...


class Rates:
    """0 in the settings: no limit."""

    def __init__(self, windows: Windows, settings: Settings) -> None:
        self._windows = windows
        self._person = settings.person_calls_per_minute
        self._site = settings.site_calls_per_minute

    async def count(self, tenant_id: str, account_id: str) -> None:
        """One more call. Raises TooMany with the seconds until there is room again."""
        # The person first: who is refused takes nothing from the others of the site.
        if self._person and (wait_s := await self._windows.hit("person", tenant_id, account_id, most=self._person)):
            API_REFUSALS.labels("person_calls").inc()
            raise TooMany(
                f"You made more than {self._person} requests within a minute; wait a moment, then try again.",
                retry_after_s=wait_s,
            )
        if self._site and (wait_s := await self._windows.hit("site", tenant_id, most=self._site)):
            API_REFUSALS.labels("site_calls").inc()
            raise TooMany(
                f"All people of this site together made more than {self._site} requests within a minute; wait a moment,"
                " then try again.",
                retry_after_s=wait_s,
            )
