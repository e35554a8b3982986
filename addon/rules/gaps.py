"""What the issue does not say, and the questions that would fill it."""

from collections.abc import Iterator

from addon.results.analysis import BUG_ASPECTS, Aspect, Missing, Score
from addon.rules.reading import Reading

MOST_MISSING = 6
MOST_QUESTIONS = 7
LISTED = 4
"""So many points beside the criteria make it worth saying what is out of scope."""
FEW = 2
"""At most this score means that the aspect is still to be asked for."""
_OF_BUGS = ("speed", "amount", "later")
"""Kinds of words worth a question in a bug report, which asks for nothing new."""


def lacking(found: list[Score]) -> list[Aspect]:
    """Aspects the report says too little about, in order of BUG_ASPECTS."""
    weak = {score.aspect for score in found if score.score <= FEW}
    return [score.aspect for score in found if score.aspect in weak and score.aspect in BUG_ASPECTS]


def absent(reading: Reading) -> list[str]:
    """Names of what this story should say but does not, most important first."""
    return [name for name, is_absent in _absent(reading) if is_absent]


def missing(reading: Reading, names: list[str]) -> list[Missing]:
    """What somebody will ask for before or during the work."""
    return [_missing(reading, name) for name in names[:MOST_MISSING]]


def _missing(reading: Reading, name: str) -> Missing:
    sign = {"permissions": "data", "data": "input"}.get(name)
    words = reading.tongue.quoted(*reading.signs(sign)) if sign else ""
    tongue = reading.tongue
    return Missing(what=tongue.say(f"missing.{name}"), why=tongue.say(f"missing.{name}.why", words=words))


def _absent(reading: Reading) -> Iterator[tuple[str, bool]]:
    """Sections a story is expected to have, and whether this one should but does not."""
    whole, story, told = reading.is_whole, reading.story, bool(reading.words)
    yield "text", not told
    yield "role", told and not story.is_subtask and not reading.is_task and not reading.who
    yield "benefit", told and not story.is_subtask and not reading.is_task and not reading.purpose
    yield "reason", told and not story.is_subtask and reading.is_task and not reading.purpose
    yield "criteria", told and not reading.criteria
    yield "errors", told and whole and not reading.has("errors") and not reading.told("error")
    yield (
        "permissions",
        told and whole and bool(reading.told("data")) and not reading.has("permissions") and not reading.told("right"),
    )
    yield (
        "data",
        told and whole and bool(reading.told("input")) and not reading.has("data") and not reading.told("exact"),
    )
    # Asking a three-line wish for its limits would be noise.
    loose = sum(not line.section for line in reading.outline.points)
    yield "scope", whole and loose >= LISTED and not reading.has("scope")


def questions(reading: Reading, names: list[str], *, scores: list[Score]) -> list[str]:
    """Questions to the author, each answerable in a sentence. names: what is missing."""
    asked = _about_bug(reading, scores) if reading.story.is_bug else _about_story(reading, set(names))
    return list(dict.fromkeys(asked))[:MOST_QUESTIONS]


def _about_bug(reading: Reading, scores: list[Score]) -> Iterator[str]:
    for aspect in lacking(scores):
        yield reading.tongue.say(f"ask.{aspect}")
    if any(score.aspect == "reproducible" and score.score == 3 for score in scores):
        yield reading.tongue.say("ask.reproducible")
    yield from _about_words(reading, bug=True)


def _about_story(reading: Reading, names: set[str]) -> Iterator[str]:
    tongue, topic = reading.tongue, reading.tongue.quoted(reading.topic)
    if "text" in names and not reading.wish.goal:
        yield tongue.say("ask.text.task" if reading.is_task else "ask.text")
    if reading.wish.count > 1:
        yield tongue.say("ask.stories", count=reading.wish.count)
    elif reading.joined:
        yield tongue.say("ask.split", goal=tongue.quoted(reading.aim))
    for name in ("role", "benefit", "reason"):
        if name in names:
            yield tongue.say(f"ask.{name}")
    yield from _about_words(reading, bug=False)
    if reading.waits:
        yield tongue.say("ask.waits", words=tongue.quoted(reading.waits[:200]))
    for name in ("criteria", "errors"):
        if name in names and reading.topic:
            of_task = ".task" if name == "criteria" and reading.is_task else ""
            yield tongue.say(f"ask.{name}{of_task}", goal=topic)
    if "permissions" in names:
        yield tongue.say("ask.permissions")
    if reading.brackets:
        yield tongue.say("ask.brackets", words=tongue.quoted(reading.brackets[0]))


def _about_words(reading: Reading, *, bug: bool) -> Iterator[str]:
    """One question for each kind of word without a measure."""
    kinds: dict[str, list[str]] = {}
    for vague in reading.vague:
        if not bug or vague.kind in _OF_BUGS:
            kinds.setdefault(vague.kind, []).append(vague.word)
    # Grouped, because five questions on five adjectives read like a reprimand.
    for kind, words in list(kinds.items())[:4]:
        which = ".which" if bug and kind == "amount" else ""
        yield reading.tongue.say(f"ask.vague.{kind}{which}", words=reading.tongue.quoted(*words[:3]))
