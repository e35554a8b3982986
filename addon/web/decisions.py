"""What people decide, as routes see it: their words for the model, their verdicts, what a change sets going."""

from typing import Protocol

from addon.policy.prompts import Prompts
from addon.policy.verdicts import Verdicts
from addon.runs.freshness import Freshness
from addon.runs.reruns import Reruns


class Decisions(Protocol):
    """A part of the house."""

    @property
    def prompts(self) -> Prompts: ...
    @property
    def verdicts(self) -> Verdicts: ...
    @property
    def freshness(self) -> Freshness: ...
    @property
    def reruns(self) -> Reruns: ...
