"""What a test of models needs at hand."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.models import Models
from addon.llm.prompt import Prompt
from addon.results.analysis import Analysis
from tests.fake_model import FakeModel

FOUR = ("openai", "ollama", "anthropic", "gemini")
PROMPT = Prompt(
    "Judge the story. Fill in `scores`.", "As a shopper I want to pay by card so that I need no cash", "t.v1"
)


@dataclass
class Bench:
    """What a test needs: the scripted server, the models under test, and the pauses they asked for (not slept)."""

    provider: str
    server: FakeModel
    models: Models
    pauses: list[float] = field(default_factory=list)

    def choice(self, **changes: Any) -> ModelChoice:
        return ModelChoice(
            **{"provider": self.provider, "model": "m-1", "base_url": self.server.url, "api_key": "sk-test", **changes}
        )

    async def ask(self, *script: str, **choice: Any) -> Answer[Analysis]:
        self.server.script(*script)
        return await self.models.ask(self.choice(**choice), PROMPT, shape=Analysis, check=lambda value: value)

    async def failure(self, *script: str, **choice: Any) -> ModelError:
        """The error that an ask ends in; fails when there is an answer."""
        with pytest.raises(ModelError) as caught:
            await self.ask(*script, **choice)
        return caught.value
