"""The messages of one ask, and the request they make."""

import json
from typing import Any

from pydantic import BaseModel

from addon.llm.prompt import Prompt
from addon.llm.schema import wire

MOST_ECHO_CHARS = 20_000
_IN_WORDS = "Answer with one JSON object that matches this JSON schema, and nothing else:"


class Conversation:
    """system and user first; after a useless answer, that answer and what was wrong with it.

    plain: the server takes no `response_format`, so the schema is said in words instead.
    """

    def __init__(self, prompt: Prompt, *, plain: bool = False) -> None:
        self._prompt = prompt
        self._turns: list[dict[str, str]] = []
        self.plain = plain

    def object_to(self, answer: str, problem: str) -> None:
        """Add the bad answer and its faults. An empty answer is left out: some servers refuse empty messages."""
        # Clipped: an answer that ran away would otherwise be paid for a second time as input.
        self._turns = [{"role": "assistant", "content": answer[:MOST_ECHO_CHARS]}] if answer.strip() else []
        self._turns.append(
            {
                "role": "user",
                "content": f"Your answer cannot be used:\n{problem[:4000]}\n\n"
                "Answer again with the whole corrected JSON object and nothing else.",
            }
        )

    def text(self) -> str:
        """Everything said to the model, for an estimate of its tokens."""
        return self._prompt.system + self._prompt.user + "".join(turn["content"] for turn in self._turns)

    def whole(self, shape: type[BaseModel]) -> str:
        """As text(), with the schema, which takes its tokens too."""
        return self.text() + json.dumps(wire(shape))

    def request(self, shape: type[BaseModel]) -> dict[str, Any]:
        """The body of the request but for the model's name."""
        schema = wire(shape)
        system = self._prompt.system
        if self.plain:
            system += f"\n\n{_IN_WORDS}\n{json.dumps(schema)}"
        body: dict[str, Any] = {
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": self._prompt.user},
                *self._turns,
            ],
            "stream": True,
        }
        if not self.plain:
            named = {"name": shape.__name__, "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": named}
            # Left out in plain mode: a server too old for schemas often refuses this option as well.
            body["stream_options"] = {"include_usage": True}
        return body
