"""What the issue does not say, and the questions that would fill it."""

from collections.abc import Iterator

from addon.results.analysis import BUG_ASPECTS, Aspect, Missing, Score
from addon.rules.reading import Reading

MOST_MISSING = 6
MOST_QUESTIONS = 7
LISTED = 3
"""So many points make it worth saying what is out of scope."""


FEW = 2
"""At most this score means that the aspect is still to be asked for."""


def lacking(found: list[Score]) -> list[Aspect]:
    """Aspects the report says too little about, in order of BUG_ASPECTS."""
    weak = {score.aspect for score in found if score.score <= FEW}
    return [score.aspect for score in found if score.aspect in weak and score.aspect in BUG_ASPECTS]


def missing(reading: Reading, scores: list[Score]) -> list[Missing]:
    """What somebody will ask for before or during the work, most important first."""
    names = lacking(scores) if reading.story.is_bug else [name for name, absent in _absent(reading) if absent]
    return [_missing(reading, name) for name in names[:MOST_MISSING]]


def _missing(reading: Reading, name: str) -> Missing:
    sign = {"permissions": "data", "data": "input"}.get(name)
    words = reading.tongue.quoted(*reading.signs(sign)) if sign else ""
    tongue = reading.tongue
    return Missing(what=tongue.say(f"missing.{name}"), why=tongue.say(f"missing.{name}.why", words=words))


def _absent(reading: Reading) -> Iterator[tuple[str, bool]]:
    """Sections a story is expected to have, and whether this one should but does not."""
    whole = not reading.story.is_subtask
    told = bool(reading.words)
    yield "text", not told
    yield "role", whole and told and not reading.wish.role
    yield "benefit", whole and told and not reading.purpose
    yield "criteria", not reading.criteria
    yield "errors", told and not reading.has("errors") and not reading.told("error")
    yield "permissions", bool(reading.told("data")) and not reading.has("permissions") and not reading.told("right")
    yield "data", bool(reading.told("input")) and not reading.has("data") and not reading.told("exact")
    # Asking a three-line wish for its limits would be noise.
    yield "scope", whole and not reading.has("scope") and len(reading.points) >= LISTED


def questions(reading: Reading, lacks: list[Missing], scores: list[Score]) -> list[str]:
    """Questions to the author, each answerable in a sentence."""
    asked = _about_bug(reading, scores) if reading.story.is_bug else _about_story(reading, lacks)
    return list(dict.fromkeys(asked))[:MOST_QUESTIONS]


def _about_bug(reading: Reading, scores: list[Score]) -> Iterator[str]:
    for aspect in lacking(scores):
        yield reading.tongue.say(f"ask.{aspect}")
    if any(score.aspect == "reproducible" and score.score == 3 for score in scores):
        yield reading.tongue.say("ask.reproducible")
    yield from _about_words(reading)


def _about_story(reading: Reading, lacks: list[Missing]) -> Iterator[str]:
    tongue = reading.tongue
    aim = tongue.quoted(reading.aim)
    absent = {item.what for item in lacks}

    def lacking_one(name: str) -> bool:
        return tongue.say(f"missing.{name}") in absent

    if lacking_one("text") and not reading.wish.goal:
        yield tongue.say("ask.text")
    if reading.wish.count > 1:
        yield tongue.say("ask.stories", count=reading.wish.count)
    elif reading.joined:
        yield tongue.say("ask.split", goal=aim)
    for name in ("role", "benefit"):
        if lacking_one(name):
            yield tongue.say(f"ask.{name}")
    yield from _about_words(reading)
    if reading.waits:
        yield tongue.say("ask.waits", words=tongue.quoted(reading.waits[:200]))
    for name in ("criteria", "errors"):
        if lacking_one(name) and reading.aim:
            yield tongue.say(f"ask.{name}", goal=aim)
    if lacking_one("permissions"):
        yield tongue.say("ask.permissions")
    if reading.brackets:
        yield tongue.say("ask.brackets", words=tongue.quoted(reading.brackets[0]))


def _about_words(reading: Reading) -> Iterator[str]:
    """One question for each kind of word without a measure."""
    kinds: dict[str, list[str]] = {}
    for vague in reading.vague:
        kinds.setdefault(vague.kind, []).append(vague.word)
    # Grouped, because five questions on five adjectives read like a reprimand.
    for kind, words in list(kinds.items())[:4]:
        yield reading.tongue.say(f"ask.vague.{kind}", words=reading.tongue.quoted(*words[:3]))
