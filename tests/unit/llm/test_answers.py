"""Every answer a server can give ends in a value or in a named error, after a known number of requests."""

import json
from itertools import pairwise
from time import monotonic

import pytest
from pydantic import BaseModel

from addon.llm import errors
from addon.llm.partial import INTERVAL_S
from addon.llm.schema import wire
from addon.llm.structured import in_words
from addon.llm.tokens import estimate
from addon.results.analysis import INVEST, Analysis
from tests.unit.llm.bench import PROMPT, Bench

pytestmark = pytest.mark.faults

GOOD = [
    *("good", "fenced", "prose", "bom", "thinking", "array", "no_usage", "odd_usage", "no_done", "crlf"),
    *("small_pieces", "whole", "hostile", "invented_quote", "thoughts"),
]

ENDS: list[tuple[str, type[errors.ModelError], int]] = [
    ("bad_schema", errors.ModelNonsense, 2),
    ("wrong_types", errors.ModelNonsense, 2),
    ("extra_fields", errors.ModelNonsense, 2),
    ("truncated", errors.ModelNonsense, 2),
    ("nested", errors.ModelNonsense, 2),
    ("empty", errors.ModelNonsense, 2),
    ("refusal_text", errors.ModelNonsense, 2),
    ("refusal", errors.ModelRefused, 1),
    ("content_filter", errors.ModelRefused, 1),
    ("length", errors.ModelTooLong, 1),
    ("over_long", errors.ModelTooLong, 1),
    ("stream_error", errors.ModelDown, 3),
    ("stream_busy", errors.ModelBusy, 3),
    ("bad_event", errors.ModelDown, 3),
    ("cut", errors.ModelDown, 3),
    ("no_body", errors.ModelDown, 3),
    ("bad_json", errors.ModelDown, 3),
    ("reset", errors.ModelDown, 3),
    ("error_object", errors.ModelDown, 3),
    ("error_object:401", errors.ModelUnauthorized, 1),
    ("error_object:429", errors.ModelBusy, 3),
    ("error_object:rate_limit_exceeded", errors.ModelBusy, 3),
    ("error_object:invalid_api_key", errors.ModelUnauthorized, 1),
    ("html", errors.ModelRejected, 1),
    ("redirect", errors.ModelRejected, 1),
    ("status:400", errors.ModelRejected, 2),
    ("status:400:code=context_length_exceeded", errors.ModelTooLong, 1),
    ("status:400:code=API_KEY_INVALID", errors.ModelUnauthorized, 1),
    ("status:400:message=your credit balance is too low", errors.ModelRejected, 2),
    ("status:400:message=exceeds the available context size", errors.ModelTooLong, 1),
    ("status:401", errors.ModelUnauthorized, 1),
    ("status:403", errors.ModelUnauthorized, 1),
    ("status:404", errors.ModelRejected, 1),
    ("status:413", errors.ModelTooLong, 1),
    ("status:429", errors.ModelBusy, 3),
    ("status:429:code=insufficient_quota", errors.ModelRejected, 1),
    ("status:500", errors.ModelDown, 3),
    ("status:502", errors.ModelDown, 3),
    ("status:503", errors.ModelDown, 3),
    ("status:529", errors.ModelDown, 3),
]


BY_OLLAMA: dict[str, tuple[type[errors.ModelError], int]] = {
    "refusal": (errors.ModelNonsense, 2),
    "error_object:401": (errors.ModelDown, 3),
    "error_object:429": (errors.ModelDown, 3),
}
"""Its models decline in words alone, and its errors within an answer have no codes."""


@pytest.mark.parametrize("behaviour", GOOD)
async def test_answer_is_read_in_spite_of_its_wrapping(bench: Bench, behaviour: str) -> None:
    answer = await bench.ask(behaviour)
    assert [score.aspect for score in answer.value.scores] == list(INVEST)
    assert len(bench.server.requests) == answer.usage.requests == 1


@pytest.mark.parametrize(("behaviour", "error", "requests"), ENDS)
async def test_bad_answer_ends_in_its_named_error(
    bench: Bench, behaviour: str, error: type[errors.ModelError], requests: int
) -> None:
    if bench.provider == "ollama":
        behaviour = "refusal" if behaviour == "content_filter" else behaviour
        error, requests = BY_OLLAMA.get(behaviour, (error, requests))
    bench.server.default = behaviour
    failure = await bench.failure()
    assert type(failure) is error
    assert len(bench.server.requests) == requests
    assert failure.usage is not None
    assert failure.usage.requests == requests
    assert failure.detail.endswith((".", "!"))
    assert "sk-test" not in repr(failure)


@pytest.mark.parametrize(
    "behaviour", ["bad_schema", "wrong_types", "extra_fields", "truncated", "nested", "empty", "refusal_text"]
)
async def test_useless_answer_is_repaired_in_one_round(bench: Bench, behaviour: str) -> None:
    answer = await bench.ask(behaviour, "good")
    assert answer.value.scores
    assert answer.usage.requests == 2
    first, second = bench.server.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert "cannot be used" in second.messages[-1]["content"]
    assert all(message["content"] for message in second.messages)


