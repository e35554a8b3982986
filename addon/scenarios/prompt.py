"""The question put to a model. Its words stand in `prompts/<version>.txt`; a released file is never changed."""

from pathlib import Path
from string import Template

from addon.generation import steering
from addon.generation.grounds import Basis
from addon.generation.wishes import wishes
from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.facts import Facts
from addon.runs.feature import Work
from addon.scenarios.check import Replaced

FOLDER = Path(__file__).resolve().parent / "prompts"
NAME = "scenarios.v1"
TEMPLATE = Template((FOLDER / f"{NAME}.txt").read_text("utf-8"))
ANEW = Template((FOLDER / "scenarios-anew.v1.txt").read_text("utf-8"))
CRITERIA = "acceptance criteria"


def version(work: Work) -> str:
    return steering.version(NAME, work)


def build(work: Work, facts: Facts, *, basis: Basis) -> Prompt:
    """Asks for all scenarios of a list of criteria."""
    delimiter = framing.new_delimiter()
    return Prompt(
        system=_system(work, delimiter, language=work.settings.language, wanted=_wanted(work)),
        user=steering.data(facts, delimiter, more={CRITERIA: basis.text}),
        version=version(work),
    )


def anew(work: Work, facts: Facts, *, replaced: Replaced) -> Prompt:
    """Asks for one scenario of a list in place of the one that stands there."""
    delimiter, old = framing.new_delimiter(), replaced.old
    told = ANEW.substitute(id=old.id, covers=", ".join(old.covers) or "what the old one tested")
    more = {
        CRITERIA: replaced.basis.text,
        "the scenarios so far": replaced.base.model_dump_json(indent=1),
    }
    return Prompt(
        system=_system(work, delimiter, language=replaced.base.language, told=told),
        user=steering.data(facts, delimiter, more=more),
        version=version(work),
    )


def _system(work: Work, delimiter: str, *, language: str, wanted: str = "", told: str = "") -> str:
    return TEMPLATE.substitute(
        delimiter=delimiter,
        language=framing.language(language),
        wanted=wanted,
        anew=told,
        instruction=steering.steered(work),
    ).strip()


def _wanted(work: Work) -> str:
    asked = wishes(work.run)
    many = f"Write exactly {asked.count}" if asked.count else "Write as many as that takes, usually 3 to 12, at most 20"
    if not asked.kinds:
        return f"{many} scenarios."
    return (
        f"{many} scenarios, and only of these kinds: {', '.join(asked.kinds)}."
        " A criterion that none of these kinds can test stays uncovered."
    )
