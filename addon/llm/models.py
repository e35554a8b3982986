"""The one face of the room: ask a model for a document, or knock at its door."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TypeVar

import httpx2
from pydantic import BaseModel

from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.clients import Clients
from addon.llm.conversation import Conversation
from addon.llm.errors import ModelError, ModelTimeout, ModelUnauthorized
from addon.llm.guard import Resolve, system_resolve
from addon.llm.ledger import Ledger
from addon.llm.partial import OnPartial, Partials
from addon.llm.prompt import Prompt
from addon.llm.question import Question
from addon.llm.refusals import Refusals
from addon.llm.structured import Ask, Sleep

T = TypeVar("T", bound=BaseModel)

TRIES = 3
PROBE_S = 20.0
MOST_REMEMBERED = 256


class Greeting(BaseModel):
    """What a probed model answers."""

    word: str


GREETING = Prompt('Answer with the JSON object {"word": "hello"}.', "Say hello.", "probe")
"""What a probed model is asked."""


class Models:
    """All models of this process.

    transport replaces the network, sleep the pauses between tries, resolve the look-up of names that tenants chose.
    """

    def __init__(
        self,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        sleep: Sleep = asyncio.sleep,
        resolve: Resolve = system_resolve,
        refusals: Refusals | None = None,
    ) -> None:
        self._clients = Clients(transport, resolve=resolve)
        self._sleep = sleep
        self._plain: set[tuple[str, str, str]] = set()
        self.refusals = refusals or Refusals()

    async def ask(
        self,
        choice: ModelChoice,
        prompt: Prompt,
        *,
        shape: type[T],
        check: Callable[[T], T],
        on_partial: OnPartial | None = None,
    ) -> Answer[T]:
        """A value of the shape that passed `check`.

        check may return a cleaned copy; a ValueError from it is told to the model, once. on_partial gets the growing
        answer, which nobody has checked. Everything, pauses and repair included, ends within choice.timeout_s.
        Raises a ModelError, its `usage` set; cancelling closes the connection. A key the provider has just refused is
        not sent again: then `usage` is None.
        """
        if words := self.trouble(choice):
            raise ModelUnauthorized(words)
        return await self._ask(choice, Question(prompt, shape, check, on_partial), tries=TRIES)

    def trouble(self, choice: ModelChoice) -> str:
        """Why this choice is not even tried at the moment, for its administrator; "" when it is."""
        return self.refusals.said(choice)

    async def probe(self, choice: ModelChoice) -> str:
        """Ask for one word and say how it went; also with a key that was refused, which may have been mended since.

        Raises a ModelError, whose `detail` says what is wrong.
        """
        began = monotonic()
        await self.once(hurried(choice), GREETING, shape=Greeting, check=lambda value: value)
        return f"{choice.model} answered in {round((monotonic() - began) * 1000)} ms."

    async def once(self, choice: ModelChoice, prompt: Prompt, *, shape: type[T], check: Callable[[T], T]) -> Answer[T]:
        """As ask, with a single try, and also with a key that was refused."""
        return await self._ask(choice, Question(prompt, shape, check), tries=1)

    async def close(self) -> None:
        await self._clients.close()

    async def _ask(self, choice: ModelChoice, question: Question[T], *, tries: int) -> Answer[T]:
        ledger = Ledger(choice, question.prompt.version)
        place = (choice.provider, choice.address, choice.model)
        talk = Conversation(question.prompt, plain=place in self._plain)
        watch = Partials(question.on_partial) if question.on_partial else None
        ends = asyncio.get_running_loop().time() + choice.timeout_s
        limit = asyncio.timeout_at(ends)
        try:
            # One limit around everything: a server may hang, or keep a read alive with a byte now and then.
            async with limit, self._clients.lease(choice) as provider:
                ask = Ask(provider, choice, talk, ledger, question, watch, ends, tries, self._sleep)
                answer = await ask.run()
        except ModelError as error:
            if isinstance(error, ModelUnauthorized):
                self.refusals.note(choice, error)
            error.usage = ledger.usage()
            raise
        except TimeoutError:
            if not limit.expired():
                raise
            late = ModelTimeout(f"The model gave no complete answer within {choice.timeout_s:g} seconds.")
            late.usage = ledger.usage()
            raise late from None
        self.refusals.forget(choice)
        self._remember(place, plain=talk.plain)
        return answer

    def _remember(self, place: tuple[str, str, str], *, plain: bool) -> None:
        """Spare the next ask the refused first request of a server that takes no schema."""
        if plain and len(self._plain) < MOST_REMEMBERED:
            self._plain.add(place)


def hurried(choice: ModelChoice) -> ModelChoice:
    """The same for a person who waits in front of a button."""
    return replace(choice, timeout_s=min(choice.timeout_s, PROBE_S))
