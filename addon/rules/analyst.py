"""The analyst that needs no model: reads an issue by rules alone and says what a careful colleague would."""

from addon.results.analysis import Analysis, Score
from addon.rules import bug, invest
from addon.rules.fold import short
from addon.rules.gaps import absent, lacking, missing, questions
from addon.rules.labels import labels
from addon.rules.proposals import criteria, subtasks
from addon.rules.reading import Reading
from addon.rules.risks import risks
from addon.rules.story import Story


def analyse(story: Story) -> Analysis:
    """Judge one issue: deterministic, linear in its length, never raises; every quote is a piece of the issue.

    A text in a language the rules cannot read gets no scores, only a summary that says so.
    """
    reading = Reading(story)
    if reading.is_foreign:
        return _unread(reading)
    scores = bug.scores(reading) if story.is_bug else invest.scores(reading)
    lacks: list[str] = list(lacking(scores)) if story.is_bug else absent(reading)
    asked = questions(reading, lacks, scores=scores)
    return Analysis(
        nature="bug" if story.is_bug else "story",
        language=reading.tongue.code,
        summary=_of_bug(reading, scores, asked=asked) if story.is_bug else _of_story(reading, lacks, asked=asked),
        scores=scores,
        missing=missing(reading, lacks),
        questions=asked,
        risks=risks(reading, scores),
        criteria=criteria(reading, scores),
        subtasks=subtasks(reading, asked, scores=scores),
        labels=labels(reading),
    )


def _unread(reading: Reading) -> Analysis:
    return Analysis(
        nature="bug" if reading.story.is_bug else "story",
        language=reading.tongue.code,
        summary=reading.tongue.say("summary.unread"),
        scores=[], missing=[], questions=[], risks=[], criteria=[], subtasks=[], labels=[],
    )  # fmt: skip


def _of_story(reading: Reading, lacks: list[str], *, asked: list[str]) -> str:
    """What the issue says, and the next steps, in two sentences."""
    wish, tongue = reading.wish, reading.tongue
    if not reading.aim:
        return tongue.say("summary.empty")
    parts = {
        "role": tongue.quoted(short(wish.role)),
        "goal": tongue.quoted(short(wish.goal, 160)),
        "benefit": tongue.quoted(short(wish.benefit, 160)),
        "title": tongue.quoted(short(reading.aim, 160)),
    }
    return f"{tongue.say(f'summary.{_said(reading)}', **parts)} {_next(reading, lacks, asked=asked)}"


def _said(reading: Reading) -> str:
    wish, story = reading.wish, reading.story
    if wish.goal:
        # People who are named elsewhere are named, though not in the wish.
        who, why = bool(wish.role), bool(wish.benefit)
        if not who and reading.who:
            return "named_why" if why else "named"
        return {(True, True): "full", (True, False): "who_what", (False, True): "what_why"}.get((who, why), "what")
    if story.is_subtask:
        return "subtask"
    if story.level > 0:
        return "epic"
    if reading.is_task:
        return "task"
    return "topic" if reading.who and reading.purpose else "title"


def _next(reading: Reading, lacks: list[str], *, asked: list[str]) -> str:
    tongue = reading.tongue
    steps = [tongue.say(f"next.{name}") for name in lacks if name in ("text", "role", "benefit", "reason", "criteria")]
    for name, words in (
        ("words", [vague.word for vague in reading.vague if vague.kind != "later"]),
        ("later", [vague.word for vague in reading.vague if vague.kind == "later"]),
    ):
        if words:
            steps.append(tongue.say(f"next.{name}", words=tongue.quoted(*words[:2])))
    if reading.joined or reading.wish.count > 1:
        steps.append(tongue.say("next.split"))
    steps += [tongue.say(f"next.{name}") for name in lacks if name in ("errors", "permissions", "data", "scope")]
    return _closing(reading, steps, asked=asked)


def _closing(reading: Reading, steps: list[str], *, asked: list[str]) -> str:
    """What to do next; that nothing is missing is said only when nothing is asked either."""
    tongue = reading.tongue
    if not steps and asked:
        steps = [tongue.say("next.questions")]
    if not steps:
        return tongue.say("summary.ready")
    return tongue.say("summary.next", steps=tongue.say("then").join(steps[:3]))


def _of_bug(reading: Reading, scores: list[Score], *, asked: list[str]) -> str:
    tongue, weak = reading.tongue, set(lacking(scores))
    has = [tongue.say(f"aspect.{score.aspect}") for score in scores if score.aspect not in weak]
    lacks = [tongue.say(f"aspect.{score.aspect}") for score in scores if score.aspect in weak]
    said = [tongue.say("summary.bug", title=tongue.quoted(short(reading.story.summary, 160)))]
    if has:
        said.append(tongue.say("summary.bug.has", aspects=tongue.listed(has)))
    steps = [tongue.say("next.bug", aspects=tongue.listed(lacks))] if lacks else []
    return " ".join([*said, _closing(reading, steps, asked=asked)])
