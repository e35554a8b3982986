"""One line of what `doctor` says."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """state: ok, warn (works, but think of it) or fail (will not work)."""

    state: Literal["ok", "warn", "fail"]
    what: str
    said: str
    todo: str = ""
