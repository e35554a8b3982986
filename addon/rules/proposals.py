"""What could be written next: criteria to start from, sub-tasks, labels. Built from the words of the issue."""

import re
from collections import Counter
from collections.abc import Iterator

from addon.results.analysis import Criterion, Score, Subtask
from addon.rules.fold import fold, short
from addon.rules.reading import Reading

MOST_CRITERIA = 5
MOST_PARTS = 4
MOST_LABELS = 3

_LABEL = re.compile(r"[^\W\d_][^\W_]{3,29}")


def criteria(reading: Reading) -> list[Criterion]:
    """Skeletons for what has no criterion yet: the good case, the listed points, failure, permission."""
    made = _for_bug(reading) if reading.story.is_bug else _for_story(reading)
    return list(made)[:MOST_CRITERIA] if reading.text.strip() else []


def _for_story(reading: Reading) -> Iterator[Criterion]:
    tongue, wish, goal = reading.tongue, reading.wish, reading.tongue.quoted(short(reading.aim, 200))
    if not reading.criteria and reading.aim:
        say = tongue.say
        benefit = tongue.quoted(short(wish.benefit, 200))
        yield Criterion(
            title=_title(reading.aim),
            given=say("crit.main.given", role=tongue.quoted(short(wish.role)))
            if wish.role
            else say("crit.main.nobody"),
            when=say("crit.main.when", goal=goal),
            then=say("crit.main.benefit", benefit=benefit) if wish.benefit else say("crit.main.then"),
        )
        for point in reading.scope[:2]:
            yield Criterion(
                title=_title(point),
                given=say("crit.point.given"),
                when=say("crit.point.when", point=tongue.quoted(short(point, 200))),
                then=say("crit.point.then"),
            )
    if not reading.told("error"):
        yield _fixed(reading, "error")
    if reading.told("data") and not reading.told("right"):
        yield _fixed(reading, "right")


def _for_bug(reading: Reading) -> Iterator[Criterion]:
    tongue = reading.tongue
    expected = next((line.text for line in reading.outline.of("expected")), "") if reading.has("expected") else ""
    then = tongue.say("crit.fixed.expected", expected=tongue.quoted(short(expected, 200))) if expected else ""
    yield _fixed(reading, "fixed", then=then)
    yield _fixed(reading, "around")


def _fixed(reading: Reading, name: str, *, then: str = "") -> Criterion:
    say = reading.tongue.say
    return Criterion(
        title=say(f"crit.{name}"),
        given=say(f"crit.{name}.given"),
        when=say(f"crit.{name}.when"),
        then=then or say(f"crit.{name}.then"),
    )


def subtasks(reading: Reading, questions: list[str], scores: list[Score]) -> list[Subtask]:
    """Two to six pieces of work; none for a sub-task, which cannot have any, and none for an empty issue."""
    # Jira allows one level of sub-tasks only.
    if reading.story.is_subtask or not reading.aim:
        return []
    return list(_of_bug(reading, scores) if reading.story.is_bug else _of_story(reading, questions))


def _of_story(reading: Reading, questions: list[str]) -> Iterator[Subtask]:
    tongue, aim = reading.tongue, _title(reading.aim)
    pieces = reading.joined or reading.scope or [reading.aim]
    # With that much unknown, asking is the first piece of work.
    if len(questions) > MOST_PARTS:
        yield Subtask(
            title=tongue.say("sub.clarify"), description=tongue.say("sub.clarify.text", list=_listed(questions))
        )
    for piece in pieces[:3] if len(questions) > MOST_PARTS else pieces[:MOST_PARTS]:
        yield Subtask(
            title=tongue.say("sub.build", point=_title(piece, 120)),
            description=tongue.say("sub.build.text", point=short(piece, 600)),
        )
    checks = reading.criteria or reading.points or [reading.aim]
    yield Subtask(
        title=tongue.say("sub.test", point=aim), description=tongue.say("sub.test.text", list=_listed(checks[:8]))
    )
    role = tongue.say("sub.docs.role", role=tongue.quoted(short(reading.wish.role))) if reading.wish.role else ""
    yield Subtask(title=tongue.say("sub.docs", point=aim), description=tongue.say("sub.docs.text", role=role))


def _of_bug(reading: Reading, scores: list[Score]) -> Iterator[Subtask]:
    tongue, title = reading.tongue, short(reading.story.summary or reading.aim)
    steps = [line.text for line in reading.outline.of("steps")] if reading.has("steps") else []
    known = steps or list(dict.fromkeys(score.quote for score in scores if score.quote)) or [title]
    yield Subtask(
        title=tongue.say("sub.repro", point=title), description=tongue.say("sub.repro.text", list=_listed(known[:8]))
    )
    yield Subtask(title=tongue.say("sub.fix", point=title), description=tongue.say("sub.fix.text"))
    yield Subtask(title=tongue.say("sub.prove"), description=tongue.say("sub.prove.text"))


def _title(text: str, most: int = 90) -> str:
    line = short(text, most)
    return line[:1].upper() + line[1:]


def _listed(texts: list[str]) -> str:
    return "\n".join(f"- {short(text, 200)}" for text in texts)


def labels(reading: Reading) -> list[str]:
    """Up to three words of summary or wish that the text comes back to, in lower case, none the issue has already."""
    dull = reading.source.dull | reading.source.stop
    taken = {fold(label) for label in (*reading.story.labels, *reading.story.components)}
    counts = Counter(fold(word) for line in reading.statements[:400] for word in _LABEL.findall(line))
    spoken = f"{reading.story.summary} {reading.wish.goal}"[:2000]
    found: dict[str, str] = {}
    for word in _LABEL.findall(spoken):
        plain = fold(word)
        # Said once, a word may be chance; verbs and commonplaces group nothing.
        if counts[plain] > 1 and plain not in dull and plain not in taken and not reading.is_verb(plain):
            found.setdefault(plain, word.lower())
    ranked = sorted(found, key=lambda plain: -counts[plain])
    return [found[plain] for plain in ranked[:MOST_LABELS]]
