"""Who writes the scenarios: the model of the run, or the rules where they can."""

from addon.errors import Conflict, Invalid
from addon.generation import asking
from addon.generation.coverage import coverage
from addon.generation.makers import Basis, Made
from addon.generation.wishes import wishes
from addon.observe.metrics import SCENARIOS_MADE
from addon.reading import framing
from addon.reading.facts import Facts
from addon.reading.wording import Wording
from addon.results.scenarios import Scenarios, ScenariosResult
from addon.rules import testing
from addon.runs.feature import Work
from addon.scenarios import prompt
from addon.scenarios.check import Check, Replaced

NOTHING = (
    "The issue says too little to build a test on; say more in its description, or write acceptance criteria first."
)
NOTHING_READ = (
    "The built-in rules found nothing in this issue that a test could be built on;"
    " say more in its description, or connect a language model."
)
ANEW = "Writing one scenario anew takes a language model; connect one, or edit the scenario yourself."


class NothingToTest(Conflict):
    code = "nothing_to_test"


class ScenariosMaker:
    """See makers.ScenariosMaker."""

    def version(self, work: Work) -> str:
        return prompt.version(work)

    async def make(self, work: Work, facts: Facts, *, basis: Basis) -> Made[ScenariosResult]:
        criteria = basis.criteria
        if not criteria:
            return Made(_nothing(work, basis), None)
        check = _check(work, facts, basis=basis, language=work.settings.language)
        question = prompt.build(work, facts, delimiter=framing.new_delimiter(), criteria=criteria)
        asked = await asking.ask(work, question, shape=Scenarios, check=check)
        found = asked.value or _by_rules(work, facts, basis=basis)
        result = ScenariosResult(
            author="rules" if asked.value is None else "model",
            notice=asked.notice,
            criteria_from=basis.source,
            coverage=coverage(criteria, found.scenarios),
            scenarios=found,
        )
        SCENARIOS_MADE.labels(result.author).inc(len(found.scenarios))
        return Made(result, asked.bill)

    async def anew(
        self, work: Work, facts: Facts, *, base: ScenariosResult, item: int, basis: Basis
    ) -> Made[ScenariosResult]:
        if item >= len(base.scenarios.scenarios):
            raise Invalid("There is no such scenario to write anew.")
        replaced = Replaced(base.scenarios, item, basis.criteria)
        check = _check(work, facts, basis=basis, language=base.scenarios.language, replaced=replaced)
        question = prompt.anew(work, facts, delimiter=framing.new_delimiter(), replaced=replaced)
        asked = await asking.ask(work, question, shape=Scenarios, check=check)
        if asked.value is None:
            asked.must(ANEW)
        scenarios = list(base.scenarios.scenarios)
        scenarios[item] = asked.value.scenarios[0]
        SCENARIOS_MADE.labels("model").inc()
        return Made(
            base.model_copy(
                update={
                    "author": "model",
                    "notice": "",
                    "coverage": coverage(base.coverage, scenarios),
                    "scenarios": base.scenarios.model_copy(update={"scenarios": scenarios}),
                }
            ),
            asked.bill,
        )


def _nothing(work: Work, basis: Basis) -> ScenariosResult:
    """Beside criteria that are none yet; alone it would be no answer. Raises ModelNeeded, NothingToTest."""
    if basis.source != "run":
        raise NothingToTest(NOTHING) if work.model else asking.ModelNeeded(NOTHING_READ)
    return ScenariosResult(
        author="model" if work.model else "rules",
        notice="" if work.model else "no_model",
        criteria_from="run",
        coverage=[],
        scenarios=Scenarios(language=basis.language, scenarios=[]),
    )


def _by_rules(work: Work, facts: Facts, *, basis: Basis) -> Scenarios:
    made = testing.scenarios(basis.criteria, language=basis.language, kinds=wishes(work.run).kinds)
    # They speak fewer languages than the project may ask for, so what they answered in is what counts.
    return _check(work, facts, basis=basis, language=basis.language).clean(made)


def _check(work: Work, facts: Facts, *, basis: Basis, language: str, replaced: Replaced | None = None) -> Check:
    # What the criteria say has passed a gate of its own and may be repeated, as the issue may.
    wording = Wording(f"{facts.text()}\n\n{prompt.listed(basis.criteria)}", work.tenant.hosts)
    return Check(wording, criteria=basis.criteria, language=language, asked=wishes(work.run), replaced=replaced)
