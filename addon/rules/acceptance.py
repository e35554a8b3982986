"""Acceptance criteria without a model: those the issue holds, and skeletons from what it says, each with its quote."""

import re
from collections.abc import Iterable, Iterator

from addon.results.criteria import AcceptanceCriterion, Criteria
from addon.results.part import Kind
from addon.rules import bug, invest, proposals
from addon.rules.cases import Case, cases, told
from addon.rules.fold import clip, fold, short, title_of
from addon.rules.gaps import absent, lacking, questions
from addon.rules.marks import FIGURE
from addon.rules.reading import Reading
from addon.rules.story import Story
from addon.rules.work import checks

MOST_OWN = 12
MOST_MADE = 6
MOST_QUESTIONS = 4

_PACE = re.compile(
    r"\d[\d.,]{0,12} ?(?:ms|s|sec|seconds?|secondes?|minutes?|min|hours?|heures?|h|%|users?|utilisateurs?)\b"
)
"""Figures that measure how well something is done rather than how much of it."""
_BOUND = re.compile(
    r"(?:at (?:most|least)|maximum|max\.?|minimum|min\.?|(?:no |not )?(?:more|less|fewer) than|under|over|up to|exactly"
    r"|au (?:plus|moins)|(?:plus|moins) de|jusqu'a|exactement)(?: of| de)? \d|\blimite?\b[^.\n]{0,60}\d"
)
"""A figure beside such words is a limit; alone it is an example."""
_COUNTED = re.compile(
    r"\bat most (?:once|twice|one)\b|\b(?:only|just) once\b|\b(?:only|just) one\b[^.\n]{0,60}\b(?:per|for each)\b"
    r"|\bau plus une?\b|\bune seule fois\b|\bune? seule?\b[^.\n]{0,60}\bpar\b"
    r"|\b(?:expires?|expirent|valid|valables?|valides?)\b[^.\n\d]{0,20}\b(?:after|for|in|apres|pendant) \d"
)
"""Limits that are spoken without a figure, and how long something holds, which is no pace."""
_NEVER = re.compile(r"\b(?:never|jamais)\b")
_MOST_ERRORS = 2


def criteria(story: Story) -> Criteria | None:
    """What can honestly be said, perhaps questions alone; None for a text in a language the rules cannot read."""
    reading = Reading(story)
    if reading.is_foreign:
        return None
    scores = bug.scores(reading) if story.is_bug else invest.scores(reading)
    lacks: list[str] = list(lacking(scores)) if story.is_bug else absent(reading)
    found = list(_own(reading))[:MOST_OWN]
    # Cases in blocks of code are criteria too, though nothing else of such a block is read.
    lacks = [name for name in lacks if name != "criteria" or not found]
    if not reading.is_thin:
        made = _of_bug(reading) if story.is_bug else _of_story(reading, bool(found))
        found += list(made)[: MOST_MADE if not found else 1]
    return Criteria(
        language=reading.tongue.code,
        feature=title_of(story.summary, 200) or reading.tongue.say("summary.empty"),
        narrative=_narrative(reading),
        criteria=_numbered(found),
        questions=questions(reading, lacks, scores=scores)[:MOST_QUESTIONS],
    )


def own(story: Story) -> Criteria | None:
    """The criteria the issue itself holds, perhaps none; None for a text in a language the rules cannot read."""
    reading = Reading(story)
    if reading.is_foreign:
        return None
    found = _numbered(list(_own(reading))[:MOST_OWN])
    return Criteria(
        language=reading.tongue.code, feature=title_of(story.summary, 200), narrative="", criteria=found, questions=[]
    )


def _own(reading: Reading) -> Iterator[AcceptanceCriterion]:
    # Whoever writes cases has said all in them; the list below the heading then repeats or explains.
    written = cases(reading.story.description)
    for case in written:
        yield _from_case(reading, case)
    if written:
        return
    yield from (_from_text(reading, line) for line in reading.criteria)


def _from_text(reading: Reading, line: str) -> AcceptanceCriterion:
    case = told(line)
    return _from_case(reading, case) if case else _from_line(reading, line)


def _from_case(reading: Reading, case: Case) -> AcceptanceCriterion:
    whole = " ".join((*case.given, *case.when, *case.then))
    return AcceptanceCriterion(
        id="",
        quote=clip(case.quote, 280),
        assumption="",
        kind=_kind(reading, whole),
        title=title_of(case.title or case.then[0]),
        given=[short(clause, 300) for clause in case.given],
        # Where somebody wrote two, the first is what happens and the others what follows it.
        when=short(case.when[0], 300),
        then=[short(clause, 300) for clause in (*case.when[1:], *case.then)],
    )


