"""The rules in place of a model."""

from collections.abc import Iterator

from addon.analysis.check import Check
from addon.reading.facts import Facts
from addon.results.analysis import AnalysisResult
from addon.results.part import Notice
from addon.rules.analyst import analyse
from addon.rules.story import Story
from addon.runs.feature import Work


async def by_rules(work: Work, facts: Facts, *, check: Check, notice: Notice) -> AnalysisResult:
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
        level=facts.level,
    )
    judged = analyse(story)
    # The rules quote the issue as well, so their words pass the same gate as a model's.
    # They speak fewer languages than the project may ask for, so what they answered in is what counts.
    analysis = check.clean(judged).model_copy(update={"language": judged.language})
    await work.progress.stage("checking")
    return AnalysisResult(author="rules", overall=analysis.overall, notice=notice, dropped=0, analysis=analysis)


def _told(facts: Facts) -> Iterator[str]:
    """What the author wrote besides the title, other fields as sections of their own so that the rules see them."""
    yield facts.first("description")
    for section in facts.sections:
        if section.name in ("environment", "field"):
            yield f"## {section.title or 'Environment'}\n\n{section.text}"
