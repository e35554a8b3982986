"""What host and AI service say to each other: the question, the answer, the error."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from addon.llm import errors
from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelBusy, ModelError
from addon.llm.prompt import Objection, Prompt
from addon.llm.remote_tokens import Envelope
from addon.llm.tokens import estimate

ROOMS: dict[str, tuple[str, ...]] = {
    "analyze-issue": ("Analysis", "Subtask", "Criterion"),
    "summarize-jql": ("Summary", "JqlAnswer"),
    "acceptance-criteria": ("Criteria",),
    "test-scenarios": ("Scenarios",),
}
"""Route below /ai/ -> names of the types it answers with."""
ROOM_OF = {shape: room for room, shapes in ROOMS.items() for shape in shapes}

_COUNTED = frozenset(each.name for each in fields(Usage))

ERRORS: dict[str, type[ModelError]] = {
    each.code: each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ModelError)
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SentChoice(_Part):
    """A ModelChoice with its key sealed."""

    provider: str
    model: str
    base_url: str | None = None
    sealed_key: str = ""
    context_tokens: int = 16_384
    keep_alive: str = "30m"
    guarded: bool = False
    allowed_hosts: tuple[str, ...] = ()

    @classmethod
    def of(cls, choice: ModelChoice, envelope: Envelope) -> Self:
        known = {name: value for name, value in asdict(choice).items() if name not in ("api_key", "timeout_s")}
        return cls(sealed_key=envelope.seal(choice.api_key), **known)

    def opened(self, envelope: Envelope, *, timeout_s: float) -> ModelChoice:
        """Raises Unauthenticated."""
        known = self.model_dump(exclude={"sealed_key"})
        return ModelChoice(api_key=envelope.open(self.sealed_key), timeout_s=timeout_s, **known)


class SentObjection(_Part):
    answer: str
    problem: str


class SentPrompt(_Part):
    system: str
    user: str
    version: str


class Asked(_Part):
    """One question. shape: one of ROOMS. objection: with it, the question is the round of repair already."""

    choices: Annotated[tuple[SentChoice, ...], Field(min_length=1, max_length=8)]
    prompt: SentPrompt
    shape: str
    objection: SentObjection | None = None
    timeout_s: Annotated[float, Field(gt=0, le=600)]

    @classmethod
    def of(cls, choice: ModelChoice, prompt: Prompt, *, shape: type[BaseModel], envelope: Envelope) -> Self:
        objection = prompt.objection
        return cls(
            choices=(SentChoice.of(choice, envelope),),
            prompt=SentPrompt(system=prompt.system, user=prompt.user, version=prompt.version),
            shape=shape.__name__,
            objection=SentObjection(answer=objection.answer, problem=objection.problem) if objection else None,
            timeout_s=choice.timeout_s,
        )

    def question(self) -> Prompt:
        objection = Objection(self.objection.answer, self.objection.problem) if self.objection else None
        return Prompt(self.prompt.system, self.prompt.user, self.prompt.version, objection)


class Given(_Part):
    """An answer. text: the model's own words. repaired: they were its second attempt."""

    value: dict[str, Any]
    text: str
    repaired: bool
    usage: dict[str, Any]

    @classmethod
    def of(cls, answer: Answer[Any]) -> Self:
        value = answer.value.model_dump(mode="json")
        return cls(value=value, text=answer.text, repaired=answer.repaired, usage=asdict(answer.usage))


def told(error: ModelError) -> dict[str, Any]:
    """The error as it is sent."""
    said: dict[str, Any] = {"error": error.code, "detail": error.detail}
    if error.retry_after_s is not None:
        said["retry_after_s"] = error.retry_after_s
    if error.usage is not None:
        said["usage"] = asdict(error.usage)
    return said


def heard(said: Any) -> ModelError | None:
    """The error as it was on the other side; None for what is no error of a model."""
    if not isinstance(said, Mapping) or said.get("error") not in ERRORS:
        return None
    kind, detail = ERRORS[str(said["error"])], str(said.get("detail", ""))[:500]
    # From outside, though signed for: nothing of it is used unread.
    wait_s = said.get("retry_after_s")
    wait_s = float(wait_s) if isinstance(wait_s, int | float) else None
    error = ModelBusy(detail, retry_after_s=wait_s or 1.0) if kind is ModelBusy else kind(detail, retry_after_s=wait_s)
    error.usage = usage_of(said["usage"]) if said.get("usage") else None
    return error


def usage_of(said: Any) -> Usage | None:
    """None for what is none; what another release counts besides is left out."""
    try:
        return Usage(**{name: value for name, value in said.items() if name in _COUNTED})
    except (AttributeError, TypeError):
        return None


def given_of(said: Any) -> Given | None:
    """None for what is no answer."""
    try:
        return Given.model_validate(said)
    except ValidationError:
        return None


def guessed(choice: ModelChoice, prompt: Prompt, *, partial: dict[str, Any]) -> Usage:
    """What an answer that broke off will be on the bill for, as far as it was heard."""
    return Usage(
        choice.provider,
        choice.model,
        prompt.version,
        input_tokens=estimate(prompt.system + prompt.user),
        output_tokens=estimate(json.dumps(partial)),
        requests=1,
        estimated=True,
    )
