"""Keys a provider refused: left alone for a while, because sending them again changes nothing."""

import time
from collections.abc import Callable
from hashlib import sha256

from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelUnauthorized
from addon.redis.hub import Hub

REFUSED_S = 300.0
MOST = 256
LONGEST = 120
TOPIC = "keys"
"""Of the hub: the digest of a place that refuses its key and the refusal in words, or the digest alone when it does
not any more."""


class Refusals:
    """What providers said about keys, for REFUSED_S each, in whatever process it was. A new key is a new place.

    A process that did not hear of a refusal is told by the provider itself.
    """

    def __init__(self, hub: Hub | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub or Hub()
        self._clock = clock
        self._refused: dict[str, tuple[float, str]] = {}
        self._hub.on(TOPIC, self._heard)

    def said(self, choice: ModelChoice) -> str:
        """The refusal in words, "" when the key may be tried."""
        until, words = self._refused.get(_place(choice), (0.0, ""))
        return words if self._clock() < until else ""

    def note(self, choice: ModelChoice, error: ModelUnauthorized) -> None:
        self._hub.tell(TOPIC, f"{_place(choice)} {error.detail[:LONGEST]}")

    def forget(self, choice: ModelChoice) -> None:
        # Only where there is something to forget: every answer of every model comes by here.
        if _place(choice) in self._refused:
            self._hub.tell(TOPIC, _place(choice))

    def _heard(self, word: str) -> None:
        place, _, words = word.partition(" ")
        if not place:
            # Something was missed; whoever is wrong about a key learns it at the next ask.
            return
        if not words:
            self._refused.pop(place, None)
            return
        if len(self._refused) >= MOST:
            self._refused.clear()
        self._refused[place] = (self._clock() + REFUSED_S, words)


def _place(choice: ModelChoice) -> str:
    """A digest: no key travels, and none is kept that is not in use."""
    return sha256("\n".join((choice.provider, choice.address, choice.api_key)).encode()).hexdigest()[:40]
