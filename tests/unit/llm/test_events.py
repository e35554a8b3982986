"""Single events of each wire: whatever stands in one ends in text, in a fact about the answer, or in a Fault."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.llm import anthropic, gemini, ollama, openai
from addon.llm.errors import ModelBusy, ModelDown, ModelRefused, ModelTooLong, ModelUnauthorized
from addon.llm.faults import Fault
from addon.llm.reply import MOST_ANSWER_CHARS, Reply
from addon.llm.structured import usable

TAKES = {"openai": openai.take, "ollama": ollama.take, "anthropic": anthropic.take, "gemini": gemini.take}
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("choices", "delta", "message", "content", "finish_reason", "usage", "error", "type", "candidates", "parts"),
    *("text", "thought", "finishReason", "promptFeedback", "usageMetadata", "done", "done_reason", "stop_reason"),
]


def replied(provider: str, *events: Any) -> Reply:
    reply = Reply()
    for event in events:
        TAKES[provider](reply, json.dumps(event).encode())
    return reply


@pytest.mark.parametrize("provider", TAKES)
@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), VALUES | st.dictionaries(st.sampled_from(FIELDS), VALUES), max_size=4))
def test_no_event_ends_in_anything_but_a_fault(provider: str, event: dict[str, Any]) -> None:
    _taken(lambda: replied(provider, event))


@pytest.mark.parametrize("provider", TAKES)
@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_end_in_anything_but_a_fault(provider: str, data: bytes) -> None:
    _taken(lambda: TAKES[provider](Reply(), data))


def _taken(take: Callable[[], object]) -> None:
    with contextlib.suppress(Fault):
        take()


@pytest.mark.parametrize(
    ("provider", "events", "error"),
    [
        ("openai", [{"choices": [{"delta": {"refusal": "No"}}]}], ModelRefused),
        ("openai", [{"choices": [{"delta": {}, "finish_reason": "content_filter"}]}], ModelRefused),
        (
            "openai",
            [
                {"choices": [{"delta": {"refusal": "No"}}]},
                {"choices": [{"delta": {}, "finish_reason": "stop"}]},
            ],
            ModelRefused,
        ),
        ("openai", [{"choices": [{"delta": {"content": "{"}, "finish_reason": "length"}]}], ModelTooLong),
        ("ollama", [{"message": {"content": "{"}, "done": True, "done_reason": "length"}], ModelTooLong),
        ("anthropic", [{"type": "message_delta", "delta": {"stop_reason": "refusal"}}], ModelRefused),
        ("anthropic", [{"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}], ModelTooLong),
        (
            "anthropic",
            [{"type": "message_delta", "delta": {"stop_reason": "model_context_window_exceeded"}}],
            ModelTooLong,
        ),
        ("gemini", [{"promptFeedback": {"blockReason": "SAFETY"}}], ModelRefused),
        *(
            ("gemini", [{"candidates": [{"finishReason": reason}]}], ModelRefused)
            for reason in ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "SOMETHING_NEW")
        ),
        ("gemini", [{"candidates": [{"finishReason": "MAX_TOKENS"}]}], ModelTooLong),
    ],
)  # fmt: skip
def test_reasons_to_stop_are_named_errors(provider: str, events: list[Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        usable(replied(provider, *events))


@pytest.mark.parametrize(
    ("provider", "event", "error"),
    [
        ("openai", {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, ModelBusy),
        ("openai", {"error": {"message": "bad key", "code": "invalid_api_key"}}, ModelUnauthorized),
        ("openai", {"error": "went wrong"}, ModelDown),
        ("ollama", {"error": "an error was encountered while running the model"}, ModelDown),
        ("ollama", {"error": {"code": 503}}, ModelDown),
        ("anthropic", {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, ModelDown),
        ("anthropic", {"type": "error", "error": {"type": "rate_limit_error", "message": "x"}}, ModelBusy),
        ("anthropic", {"type": "error", "error": {"type": "authentication_error", "message": "x"}}, ModelUnauthorized),
        ("gemini", {"error": {"code": 503, "status": "UNAVAILABLE", "message": "x"}}, ModelDown),
        ("gemini", {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "x"}}, ModelBusy),
        ("gemini", {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID"}}, ModelUnauthorized),
    ],
)
def test_errors_inside_an_answer_are_the_same_as_outside(provider: str, event: Any, error: type[Exception]) -> None:
    with pytest.raises(Fault) as caught:
        replied(provider, event)
    assert type(caught.value.error) is error


def test_what_a_model_thinks_is_no_part_of_its_answer() -> None:
    thoughts = [
        ("openai", {"choices": [{"delta": {"reasoning_content": "hm"}}]}),
        ("ollama", {"message": {"content": "", "thinking": "hm"}}),
        ("anthropic", {"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}}),
        ("anthropic", {"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "hm"}}),
        ("gemini", {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}]}),
    ]
    assert [replied(provider, event).text for provider, event in thoughts] == [""] * 5


def test_thoughts_of_gemini_and_the_cache_of_anthropic_are_paid_for() -> None:
    spent = replied("gemini", {"usageMetadata": {"promptTokenCount": 7, "thoughtsTokenCount": 5}}).spent
    assert spent is not None
    assert (spent.input_tokens, spent.output_tokens) == (7, 5)
    told = {"input_tokens": 1, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 300, "output_tokens": 1}
    begun = {"type": "message_start", "message": {"usage": told}}
    spent = replied("anthropic", begun, {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 9}}).spent
    assert spent is not None
    assert (spent.input_tokens, spent.output_tokens) == (321, 9)


@pytest.mark.parametrize("provider", TAKES)
def test_too_much_text_is_a_fault(provider: str) -> None:
    half = "x" * (MOST_ANSWER_CHARS // 2 + 1)
    events = {
        "openai": {"choices": [{"delta": {"content": half}}]},
        "ollama": {"message": {"content": half}},
        "anthropic": {"type": "content_block_delta", "delta": {"text": half}},
        "gemini": {"candidates": [{"content": {"parts": [{"text": half}]}}]},
    }
    with pytest.raises(Fault) as caught:
        replied(provider, events[provider], events[provider])
    assert isinstance(caught.value.error, ModelTooLong)
