"""What an ask may come to, before anybody knows: for budgets that put its price aside."""

import json
from typing import Any

from pydantic import BaseModel

from addon.llm.capabilities import CAPABILITIES
from addon.llm.prompt import Prompt
from addon.llm.schema import wire
from addon.llm.tokens import estimate

MOST_OUTPUT_TOKENS = 8192
"""Put aside for an answer. The longest of ours are a quarter of it."""


def said(prompt: Prompt, shape: type[BaseModel]) -> int:
    """Tokens of the question, by an estimate that is rather too high."""
    # The schema takes its tokens too, however a provider is told of it.
    return estimate(prompt.system + prompt.user + json.dumps(wire(shape)))


def longest_answer(provider: str) -> int:
    """Tokens an answer of this provider may take."""
    # Where requests name a limit, nothing beyond it can be billed.
    return min(CAPABILITIES[provider].most_output_tokens or MOST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS)


def heard(partial: dict[str, Any]) -> int:
    """Tokens of an answer as far as it came; {} is none."""
    return estimate(json.dumps(partial)) if partial else 0
