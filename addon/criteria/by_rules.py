"""The rules in place of a model."""

from addon.criteria.check import Check
from addon.criteria.document import document
from addon.generation.story import story_of
from addon.i18n.catalog import Texts
from addon.reading.facts import Facts
from addon.results.criteria import CriteriaResult
from addon.results.part import Notice
from addon.rules import acceptance
from addon.runs.feature import Work


def by_rules(work: Work, facts: Facts, *, notice: Notice, texts: Texts) -> CriteriaResult | None:
    """None for a text in a language the rules cannot read."""
    found = acceptance.criteria(story_of(facts, work.settings.language))
    if found is None:
        return None
    # The rules quote the issue as well, so their words pass the same gate as a model's. They speak fewer languages
    # than the project may ask for, so what they answered in is what counts.
    cleaned = Check(facts, language=found.language, hosts=work.tenant.hosts).clean(found)
    return document(cleaned, author="rules", notice=notice, say=texts.of(found.language))
