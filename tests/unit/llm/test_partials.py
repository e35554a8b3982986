"""What is shown of an answer before it is whole: at once when there is something, and then not too often."""

import asyncio
from time import monotonic
from typing import Any

import pytest

from addon.llm.choice import ModelChoice
from addon.llm.models import Models
from addon.llm.partial import FIRST_CHARS, INTERVAL_S, MOST_CHARS, Partials
from addon.results.analysis import Analysis
from tests.fake_model import FakeModel
from tests.unit.llm.bench import FOUR, PROMPT


class Shown:
    """What was shown, and when."""

    def __init__(self) -> None:
        self.objects: list[dict[str, Any]] = []
        self.times: list[float] = []

    async def __call__(self, found: dict[str, Any]) -> None:
        self.objects.append(found)
        self.times.append(monotonic())


async def test_first_words_are_shown_as_they_come() -> None:
    shown = Shown()
    partials = Partials(shown)
    pieces: list[str] = []
    for piece in ("{", '"summ', 'ary": ', '"The', " issue"):
        pieces.append(piece)
        await partials(pieces)
    assert shown.objects == [{"summary": "The"}]


async def test_then_there_is_a_pause_between_two_looks() -> None:
    shown = Shown()
    partials = Partials(shown)
    pieces = ['{"a": "x']
    until = monotonic() + 10 * INTERVAL_S
    while monotonic() < until:
        pieces.append("x")
        await partials(pieces)
        await asyncio.sleep(0.002)
    assert 2 <= len(shown.objects) <= 11
    gaps = [after - before for before, after in zip(shown.times, shown.times[1:], strict=False)]
    assert all(gap >= INTERVAL_S * 0.9 for gap in gaps)


async def test_prose_before_the_object_is_not_parsed_at_every_read() -> None:
    shown = Shown()
    partials = Partials(shown)
    await partials(["word " * FIRST_CHARS])
    await partials(["word " * FIRST_CHARS, '{"a": "b'])
    assert shown.objects == []


async def test_nothing_is_shown_twice_or_of_a_text_without_end() -> None:
    shown = Shown()
    partials = Partials(shown)
    await partials(['{"a": 1'])
    await asyncio.sleep(INTERVAL_S)
    await partials(['{"a": 1', " "])
    await asyncio.sleep(INTERVAL_S)
    await partials(['{"a": "', "x" * MOST_CHARS])
    assert shown.objects == [{"a": 1}]


@pytest.mark.parametrize("provider", FOUR)
async def test_first_partial_follows_the_first_token_at_once(provider: str) -> None:
    """On the wire: an answer of two seconds shows its first words in the first part of them."""
    shown = Shown()
    async with FakeModel(latency_s=2.0) as server:
        models = Models()
        server.script("small_pieces")
        choice = ModelChoice(provider, "m", server.url, "k")
        began = monotonic()
        await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value, on_partial=shown)
        took_s = monotonic() - began
        await models.close()
    # However long the way to the first token took here: most of the answer came after it.
    assert shown.times[-1] - shown.times[0] > 0.7
    assert list(shown.objects[0])[:1] == ["nature"]
    assert len(shown.objects[0]) <= 3
    assert 2 <= len(shown.objects) <= took_s / INTERVAL_S + 2
