"""What a careful reader objects to in acceptance criteria, found by rules.

Faults of form are found in every language, faults of wording in English and French.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from addon.gherkin.lint_words import LINT, Words
from addon.i18n.catalog import N_
from addon.results.criteria import AcceptanceCriterion

EMPTY = N_("{id}: a clause is empty.")
NO_WHEN = N_("{id}: nothing happens in it; it needs exactly one When.")
NO_THEN = N_("{id}: it has no outcome; it needs at least one Then.")
SEVERAL = N_("{id}: more than one thing happens in it (“{words}”); it needs exactly one When.")
TRIVIA = N_("{id}: it tells how a screen is used (“{words}”) instead of what is wanted.")
VAGUE = N_("{id}: the outcome is vague (“{words}”); it should say what is seen.")
UNSEEN = N_("{id}: nobody can observe the outcome “{words}”.")
SAME = N_("{id}: it repeats {words}.")

_QUOTED = re.compile(r"“[^”]{0,300}”|«[^»]{0,300}»|\"[^\"]{0,300}\"")
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """id: of the criterion. text: one of ours, with places for id and words. words: what gave rise to it."""

    id: str
    text: str
    words: str = ""

    def said(self, say: Callable[[str], str]) -> str:
        """One line in the language of `say`."""
        return say(self.text).format(id=self.id, words=self.words)


def findings(criteria: Sequence[AcceptanceCriterion], language: str) -> list[Finding]:
    """In the order of the criteria. language: ISO 639-1 of their texts."""
    return [*_each(criteria, LINT.get(language)), *_repeated(criteria)]


def vague(text: str, language: str) -> str:
    """The words of an outcome in which there is nothing to see, "" without any."""
    words = LINT.get(language)
    return _hit(words.vague, text) if words else ""


def _each(criteria: Sequence[AcceptanceCriterion], words: Words | None) -> Iterator[Finding]:
    for criterion in criteria:
        yield from _formal(criterion)
        if words:
            yield from _worded(criterion, words)


def _formal(criterion: AcceptanceCriterion) -> Iterator[Finding]:
    if not criterion.when.strip():
        yield Finding(criterion.id, NO_WHEN)
    if not criterion.then:
        yield Finding(criterion.id, NO_THEN)
    if any(not clause.strip() for clause in (*criterion.given, *criterion.then)):
        yield Finding(criterion.id, EMPTY)


def _worded(criterion: AcceptanceCriterion, words: Words) -> Iterator[Finding]:
    several = _hit(words.several, criterion.when) or next(
        (clause for clause in (*criterion.given, *criterion.then) if words.whens.match(_plain(clause))), ""
    )
    if several:
        yield Finding(criterion.id, SEVERAL, several[:80])
    clauses = (*criterion.given, criterion.when, *criterion.then)
    trivia = next((hit for clause in clauses if (hit := _hit(words.trivia, clause))), "")
    # Where the issue itself is about a click, so is the criterion.
    if trivia and not words.trivia.search(_plain(criterion.quote)):
        yield Finding(criterion.id, TRIVIA, trivia)
    for clause in criterion.then:
        # One remark a clause: what is vague cannot be observed either.
        if hit := _hit(words.vague, clause):
            yield Finding(criterion.id, VAGUE, hit)
        elif _hit(words.unseen, clause):
            yield Finding(criterion.id, UNSEEN, clause[:80])


def _repeated(criteria: Sequence[AcceptanceCriterion]) -> Iterator[Finding]:
    # By its clauses and not by its title: a new title for the same behaviour is what a model does when pressed.
    first: dict[str, str] = {}
    for criterion in criteria:
        told = "\n".join(_plain(clause) for clause in (*criterion.given, "", criterion.when, "", *criterion.then))
        same = first.setdefault(" ".join(told.split()), criterion.id)
        if same != criterion.id:
            yield Finding(criterion.id, SAME, same)


def _hit(pattern: re.Pattern[str], text: str) -> str:
    """The words as written. What stands in quotation marks is a message or a name and not ours to judge."""
    # Blanked and not cut out, so that what is found can be quoted from the text by its place.
    spared = _QUOTED.sub(lambda quoted: "\0" * len(quoted[0]), text[:_MOST])
    found = pattern.search(_plain(spared))
    words = text[found.start() : found.end()] if found else ""
    return words.strip(" ,;") or words


def _plain(text: str) -> str:
    """Lower case without accents, as long as the text."""
    return "".join(unicodedata.normalize("NFD", char)[0] for char in text.replace("’", "'")).lower()[: len(text)]
