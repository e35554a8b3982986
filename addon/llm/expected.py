"""What an ask may come to, before anybody knows: for budgets that put its price aside."""

import json
from typing import Any

from pydantic import BaseModel

from addon.llm.capabilities import output_limit
from addon.llm.choice import ModelChoice
from addon.llm.prompt import Prompt
from addon.llm.schema import wire
from addon.llm.tokens import estimate

ROUNDS = 2
"""Answers an ask may be billed for: the first, and the one after its mistakes were named."""


def said(prompt: Prompt, shape: type[BaseModel]) -> int:
    """Tokens of the question, by an estimate that is rather too high."""
    # The schema takes its tokens too, however a provider is told of it.
    return estimate(prompt.system + prompt.user + json.dumps(wire(shape)))


def longest_answer(choice: ModelChoice) -> int:
    """Tokens an answer of this model may take."""
    # The limit that requests name; where they name none, an answer is broken off at about the same length.
    return output_limit(choice.provider, choice.model)


def heard(partial: dict[str, Any]) -> int:
    """Tokens of an answer as far as it came; {} is none."""
    return estimate(json.dumps(partial)) if partial else 0
