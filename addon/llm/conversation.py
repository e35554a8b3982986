"""What is said to a model in one ask, in no provider's words yet."""

import json
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from addon.llm.prompt import Prompt
from addon.llm.schema import wire

MOST_ECHO_CHARS = 20_000
_IN_WORDS = "Answer with one JSON object that matches this JSON schema, and nothing else:"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. model: its own words, given back to it."""

    role: Literal["user", "model"]
    text: str


class Conversation:
    """The question first; after a useless answer, that answer and what was wrong with it.

    plain: the server takes no schema, so it is said in words instead.
    """

    def __init__(self, prompt: Prompt, *, plain: bool = False) -> None:
        self._prompt = prompt
        self.turns = [Turn("user", prompt.user)]
        self.plain = plain
        if prompt.objection is not None:
            self.object_to(prompt.objection.answer, prompt.objection.problem)

    def object_to(self, answer: str, problem: str) -> None:
        """Add the bad answer and its faults. An empty answer is left out: some servers refuse empty messages."""
        # Clipped: an answer that ran away would otherwise be paid for a second time as input.
        bad = [Turn("model", answer[:MOST_ECHO_CHARS])] if answer.strip() else []
        said = (
            f"Your answer cannot be used:\n{problem[:4000]}\n\n"
            "Answer again with the whole corrected JSON object and nothing else."
        )
        self.turns = [self.turns[0], *bad, Turn("user", said)]

    def system(self, shape: type[BaseModel]) -> str:
        """The instructions; in plain mode with the schema."""
        return f"{self._prompt.system}\n\n{_IN_WORDS}\n{json.dumps(wire(shape))}" if self.plain else self._prompt.system

    def text(self) -> str:
        """Everything said to the model, for an estimate of its tokens."""
        return self._prompt.system + "".join(turn.text for turn in self.turns)

    def whole(self, shape: type[BaseModel]) -> str:
        """As text(), with the schema, which takes its tokens too."""
        return self.text() + json.dumps(wire(shape))
