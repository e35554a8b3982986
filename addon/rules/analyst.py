"""The analyst that needs no model: reads an issue by rules alone and says what a careful colleague would."""

from addon.results.analysis import Analysis, Missing, Score
from addon.rules import bug, invest
from addon.rules.fold import short
from addon.rules.gaps import lacking, missing, questions
from addon.rules.proposals import criteria, labels, subtasks
from addon.rules.reading import Reading
from addon.rules.risks import risks
from addon.rules.story import Story


def analyse(story: Story) -> Analysis:
    """Judge one issue: deterministic, linear in its length, never raises; every quote is a piece of the issue."""
    reading = Reading(story)
    scores = bug.scores(reading) if story.is_bug else invest.scores(reading)
    lacks = missing(reading, scores)
    asked = questions(reading, lacks, scores)
    return Analysis(
        nature="bug" if story.is_bug else "story",
        language=reading.tongue.code,
        summary=_of_bug(reading, scores) if story.is_bug else _of_story(reading, lacks),
        scores=scores,
        missing=lacks,
        questions=asked,
        risks=risks(reading, scores),
        criteria=criteria(reading),
        subtasks=subtasks(reading, asked, scores),
        labels=labels(reading),
    )


def _of_story(reading: Reading, lacks: list[Missing]) -> str:
    """What the issue says, and the next steps, in two sentences."""
    wish, tongue = reading.wish, reading.tongue
    if not reading.aim:
        return tongue.say("summary.empty")
    said = {
        (True, True): "full",
        (True, False): "who_what",
        (False, True): "what_why",
        (False, False): "what",
    }[bool(wish.role), bool(wish.benefit)]
    if not wish.goal:
        said = "subtask" if reading.story.is_subtask else "title"
    parts = {
        "role": tongue.quoted(short(wish.role)),
        "goal": tongue.quoted(short(wish.goal, 160)),
        "benefit": tongue.quoted(short(wish.benefit, 160)),
        "title": tongue.quoted(short(reading.aim, 160)),
    }
    return f"{tongue.say(f'summary.{said}', **parts)} {_next(reading, lacks)}"


def _next(reading: Reading, lacks: list[Missing]) -> str:
    tongue = reading.tongue
    absent = {item.what for item in lacks}
    steps = [
        tongue.say(f"next.{name}")
        for name in ("text", "role", "benefit", "criteria")
        if tongue.say(f"missing.{name}") in absent
    ]
    if reading.vague:
        steps.append(tongue.say("next.words", words=tongue.quoted(*(vague.word for vague in reading.vague[:2]))))
    if reading.joined or reading.wish.count > 1:
        steps.append(tongue.say("next.split"))
    return (
        tongue.say("summary.next", steps=tongue.say("then").join(steps[:3])) if steps else tongue.say("summary.ready")
    )


def _of_bug(reading: Reading, scores: list[Score]) -> str:
    tongue, weak = reading.tongue, set(lacking(scores))
    has = [tongue.say(f"aspect.{score.aspect}") for score in scores if score.aspect not in weak]
    absent = [tongue.say(f"aspect.{score.aspect}") for score in scores if score.aspect in weak]
    said = [tongue.say("summary.bug", title=tongue.quoted(short(reading.story.summary, 160)))]
    if has:
        said.append(tongue.say("summary.bug.has", aspects=_list(reading, has)))
    steps = tongue.say("next.bug", aspects=_list(reading, absent)) if absent else ""
    said.append(tongue.say("summary.next", steps=steps) if steps else tongue.say("summary.ready"))
    return " ".join(said)


def _list(reading: Reading, items: list[str]) -> str:
    *most, last = items
    return f"{', '.join(most)} {reading.tongue.say('and')} {last}" if most else last
