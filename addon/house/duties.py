"""What a process is for."""

from dataclasses import dataclass
from typing import Literal, Self

Role = Literal["serve", "worker", "scheduler", "look"]
"""`look` has no duties: it opens the rooms for a command that asks or shows something."""


@dataclass(frozen=True, slots=True)
class Duties:
    """serves: it stays. alone: no other process works on the database. watched: people watch runs here.

    work: the queues. upkeep: what happens by itself.
    """

    serves: bool
    alone: bool
    migrate: bool
    work: bool
    upkeep: bool
    watched: bool

    @classmethod
    def of(cls, role: Role, *, scaled_out: bool) -> Self:
        """scaled_out: each duty has processes of its own; otherwise the one that serves has them all."""
        # Whatever the role, one process without others has to do what nobody else would.
        everything = role == "serve" and not scaled_out
        return cls(
            serves=role != "look",
            alone=everything,
            migrate=everything,
            work=everything or role == "worker",
            upkeep=everything or role == "scheduler",
            # A worker tells of news and never asks for any.
            watched=role in ("serve", "look"),
        )
