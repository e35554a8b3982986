"""What is said to a model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Objection:
    """An answer that was given before, in the model's own words, and what is wrong with it."""

    answer: str
    problem: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question. version: names the prompt file, kept with the result so that answers can be compared later.

    objection: this question is the round of repair already.
    """

    system: str
    user: str
    version: str
    objection: Objection | None = None
