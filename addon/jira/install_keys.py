"""Atlassian's public keys, with which installs and uninstalls are signed."""

import asyncio
from collections import OrderedDict
from typing import TypeVar

import httpx2
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from addon.connect.verdicts import Refused, Verdict
from addon.errors import Unavailable

KNOWN_S = 3600.0
UNKNOWN_S = 60.0
DEADLINE_S = 8.0
_MAX_KNOWN, _MAX_UNKNOWN, _MAX_PEM, _MAX_AT_ONCE = 256, 4096, 16_384, 4

_Value = TypeVar("_Value")


class InstallKeysDown(Unavailable):
    code = "install_keys_down"

    def __init__(self) -> None:
        super().__init__("Atlassian's install keys cannot be fetched at the moment; try again.", retry_after_s=10)


class InstallKeys:
    """Keys by id, kept for an hour: a rotation makes a new id, so an old key never changes.

    Ids that the server does not know are remembered for a minute, several waits for one id share one fetch, and only a
    few fetches run at a time: callers without a valid token cannot make us flood the key server.
    """

    def __init__(self, base_url: str, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        # No redirects and no proxy from the environment: where keys come from is configuration, nothing else.
        self._http = httpx2.AsyncClient(
            transport=transport, timeout=httpx2.Timeout(5.0), follow_redirects=False, trust_env=False
        )
        self._known: OrderedDict[str, tuple[float, RSAPublicKey]] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[RSAPublicKey | None]] = {}
        self._turns = asyncio.Semaphore(_MAX_AT_ONCE)

    async def key(self, kid: str, now: float) -> RSAPublicKey:
        """The key with this id, which must already have the form of a UUID.

        Raises Refused (unknown_key) when there is none; InstallKeysDown when the server does not say.
        """
        until, known = self._known.get(kid, (0.0, None))
        if known is not None and now < until:
            return known
        if now < self._unknown.get(kid, 0.0):
            raise Refused(Verdict.UNKNOWN_KEY)
        task = self._fetching.get(kid)
        if task is None:
            task = self._fetching[kid] = asyncio.create_task(self._fetch(kid))
            task.add_done_callback(lambda done: self._fetched(kid, done))
        # One caller that leaves must not take the answer away from the others.
        found = await asyncio.shield(task)
        if found is None:
            _remember(self._unknown, kid, value=now + UNKNOWN_S, limit=_MAX_UNKNOWN)
            raise Refused(Verdict.UNKNOWN_KEY)
        _remember(self._known, kid, value=(now + KNOWN_S, found), limit=_MAX_KNOWN)
        return found

    async def close(self) -> None:
        for task in list(self._fetching.values()):
            task.cancel()
        await self._http.aclose()

    def _fetched(self, kid: str, task: asyncio.Task[RSAPublicKey | None]) -> None:
        self._fetching.pop(kid, None)
        if not task.cancelled():
            task.exception()  # marks it as seen when every caller has gone

    async def _fetch(self, kid: str) -> RSAPublicKey | None:
        try:
            async with asyncio.timeout(DEADLINE_S), self._turns:
                return await self._asked(kid)
        except (TimeoutError, httpx2.HTTPError) as error:
            raise InstallKeysDown from error

    async def _asked(self, kid: str) -> RSAPublicKey | None:
        async with self._http.stream("GET", f"{self._base_url}/{kid}") as response:
            # Object stores behind such servers answer 403 for what they do not have.
            if response.status_code in (400, 403, 404, 410):
                return None
            if response.status_code != 200:
                raise InstallKeysDown
            pem = b""
            async for part in response.aiter_bytes():
                pem += part
                if len(pem) > _MAX_PEM:
                    return None
        return _parsed(pem)


def _parsed(pem: bytes) -> RSAPublicKey | None:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
    # RFC 7518, section 3.3: RS256 needs a key of 2048 bits or more.
    return key if isinstance(key, RSAPublicKey) and key.key_size >= 2048 else None


def _remember(cache: OrderedDict[str, _Value], kid: str, *, value: _Value, limit: int) -> None:
    cache[kid] = value
    cache.move_to_end(kid)
    while len(cache) > limit:
        cache.popitem(last=False)
