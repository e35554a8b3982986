"""The question put to a model. Its words stand in `prompts/<version>.txt`; a released file is never changed."""

from pathlib import Path
from string import Template

from addon.generation import steering
from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.facts import Facts
from addon.results.criteria import Criteria
from addon.runs.feature import Work

FOLDER = Path(__file__).resolve().parent / "prompts"
NAME = "criteria.v1"
TEMPLATE = Template((FOLDER / f"{NAME}.txt").read_text("utf-8"))
ANEW = Template((FOLDER / "criteria-anew.v1.txt").read_text("utf-8"))


def version(work: Work) -> str:
    return steering.version(NAME, work)


def build(work: Work, facts: Facts) -> Prompt:
    """Asks for all criteria of one issue."""
    delimiter = framing.new_delimiter()
    return Prompt(
        system=_system(work, delimiter, language=work.settings.language),
        user=framing.data(facts, delimiter),
        version=version(work),
    )


def anew(work: Work, facts: Facts, *, base: Criteria, item: int) -> Prompt:
    """Asks for one criterion of a list in place of the one that stands there."""
    delimiter = framing.new_delimiter()
    told = ANEW.substitute(id=base.criteria[item].id)
    return Prompt(
        system=_system(work, delimiter, language=base.language, told=told),
        user=steering.data(facts, delimiter, more={"the criteria so far": base.model_dump_json(indent=1)}),
        version=version(work),
    )


def steered(work: Work) -> str:
    """What people ask for in words."""
    return steering.steered(work)


def _system(work: Work, delimiter: str, *, language: str, told: str = "") -> str:
    return TEMPLATE.substitute(
        delimiter=delimiter, language=framing.language(language), anew=told, instruction=steering.steered(work)
    ).strip()
