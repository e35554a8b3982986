"""Who judges, and what happens when the model does not: from facts to a checked result."""

from dataclasses import asdict
from typing import Any

from addon.analysis import prompt
from addon.analysis.by_rules import by_rules
from addon.analysis.check import Check
from addon.llm.answer import Usage
from addon.llm.asker import Asker
from addon.llm.errors import ModelError
from addon.reading import framing
from addon.reading.facts import Facts
from addon.results.analysis import Analysis, AnalysisResult
from addon.runs.feature import Work
from addon.store.repos.runs import Run

ASKS = 3
"""After so many attempts of a run in a row the rules answer for a model that is only busy, too."""

Verdict = tuple[AnalysisResult, dict[str, Any] | None]
"""The result and what it cost, None when no model was asked."""


class Judge:
    """Asks the model of the work, or the rules when there is none or it fails for good."""

    async def verdict(self, work: Work, facts: Facts) -> Verdict:
        """Raises ModelError when the model is worth another try of the whole run."""
        check = Check(facts, language=work.settings.language, hosts=work.tenant.hosts)
        await work.progress.stage("thinking")
        if work.model is None:
            return await by_rules(work, facts, check=check, notice="no_model"), None
        try:
            analysis, usage = await self._by_model(work, work.model, facts=facts, check=check)
        except ModelError as error:
            if error.retry_after_s is not None and _failed_before(work.run) + 1 < ASKS:
                raise
            # What the failed ask cost has been spent all the same and belongs on the bill.
            spent = asdict(error.usage) if error.usage else None
            return await by_rules(work, facts, check=check, notice="model_failed"), spent
        await work.progress.stage("checking")
        overall, dropped = analysis.overall, check.dropped
        return AnalysisResult(author="model", overall=overall, notice="", dropped=dropped, analysis=analysis), asdict(
            usage
        )

    async def _by_model(self, work: Work, model: Asker, *, facts: Facts, check: Check) -> tuple[Analysis, Usage]:
        """Raises ModelError, unless one of the answers can be used all the same."""
        question = prompt.build(
            facts,
            language=work.settings.language,
            instruction=work.settings.instruction,
            delimiter=framing.new_delimiter(),
        )

        async def show(partial: dict[str, Any]) -> None:
            await work.progress.partial(check.preview(partial))

        try:
            answer = await model.ask(question, shape=Analysis, check=check, on_partial=show)
        except ModelError as error:
            # A repair that made things worse must not throw away an answer whose only fault was a quote.
            if check.best is None or error.usage is None:
                raise
            return check.best, error.usage
        return answer.value, answer.usage


def _failed_before(run: Run) -> int:
    """Attempts in a row that the model has failed. What Jira failed before the model was asked does not count."""
    return run.failures if (run.error or {}).get("error", "").startswith("model_") else 0
