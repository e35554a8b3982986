"""INVEST, 0 to 5 each, from what can be seen in the text."""

from collections.abc import Sequence

from addon.results.analysis import Aspect, Score
from addon.rules.fold import clip, fold
from addon.rules.gaps import absent
from addon.rules.reading import Reading
from addon.rules.work import checks

MANY_POINTS = 8
TOO_MANY_POINTS = 15
_SOME_WORDS = 40
LONG_WORDS = 500
TOO_LONG_WORDS = 1200


def scores(reading: Reading) -> list[Score]:
    """One score for each letter, in order. A quote is evidence; what the text is silent about has none."""
    return [judge(reading) for judge in (_independent, _negotiable, _valuable, _estimable, _small, _testable)]


def _score(reading: Reading, aspect: Aspect, score: int, phrase: str, quote: str, **parts: object) -> Score:
    reason = reading.tongue.say(f"{aspect}.{phrase}", **parts)
    return Score(aspect=aspect, quote=clip(quote), reason=reason, score=score)


def _independent(reading: Reading) -> Score:
    free = reading.told("alone")
    if free:
        return _score(reading, "independent", 5, "free", free)
    if reading.waits:
        return _score(reading, "independent", 2, "waits", reading.waits)
    if reading.is_thin:
        return _score(reading, "independent", 1, "thin", "")
    return _score(reading, "independent", 4, "silent", "")


def _negotiable(reading: Reading) -> Score:
    left = reading.told("open")
    if left:
        return _score(reading, "negotiable", 5, "open", left)
    if reading.solutions and reading.is_task:
        # Of technical work the technique is the subject, not a decision taken too early.
        return _score(reading, "negotiable", 4, "task", "")
    if reading.solutions:
        words = reading.tongue.quoted(*(word for word, _ in reading.solutions[:3]))
        score = 3 if len(reading.solutions) < 3 else 2
        return _score(reading, "negotiable", score, "solution", reading.solutions[0][1], words=words)
    if reading.is_thin and not reading.wish.goal:
        return _score(reading, "negotiable", 1, "thin", "")
    return _score(reading, "negotiable", 4, "task" if reading.is_task else "silent", "")


def _valuable(reading: Reading) -> Score:
    wish = reading.wish
    if wish.benefit and _repeats(wish.goal, wish.benefit):
        return _score(reading, "valuable", 2, "circular", wish.benefit)
    if reading.story.is_subtask and not reading.purpose:
        return _score(reading, "valuable", 3, "subtask", "")
    if reading.is_task:
        told = reading.purpose
        return _score(reading, "valuable", 4 if told else 2, "reason" if told else "unreasoned", told)
    if reading.purpose:
        how = (5, "full") if wish.role else (4, "named") if reading.who else (4, "benefit")
        return _score(reading, "valuable", *how, reading.purpose)
    if reading.who:
        return _score(reading, "valuable", 3 if wish.role else 2, "role", reading.who)
    return _score(reading, "valuable", 1, "none", "")


def _repeats(goal: str, benefit: str) -> bool:
    """True when the reason says nothing the wish has not said: nearly all its longer words are there already."""
    # Articles and prepositions are shared by any two clauses.
    words = [word for word in fold(benefit).split() if len(word) > 3]
    known = set(fold(goal).split())
    return bool(words) and sum(word in known for word in words) >= 0.8 * len(words)


def _estimable(reading: Reading) -> Score:
    # Looked at from the worst to the best, so that the reason names what would help most.
    later = next((vague for vague in reading.vague if vague.kind == "later"), None)
    if reading.is_thin:
        return _score(reading, "estimable", 1, "thin", "")
    if later is not None:
        return _score(reading, "estimable", 2, "later", later.statement)
    if reading.vague:
        most = 3 if len(reading.vague) < 3 else 2
        words = reading.tongue.quoted(*(vague.word for vague in reading.vague[:3]))
        return _score(
            reading, "estimable", most + bool(reading.criteria), "vague", reading.vague[0].statement, words=words
        )
    lacks = [reading.tongue.say(f"lacks.{name}") for name in absent(reading)]
    if not lacks:
        return _score(reading, "estimable", 5, "clear", "")
    score = 4 if reading.criteria else 3 if reading.words >= _SOME_WORDS or checks(reading) else 2
    return _score(reading, "estimable", score, "lacks", "", what=reading.tongue.listed(lacks[:3]))


def _small(reading: Reading) -> Score:
    points, words = len(reading.points), reading.words
    if reading.story.level > 0:
        return _score(
            reading, "small", 4 if points > 1 else 3, "epic" if points > 1 else "epic_whole", "", count=points
        )
    # Counted from the strongest sign of too much to the weakest.
    if reading.wish.count > 1:
        return _score(reading, "small", 2, "stories", reading.wish.goal, count=reading.wish.count)
    if points > MANY_POINTS:
        score = 2 if points <= TOO_MANY_POINTS else 1
        return _score(reading, "small", score, "many", "", count=points)
    if words > LONG_WORDS:
        return _score(reading, "small", 3 if words <= TOO_LONG_WORDS else 1, "long", "", count=words)
    if reading.joined:
        return _score(reading, "small", 3, "joined", reading.wish.goal)
    if reading.is_thin:
        return _score(reading, "small", 1, "thin", "")
    return _score(reading, "small", 5 if reading.criteria else 4, "one" if points > 1 else "single", "", count=points)


def _testable(reading: Reading) -> Score:
    criteria = reading.criteria
    if criteria:
        # One criterion that cannot be checked spoils the others.
        vague = next((item for item in reading.vague if _within(item.statement, criteria)), None)
        if vague is not None:
            words = reading.tongue.quoted(vague.word)
            return _score(reading, "testable", 3, "vague", vague.statement, words=words)
        if len(criteria) == 1:
            return _score(reading, "testable", 4, "one", criteria[0])
        return _score(reading, "testable", 5, "criteria", criteria[0], count=len(criteria))
    found = checks(reading)
    if found:
        return _score(reading, "testable", 3, "conditions", found[0])
    if reading.figure:
        return _score(reading, "testable", 3, "figures", reading.figure)
    if reading.vague and not reading.is_thin:
        # The statement is quoted where the estimate is doubted.
        words = reading.tongue.quoted(reading.vague[0].word)
        return _score(reading, "testable", 1 + bool(reading.points), "vague", "", words=words)
    return _score(reading, "testable", 2 if reading.wish.goal else 1, "none", "")


def _within(statement: str, texts: Sequence[str]) -> bool:
    return any(statement in text for text in texts)
