"""The life of one summary: find the issues as the person who asked sees them, have them judged, check every key."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from addon.errors import Invalid
from addon.i18n.catalog import Texts
from addon.llm.answer import Usage
from addon.llm.errors import BudgetSpent, ModelError
from addon.results.part import Author, Notice
from addon.results.summary import Summary, SummaryResult
from addon.runs.feature import Draft, Outcome, Work
from addon.store.repos.runs import Run
from addon.summary.by_rules import blockers, by_rules, language_of, stale
from addon.summary.issue_set import IssueSet, NotAsYou, read_set
from addon.summary.prompt import Wish
from addon.summary.thinking import Thinker

MOST_ISSUES = 500
DEFAULT_ISSUES = 100
ASKS = 3
"""After so many attempts of a run in a row the rules answer for a model that is only busy, too."""

Verdict = tuple[Author, Notice, Summary, int]
"""Who wrote it, what the reader must know, the summary, how many invented keys were left out."""


class SummaryFeature:
    """Runs of kind `summary`: params {"jql", "question", "max_issues"}."""

    kind = "summary"

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def run(self, work: Work) -> Outcome:
        """Raises JqlRefused in Jira's words, NotAsYou, JiraError, ModelError when the model is worth another try."""
        found = await _found(work)
        wish = Wish.of(work)
        (author, notice, summary, dropped), spent = await self._verdict(work, found, wish=wish)
        await work.progress.stage("checking", len(found.issues), total=len(found.issues))
        result = SummaryResult(
            author=author,
            notice=notice,
            jql=found.jql,
            question=wish.question,
            truncated=found.truncated,
            dropped=dropped,
            counts=found.counts(),
            issues=found.lines(),
            summary=summary,
        )
        return Outcome(result.model_dump(mode="json"), asdict(spent) if spent else None)

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """A summary was read with one person's rights, so it is written nowhere. Raises Invalid."""
        raise Invalid("A summary is for whoever asked for it and cannot be written into Jira; export it instead.")

    async def _verdict(self, work: Work, found: IssueSet, *, wish: Wish) -> tuple[Verdict, Usage | None]:
        # There is nothing to judge, and no reason to speak of models.
        if not found.issues:
            return ("rules", "", self._by_rules(found, wish), 0), None
        if work.model is None:
            return ("rules", "no_model", self._by_rules(found, wish), 0), None
        thinker = Thinker(work, work.model, found=found, wish=wish)
        try:
            thought = await thinker.summary()
        except ModelError as error:
            if error.retry_after_s is not None and _failed_before(work.run) + 1 < ASKS:
                raise
            notice: Notice = "budget_spent" if isinstance(error, BudgetSpent) else "model_failed"
            return ("rules", notice, self._by_rules(found, wish), 0), thinker.spent
        say = self._texts.of(thought.language)
        # Links, flags and dates are facts: they stand whatever the model made of them.
        known = [*thought.blockers, *blockers(found, say, told=thought.blockers)]
        summary = thought.model_copy(update={"blockers": known, "stale": stale(found, say)})
        return ("model", "", summary, thinker.dropped), thinker.spent

    def _by_rules(self, found: IssueSet, wish: Wish) -> Summary:
        language = language_of(found, wanted=wish.language, question=wish.question)
        return by_rules(found, language=language, say=self._texts.of(language), asked=bool(wish.question))


async def _found(work: Work) -> IssueSet:
    """What the first attempt read, so that a second one judges, and pays for, the same issues."""
    if work.run.facts is not None:
        return IssueSet.model_validate(work.run.facts["set"])
    if work.as_user is None:
        raise NotAsYou
    params = work.run.params
    limit = min(max(int(params.get("max_issues") or DEFAULT_ISSUES), 1), MOST_ISSUES)
    found = await read_set(work, work.as_user, jql=str(params.get("jql") or ""), limit=limit)
    # Kept before anything is asked: a second attempt must not find, and pay for, another set.
    facts = {"sections": [{"name": "issue"}] if found.issues else [], "set": found.model_dump(mode="json")}
    await work.save_facts(facts, found.input_hash())
    return found


def _failed_before(run: Run) -> int:
    """Attempts in a row that the model has failed. What Jira failed before the model was asked does not count."""
    return run.failures if (run.error or {}).get("error", "").startswith("model_") else 0
