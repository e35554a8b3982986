"""The rules in place of a model."""

from addon.generation.grounds import Basis
from addon.generation.story import story_of
from addon.generation.wishes import wishes
from addon.reading.facts import Facts
from addon.results.scenarios import Scenarios
from addon.rules import testing
from addon.runs.feature import Work
from addon.scenarios.check import check_of


def by_rules(work: Work, facts: Facts, *, basis: Basis) -> Scenarios:
    """Each criterion as a test, in the language of the criteria."""
    report = story_of(facts, basis.language) if facts.is_bug else None
    made = testing.scenarios(basis.criteria, language=basis.language, kinds=wishes(work.run).kinds, report=report)
    # They speak fewer languages than the project may ask for, so what they answered in is what counts.
    return check_of(work, facts, basis=basis, language=basis.language).clean(made)
