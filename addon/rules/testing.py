"""Test scenarios without a model: each criterion as one test, and its limit where the text names one."""

import re
from collections.abc import Iterator, Mapping, Sequence

from addon.results.criteria import AcceptanceCriterion
from addon.results.part import Kind
from addon.results.scenarios import Priority, Scenario, Scenarios, Step
from addon.rules import bug
from addon.rules.fold import fold, short, title_of
from addon.rules.reading import Reading
from addon.rules.story import Story
from addon.rules.tongue import Tongue
from addon.rules.tongues import TONGUES, tongue_for

MOST_STEP = 400
"""Characters of one step: those of a test case hold no essays."""

PRIORITIES: Mapping[Kind, Priority] = {
    "happy": "high",
    "permission": "high",
    "negative": "medium",
    "boundary": "medium",
    "non_functional": "low",
}

_TIME = r"(?:ms|s|sec|seconds?|secondes?|min|minutes?|h|hours?|heures?)\b"
_LIMIT = re.compile(
    r"(?:at (?:most|least)|maximum|max\.?|minimum|min\.?|no more than|not more than|up to|au (?:plus|moins)|jusqu'a)"
    rf"(?: of| de)? \d[\d.,]{{0,12}}(?: ?(?!{_TIME})[^\W\d_]{{1,20}})?(?! ?{_TIME})"
)
"""A limit of how much; how long something may take has no other side to try."""
_SPOKEN = ' “”«»\u00a0"'


def scenarios(
    criteria: Sequence[AcceptanceCriterion], *, language: str, kinds: Sequence[Kind] = (), report: Story | None = None
) -> Scenarios:
    """language: ISO 639-1 of the criteria. kinds: what is wanted, empty for all the text supports.

    report: the bug report behind the criteria, None without one.
    """
    tongue = tongue_for(language, " ".join(criterion.title for criterion in criteria))
    plain = [_plain(criterion, tongue) for criterion in criteria]
    steps = bug.listed_steps(Reading(report)) if report else []
    made = [*(_main(criterion, steps if _repeats(criterion) else ()) for criterion in plain), *_limits(plain, tongue)]
    wanted = [scenario for scenario in made if not kinds or scenario.kind in kinds]
    numbered = [item.model_copy(update={"id": f"TS-{number}"}) for number, item in enumerate(wanted, 1)]
    return Scenarios(language=language, scenarios=numbered)


def _plain(criterion: AcceptanceCriterion, tongue: Tongue) -> AcceptanceCriterion:
    """Without the frames that the rules put around words of the issue: in a step the words stand better alone."""
    when = _unframed(criterion.when, "crit.when.deed", tongue=tongue)
    then = [_unframed(clause, "crit.then.check", tongue=tongue) for clause in criterion.then]
    return criterion.model_copy(update={"when": when, "then": then})


def _unframed(clause: str, name: str, *, tongue: Tongue) -> str:
    left, right = tongue.quotes
    before = f"{tongue.says[name].split('{')[0]}{left}"
    framed = clause.startswith(before) and clause.endswith(right)
    return clause[len(before) : -len(right)] if framed else clause


def _repeats(criterion: AcceptanceCriterion) -> bool:
    """Whether a criterion of the rules says to repeat the steps of the report, whatever language they said it in."""
    return criterion.when in {tongue.says["crit.fixed.steps"] for tongue in TONGUES.values()}


def _main(criterion: AcceptanceCriterion, steps: Sequence[str] = ()) -> Scenario:
    """Given becomes what must hold before, When what is done, Then what is seen. steps: what is done, one by one."""
    # One event is one step; its outcomes are looked at together.
    first, *others = criterion.then or [criterion.title]
    seen = "; ".join((first, *others))
    *before, last = [short(step, MOST_STEP) for step in steps] or [criterion.when or criterion.title]
    return Scenario(
        id="",
        title=criterion.title,
        kind=criterion.kind,
        priority=PRIORITIES[criterion.kind],
        covers=[criterion.id],
        preconditions=[_sentence(clause) for clause in criterion.given],
        steps=[
            *(Step(action=_sentence(step), data="", expected="") for step in before),
            Step(action=_sentence(last), data="", expected=_sentence(seen)),
        ],
    )


def _limits(criteria: Sequence[AcceptanceCriterion], tongue: Tongue) -> Iterator[Scenario]:
    for criterion in criteria:
        text = " ".join((*criterion.given, criterion.when, *criterion.then))
        found = _LIMIT.search(fold(text))
        if found is None:
            continue
        # As the issue words it: an arithmetic of units and of "at least" would invent test data.
        limit = text[found.start() : found.end()].strip(_SPOKEN)
        quoted, action = tongue.quoted(limit), _sentence(criterion.when or criterion.title)
        kept = Step(
            action=action,
            data=tongue.say("scen.limit.beyond", figure=quoted),
            expected=tongue.say("scen.limit.kept", figure=quoted),
        )
        seen = _sentence("; ".join(criterion.then))
        yield Scenario(
            id="",
            title=tongue.say("scen.limit", title=title_of(criterion.title, 160)),
            kind="boundary",
            priority=PRIORITIES["boundary"],
            covers=[criterion.id],
            preconditions=[_sentence(clause) for clause in criterion.given],
            steps=[Step(action=action, data=tongue.say("scen.limit.at", figure=quoted), expected=seen), kept],
        )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