async def test_repair_names_the_wrong_fields_without_addresses_of_pydantic(bench: Bench) -> None:
    await bench.ask("wrong_types", "good")
    said = bench.server.requests[1].messages[-1]["content"]
    assert "scores: " in said
    assert "labels: " in said
    assert "http" not in said
    assert "five" not in said


async def test_check_may_clean_the_value(bench: Bench) -> None:
    answer = await bench.models.ask(
        bench.choice(), PROMPT, shape=Analysis, check=lambda value: value.model_copy(update={"labels": ["clean"]})
    )
    assert answer.value.labels == ["clean"]


async def test_words_of_a_failed_check_are_told_to_the_model(bench: Bench) -> None:
    seen = []

    def check(value: Analysis) -> Analysis:
        seen.append(value)
        if len(seen) == 1:
            raise ValueError("the third quote is invented")
        return value

    await bench.models.ask(bench.choice(), PROMPT, shape=Analysis, check=check)
    assert len(seen) == 2
    assert "the third quote is invented" in bench.server.requests[1].messages[-1]["content"]


async def test_tokens_are_estimated_before_anything_is_sent(bench: Bench) -> None:
    usage = (await bench.ask("good")).usage
    assert usage.expected_input_tokens > estimate(json.dumps(wire(Analysis)))


async def test_usage_is_summed_over_the_repair_round(bench: Bench) -> None:
    once = (await bench.ask("good")).usage
    twice = (await bench.ask("bad_schema", "good")).usage
    assert (once.input_tokens, twice.input_tokens) == (100, 200)
    assert twice.output_tokens > once.output_tokens
    assert not twice.estimated


@pytest.mark.parametrize("behaviour", ["no_usage", "odd_usage", "zero_usage", "no_done"])
async def test_usage_is_estimated_when_the_server_gives_none(bench: Bench, behaviour: str) -> None:
    usage = (await bench.ask(behaviour)).usage
    assert usage.estimated
    assert usage.input_tokens >= 20
    assert usage.output_tokens > 100


@pytest.mark.parametrize("behaviour", ["stream_error", "cut:900", "stall"])
async def test_text_streamed_before_a_break_or_the_deadline_is_on_the_bill(bench: Bench, behaviour: str) -> None:
    bench.server.default = behaviour
    usage = (await bench.failure(timeout_s=0.8)).usage
    assert usage is not None
    assert usage.output_tokens > 100
    assert usage.estimated


async def test_question_a_server_thought_about_until_the_deadline_is_on_the_bill(bench: Bench) -> None:
    usage = (await bench.failure("hang", timeout_s=0.5)).usage
    assert usage is not None
    assert (usage.input_tokens > 20, usage.output_tokens, usage.estimated) == (True, 0, True)


async def test_rambling_is_cut_off_before_it_costs_much_and_is_on_the_bill(bench: Bench) -> None:
    failure = await bench.failure("over_long")
    assert isinstance(failure, errors.ModelTooLong)
    assert failure.usage is not None
    assert 10_000 < failure.usage.output_tokens < 25_000


async def test_unwritable_key_is_an_unauthorized_model(bench: Bench) -> None:
    failure = await bench.failure(api_key="clé secrète")
    assert isinstance(failure, errors.ModelUnauthorized)
    assert not bench.server.requests


async def test_server_without_schemas_is_asked_in_words_and_remembered(bench: Bench) -> None:
    bench.server.default = "no_schema"
    assert (await bench.ask()).value.scores
    assert (await bench.ask()).value.scores
    first, second, third = bench.server.requests
    assert [first.has_schema, second.has_schema, third.has_schema] == [True, False, False]
    assert json.dumps("additionalProperties") in second.messages[0]["content"]


async def test_partial_objects_grow(bench: Bench) -> None:
    bench.server.latency_s = 1.5
    seen: list[dict[str, object]] = []

    async def note(partial: dict[str, object]) -> None:
        seen.append(partial)

    began = monotonic()
    await bench.models.ask(bench.choice(), PROMPT, shape=Analysis, check=lambda value: value, on_partial=note)
    assert 2 <= len(seen) <= (monotonic() - began) / INTERVAL_S + 2
    assert all(len(str(left)) <= len(str(right)) for left, right in pairwise(seen))


async def test_probe_says_how_long_it_took(bench: Bench) -> None:
    assert (await bench.models.probe(bench.choice())).startswith("m-1 answered in ")


async def test_probe_fails_at_once(bench: Bench) -> None:
    bench.server.script("status:500")
    with pytest.raises(errors.ModelDown):
        await bench.models.probe(bench.choice())
    assert len(bench.server.requests) == 1


async def test_unreachable_server_is_a_model_that_is_down(bench: Bench) -> None:
    failure = await bench.failure(base_url="http://127.0.0.1:9/v1")
    assert isinstance(failure, errors.ModelDown)
    assert len(bench.pauses) == 2


@pytest.mark.parametrize("address", ["not a url", "http://", "localhost:11434", "http://[::1"])
async def test_nonsense_address_is_a_named_error(bench: Bench, address: str) -> None:
    assert isinstance(await bench.failure(base_url=address), errors.ModelError)


def test_validation_problems_are_told_without_values() -> None:
    class Small(BaseModel):
        number: int

    with pytest.raises(ValueError, match="number") as caught:
        Small.model_validate({"number": "canary"})
    assert "canary" not in in_words(caught.value)  # type: ignore[arg-type]
