"""The question put to a model. Its words stand in `prompts/<version>.txt`; a released file is never changed."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from addon.generation import steering
from addon.generation.wishes import wishes
from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.facts import Facts
from addon.results.criteria import AcceptanceCriterion
from addon.runs.feature import Work
from addon.scenarios.check import Replaced

FOLDER = Path(__file__).resolve().parent / "prompts"
NAME = "scenarios.v1"
TEMPLATE = Template((FOLDER / f"{NAME}.txt").read_text("utf-8"))
ANEW = Template((FOLDER / "scenarios-anew.v1.txt").read_text("utf-8"))
CRITERIA = "acceptance criteria"


def version(work: Work) -> str:
    return steering.version(NAME, work)


def build(work: Work, facts: Facts, *, delimiter: str, criteria: Sequence[AcceptanceCriterion]) -> Prompt:
    """Asks for all scenarios of a list of criteria."""
    return Prompt(
        system=_system(work, delimiter, language=work.settings.language, wanted=_wanted(work)),
        user=steering.data(facts, delimiter, more={CRITERIA: listed(criteria)}),
        version=version(work),
    )


def anew(work: Work, facts: Facts, *, delimiter: str, replaced: Replaced) -> Prompt:
    """Asks for one scenario of a list in place of the one that stands there."""
    old = replaced.old
    told = ANEW.substitute(id=old.id, covers=", ".join(old.covers) or "what the old one tested")
    more = {
        CRITERIA: listed(replaced.criteria),
        "the scenarios so far": replaced.base.model_dump_json(indent=1),
    }
    return Prompt(
        system=_system(work, delimiter, language=replaced.base.language, told=told),
        user=steering.data(facts, delimiter, more=more),
        version=version(work),
    )


def listed(criteria: Sequence[AcceptanceCriterion]) -> str:
    """The criteria as a model reads them."""
    return "\n\n".join("\n".join(_criterion(criterion)) for criterion in criteria)


def _criterion(criterion: AcceptanceCriterion) -> Iterator[str]:
    yield f"{criterion.id} ({criterion.kind}): {criterion.title}"
    for word, clauses in (("Given", criterion.given), ("When", [criterion.when]), ("Then", criterion.then)):
        yield from (f"  {word} {clause}" for clause in clauses if clause)


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
