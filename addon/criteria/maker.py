"""Who writes the criteria: the model of the run, or the rules where they can."""

from addon.criteria import prompt
from addon.criteria.by_rules import by_rules
from addon.criteria.check import Check, Replaced
from addon.criteria.document import document
from addon.errors import Invalid
from addon.generation import asking
from addon.generation.makers import Made
from addon.i18n.catalog import Texts
from addon.observe.metrics import CRITERIA_MADE
from addon.reading.facts import Facts
from addon.results.criteria import Criteria, CriteriaResult
from addon.runs.feature import Work

UNREAD = (
    "The built-in rules read English and French only, and this issue is written in another language;"
    " connect a language model to have its acceptance criteria written."
)
ANEW = "Writing one criterion anew takes a language model; connect one, or edit the criterion yourself."


class CriteriaMaker:
    """See makers.CriteriaMaker."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def version(self, work: Work) -> str:
        return prompt.version(work)

    async def make(self, work: Work, facts: Facts) -> Made[CriteriaResult]:
        check = Check(facts, language=work.settings.language, hosts=work.tenant.hosts)
        check.spoken.hear(prompt.steered(work))
        question = prompt.build(work, facts)
        asked = await asking.ask(work, question, shape=Criteria, check=check)
        if asked.value is not None:
            say = self._texts.of(asked.value.language)
            result = document(asked.value, author="model", dropped=check.dropped, say=say)
        else:
            result = by_rules(work, facts, notice=asked.notice, texts=self._texts) or asked.must(UNREAD)
        # Counted where they come into being: what is taken from an earlier run was counted then.
        CRITERIA_MADE.labels(result.author).inc(len(result.criteria.criteria))
        return Made(result, asked.bill)

    async def anew(self, work: Work, facts: Facts, *, base: CriteriaResult, item: int) -> Made[CriteriaResult]:
        if item >= len(base.criteria.criteria):
            raise Invalid("There is no such criterion to write anew.")
        replaced = Replaced(base.criteria, item)
        check = Check(facts, language=base.criteria.language, hosts=work.tenant.hosts, replaced=replaced)
        check.spoken.hear(prompt.steered(work))
        question = prompt.anew(work, facts, base=base.criteria, item=item)
        asked = await asking.ask(work, question, shape=Criteria, check=check)
        if asked.value is None:
            asked.must(ANEW)
        criteria = list(base.criteria.criteria)
        criteria[item] = asked.value.criteria[0]
        whole = base.criteria.model_copy(update={"criteria": criteria})
        say, dropped = self._texts.of(whole.language), base.dropped + check.dropped
        CRITERIA_MADE.labels("model").inc()
        return Made(document(whole, author="model", dropped=dropped, say=say), asked.bill)
