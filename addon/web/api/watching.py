"""Following a run: who may, for how long, and what they then get."""

from addon.errors import Forbidden, NotFound
from addon.policy.access import BROWSE
from addon.store.repos.runs import Run
from addon.web.api import seen
from addon.web.api.events import EVENT_STREAM, Stream, Streams, StreamsDep, respond
from addon.web.security import Caller
from addon.web.state import House

__all__ = ["EVENT_STREAM", "Stream", "Streams", "StreamsDep", "watched"]
"""All that a route needs to answer with the events of a run."""


async def watched(house: House, caller: Caller, *, streams: Streams, run: Run, after: int = 0) -> Stream:
    """The run's event stream for a caller who may see it now. after: the last event they have. Raises TooMany."""
    events = house.events.follow(run.id, caller.tenant.id, after=after)
    return await respond(streams, caller, events=events, right=Watcher(house, caller, run=run).still_may)


class Watcher:
    """Somebody who was let in to watch a run, and may lose the right to it while they do."""

    def __init__(self, house: House, caller: Caller, *, run: Run) -> None:
        self._house = house
        self._caller = caller
        # A run on no issue, and one that is only tried out, belong to whoever asked: that does not change.
        self._issue_id = None if run.preview else run.issue_id

    async def still_may(self) -> None:
        """Both answers come from memory most of the time. Raises Forbidden, NotFound; others when nobody can tell."""
        tenant = await self._house.tenants.by_client_key(self._caller.tenant.site.client_key)
        if tenant is None or tenant.id != self._caller.tenant.id:
            raise Forbidden("JiraVision was removed from this Jira site, or switched off there.")
        if self._issue_id is None:
            return
        try:
            await self._house.access.require_issue(tenant, self._caller.account_id, self._issue_id, BROWSE)
        except NotFound:
            raise seen.no_run() from None
