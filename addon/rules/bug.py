"""Bug reports, 0 to 5 for each thing a developer needs to find and prove the fault."""

from addon.results.analysis import Aspect, Score
from addon.rules.fold import clip
from addon.rules.reading import Reading


def scores(reading: Reading) -> list[Score]:
    """One score for each aspect, in order."""
    return [_steps(reading), _told(reading, "expected"), _told(reading, "actual"), *_around(reading)]


def _score(reading: Reading, aspect: Aspect, score: int, phrase: str, quote: str) -> Score:
    """The score; nothing found below a heading that announces it is said as such."""
    empty = reading.outline.empty.get(aspect)
    if not score and empty is not None:
        reason = reading.tongue.say("empty_heading", heading=reading.tongue.quoted(empty))
        return Score(aspect=aspect, quote=clip(empty), reason=reason, score=0)
    return Score(aspect=aspect, quote=clip(quote), reason=reading.tongue.say(f"{aspect}.{phrase}"), score=score)


def _section(reading: Reading, aspect: Aspect) -> str:
    """The first line of the section, "" when there is none or nothing in it."""
    return next((line.text for line in reading.outline.of(aspect)), "") if reading.has(aspect) else ""


def _steps(reading: Reading) -> Score:
    listed = [line for line in reading.outline.of("steps") if line.kind == "point"]
    # Many reports number their steps without a heading.
    numbered = [line for line in reading.outline.points if line.numbered and line.section in ("", "steps")]
    steps = listed if len(listed) > 1 else numbered
    if len(steps) > 1:
        return _score(reading, "steps", 5, "full", steps[0].text)
    told = _section(reading, "steps") or reading.told("told_steps")
    if told:
        return _score(reading, "steps", 3, "some", told)
    return _score(reading, "steps", 0, "none", "")


def _told(reading: Reading, aspect: Aspect) -> Score:
    section = _section(reading, aspect)
    if section:
        return _score(reading, aspect, 5, "full", section)
    told = reading.told(f"told_{aspect}")
    if told:
        return _score(reading, aspect, 3, "some", told)
    return _score(reading, aspect, 0, "none", "")


def _around(reading: Reading) -> list[Score]:
    return [_environment(reading), _reproducible(reading), _impact(reading)]


def _environment(reading: Reading) -> Score:
    section = _section(reading, "environment")
    if section or len(reading.places) > 1:
        return _score(reading, "environment", 5 if reading.places else 4, "full", section or reading.places[0])
    if reading.places:
        return _score(reading, "environment", 3, "some", reading.places[0])
    return _score(reading, "environment", 0, "none", "")


def _reproducible(reading: Reading) -> Score:
    section, sometimes = _section(reading, "reproducible"), reading.told("sometimes")
    always = reading.told("always")
    # "Always" beside "sometimes" tells of a fault that is not understood yet.
    if always and not sometimes:
        return _score(reading, "reproducible", 5, "full", always)
    if sometimes:
        return _score(reading, "reproducible", 3, "some", sometimes)
    if section:
        return _score(reading, "reproducible", 4, "full", section)
    if _steps(reading).score:
        return _score(reading, "reproducible", 2, "steps", "")
    return _score(reading, "reproducible", 0, "none", "")


def _impact(reading: Reading) -> Score:
    section, told = _section(reading, "impact"), reading.told("told_impact")
    if section:
        return _score(reading, "impact", 5, "full", section)
    if told:
        # "All users are blocked" or "40 customers" says how badly; "urgent" alone does not.
        signs = reading.signs("told_impact")
        counted = len(signs) > 1 or any(char.isdigit() for char in signs[0])
        return _score(reading, "impact", 5 if counted else 3, "full" if counted else "some", told)
    return _score(reading, "impact", 0, "none", "")