def _from_line(reading: Reading, line: str) -> AcceptanceCriterion:
    """A condition that the text names: it holds once the wish is fulfilled."""
    tongue = reading.tongue
    return AcceptanceCriterion(
        id="",
        quote=clip(line, 280),
        assumption="",
        kind=_kind(reading, line),
        title=title_of(line),
        given=_given(reading),
        when=_when(reading),
        then=[tongue.say("crit.then.check", check=tongue.quoted(short(line, 200)))],
    )


def _of_story(reading: Reading, has_own: bool) -> Iterator[AcceptanceCriterion]:
    tongue, wish = reading.tongue, reading.wish
    if not has_own:
        if wish.benefit and not reading.is_task:
            then = tongue.say("crit.then.benefit", benefit=tongue.quoted(short(wish.benefit, 200)))
            yield AcceptanceCriterion(
                id="", quote=clip(wish.benefit, 280), assumption="", kind="happy", title=title_of(reading.topic),
                given=_given(reading), when=_when(reading), then=[then],
            )  # fmt: skip
        conditions = checks(reading)
        yield from (_from_text(reading, line) for line in conditions)
        yield from (_from_text(reading, line) for line in _errors(reading) if line not in conditions)
    # Only an action can fail; what is to be there is there or not.
    if wish.is_deed and not reading.is_task and "errors" in absent(reading):
        yield AcceptanceCriterion(
            id="", quote="", assumption=tongue.say("crit.error.assumed"), kind="negative",
            title=tongue.say("crit.error"), given=[tongue.say("crit.error.given")], when=_when(reading),
            then=[tongue.say("crit.error.then")],
        )  # fmt: skip


def _errors(reading: Reading) -> list[str]:
    """Statements about what goes wrong, which tell a result though no condition is put in so many words."""
    told = (
        sentence.text
        for sentence in reading.sentences
        if sentence.line and sentence.section in ("", "errors") and not sentence.text.endswith((":", "?"))
    )
    # The wish itself may be about errors: "I want to know why my payment was refused".
    found = [
        text
        for text in told
        if reading.shows("error", text) and not reading.shows("context", text) and reading.wish.goal not in text
    ]
    return found[:_MOST_ERRORS] if reading.wish.goal else []


def _of_bug(reading: Reading) -> Iterator[AcceptanceCriterion]:
    scores = bug.scores(reading)
    quotes = {score.aspect: score.quote for score in scores if score.score >= proposals.TOLD}
    quote = quotes.get("expected") or quotes.get("steps") or ""
    for found in proposals.criteria(reading, scores):
        yield AcceptanceCriterion(
            id="",
            quote=quote,
            assumption="" if quote else reading.tongue.say("crit.assumed"),
            kind="happy",
            title=found.title,
            given=[found.given] if found.given else [],
            when=found.when,
            then=[found.then],
        )


def _given(reading: Reading) -> list[str]:
    tongue, role = reading.tongue, reading.wish.role
    return [tongue.say("crit.given", role=tongue.quoted(short(role)))] if role else []


def _when(reading: Reading) -> str:
    tongue = reading.tongue
    name = "task" if reading.is_task else "deed" if reading.wish.is_deed else "thing"
    return tongue.say(f"crit.when.{name}", goal=tongue.quoted(short(reading.topic, 200)))


def _kind(reading: Reading, text: str) -> Kind:
    # Rights before errors: "only admins may, others are refused" is about who may.
    if reading.shows("right", text):
        return "permission"
    if reading.shows("error", text):
        return "negative"
    folded = fold(text)
    if _COUNTED.search(folded):
        return "boundary"
    # A pace first: "at most 2 seconds" is measured and not tried from both sides.
    if FIGURE.search(folded) and _PACE.search(folded):
        return "non_functional"
    if _BOUND.search(folded):
        return "boundary"
    # After the limits: "never more than 3" is tried from both sides.
    return "negative" if _NEVER.search(folded) else "happy"


def _narrative(reading: Reading) -> str:
    """The sentence that says who wants what, verbatim."""
    goal = reading.wish.goal
    if reading.wish.fullness < 2 or not goal:
        return ""
    first = goal.split("\n")[0]
    # The summary is the name of the feature already.
    told = (text for text in reading.statements if first in text and text != reading.story.summary.strip())
    return short(next(told, ""), 400)


def _numbered(found: Iterable[AcceptanceCriterion]) -> list[AcceptanceCriterion]:
    # The same condition may stand under the heading and in the text.
    known = {(item.title.casefold(), item.when, tuple(item.then)): item for item in found}
    return [item.model_copy(update={"id": f"AC-{number}"}) for number, item in enumerate(known.values(), 1)]
