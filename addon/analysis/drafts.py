"""What an analysis proposes to write into Jira: because the project's settings say so, or because a person asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from addon.adf.nodes import doc
from addon.analysis import chosen, render
from addon.errors import Invalid
from addon.i18n.catalog import N_, Texts
from addon.jira import comments
from addon.policy.projects import ProjectSettings
from addon.reading.facts import Facts
from addon.results.analysis import AnalysisResult, Criterion
from addon.runs.contents import DescriptionContent, FieldContent, QuestionsContent
from addon.runs.feature import Draft, Work
from addon.store.repos.runs import Run


class Drafts:
    """Their contents are those of runs/contents.py, as they are kept."""

    def __init__(self, texts: Texts, addon_key: str) -> None:
        self._texts = texts
        self._addon_key = addon_key

    async def automatic(
        self, work: Work, facts: Facts, *, result: AnalysisResult, usage: Mapping[str, Any] | None
    ) -> tuple[Draft, ...]:
        """What the settings ask for. Sub-tasks only for a new issue: a second analysis must not double them."""
        settings, analysis = work.settings, result.analysis
        new = work.run.trigger == "webhook"
        # An issue cloned together with its sub-tasks has been split already.
        wanted = bool(analysis.subtasks) and settings.auto_subtasks and new
        subtasks = wanted and not facts.is_subtask and not any(facts.of("subtask"))
        drafts: list[Draft] = []
        commented = await self._comment_wanted(work, result)
        if commented:
            content = self._comment(result, usage, created=subtasks)
            drafts.append(_comment_draft(work.run, {**content, "service_desk": facts.service_desk, "fresh": new}))
        if subtasks:
            numbers = range(len(analysis.subtasks))
            drafts += [
                self._subtask(work.run, result, number=number, edit={}, in_comment=commented) for number in numbers
            ]
        drafts += self._field(work.run, settings, result=result)
        return tuple(drafts)

    def asked(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person chose in the panel. Raises Invalid for anything the result does not hold."""
        if run.result is None:
            raise Invalid("This analysis has no result yet.")
        result = AnalysisResult.model_validate(run.result)
        facts = Facts.model_validate(run.facts) if run.facts else None
        desk = facts.service_desk if facts else None
        if target == "comment":
            content = self._comment(result, run.usage, created=False)
            return (_comment_draft(run, {**content, "service_desk": desk, "fresh": False}),)
        if target == "subtasks":
            return self._subtasks(run, result, items=items, edits=edits)
        if target == "questions":
            asking = QuestionsContent(
                questions=chosen.questions(result.analysis, items, edits=edits),
                # Whom to ask is read when it is written: who reports an issue can change.
                account_id=None,
                language=result.analysis.language,
                service_desk=desk,
            )
            return (Draft(target, 0, _numbered(f"questions:{run.id}", items), asking.model_dump()),)
        if target in ("description", "field"):
            criteria = chosen.criteria(result.analysis, items, edits=edits)
            return (self._criteria(run, target, criteria=criteria, language=result.analysis.language),)
        raise Invalid(f"An analysis cannot be written to {target[:40]!r}.")

    def _subtasks(
        self, run: Run, result: AnalysisResult, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        numbers = chosen.numbers(items, of=result.analysis.subtasks, what="sub-tasks")
        return tuple(
            self._subtask(run, result, number=number, edit=edits.get(str(number), {}), in_comment=False)
            for number in numbers
        )

    def _criteria(self, run: Run, target: str, *, criteria: Sequence[Criterion], language: str) -> Draft:
        say = self._texts.of(language)
        adf, words = doc(render.criteria_list(criteria, say)), render.criteria_text(criteria)
        if target == "field":
            return Draft(target, 0, f"field:{run.id}:", FieldContent(adf=adf, text=words).model_dump())
        title = say(N_("Suggested acceptance criteria"))
        content = DescriptionContent(section="analysis", title=title, adf=adf)
        return Draft(target, 0, f"description:{run.issue_id}:analysis:{run.id}", content.model_dump())

    async def _comment_wanted(self, work: Work, result: AnalysisResult) -> bool:
        settings = work.settings
        # What has no score cannot be below one.
        poor = settings.min_quality is None or (result.scored and result.overall < settings.min_quality)
        if settings.auto_comment and poor:
            return True
        if work.run.trigger == "webhook":
            return False
        # Whoever asks for a new analysis must not be left with the old verdict standing in the issue.
        found = await comments.with_property(work.jira, str(work.run.issue_id), property_key=self._addon_key)
        return any(_is_analysis(comment.properties.get(self._addon_key)) for comment in found)

    def _comment(self, result: AnalysisResult, usage: Mapping[str, Any] | None, *, created: bool) -> dict[str, Any]:
        say = self._texts.of(result.analysis.language)
        return {"adf": render.comment(result, usage, say=say, created=created)}

    def _subtask(
        self, run: Run, result: AnalysisResult, *, number: int, edit: Mapping[str, str], in_comment: bool
    ) -> Draft:
        subtask = chosen.edited(result.analysis.subtasks[number], edit)
        content = {**subtask.model_dump(), "language": result.analysis.language, "in_comment": in_comment}
        return Draft("subtasks", number, f"subtasks:{run.id}:{number}", content)

    def _field(self, run: Run, settings: ProjectSettings, *, result: AnalysisResult) -> Iterator[Draft]:
        criteria, field = result.analysis.criteria, settings.criteria_field
        if settings.auto_criteria and field and criteria:
            draft = self._criteria(run, "field", criteria=criteria, language=result.analysis.language)
            yield replace(draft, marker=f"field:{run.id}:{field}", content={**draft.content, "field": field})


def _comment_draft(run: Run, content: dict[str, Any]) -> Draft:
    return Draft("comment", 0, f"comment:{run.issue_id}:{run.id}", content)


def _numbered(marker: str, items: Sequence[int]) -> str:
    """A choice has a marker of its own, so that what was left out can be written later."""
    return f"{marker}:{'.'.join(map(str, sorted(set(items))))}"[:128] if items else marker


def _is_analysis(value: object) -> bool:
    return isinstance(value, dict) and value.get("kind") == "analysis"
