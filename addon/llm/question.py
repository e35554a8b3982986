"""What a model is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """What is asked for. check: returns the value, perhaps cleaned, or raises ValueError with a text for the model."""

    prompt: Prompt
    shape: type[T]
    check: Callable[[T], T]
    on_partial: OnPartial | None = None
