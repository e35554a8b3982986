"""Waiting until it is certain that something sent without an answer never came into being.

`sent_at` under `kept` says until when something may have been sent whose fate is not known, in UTC seconds by the clock
that dates rows; 0.0, or a `kept` without it, that nothing is on its way. A test management tool is asked for nothing
before it stands there. The first request to Jira is not noted, for it is nearly always answered: a second attempt that
finds nothing kept takes it that the first one has sent something.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Self

from addon.errors import AddonError
from addon.jira.errors import JiraDown
from addon.jira.wire import LONGEST_EXCHANGE_S
from addon.runs.feature import LeaseLost, NotYet, Writing
from addon.store.trouble import DatabaseDown
from addon.testmgmt.errors import NAMES, ToolDown, ToolError

SETTLED_S = 60.0
"""How long something made in a tool without an answer may take until a search finds it."""
SLACK_S = 10.0
JIRA_SETTLED_S = LONGEST_EXCHANGE_S + SLACK_S
"""How long Jira may work on what it was sent. It is read from the issue itself, which does not lag as a search does."""
_NAMES = {**NAMES, "jira": "Jira"}


class Unsettled(NotYet):
    """What was sent without an answer may still turn up; sending it again now could make two of it."""

    def __init__(self, where: str, wait_s: float) -> None:
        words = f"{_NAMES[where]} gave no answer to an earlier try; waiting to see whether it was written all the same."
        super().__init__(words, wait_s=wait_s)
        self.code = f"{where}_unsettled"


def sent_before(writing: Writing) -> bool:
    """Whether an earlier attempt sent it to a tool and never learned what became of it."""
    return writing.repeated and "sent_at" in writing.kept


def require_settled(kept: Mapping[str, Any], tool: str, *, now: float) -> None:
    """For what a search did not find. Raises Unsettled while it may still turn up."""
    waited_s = now - float(kept["sent_at"])
    if waited_s < SETTLED_S:
        raise Unsettled(tool, SETTLED_S - waited_s)


async def note_refused(writing: Writing, error: ToolError, *, look: bool = False) -> None:
    """After a failed creation: what certainly does not exist need not be looked for.

    look: a refusal of this tool is no proof; the next attempt looks for it at once and does not wait.
    """
    if not (isinstance(error, ToolDown) and error.uncertain):
        await writing.keep({"sent_at": 0.0} if look else {})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Whether Jira may still make what it was sent without an answer. To be had before anybody looks for it there.

    since: until when something may have been sent, 0.0 for never. looked_at: when the look began.
    """

    writing: Writing
    since: float
    looked_at: float

    @classmethod
    def of(cls, writing: Writing) -> Self:
        """About what earlier attempts at this very publication have sent."""
        now, kept = writing.now(), writing.publication.kept
        if kept is not None:
            # A clock that was ahead then must not make it wait for as long as that was.
            return cls(writing, min(float(kept.get("sent_at", 0.0)), now), now)
        # What was written once, or never tried, is not on its way.
        unknown = writing.repeated and writing.publication.remote_id is None
        # Whatever was sent had been sent when the row was put back, and due again.
        return cls(writing, min(writing.publication.run_at, now) if unknown else 0.0, now)

    def of_place(self) -> Self:
        """About what other publications have sent to the same place as well."""
        return replace(self, since=max(self.since, min(self.writing.others_at, self.looked_at)))

    async def require_over(self) -> None:
        """For what a look did not find, right before it is made. Raises Unsettled while it may still turn up."""
        left_s = self.since + JIRA_SETTLED_S - self.looked_at
        if self.since and left_s > 0:
            await self.writing.keep({"sent_at": self.since})
            raise Unsettled("jira", left_s)


@asynccontextmanager
async def sending(writing: Writing) -> AsyncIterator[None]:
    """Something is made in Jira inside the block: whatever interrupts it, the next attempt will know."""
    if writing.repeated:
        await writing.keep({"sent_at": writing.now()})
    try:
        yield
    except AddonError as error:
        if writing.repeated and _certain(error):
            await writing.keep({})
        raise


@asynccontextmanager
async def first_known(writing: Writing) -> AsyncIterator[None]:
    """A whole attempt: when the first one ends in a way that leaves no doubt, the second one has none to wait for."""
    try:
        yield
    except AddonError as error:
        if not writing.repeated and _certain(error):
            await writing.keep({})
        raise


def _certain(error: AddonError) -> bool:
    """Whether nothing can be on its way to Jira after such an error: it was not sent, or it was answered."""
    if isinstance(error, JiraDown):
        return not error.uncertain
    # Who lost the row may have lost it in the middle of sending. Without the database nothing can be kept.
    return not isinstance(error, (LeaseLost, NotYet, DatabaseDown))
