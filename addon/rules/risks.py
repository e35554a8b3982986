"""What may go wrong, as far as words of the text announce it."""

from collections.abc import Iterator

from addon.results.analysis import Risk, Score, Severity
from addon.rules.fold import short
from addon.rules.lines import order_in
from addon.rules.reading import Reading

MOST = 5
_TOLD = 3


def risks(reading: Reading, scores: list[Score]) -> list[Risk]:
    """Risks, the most severe first."""
    # Severity decides which are kept, not the order in which they were found.
    order = {"high": 0, "medium": 1, "low": 2}
    found = list(_of_bug(reading, scores) if reading.story.is_bug else _of_story(reading, scores))
    orders = next((words for line in reading.outline.lines if (words := order_in(line.text))), "")
    if orders:
        words = reading.tongue.quoted(orders)
        found.append(Risk(text=reading.tongue.say("risk.orders", words=words), severity="high"))
    found += [
        *_of_words(reading, "secret", severity="high"),
        *_of_words(reading, "loss", severity="medium"),
        *_of_words(reading, "outside", severity="medium"),
    ]
    return sorted(found, key=lambda risk: order[risk.severity])[:MOST]


def _of_story(reading: Reading, scores: list[Score]) -> Iterator[Risk]:
    tongue, by_aspect = reading.tongue, {score.aspect: score.score for score in scores}
    if by_aspect["small"] <= 2 and not reading.is_thin:
        yield Risk(text=tongue.say("risk.large"), severity="high")
    if reading.waits:
        yield Risk(text=tongue.say("risk.waits", words=tongue.quoted(short(reading.waits))), severity="medium")
    if not reading.criteria and reading.words:
        yield Risk(text=tongue.say("risk.criteria"), severity="medium")
    vague = [vague.word for vague in reading.vague if vague.kind != "later"]
    if vague:
        words = tongue.quoted(*vague[:4])
        yield Risk(text=tongue.say("risk.vague", words=words), severity="medium" if len(vague) > 2 else "low")


def _of_bug(reading: Reading, scores: list[Score]) -> Iterator[Risk]:
    tongue, by_aspect = reading.tongue, {score.aspect: score for score in scores}
    if by_aspect["steps"].score < _TOLD:
        # Told in half a sentence, the way to the fault may still be guessed.
        severity: Severity = "medium" if by_aspect["steps"].score > 1 else "high"
        yield Risk(text=tongue.say("risk.unseen"), severity=severity)
    sometimes = reading.signs("sometimes")
    if sometimes:
        yield Risk(text=tongue.say("risk.sometimes", words=tongue.quoted(*sometimes)), severity="medium")
    hit = reading.signs("told_impact")
    if hit:
        yield Risk(text=tongue.say("risk.spread", words=tongue.quoted(*hit)), severity="medium")


def _of_words(reading: Reading, sign: str, *, severity: Severity) -> Iterator[Risk]:
    words = reading.signs(sign)
    if words:
        yield Risk(text=reading.tongue.say(f"risk.{sign}", words=reading.tongue.quoted(*words)), severity=severity)
