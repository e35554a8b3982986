"""Who judges, and what happens when the model does not: from facts to a checked result."""

from typing import Any

from addon.analysis import prompt
from addon.analysis.by_rules import by_rules
from addon.analysis.check import Check
from addon.generation.asking import ask
from addon.generation.steering import steered
from addon.reading import framing
from addon.reading.facts import Facts
from addon.results.analysis import Analysis, AnalysisResult
from addon.runs.feature import Work

Verdict = tuple[AnalysisResult, dict[str, Any] | None]
"""The result and what it cost, None when no model was asked."""


class Judge:
    """Asks the model of the work, or the rules when there is none or it fails for good."""

    async def verdict(self, work: Work, facts: Facts) -> Verdict:
        """Raises ModelError when the model is worth another try of the whole run."""
        check = Check(facts, language=work.settings.language, hosts=work.tenant.hosts)
        check.spoken.hear(steered(work))
        question = prompt.build(work, facts, delimiter=framing.new_delimiter())
        await work.progress.stage("thinking")
        asked = await ask(work, question, shape=Analysis, check=check)
        if asked.value is None:
            return await by_rules(work, facts, check=check, notice=asked.notice), asked.bill
        await work.progress.stage("checking")
        found = asked.value
        return AnalysisResult(
            author="model", overall=found.overall, notice="", dropped=check.dropped, analysis=found
        ), asked.bill
