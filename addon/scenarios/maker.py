"""Who writes the scenarios: the model of the run, or the rules where they can."""

from addon.errors import Conflict, Invalid
from addon.generation import asking
from addon.generation.coverage import coverage
from addon.generation.grounds import Basis
from addon.generation.makers import Made
from addon.observe.metrics import SCENARIOS_MADE
from addon.reading.facts import Facts
from addon.results.scenarios import Scenarios, ScenariosResult
from addon.runs.feature import Work
from addon.scenarios import prompt
from addon.scenarios.by_rules import by_rules
from addon.scenarios.check import Replaced, check_of

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
        check = check_of(work, facts, basis=basis, language=work.settings.language)
        question = prompt.build(work, facts, basis=basis)
        asked = await asking.ask(work, question, shape=Scenarios, check=check)
        found = asked.value or by_rules(work, facts, basis=basis)
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
        replaced = Replaced(base.scenarios, item, basis)
        check = check_of(work, facts, basis=basis, language=base.scenarios.language, replaced=replaced)
        question = prompt.anew(work, facts, replaced=replaced)
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
