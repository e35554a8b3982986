"""What a prompt is made of besides its template: the issue, what stands so far, and who may steer the model."""

from collections.abc import Mapping

from addon.generation.wishes import wishes
from addon.reading import framing
from addon.reading.facts import Facts
from addon.runs.feature import Work


def version(name: str, work: Work) -> str:
    """Name of the prompt file, with the number of the project's own words where it has some: criteria.v1+p3."""
    return f"{name}+p{work.prompt.version}" if work.prompt else name


def steered(work: Work) -> str:
    """The end of a system prompt: what the project's administrators and the person who asks want."""
    words = (work.settings.instruction, work.prompt.text if work.prompt else "")
    return framing.steering(project="\n".join(text for text in words if text.strip()), person=wishes(work.run).said)


def data(facts: Facts, delimiter: str, *, more: Mapping[str, str] | None = None) -> str:
    """The issue as a user message, and further texts by their titles, each below a mark of its own."""
    parts = [framing.data(facts, delimiter)]
    for title, text in (more or {}).items():
        # They came out of a model or were edited by people: data like the issue, and no mark may stand in them.
        parts.append(f"{delimiter} {title}\n{text.replace(delimiter, '')}\n{delimiter} end of {title}")
    return "\n".join(parts)
