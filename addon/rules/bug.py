"""Bug reports, 0 to 5 for each thing a developer needs to find and prove the fault."""

import re

from addon.results.analysis import Aspect, Score
from addon.rules.fold import clip, fold
from addon.rules.lines import Line, is_filler
from addon.rules.reading import Reading

MOST_STEPS = 15
"""Steps of one test."""

_EXACT = re.compile(r"[\"“«`]|\d")
"""Marks of a message or a value in what is told."""
_WORD = re.compile(r"\w+")


def scores(reading: Reading) -> list[Score]:
    """One score for each aspect, in order."""
    steps = _steps(reading)
    told = [steps, _expected(reading), _actual(reading), _environment(reading)]
    return [*told, _reproducible(reading, steps.score), _impact(reading)]


def _score(reading: Reading, aspect: Aspect, *, score: int, phrase: str, quote: str, **parts: object) -> Score:
    """The score; nothing found below a heading that announces it is said as such."""
    empty = reading.outline.empty.get(aspect)
    if not score and empty is not None:
        reason = reading.tongue.say("empty_heading", heading=reading.tongue.quoted(empty))
        return Score(aspect=aspect, quote=clip(empty), reason=reason, score=0)
    return Score(
        aspect=aspect, quote=clip(quote), reason=reading.tongue.say(f"{aspect}.{phrase}", **parts), score=score
    )


def _section(reading: Reading, aspect: Aspect) -> str:
    """The first line of the section, "" when there is none or nothing in it."""
    return next((line.text for line in reading.outline.of(aspect)), "") if reading.has(aspect) else ""


def _points(reading: Reading) -> list[Line]:
    listed = [line for line in reading.outline.of("steps") if line.kind == "point"]
    # Many reports number their steps without a heading.
    numbered = [line for line in reading.outline.points if line.numbered and line.section in ("", "steps")]
    return listed if len(listed) > 1 else numbered


def listed_steps(reading: Reading) -> list[str]:
    """The steps that a report lists or numbers, verbatim, at most MOST_STEPS; none where it tells them in prose."""
    found = [line for line in _points(reading) if not is_filler(line.text)]
    # A list that is longer than a test may be is no longer the way to the fault when it is cut.
    return [line.text for line in found] if 1 < len(found) <= MOST_STEPS else []


def _steps(reading: Reading) -> Score:
    steps = _points(reading)
    if len(steps) > 1:
        return _score(reading, "steps", score=5, phrase="full", quote=steps[0].text)
    section, deeds = _section(reading, "steps"), reading.deeds
    if len(deeds) > 1:
        return _score(reading, "steps", score=4, phrase="prose", quote=deeds[0])
    one = section or (deeds[0] if deeds else "") or _described(reading, "told_steps", "attempt")
    if one:
        return _score(reading, "steps", score=3, phrase="some", quote=one)
    tried = _described(reading, "attempt")
    if tried:
        return _score(reading, "steps", score=1, phrase="tried", quote=tried)
    situation = reading.told("told_steps")
    return (
        _score(reading, "steps", score=2, phrase="situation", quote=situation)
        if situation
        else _score(reading, "steps", score=0, phrase="none", quote="")
    )


def _described(reading: Reading, sign: str, *without: str) -> str:
    """The first sentence of the description with a sign and without others; pleas are not heard."""
    return next(
        (
            s.text
            for s in reading.sentences
            if s.line
            and s.line.kind != "cell"
            and reading.shows(sign, s.text)
            and not any(reading.shows(other, s.text) for other in (*without, "plea"))
        ),
        "",
    )


def _expected(reading: Reading) -> Score:
    section = _section(reading, "expected")
    if section:
        return _score(reading, "expected", score=5, phrase="full", quote=section)
    # A sentence that speaks of nothing else says it as well as a section would.
    clear = _described(reading, "told_expected", "told_actual")
    if clear:
        return _score(reading, "expected", score=4, phrase="full", quote=clear)
    hint = _described(reading, "told_expected")
    return (
        _score(reading, "expected", score=3, phrase="some", quote=hint)
        if hint
        else _score(reading, "expected", score=0, phrase="none", quote="")
    )


