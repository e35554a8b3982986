"""The question put to a model. Its words stand in `prompts/<version>.txt`; a released file is never changed."""

from pathlib import Path
from string import Template

from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.facts import Facts

FOLDER = Path(__file__).resolve().parent / "prompts"
STORY = "analysis.v1"
BUG = "analysis-bug.v1"
TEMPLATES = {name: Template((FOLDER / f"{name}.txt").read_text("utf-8")) for name in (STORY, BUG)}


def version(facts: Facts) -> str:
    """Name of the prompt file for this kind of issue."""
    return BUG if facts.is_bug else STORY


def build(facts: Facts, *, language: str, instruction: str, delimiter: str) -> Prompt:
    """The prompt for one issue.

    language: "auto" or ISO 639-1. instruction: what the project's administrators ask for, "" for nothing. delimiter:
    see framing.new_delimiter.
    """
    system = TEMPLATES[version(facts)].substitute(
        delimiter=delimiter, language=framing.language(language), instruction=framing.steering(project=instruction)
    )
    return Prompt(system=system.strip(), user=framing.data(facts, delimiter), version=version(facts))
