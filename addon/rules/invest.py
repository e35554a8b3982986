"""INVEST, 0 to 5 each, from what can be seen in the text."""

from collections.abc import Sequence

from addon.results.analysis import Aspect, Score
from addon.rules.fold import clip, fold
from addon.rules.reading import Reading

MANY_POINTS = 8
TOO_MANY_POINTS = 15
LONG_WORDS = 500
TOO_LONG_WORDS = 1200


def scores(reading: Reading) -> list[Score]:
    """One score for each letter, in order."""
    return [judge(reading) for judge in (_independent, _negotiable, _valuable, _estimable, _small, _testable)]


def _score(reading: Reading, aspect: Aspect, score: int, phrase: str, quote: str, **parts: object) -> Score:
    reason = reading.tongue.say(f"{aspect}.{phrase}", **parts)
    return Score(aspect=aspect, quote=clip(quote), reason=reason, score=score)


def _independent(reading: Reading) -> Score:
    if reading.waits:
        return _score(reading, "independent", 2, "waits", reading.waits)
    if reading.is_thin:
        return _score(reading, "independent", 3, "thin", "")
    return _score(reading, "independent", 5 if reading.wish.goal else 4, "free", reading.wish.goal)


def _negotiable(reading: Reading) -> Score:
    if reading.solutions:
        words = reading.tongue.quoted(*(word for word, _ in reading.solutions[:3]))
        score = 3 if len(reading.solutions) < 3 else 2
        return _score(reading, "negotiable", score, "solution", reading.solutions[0][1], words=words)
    if reading.is_thin and not reading.wish.goal:
        return _score(reading, "negotiable", 2, "thin", reading.story.summary)
    return _score(reading, "negotiable", 5 if reading.wish.benefit else 4, "open", reading.aim)


def _valuable(reading: Reading) -> Score:
    wish = reading.wish
    if wish.benefit and _repeats(wish.goal, wish.benefit):
        return _score(reading, "valuable", 2, "circular", wish.benefit)
    if reading.purpose:
        return _score(reading, "valuable", *((5, "full") if wish.role else (4, "benefit")), reading.purpose)
    if wish.role:
        return _score(reading, "valuable", 3, "role", wish.role)
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
        return _score(reading, "estimable", 1, "thin", reading.story.summary)
    if later is not None:
        return _score(reading, "estimable", 2, "later", later.statement)
    if reading.vague:
        most = 3 if len(reading.vague) < 3 else 2
        words = reading.tongue.quoted(*(vague.word for vague in reading.vague[:3]))
        return _score(
            reading, "estimable", most + bool(reading.criteria), "vague", reading.vague[0].statement, words=words
        )
    if reading.criteria:
        return _score(reading, "estimable", 5, "clear", reading.criteria[0])
    return _score(reading, "estimable", 3 + (reading.words >= 40), "fair", reading.aim)


def _small(reading: Reading) -> Score:
    points, words = len(reading.points), reading.words
    # Counted from the strongest sign of too much to the weakest.
    if reading.wish.count > 1:
        return _score(reading, "small", 2, "stories", reading.wish.goal, count=reading.wish.count)
    if points > MANY_POINTS:
        score = 2 if points <= TOO_MANY_POINTS else 1
        return _score(reading, "small", score, "many", reading.points[0], count=points)
    if words > LONG_WORDS:
        return _score(reading, "small", 3 if words <= TOO_LONG_WORDS else 1, "long", reading.aim, count=words)
    if reading.joined:
        return _score(reading, "small", 3, "joined", reading.wish.goal)
    if reading.is_thin:
        return _score(reading, "small", 3, "thin", reading.story.summary)
    return _score(reading, "small", 5 if reading.criteria else 4, "one", reading.aim)


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
    if reading.figure:
        return _score(reading, "testable", 3, "figures", reading.figure)
    if reading.vague and not reading.is_thin:
        words = reading.tongue.quoted(reading.vague[0].word)
        return _score(reading, "testable", 1 + bool(reading.points), "vague", reading.vague[0].statement, words=words)
    return _score(reading, "testable", 2 if reading.wish.goal else 1, "none", reading.wish.goal)


def _within(statement: str, texts: Sequence[str]) -> bool:
    return any(statement in text for text in texts)
