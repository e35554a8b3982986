"""Keys a provider refused: left alone for a while, because sending them again changes nothing."""

import time
from collections.abc import Callable

from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelUnauthorized

REFUSED_S = 300.0
MOST = 256


class Refusals:
    """What providers said about keys, for REFUSED_S each. A new key is a new place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._refused: dict[tuple[str, str, str], tuple[float, str]] = {}

    def said(self, choice: ModelChoice) -> str:
        """The refusal in words, "" when the key may be tried."""
        until, words = self._refused.get(_place(choice), (0.0, ""))
        return words if self._clock() < until else ""

    def note(self, choice: ModelChoice, error: ModelUnauthorized) -> None:
        if len(self._refused) >= MOST:
            self._refused.clear()
        self._refused[_place(choice)] = (self._clock() + REFUSED_S, error.detail)

    def forget(self, choice: ModelChoice) -> None:
        self._refused.pop(_place(choice), None)


def _place(choice: ModelChoice) -> tuple[str, str, str]:
    return choice.provider, choice.address, choice.api_key
