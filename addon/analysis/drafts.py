"""What an analysis proposes to write into Jira: because the project's settings say so, or because a person asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from addon.adf.clean import one_line, visible
from addon.adf.nodes import doc
from addon.analysis import render
from addon.analysis.check import DESCRIPTION, TITLE
from addon.errors import Invalid
from addon.i18n.catalog import Texts
from addon.jira import comments
from addon.policy.projects import ProjectSettings
from addon.reading.facts import Facts
from addon.results.analysis import AnalysisResult, Subtask
from addon.runs.feature import Draft, Work
from addon.store.repos.runs import Run

EDITABLE = {"title": TITLE, "description": DESCRIPTION}


class Drafts:
    """Contents by target:

    comment {"adf", "service_desk", "fresh"}: fresh says that no comment of ours can stand there yet.
    subtasks {"title", "description", "language", "in_comment"}: in_comment says that the run's comment lists them too.
    field {"field", "adf", "text"}.
    """

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
        if target == "comment":
            facts = Facts.model_validate(run.facts) if run.facts else None
            content = self._comment(result, run.usage, created=False)
            return (
                _comment_draft(run, {**content, "service_desk": facts.service_desk if facts else None, "fresh": False}),
            )
        if target != "subtasks":
            raise Invalid(f"An analysis cannot be written to {target[:40]!r}.")
        unknown = [item for item in items if not 0 <= item < len(result.analysis.subtasks)]
        if unknown or not items:
            raise Invalid("Choose at least one of the suggested sub-tasks.")
        return tuple(
            self._subtask(run, result, number=item, edit=edits.get(str(item), {}), in_comment=False)
            for item in dict.fromkeys(items)
        )

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
        subtask = edited(result.analysis.subtasks[number], edit)
        content = {**subtask.model_dump(), "language": result.analysis.language, "in_comment": in_comment}
        return Draft("subtasks", number, f"subtasks:{run.id}:{number}", content)

    def _field(self, run: Run, settings: ProjectSettings, *, result: AnalysisResult) -> Iterator[Draft]:
        criteria = result.analysis.criteria
        if settings.auto_criteria and settings.criteria_field and criteria:
            say = self._texts.of(result.analysis.language)
            adf = doc(render.criteria_list(criteria, say))
            content = {"field": settings.criteria_field, "adf": adf, "text": render.criteria_text(criteria)}
            yield Draft("field", 0, f"field:{run.id}", content)


def edited(subtask: Subtask, edit: Mapping[str, str]) -> Subtask:
    """The sub-task with a person's changes. Raises Invalid for an unknown field, an empty title or a text too long."""
    for name, text in edit.items():
        if name not in EDITABLE:
            raise Invalid(f"A sub-task has no {name[:40]!r} to edit.")
        if len(text) > EDITABLE[name]:
            raise Invalid(f"The {name} of a sub-task holds at most {EDITABLE[name]} characters.")
    title = one_line(edit.get("title", subtask.title))
    if not title:
        raise Invalid("A sub-task needs a title.")
    return Subtask(title=title, description=visible(edit.get("description", subtask.description)))


def _comment_draft(run: Run, content: dict[str, Any]) -> Draft:
    return Draft("comment", 0, f"comment:{run.issue_id}:{run.id}", content)


def _is_analysis(value: object) -> bool:
    return isinstance(value, dict) and value.get("kind") == "analysis"
