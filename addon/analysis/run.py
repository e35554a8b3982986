"""The life of one analysis: read the issue, ask the model or the rules, check, draft what may be written."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from addon.analysis import prompt, reading
from addon.analysis.check import Check
from addon.analysis.drafts import Drafts
from addon.analysis.facts import Facts, input_hash
from addon.llm.answer import Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelError
from addon.llm.models import Models
from addon.results.analysis import Analysis, AnalysisResult
from addon.rules.analyst import analyse
from addon.rules.story import Story
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run

ATTEMPTS = 3
"""On this attempt of a run no other follows, so the rules answer for a model that is only busy, too."""


class AnalysisFeature:
    """Runs of kind `analysis`."""

    kind = "analysis"

    def __init__(self, models: Models, drafts: Drafts) -> None:
        self._models = models
        self._drafts = drafts

    async def run(self, work: Work) -> Outcome:
        """Raises JiraError when the issue cannot be read, ModelError when it is worth trying the model again."""
        facts = await self._facts(work)
        result, usage = await self._result(work, facts)
        drafts = await self._drafts.automatic(work, facts, result, usage)
        return Outcome(result=result.model_dump(mode="json"), usage=usage, drafts=drafts)

    def drafts(
        self, run: Run, target: str, items: Sequence[int], edits: Mapping[str, Mapping[str, str]]
    ) -> tuple[Draft, ...]:
        """What a person asked for; see Drafts.asked."""
        return self._drafts.asked(run, target, items, edits)

    async def _facts(self, work: Work) -> Facts:
        await work.progress.stage("reading")
        if work.run.facts is not None:
            return Facts.model_validate(work.run.facts)
        facts = await reading.read(
            work.jira,
            str(work.run.issue_id),
            own_account_id=work.tenant.app_account_id,
            criteria_field=work.settings.criteria_field,
        )
        await work.save_facts(facts.model_dump(mode="json"), _hash(work, facts))
        return facts

    async def _result(self, work: Work, facts: Facts) -> tuple[AnalysisResult, dict[str, Any] | None]:
        known = None if work.run.params.get("force") else await work.earlier(_hash(work, facts))
        if known is not None:
            result = AnalysisResult.model_validate(known)
            if result.notice != "model_failed":
                return result, _reused(work.choice, facts) if result.author == "model" else None
        check = Check(facts, language=work.settings.language, hosts=own_hosts(work))
        if work.choice is None:
            await work.progress.stage("thinking")
            return await _by_rules(work, facts, check, "no_model"), None
        try:
            analysis, usage = await self._by_model(work, work.choice, facts, check)
        except ModelError as error:
            if error.retry_after_s is not None and work.run.attempts < ATTEMPTS:
                raise
            return await _by_rules(work, facts, check, "model_failed"), asdict(error.usage) if error.usage else None
        await work.progress.stage("checking")
        return AnalysisResult(
            author="model", overall=analysis.overall, notice="", dropped=check.dropped, analysis=analysis
        ), asdict(usage)

    async def _by_model(self, work: Work, choice: ModelChoice, facts: Facts, check: Check) -> tuple[Analysis, Usage]:
        """Raises ModelError, unless one of the answers can be used all the same."""
        await work.progress.stage("thinking")
        question = prompt.build(
            facts,
            language=work.settings.language,
            instruction=work.settings.instruction,
            delimiter=f"=={secrets.token_hex(12)}==",
        )

        async def show(partial: dict[str, Any]) -> None:
            await work.progress.partial(check.preview(partial))

        try:
            answer = await self._models.ask(choice, question, Analysis, check=check, on_partial=show)
        except ModelError as error:
            # A repair that made things worse must not throw away an answer whose only fault was a quote.
            if check.best is None or error.usage is None:
                raise
            return check.best, error.usage
        return answer.value, answer.usage


async def _by_rules(work: Work, facts: Facts, check: Check, notice: str) -> AnalysisResult:
    story = Story(
        summary=facts.first("summary"),
        description="\n\n".join(_told(facts)),
        issue_type=facts.issue_type,
        is_bug=facts.is_bug,
        is_subtask=facts.is_subtask,
        labels=facts.labels,
        components=facts.components,
        parent=facts.first("parent"),
        language=work.settings.language,
    )
    analysis = check.clean(analyse(story))
    await work.progress.stage("checking")
    return AnalysisResult(author="rules", overall=analysis.overall, notice=notice, dropped=0, analysis=analysis)


def _told(facts: Facts) -> Iterator[str]:
    """What the author wrote besides the title, other fields as sections of their own so that the rules see them."""
    yield facts.first("description")
    for section in facts.sections:
        if section.name in ("environment", "field"):
            yield f"## {section.title or 'Environment'}\n\n{section.text}"


def _hash(work: Work, facts: Facts) -> str:
    choice = work.choice
    return input_hash(
        facts,
        language=work.settings.language,
        instruction=work.settings.instruction if choice else "",
        model=[choice.provider, choice.model, choice.base_url] if choice else None,
        prompt=prompt.version(facts) if choice else None,
    )


def _reused(choice: ModelChoice | None, facts: Facts) -> dict[str, Any] | None:
    """The usage of an answer taken from an earlier run: the same model and prompt, and nothing spent."""
    return asdict(Usage(choice.provider, choice.model, prompt.version(facts))) if choice else None


def own_hosts(work: Work) -> frozenset[str]:
    """Hosts that belong to the tenant itself."""
    addresses = (work.tenant.display_url, work.tenant.site.base_url)
    return frozenset(host for address in addresses if (host := urlsplit(address).hostname))
