"""What the rules need to know of one language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

SECTIONS = (
    "purpose", "criteria", "scope", "errors", "permissions", "data", "notes",
    "steps", "expected", "actual", "environment", "reproducible", "impact",
)  # fmt: skip
"""Kinds of section a heading can announce."""

SIGNS = (
    "waits", "alone", "open", "error", "right", "data", "input", "exact", "secret", "loss", "outside",
    "told_steps", "told_expected", "told_actual", "told_impact", "always", "sometimes", "since",
    "attempt", "hollow", "plea", "context", "bound", "extra", "people", "task", "technical", "reason", "docs",
)  # fmt: skip
"""What else is recognised by its words."""


@dataclass(frozen=True)
class Tongue:
    """Words to find and phrases to say. Every word to find is folded (lower case, no accents) and may be a pattern.

    role, goal, benefit: openings of the three clauses of a story. joins: between two actions in one wish. verb:
    actions. action: how a clause begins that tells what somebody does, with a group "who" when a person is named;
    objects: words that may follow its verb. parting: between such clauses. work: first words of a piece of work. deed:
    how a wish begins that is put as an action. gherkin: first words of a criterion. vague: by what to ask about them.
    headings: by kind of section. stop: words that say nothing, by which a language is told; articles: words a noun
    follows; dull: words that make no label. says: phrases by name, with `str.format` places. quotes: the marks around
    quoted words.
    """

    code: str
    role: str
    goal: str
    benefit: str
    joins: str
    verb: str
    action: str
    objects: frozenset[str]
    parting: str
    work: str
    deed: str
    gherkin: str
    vague: Mapping[str, str]
    headings: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, str]
    stop: frozenset[str]
    articles: frozenset[str]
    dull: frozenset[str]
    says: Mapping[str, str]
    quotes: tuple[str, str]

    def say(self, name: str, **parts: object) -> str:
        return self.says[name].format(**parts)

    def quoted(self, *words: str) -> str:
        """Words in this language's quotation marks, joined by commas."""
        left, right = self.quotes
        return ", ".join(f"{left}{word}{right}" for word in words)

    def listed(self, items: list[str]) -> str:
        """Items as a sentence lists them."""
        *most, last = items or [""]
        return f"{', '.join(most)} {self.say('and')} {last}" if most else last

    @cached_property
    def patterns(self) -> Mapping[str, re.Pattern[str]]:
        """Compiled words, each found only as whole words: clauses, actions, `vague.<kind>` and the signs."""
        sources = {"role": self.role, "goal": self.goal, "benefit": self.benefit, "verb": self.verb, **self.signs}
        sources |= {"action": self.action, "work": self.work, "deed": self.deed}
        sources |= {f"vague.{kind}": words for kind, words in self.vague.items()}
        # An elided word (afin d'...) ends where the next one begins.
        found = {name: re.compile(rf"\b(?:{words})(?:(?<=[' ])|(?!\w))") for name, words in sources.items()}
        bare = {"joins": self.joins, "parting": self.parting}
        found |= {name: re.compile(words) for name, words in bare.items()}
        return found | {"gherkin": re.compile(rf"(?:{self.gherkin})(?!\w)")}
