"""The one door to test management tools of this process."""

import httpx2

from addon.testmgmt.wire import Wire
from addon.testmgmt.xray import Tokens, Xray, XrayAccess
from addon.testmgmt.zephyr import Zephyr, ZephyrAccess


class Tools:
    """Owns the connections and Xray's tokens. Close it when done."""

    def __init__(self, user_agent: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._wire = Wire(user_agent, transport)
        self._tokens = Tokens()

    def xray(self, access: XrayAccess) -> Xray:
        return Xray(self._wire, access, tokens=self._tokens)

    def zephyr(self, access: ZephyrAccess) -> Zephyr:
        return Zephyr(self._wire, access)

    async def close(self) -> None:
        await self._wire.close()
