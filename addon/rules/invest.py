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


def _score(reading: Reading, aspect: Aspect, *, score: int, phrase: str, quote: str, **parts: object) -> Score:
    reason = reading.tongue.say(f"{aspect}.{phrase}", **parts)
    return Score(aspect=aspect, quote=clip(quote), reason=reason, score=score)


def _independent(reading: Reading) -> Score:
    free = reading.told("alone")
    if free:
        return _score(reading, "independent", score=5, phrase="free", quote=free)
    if reading.waits:
        return _score(reading, "independent", score=2, phrase="waits", quote=reading.waits)
    if reading.is_thin:
        return _score(reading, "independent", score=1, phrase="thin", quote="")
    return _score(reading, "independent", score=4, phrase="silent", quote="")


def _negotiable(reading: Reading) -> Score:
    left = reading.told("open")
    if left:
        return _score(reading, "negotiable", score=5, phrase="open", quote=left)
    if reading.solutions and reading.is_task:
        # Of technical work the technique is the subject, not a decision taken too early.
        return _score(reading, "negotiable", score=4, phrase="task", quote="")
    if reading.solutions:
        words = reading.tongue.quoted(*(word for word, _ in reading.solutions[:3]))
        score = 3 if len(reading.solutions) < 3 else 2
        return _score(reading, "negotiable", score=score, phrase="solution", quote=reading.solutions[0][1], words=words)
    if reading.is_thin and not reading.wish.goal:
        return _score(reading, "negotiable", score=1, phrase="thin", quote="")
    return _score(reading, "negotiable", score=4, phrase="task" if reading.is_task else "silent", quote="")


def _valuable(reading: Reading) -> Score:
    wish = reading.wish
    if wish.benefit and _repeats(wish.goal, wish.benefit):
        return _score(reading, "valuable", score=2, phrase="circular", quote=wish.benefit)
    if reading.story.is_subtask and not reading.purpose:
        return _score(reading, "valuable", score=3, phrase="subtask", quote="")
    if reading.is_task:
        told = reading.purpose
        return _score(
            reading, "valuable", score=4 if told else 2, phrase="reason" if told else "unreasoned", quote=told
        )
    if reading.purpose:
        score, phrase = (5, "full") if wish.role else (4, "named") if reading.who else (4, "benefit")
        return _score(reading, "valuable", score=score, phrase=phrase, quote=reading.purpose)
    if reading.who:
        return _score(reading, "valuable", score=3 if wish.role else 2, phrase="role", quote=reading.who)
    return _score(reading, "valuable", score=1, phrase="none", quote="")


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
        return _score(reading, "estimable", score=1, phrase="thin", quote="")
    if later is not None:
        return _score(reading, "estimable", score=2, phrase="later", quote=later.statement)
    if reading.vague:
        told = bool(reading.criteria) or reading.words >= _SOME_WORDS or bool(checks(reading))
        most = 3 if told and len(reading.vague) < 3 else 2
        words = reading.tongue.quoted(*(vague.word for vague in reading.vague[:3]))
        return _score(
            reading,
            "estimable",
            score=most + bool(reading.criteria),
            phrase="vague",
            quote=reading.vague[0].statement,
            words=words,
        )
    lacks = [reading.tongue.say(f"lacks.{name}") for name in absent(reading)]
    if not lacks:
        return _score(reading, "estimable", score=5, phrase="clear", quote="")
    score = 4 if reading.criteria else 3 if reading.words >= _SOME_WORDS or checks(reading) else 2
    return _score(reading, "estimable", score=score, phrase="lacks", quote="", what=reading.tongue.listed(lacks[:3]))


def _small(reading: Reading) -> Score:
    points, words = len(reading.points), reading.words
    if reading.story.level > 0:
        return _score(
            reading,
            "small",
            score=4 if points > 1 else 3,
            phrase="epic" if points > 1 else "epic_whole",
            quote="",
            count=points,
        )
    # Counted from the strongest sign of too much to the weakest.
    if reading.wish.count > 1:
        return _score(reading, "small", score=2, phrase="stories", quote=reading.wish.goal, count=reading.wish.count)
    if points > MANY_POINTS:
        score = 2 if points <= TOO_MANY_POINTS else 1
        return _score(reading, "small", score=score, phrase="many", quote="", count=points)
    if words > LONG_WORDS:
        return _score(reading, "small", score=3 if words <= TOO_LONG_WORDS else 1, phrase="long", quote="", count=words)
    if reading.joined:
        return _score(reading, "small", score=3, phrase="joined", quote=reading.wish.goal)
    if reading.is_thin:
        return _score(reading, "small", score=1, phrase="thin", quote="")
    return _score(
        reading,
        "small",
        score=5 if reading.criteria else 4,
        phrase="one" if points > 1 else "single",
        quote="",
        count=points,
    )


def _testable(reading: Reading) -> Score:
    criteria = reading.criteria
    if criteria:
        # One criterion that cannot be checked spoils the others.
        vague = next((item for item in reading.vague if _within(item.statement, criteria)), None)
        if vague is not None:
            words = reading.tongue.quoted(vague.word)
            return _score(reading, "testable", score=3, phrase="vague", quote=vague.statement, words=words)
        if len(criteria) == 1:
            return _score(reading, "testable", score=4, phrase="one", quote=criteria[0])
        return _score(reading, "testable", score=5, phrase="criteria", quote=criteria[0], count=len(criteria))
    # "It should also work with large files" is a condition that nobody can check.
    unclear = [item.statement for item in reading.vague]
    found = [check for check in checks(reading) if check not in unclear]
    if found:
        return _score(reading, "testable", score=3, phrase="conditions", quote=found[0])
    if reading.figure:
        return _score(reading, "testable", score=3, phrase="figures", quote=reading.figure)
    if reading.vague and not reading.is_thin:
        # The statement is quoted where the estimate is doubted.
        words = reading.tongue.quoted(reading.vague[0].word)
        return _score(reading, "testable", score=1 + bool(reading.points), phrase="vague", quote="", words=words)
    return _score(reading, "testable", score=2 if reading.wish.goal else 1, phrase="none", quote="")


def _within(statement: str, texts: Sequence[str]) -> bool:
    return any(statement in text for text in texts)
