"""The questions put to a model. Their words stand in `prompts/<version>.txt`; a released file is never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.facts import Facts
from addon.runs.feature import Work

FOLDER = Path(__file__).resolve().parent / "prompts"
STORY = "analysis.v1"
BUG = "analysis-bug.v1"
ANEW = "analysis-anew.v1"
TEMPLATES = {name: Template((FOLDER / f"{name}.txt").read_text("utf-8")) for name in (STORY, BUG, ANEW)}

_RULES = {
    "subtasks": (
        "sub-tasks",
        'One piece of the work, deliverable by itself, not an activity such as "test". `title` is one line;'
        " `description` says in one to three sentences what is done then.",
    ),
    "criteria": (
        "acceptance criteria",
        "One behaviour. `given`, `when` and `then` are clauses without their keyword; `title` is one line.",
    ),
}


def version(work: Work, facts: Facts) -> str:
    """Name of the prompt for this kind of issue, with the number of the project's own words: "analysis.v1+p3"."""
    return _versioned(BUG if facts.is_bug else STORY, work)


def version_anew(work: Work) -> str:
    return _versioned(ANEW, work)


def build(work: Work, facts: Facts, *, delimiter: str) -> Prompt:
    """Asks for the analysis of one issue. delimiter: see framing.new_delimiter."""
    system = TEMPLATES[BUG if facts.is_bug else STORY].substitute(
        delimiter=delimiter,
        language=framing.language(work.settings.language),
        instruction=steered(work, said=str(work.run.params.get("instruction") or "")),
    )
    return Prompt(system=system.strip(), user=framing.data(facts, delimiter), version=version(work, facts))


@dataclass(frozen=True, slots=True)
class OneItem:
    """What is to be written anew. part: subtasks | criteria. items: the others, then the one to replace, as JSON.

    language: ISO 639-1 of the texts. said: what the person who asks wants to be different.
    """

    part: str
    items: Sequence[str]
    language: str
    said: str


def build_anew(work: Work, facts: Facts, *, wish: OneItem) -> Prompt:
    """Asks for one item of a part."""
    delimiter = framing.new_delimiter()
    what, rules = _RULES[wish.part]
    system = TEMPLATES[ANEW].substitute(
        delimiter=delimiter,
        what=what,
        rules=rules,
        language=framing.language(wish.language),
        instruction=steered(work, said=wish.said),
    )
    titles = [*[f"another one of the {what}"] * (len(wish.items) - 1), "the one to replace"]
    # They came out of a model or were typed by people: data like the issue, and no mark may stand in them.
    pairs = zip(titles, wish.items, strict=True)
    so_far = [f"{delimiter} {title}\n{item.replace(delimiter, '')}" for title, item in pairs]
    user = "\n".join((framing.data(facts, delimiter), *so_far, f"{delimiter} end of the suggestions"))
    return Prompt(system=system.strip(), user=user, version=version_anew(work))


def steered(work: Work, *, said: str) -> str:
    """The end of a system prompt. said: by the person who asks."""
    return framing.steering(project=wanted(work), person=said)


def wanted(work: Work) -> str:
    """What the project's administrators tell the model, in their settings and in the prompt of this kind of run."""
    words = (work.settings.instruction, work.prompt.text if work.prompt else "")
    return "\n".join(text for text in words if text.strip())


def _versioned(name: str, work: Work) -> str:
    return f"{name}+p{work.prompt.version}" if work.prompt else name
