"""Keeps our requests within what a test management tool bears, for each owner of a key by itself."""

import asyncio
import time
from collections import OrderedDict

from addon.testmgmt.errors import ToolBusy

GAP_S = {"xray": 0.1, "zephyr": 0.2}
"""Between two requests. Xray allows 300 in five minutes and more in bursts; Zephyr publishes no limit."""
_PATIENCE_S = 15.0
_REMEMBERED = 2_000


class Pace:
    """All keys of one process."""

    def __init__(self) -> None:
        self._free_at: OrderedDict[tuple[str, str], float] = OrderedDict()

    async def turn(self, tool: str, owner: str) -> None:
        """Waits until the owner's next request may go. Raises ToolBusy when nobody should wait that long."""
        now = time.monotonic()
        at = max(now, self._free_at.pop((tool, owner), 0.0))
        if at - now > _PATIENCE_S:
            self._free_at[tool, owner] = at
            raise ToolBusy(tool, at - now)
        # Taken at once and waited for afterwards, so that callers queue in order.
        self._free_at[tool, owner] = at + GAP_S[tool]
        while len(self._free_at) > _REMEMBERED:
            self._free_at.popitem(last=False)
        if at > now:
            await asyncio.sleep(at - now)

    def pause(self, tool: str, owner: str, *, seconds: float) -> None:
        until = time.monotonic() + seconds
        self._free_at[tool, owner] = max(self._free_at.get((tool, owner), 0.0), until)
