"""Asking a model about more issues than one question holds: batch by batch, and once more about what was said."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from addon.llm.answer import Usage
from addon.llm.asker import Asker
from addon.llm.errors import ModelError
from addon.llm.partial import OnPartial
from addon.llm.prompt import Prompt
from addon.reading.wording import Wording
from addon.results.summary import Finding, Summary, Theme
from addon.runs.feature import Work
from addon.summary.check import MOST_FINDINGS, MOST_THEMES, OVERVIEW, Check
from addon.summary.issue_set import IssueSet
from addon.summary.issues import SetIssue
from addon.summary.prompt import Wish, of_issues, of_parts, weight

BATCH = 24_000
"""Characters of issues in one question, about 7,000 tokens: what a small local model still reads with attention."""


class Thinker:
    """Makes one summary of one set. `spent` is what it cost so far, by whichever attempt of the run."""

    def __init__(self, work: Work, model: Asker, *, found: IssueSet, wish: Wish) -> None:
        self._work = work
        self._model = model
        self._found = found
        self._wish = wish
        self._wording = Wording(found.texts(), work.tenant.hosts)
        self.spent: Usage | None = None
        self.dropped = 0

    async def summary(self) -> Summary:
        """A checked summary. Raises ModelError when the model is worth another try, or failed for good."""
        batches = batched(self._found.issues, now=self._found.read_at)
        if len(batches) == 1:
            await self._work.progress.stage("thinking", 0, total=1)
            return await self._direct(batches[0])
        parts: list[Summary] = []
        # One after the other: a local model answers no faster when it is asked twice at a time.
        for number, batch in enumerate(batches):
            await self._work.progress.stage("thinking", number, total=len(batches))
            parts.append(await self._part(batch, (number + 1, len(batches)), before=parts))
        await self._work.progress.stage("merging", len(batches), total=len(batches))
        return await self._merged(parts)

    async def _direct(self, issues: Sequence[SetIssue]) -> Summary:
        question = of_issues(self._wish, issues, now=self._found.read_at)
        return await self._asked(question, self._found.keys, before=())

    async def _part(self, issues: Sequence[SetIssue], part: tuple[int, int], *, before: Sequence[Summary]) -> Summary:
        """The summary of one batch: kept, so that nobody pays for it twice."""
        name = f"part-{part[0]}-of-{part[1]}"
        known = await self._work.kept(name)
        if known is not None:
            self._book(Usage(**known["usage"]) if known["usage"] else None, known["dropped"])
            return Summary.model_validate(known["summary"])
        paid, lost = self.spent, self.dropped
        # Only its own delta is kept with a piece, so that the bill adds up however often the run is begun anew.
        self.spent, self.dropped = None, 0
        question = of_issues(self._wish, issues, now=self._found.read_at, part=part)
        try:
            found = await self._asked(question, frozenset(issue.key for issue in issues), before=before)
            usage = asdict(self.spent) if self.spent else None
            piece = {"summary": found.model_dump(mode="json"), "usage": usage, "dropped": self.dropped}
        finally:
            mine, gone = self.spent, self.dropped
            self.spent, self.dropped = paid, lost
            self._book(mine, gone)
        await self._work.keep(name, piece)
        return found

    async def _merged(self, parts: Sequence[Summary]) -> Summary:
        try:
            return await self._asked(of_parts(self._wish, parts), self._found.keys, before=())
        except ModelError as error:
            if error.retry_after_s is not None:
                raise
            # The parts are paid for and checked: side by side they say more than the rules could.
            return joined(parts)

    async def _asked(self, question: Prompt, keys: frozenset[str], *, before: Sequence[Summary]) -> Summary:
        language = "auto" if self._wish.question else self._wish.language
        check = Check(keys, self._wording, asked=bool(self._wish.question), language=language)
        read = "\n".join(f"{issue.summary}\n{issue.text}" for issue in self._found.issues if issue.key in keys)
        check.compare(self._wish.question or read, steering=self._wish.steering)
        try:
            show = self._showing(check, before)
            answer = await self._model.ask(question, shape=Summary, check=check, on_partial=show)
        except ModelError as error:
            # What a failed ask cost has been spent all the same.
            self._book(error.usage, check.dropped if check.best else 0)
            # A repair that made things worse must not throw away an answer whose only fault was a key.
            if check.best is None or error.usage is None:
                raise
            return check.best
        self._book(answer.usage, check.dropped)
        return answer.value

    def _showing(self, check: Check, before: Sequence[Summary]) -> OnPartial:
        """Tells watchers what is known so far; themes of earlier batches stay on the page."""
        themes = [theme.model_dump(mode="json") for part in before for theme in part.themes]

        def shown(partial: dict[str, Any]) -> dict[str, Any]:
            found = check.preview(partial)
            if themes or "themes" in found:
                found["themes"] = [*themes, *found.get("themes", [])]
            return found

        async def show(partial: dict[str, Any]) -> None:
            await self._work.progress.partial(lambda: shown(partial))

        return show

    def _book(self, usage: Usage | None, dropped: int) -> None:
        self.dropped += dropped
        if usage is not None:
            self.spent = self.spent.plus(usage) if self.spent else usage


def batched(issues: Sequence[SetIssue], *, now: float) -> list[list[SetIssue]]:
    """The issues in as few questions as they fit into, in their order."""
    batches: list[list[SetIssue]] = [[]]
    left = BATCH
    for issue in issues:
        needed = weight(issue, now=now)
        if needed > left and batches[-1]:
            batches.append([])
            left = BATCH
        batches[-1].append(issue)
        left -= needed
    return batches


def joined(parts: Sequence[Summary]) -> Summary:
    """The parts side by side, the first of each list within the limits of one summary."""

    def together(name: str) -> list[Finding]:
        return [finding for part in parts for finding in getattr(part, name)][:MOST_FINDINGS]

    themes: list[Theme] = [theme for part in parts for theme in part.themes]
    return Summary(
        language=parts[0].language,
        overview="\n".join(part.overview for part in parts if part.overview)[:OVERVIEW],
        themes=sorted(themes, key=lambda theme: -len(theme.issues))[:MOST_THEMES],
        progress=together("progress"),
        blockers=together("blockers"),
        risks=together("risks"),
        stale=[],
        answer=together("answer"),
    )