def _actual(reading: Reading) -> Score:
    section = _section(reading, "actual")
    if section and not _is_hollow(reading, section):
        return _score(reading, "actual", score=5, phrase="full", quote=section)
    told = _described(reading, "told_actual", "hollow", "told_expected") or _described(reading, "told_actual", "hollow")
    if told:
        exact = bool(_EXACT.search(told)) and not reading.shows("attempt", told)
        return _score(reading, "actual", score=4 if exact else 3, phrase="full" if exact else "some", quote=told)
    hollow = _described(reading, "hollow")
    title = reading.story.summary
    if reading.shows("told_actual", title) and not _is_hollow(reading, title):
        return _score(reading, "actual", score=3, phrase="some", quote=title)
    if hollow or reading.shows("told_actual", title):
        return _score(reading, "actual", score=1, phrase="hollow", quote=hollow or title)
    return _score(reading, "actual", score=0, phrase="none", quote="")


def _is_hollow(reading: Reading, text: str) -> bool:
    """True when the text says that something does not work and hardly anything else."""
    found = reading.source.patterns["hollow"].search(fold(text))
    return found is not None and len(_WORD.findall(text[: found.start()] + text[found.end() :])) < 5


def _environment(reading: Reading) -> Score:
    section, named = _section(reading, "environment"), reading.places
    words = reading.tongue.quoted(*(place.word for place in named))
    # A version says little without what it runs on, a browser little without the version of the product.
    kinds = {place.kind for place in named}
    full = "version" in kinds and len(kinds) > 1
    if full or section:
        quote = _fullest(reading) or section
        score, phrase = (5, "named") if full or named else (4, "full")
        return _score(reading, "environment", score=score, phrase=phrase, quote=quote, words=words)
    if len(kinds) > 1:
        return _score(reading, "environment", score=4, phrase="place", quote=_fullest(reading), words=words)
    if named:
        phrase = "version" if kinds == {"version"} else "place"
        return _score(reading, "environment", score=3, phrase=phrase, quote=named[0].statement, words=words)
    return _score(reading, "environment", score=0, phrase="none", quote="")


def _fullest(reading: Reading) -> str:
    """The statement that names most of the environment."""
    statements = [place.statement for place in reading.places]
    return max(statements, key=statements.count, default="")


def _reproducible(reading: Reading, steps: int) -> Score:
    section, sometimes = _section(reading, "reproducible"), reading.told("sometimes")
    always, since = reading.told("always"), reading.told("since")
    # "Always" beside "sometimes" tells of a fault that is not understood yet.
    if always and not sometimes:
        return _score(reading, "reproducible", score=5, phrase="full", quote=always)
    if sometimes:
        return _score(reading, "reproducible", score=3, phrase="some", quote=sometimes)
    if section:
        return _score(reading, "reproducible", score=4, phrase="full", quote=section)
    if since:
        return _score(reading, "reproducible", score=3, phrase="since", quote=since)
    if steps > 2:
        return _score(reading, "reproducible", score=2, phrase="steps", quote="")
    return _score(reading, "reproducible", score=0, phrase="none", quote="")


def _hit(reading: Reading) -> str:
    """The statement that says whom the fault hits, one that counts them before others."""
    hits = reading.source.patterns["told_impact"]
    told = [(statement, hit[0]) for statement in reading.statements if (hit := hits.search(fold(statement)))]
    counted = (statement for statement, words in told if any(char.isdigit() for char in words))
    return next(counted, told[0][0] if told else "")


def _impact(reading: Reading) -> Score:
    section, told = _section(reading, "impact"), _hit(reading)
    if section:
        return _score(reading, "impact", score=5, phrase="full", quote=section)
    if told:
        # "All users are blocked" or "40 customers" says how badly; "urgent" alone does not.
        signs = reading.signs("told_impact")
        counted = len(signs) > 1 or any(char.isdigit() for char in signs[0])
        return _score(reading, "impact", score=5 if counted else 3, phrase="full" if counted else "some", quote=told)
    return _score(reading, "impact", score=0, phrase="none", quote="")
