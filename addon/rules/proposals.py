"""What could be written next: criteria to start from, and sub-tasks. Built from the words of the issue."""

from collections.abc import Iterator

from addon.results.analysis import Aspect, Criterion, Score, Subtask
from addon.rules.fold import short, title_of
from addon.rules.gaps import absent
from addon.rules.reading import Reading
from addon.rules.work import checks, pieces

MOST_CRITERIA = 4
MOST_PIECES = 4
CLARIFIED = 3
"""With so many questions open, asking is a piece of work of its own."""
TOLD = 3
"""From this score on, an aspect of a bug report can be built on."""


def criteria(reading: Reading, scores: list[Score]) -> list[Criterion]:
    """Criteria to start from, each with a result that the text itself names; none where it names none."""
    if reading.is_thin:
        return []
    made = _for_bug(reading, scores) if reading.story.is_bug else _for_story(reading)
    return list(made)[:MOST_CRITERIA]


def _for_story(reading: Reading) -> Iterator[Criterion]:
    tongue, wish, say = reading.tongue, reading.wish, reading.tongue.say
    name = "task" if reading.is_task else "deed" if wish.is_deed else "thing"
    when = say(f"crit.when.{name}", goal=tongue.quoted(short(reading.topic, 200)))
    if not reading.criteria:
        given = say("crit.given", role=tongue.quoted(short(wish.role))) if wish.role else ""
        for title, then in _results(reading):
            yield Criterion(title=title_of(title), given=given, when=when, then=then)
    # Only an action can fail; what is to be there is there or not.
    if name == "deed" and "errors" in absent(reading):
        then = say("crit.error.then")
        yield Criterion(title=say("crit.error"), given=say("crit.error.given"), when=when, then=then)


def _results(reading: Reading) -> Iterator[tuple[str, str]]:
    """Title and result of what the text itself says will be so."""
    tongue, benefit = reading.tongue, reading.wish.benefit
    if benefit and not reading.is_task:
        yield reading.topic, tongue.say("crit.then.benefit", benefit=tongue.quoted(short(benefit, 200)))
    for check in checks(reading)[: MOST_CRITERIA - 2]:
        yield check, tongue.say("crit.then.check", check=tongue.quoted(short(check, 200)))


def _for_bug(reading: Reading, scores: list[Score]) -> Iterator[Criterion]:
    tongue, by_aspect = reading.tongue, {score.aspect: score for score in scores}
    expected, steps = by_aspect["expected"], by_aspect["steps"]
    # Without a way to the fault and what should happen there is nothing to show.
    if steps.score < TOLD and expected.score < TOLD:
        return
    title = tongue.quoted(short(reading.story.summary, 160))
    named = tongue.quoted(*(place.word for place in reading.places))
    yield Criterion(
        title=tongue.say("crit.fixed"),
        given=tongue.say("crit.fixed.given", words=named) if named else "",
        when=tongue.say("crit.fixed.steps" if steps.score >= TOLD else "crit.fixed.when", title=title),
        then=tongue.say("crit.fixed.expected", expected=tongue.quoted(short(expected.quote, 200)))
        if expected.score > TOLD
        else tongue.say("crit.fixed.then", title=title),
    )


def subtasks(reading: Reading, questions: list[str], *, scores: list[Score]) -> list[Subtask]:
    """Pieces of work the text names; none where Jira allows none, and none when there would be nothing to divide."""
    # Jira allows one level of sub-tasks only, below stories and tasks.
    if reading.story.is_subtask or reading.story.level > 0 or reading.is_thin or not reading.words:
        return []
    made = list(_of_bug(reading, scores) if reading.story.is_bug else _of_story(reading, questions))
    # Asking and then doing all of it divides nothing.
    built = [subtask for subtask in made if subtask.title != reading.tongue.say("sub.clarify")]
    return made if len(built) > 1 else []


def _of_story(reading: Reading, questions: list[str]) -> Iterator[Subtask]:
    tongue, found = reading.tongue, pieces(reading)
    if not found:
        return
    if len(questions) >= CLARIFIED:
        yield Subtask(
            title=tongue.say("sub.clarify"), description=tongue.say("sub.clarify.text", list=_listed(questions))
        )
    for piece in found[:MOST_PIECES]:
        # A single wish is called what the issue is called, unless it is put as an action.
        name = piece if len(found) > 1 else reading.topic
        title = title_of(name, 120)
        yield Subtask(
            title=title if reading.is_task else tongue.say("sub.build", point=title),
            description=tongue.say("sub.build.text", point=short(piece, 600)),
        )
    to_check = checks(reading)
    if to_check:
        yield Subtask(
            title=tongue.say("sub.test", point=title_of(reading.topic)),
            description=tongue.say("sub.test.text", list=_listed(to_check[:8])),
        )
    docs = reading.told("docs")
    if docs and docs not in found:
        yield Subtask(
            title=tongue.say("sub.docs", point=title_of(reading.topic)),
            description=tongue.say("sub.docs.text", point=short(docs, 600)),
        )


def _of_bug(reading: Reading, scores: list[Score]) -> Iterator[Subtask]:
    by_aspect: dict[Aspect, Score] = {score.aspect: score for score in scores}
    if by_aspect["steps"].score < TOLD:
        return
    tongue, title = reading.tongue, title_of(reading.story.summary or reading.aim)
    points = [line for line in reading.outline.lines if line.kind == "point" and line.section in ("", "steps")]
    steps = [line.text for line in points if line.section or line.numbered]
    known = steps if len(steps) > 1 else list(dict.fromkeys(reading.deeds)) or [by_aspect["steps"].quote]
    told = [by_aspect[aspect].quote for aspect in ("expected", "actual") if by_aspect[aspect].score >= TOLD]
    listed = list(dict.fromkeys([*known[:8], *told]))
    yield Subtask(
        title=tongue.say("sub.repro", point=title), description=tongue.say("sub.repro.text", list=_listed(listed))
    )
    yield Subtask(title=tongue.say("sub.fix", point=title), description=tongue.say("sub.fix.text"))
    if reading.places:
        words = ", ".join(place.word for place in reading.places)
        yield Subtask(title=tongue.say("sub.prove", words=words), description=tongue.say("sub.prove.text"))


def _listed(texts: list[str]) -> str:
    return "\n".join(f"- {short(text, 200)}" for text in texts)
