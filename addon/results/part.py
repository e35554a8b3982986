"""What every piece of a result has in common."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Author = Literal["rules", "model"]
Notice = Literal["", "no_model", "model_failed", "budget_spent"]
"""What the reader must know: no model is configured, or why the rules answered in place of the one that is."""

Kind = Literal["happy", "negative", "boundary", "permission", "non_functional"]
"""What a criterion or a scenario looks at."""
KINDS: tuple[Kind, ...] = ("happy", "negative", "boundary", "permission", "non_functional")


class Part(BaseModel):
    """Base of every piece: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(Part):
    """Base of what a run stores that the rules or a model wrote."""

    author: Author
    notice: Notice
