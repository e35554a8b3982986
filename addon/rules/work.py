"""Telling, among the lines of a description, pieces of work from conditions that the result has to meet."""

from addon.rules.fold import clip, fold
from addon.rules.lines import is_filler
from addon.rules.marks import FIGURE, WORD
from addon.rules.reading import Reading, Sentence

_FEWEST_WORDS = 4
_MOST_CHARS = 300
_MOST_POINTS = 8


def pieces(reading: Reading) -> list[str]:
    """What can be built by itself: the actions of the wish, else listed points that begin with a verb, else the wish.

    Verbatim; empty when the text only says what it is about.
    """
    listed = [
        line.text
        for line in reading.outline.points
        if not line.section and not line.done and _is_work(reading, line.text)
    ]
    if reading.joined:
        return reading.joined
    if len(listed) > 1:
        return listed
    return [clip(reading.wish.goal)] if reading.wish.goal else []


def _is_work(reading: Reading, text: str) -> bool:
    folded = fold(text).lstrip("*_` ")
    verb = reading.source.patterns["work"].match(folded)
    if verb is None or is_filler(text) or text.rstrip().endswith(":") or reading.shows("extra", text):
        return False
    # "Measure: no more than 2 s" is a heading with its condition.
    return folded[verb.end() :].lstrip(" ")[:1] != ":" and len(WORD.findall(text)) > 1


def checks(reading: Reading) -> list[str]:
    """What can be checked once the work is done: the criteria of the text, else the conditions it names; verbatim."""
    if reading.criteria:
        return reading.criteria
    built, vague = set(pieces(reading)), {vague.statement for vague in reading.vague}
    return [
        sentence.text
        for sentence in reading.sentences
        if _is_condition(reading, sentence) and sentence.text not in built and sentence.text not in vague
    ]


def _is_condition(reading: Reading, sentence: Sentence) -> bool:
    text, line = sentence.text, sentence.line
    if (
        line is None
        or line.done
        or line.kind == "cell"
        or sentence.section not in ("", "notes", "errors", "permissions")
    ):
        return False
    if len(text) > _MOST_CHARS or len(WORD.findall(text)) < _FEWEST_WORDS or text.endswith((":", "?")):
        return False
    if reading.wish.goal and (reading.wish.goal in text or text in reading.wish.goal):
        return False
    if any(reading.shows(sign, text) for sign in ("extra", "plea", "vague.later")):
        return False
    # In a long list of anything, only what is put as a condition is one.
    listed = line.kind == "point" and not sentence.section and len(reading.points) <= _MOST_POINTS
    listed = listed and not _is_work(reading, text)
    return (
        listed
        or bool(FIGURE.search(fold(text)))
        or (reading.shows("bound", text) and not reading.shows("context", text))
    )
