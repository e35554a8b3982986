"""Waiting until it is certain that something sent without an answer never came into being."""

from collections.abc import Mapping
from typing import Any

from addon.errors import Unavailable
from addon.runs.feature import Writing
from addon.testmgmt.errors import NAMES, ToolDown, ToolError

SETTLED_S = 60.0
"""How long something made without an answer may take until a search finds it."""


class Unsettled(Unavailable):
    """What was sent without an answer may still turn up; sending it again now could make two of it."""

    def __init__(self, tool: str, wait_s: float) -> None:
        super().__init__(f"{NAMES[tool]} gave no answer; waiting to see whether it was made.", retry_after_s=wait_s)
        self.code = f"{tool}_unsettled"


def sent_before(writing: Writing) -> bool:
    """Whether an earlier attempt sent it and never learned what became of it."""
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
