"""What is said to a model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question. version: names the prompt file, kept with the result so that answers can be compared later."""

    system: str
    user: str
    version: str
