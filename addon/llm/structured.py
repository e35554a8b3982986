"""One ask: a request, its retries, a check of the answer and one round of repair, all before one deadline."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from addon.llm import backoff
from addon.llm.answer import Answer
from addon.llm.choice import ModelChoice
from addon.llm.conversation import Conversation
from addon.llm.errors import ModelNonsense, ModelRefused, ModelTooLong
from addon.llm.extract import json_object
from addon.llm.faults import Fault, broken_off, busy
from addon.llm.ledger import Ledger
from addon.llm.provider import Provider
from addon.llm.question import Question
from addon.llm.reply import Reply, Watcher
from addon.observe.metrics import LLM_REQUESTS, LLM_SECONDS

log = logging.getLogger(__name__)

T = TypeVar("T", bound=BaseModel)
Sleep = Callable[[float], Awaitable[None]]

LONGEST_WAIT_S = 20.0
"""A longer pause is not slept through: the run gives its place to another and comes back."""


@dataclass
class Ask(Generic[T]):
    """The state of one ask. tries: failed requests after which it is given up. deadline: on the loop's clock."""

    provider: Provider
    choice: ModelChoice
    conversation: Conversation
    ledger: Ledger
    question: Question[T]
    watch: Watcher | None
    deadline: float
    tries: int
    sleep: Sleep
    failures: int = 0
    heard: list[str] = field(default_factory=list)

    async def run(self) -> Answer[T]:
        """The checked value. Raises a ModelError."""
        problem = ""
        expected = self.ledger.expect(self.conversation.whole(self.question.shape))
        log.info("asking %s for about %d tokens", self.choice.model, expected)
        # One repair only: a model that fails twice with its mistakes named rarely gets it right the third time.
        rounds = (True,) if self.question.prompt.objection else (False, True)
        for repaired in rounds:
            text = await self._text()
            try:
                value = self.question.check(self._parse(text))
            except ValidationError as error:
                problem = in_words(error)
            except ValueError as error:
                problem = str(error)
            else:
                return Answer(value, self.ledger.usage(), text, repaired)
            self.conversation.object_to(text, problem)
        raise ModelNonsense("The model gave no usable answer, not even when its mistakes were named.")

    def _parse(self, text: str) -> T:
        found = json_object(text)
        if found is None:
            raise ValueError("The answer holds no complete JSON object.")
        return self.question.shape.model_validate(found)

    async def _text(self) -> str:
        while True:
            self.ledger.sent()
            try:
                reply = await self._exchange()
                self.ledger.add(self.conversation.text(), reply.text, spent=reply.spent)
                return usable(reply)
            except Fault as fault:
                self.ledger.failed(self.conversation.text(), fault.spent)
                await self._recover(fault)
            except asyncio.CancelledError:
                # By the deadline, or by whoever asked: what was said until then will be on the bill.
                self.ledger.cut_off(self.conversation.text(), "".join(self.heard))
                raise

    async def _exchange(self) -> Reply:
        began = monotonic()
        outcome = "failed"
        self.heard = []
        try:
            reply = await self.provider.exchange(
                self.choice, self.conversation, shape=self.question.shape, watch=self._watched
            )
            outcome = "ok"
            return reply
        finally:
            LLM_REQUESTS.labels(self.choice.provider, outcome).inc()
            LLM_SECONDS.labels(self.choice.provider).observe(monotonic() - began)

    async def _watched(self, pieces: list[str]) -> None:
        self.heard = pieces
        if self.watch is not None:
            await self.watch(pieces)

    async def _recover(self, fault: Fault) -> None:
        """Wait until the request may be repeated. Raises the fault's error when it should not be."""
        if fault.plain_may_help and not self.conversation.plain:
            self.conversation.plain = True
            return
        # Counted over the whole ask, so that a repair round does not bring a fresh set of tries.
        self.failures += 1
        if not fault.repeatable or self.failures >= self.tries:
            raise fault.error
        pause = backoff.own(self.failures)
        if fault.wait_s is not None:
            # Never before the time asked for; the spread comes on top.
            pause = fault.wait_s + 0.1 * pause
        left = self.deadline - asyncio.get_running_loop().time()
        if pause > min(LONGEST_WAIT_S, left):
            raise fault.error if fault.wait_s is None else busy(fault.wait_s)
        await self.sleep(pause)


def usable(reply: Reply) -> str:
    """The text of a finished reply. Raises ModelRefused, ModelTooLong, or Fault when it broke off."""
    if reply.finish == "refused":
        raise ModelRefused("The model declined to answer about this issue.")
    if reply.finish == "length":
        raise ModelTooLong("The model stopped at its length limit before the answer was complete.")
    # Servers differ in how they end a stream; one that ended in no way at all and left half an object was cut.
    if not reply.done and not reply.finish and json_object(reply.text) is None:
        raise broken_off()
    return reply.text


def in_words(error: ValidationError) -> str:
    """The first problems as lines `path: message` for the model to read, without the values it sent."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return "\n".join(f"{'.'.join(map(str, e['loc'])) or 'answer'}: {e['msg']}" for e in found[:20])
