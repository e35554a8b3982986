"""What is done to scenarios before anyone sees them: ids are checked, coverage is counted, texts are cleaned.

The shape has been validated by then; here stands what a schema cannot say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addon.generation.coverage import coverage
from addon.generation.grounds import Basis
from addon.generation.language import code_of
from addon.generation.steering import steered
from addon.generation.wishes import RunWishes, wishes
from addon.gherkin import lint
from addon.reading.facts import Facts
from addon.reading.spoken import Spoken, decisive
from addon.reading.wording import Wording
from addon.results.criteria import AcceptanceCriterion
from addon.results.scenarios import Scenario, Scenarios, Step
from addon.runs.feature import Work

MOST_SCENARIOS = 30
MOST_STEPS = 15
MOST_PRECONDITIONS = 8
TITLE = 255
"""Characters of a title: what a summary in Jira holds."""
TEXT = 500


@dataclass(frozen=True, slots=True)
class Replaced:
    """The list of which one item is written anew, and the criteria it is written for."""

    base: Scenarios
    item: int
    basis: Basis

    @property
    def old(self) -> Scenario:
        return self.base.scenarios[self.item]


def check_of(work: Work, facts: Facts, *, basis: Basis, language: str, replaced: Replaced | None = None) -> "Check":
    """For the answers of one run. language: they are to be in, "auto" or ISO 639-1."""
    # What the criteria say has passed a gate of its own and may be repeated, as the issue may.
    wording = Wording(f"{facts.text()}\n\n{basis.text}", work.tenant.hosts)
    check = Check(wording, criteria=basis.criteria, language=language, asked=wishes(work.run), replaced=replaced)
    # Tests may be in the words of the criteria they are for, whatever language those are in.
    check.spoken = Spoken(decisive(facts), basis.text, wanted=language)
    check.spoken.hear(steered(work))
    return check


class Check:
    """Checks the answers to one question.

    The first answer may be refused with a ValueError that tells the model what is wrong; of a second one the rest of
    what is wrong is left out, or shown as uncovered. `best` is the last answer that can be used.
    """

    def __init__(
        self,
        wording: Wording,
        *,
        criteria: Sequence[AcceptanceCriterion],
        language: str = "auto",
        asked: RunWishes | None = None,
        replaced: Replaced | None = None,
    ) -> None:
        self._wording = wording
        self._criteria = criteria
        self._language = language
        self._asked = asked or RunWishes()
        self._replaced = replaced
        self.spoken = Spoken(wanted=language)
        self._asked_again = False
        self.best: Scenarios | None = None

    def __call__(self, answer: Scenarios) -> Scenarios:
        """The answer as it may be shown. Raises ValueError with a message for the model."""
        cleaned = self.clean(answer)
        if not cleaned.scenarios:
            raise ValueError(f"scenarios: at least one with a step is needed{self._of_kinds()}")
        self.best = cleaned
        problems = [*self._problems(cleaned), *filter(None, (self.spoken.problem(_own_words(cleaned)),))]
        if problems and not self._asked_again:
            self._asked_again = True
            raise ValueError("\n".join(problems))
        return cleaned

    def clean(self, answer: Scenarios) -> Scenarios:
        """The answer within every limit and wish; ids of criteria there are not left out."""
        language = code_of(self._language, answer.language)
        # A model that is asked for one gives the whole list at times: the first is the one it was asked for.
        if self._replaced:
            made = [scenario for item in answer.scenarios[:1] if (scenario := self._scenario(item))]
            covers = made[0].covers or self._replaced.old.covers if made else []
            made = [item.model_copy(update={"id": self._replaced.old.id, "covers": covers}) for item in made]
            return Scenarios(language=language, scenarios=made)
        kept = [scenario for item in answer.scenarios[:100] if (scenario := self._scenario(item))]
        wanted = [scenario for scenario in kept if not self._asked.kinds or scenario.kind in self._asked.kinds]
        chosen = self._chosen(wanted)
        numbered = [item.model_copy(update={"id": f"TS-{number}"}) for number, item in enumerate(chosen, 1)]
        return Scenarios(language=language, scenarios=numbered)

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        """An unfinished answer with its texts cleaned."""
        return {name: self._cleaned(partial[name]) for name in Scenarios.model_fields if name in partial}

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._wording.line(value, TEXT)
        if isinstance(value, list):
            return [self._cleaned(item) for item in value[:MOST_SCENARIOS]]
        if isinstance(value, dict):
            return {name: self._cleaned(item) for name, item in value.items()}
        return value

    def _chosen(self, scenarios: Sequence[Scenario]) -> list[Scenario]:
        """As many as were asked for; what alone covers a criterion goes last."""
        most = min(self._asked.count or MOST_SCENARIOS, MOST_SCENARIOS)
        # Greedy and in the order of the model, which was told to put the most important first.
        covered: set[str] = set()
        needed: list[int] = []
        for number, scenario in enumerate(scenarios):
            if set(scenario.covers) - covered:
                covered |= set(scenario.covers)
                needed.append(number)
        others = [number for number in range(len(scenarios)) if number not in needed]
        return [scenarios[number] for number in sorted([*needed, *others][:most])]

    def _problems(self, cleaned: Scenarios) -> Iterator[str]:
        if not self._replaced:
            yield from self._counted(cleaned)
        titles: dict[str, str] = {}
        for scenario in cleaned.scenarios:
            if not scenario.covers:
                yield f"{scenario.id}: `covers` names no id of the acceptance criteria"
            if not scenario.steps[-1].expected:
                yield f"{scenario.id}: its last step says nothing of what is seen then"
            for step in scenario.steps:
                if words := lint.vague(step.expected, cleaned.language):
                    yield f"{scenario.id}: {words!r} is no result anybody can see; say what is seen"
            same = titles.setdefault(scenario.title.casefold(), scenario.id)
            if same != scenario.id:
                yield f"{scenario.id}: it has the title of {same}"

    def _counted(self, cleaned: Scenarios) -> Iterator[str]:
        open_ids = [
            criterion.id
            for criterion in coverage(self._criteria, cleaned.scenarios)
            if not criterion.scenarios and (not self._asked.kinds or criterion.kind in self._asked.kinds)
        ]
        if open_ids:
            yield f"no scenario covers {', '.join(open_ids)}; add what is missing and give the whole list again"
        if self._asked.count and len(cleaned.scenarios) < self._asked.count:
            given = len(cleaned.scenarios)
            yield f"exactly {self._asked.count} scenarios are wanted{self._of_kinds()}, there are {given}"

    def _of_kinds(self) -> str:
        return f" of the kinds {', '.join(self._asked.kinds)}" if self._asked.kinds else ""

    def _scenario(self, item: Scenario) -> Scenario | None:
        steps = [step for given in item.steps if (step := self._step(given))][:MOST_STEPS]
        if not steps:
            return None
        # Models write "ac-1" and "AC-1 " for the same thing; an id nobody gave would make coverage a lie.
        known = {criterion.id.casefold(): criterion.id for criterion in self._criteria}
        covers = [known[name] for each in item.covers if (name := each.strip().casefold()) in known]
        return Scenario(
            id=item.id,
            title=self._wording.line(item.title, TITLE) or steps[0].action[:TITLE],
            kind=item.kind,
            priority=item.priority,
            covers=list(dict.fromkeys(covers)),
            preconditions=list(self._lines(item.preconditions))[:MOST_PRECONDITIONS],
            steps=steps,
        )

    def _step(self, step: Step) -> Step | None:
        line = self._wording.line
        action, expected = line(step.action, TEXT), line(step.expected, TEXT)
        return Step(action=action, data=line(step.data, TEXT), expected=expected) if action else None

    def _lines(self, texts: Iterable[str]) -> Iterator[str]:
        return (line for text in texts if (line := self._wording.line(text, TEXT)))


def _own_words(answer: Scenarios) -> Iterator[str]:
    """All that readers read but data, which may be in any language."""
    for scenario in answer.scenarios:
        yield "\n".join((scenario.title, *scenario.preconditions))
        yield from (f"{step.action}\n{step.expected}" for step in scenario.steps)
