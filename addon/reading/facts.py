"""What an analysis reads: one issue as short plain sections, the most telling first, within a budget of characters."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict

BUDGET = 30_000
"""Characters of all sections together, about 8,000 tokens."""
SHARES = {
    "summary": 500,
    "description": 18_000,
    "environment": 2_000,
    "field": 6_000,
    "parent": 500,
    "link": 300,
    "subtask": 300,
    "comment": 2_000,
}
"""The most characters one section of a name may take, in the order in which sections are cut last."""
LEAST = 80
"""A section that would get fewer characters than this is left out whole."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Part):
    """name: a key of SHARES. title: tells it from others of its name. text: Markdown. cut: characters left out.

    ours: we made what it speaks of; shown to a model, so that nothing is made twice, and no change of the issue.
    """

    name: str
    title: str = ""
    text: str
    cut: int = 0
    ours: bool = False


class Facts(Part):
    """One issue, read once and kept with the run, so that a second attempt judges the same text.

    level: Jira's hierarchy level (-1 sub-task, 0 story or bug, 1 epic). left_out: names of sections that found no room.
    """

    issue_id: str
    issue_key: str
    project_id: str
    issue_type: str
    is_bug: bool
    is_subtask: bool
    level: int = 0
    service_desk: bool = False
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    left_out: tuple[str, ...] = ()

    def of(self, name: str) -> Iterator[Section]:
        return (section for section in self.sections if section.name == name)

    def first(self, name: str) -> str:
        """The text of the first section of that name, "" without one."""
        return next((section.text for section in self.of(name)), "")

    def text(self) -> str:
        """All that was read, as one text."""
        return "\n\n".join(section.text for section in self.sections)

    def said(self) -> str:
        """What people wrote, as one text to find quotes in: our own words would prove anything."""
        return "\n\n".join(section.text for section in self.sections if not section.ours)

    @property
    def sections_read(self) -> list[str]:
        """Names of what was read, each once, in the order of reading."""
        return list(dict.fromkeys(section.name for section in self.sections))


def fit(sections: Iterable[Section], budget: int = BUDGET) -> tuple[tuple[Section, ...], tuple[str, ...]]:
    """The sections within the budget, and the names of those that found no room. Earlier ones are served first."""
    kept: list[Section] = []
    left_out: list[str] = []
    for section in sections:
        room = min(SHARES[section.name], budget)
        if len(section.text) > room and room < LEAST:
            # Half a sentence tells a model less than the plain fact that something is missing.
            left_out += [] if section.ours else [section.name]
            continue
        short = shorten(section, room)
        budget -= len(short.text)
        kept.append(short)
    return tuple(kept), tuple(dict.fromkeys(left_out))


def shorten(section: Section, room: int) -> Section:
    """The section in at most `room` characters, cut between words, with a mark that says how much is missing."""
    if len(section.text) <= room:
        return section
    head = section.text[: room - 40]
    # A text without blanks has no word's end to cut at.
    head = head.rsplit(None, 1)[0] if len(head.split(None, 1)) > 1 else head
    cut = len(section.text) - len(head)
    return section.model_copy(update={"text": f"{head.rstrip()}\n[… {cut} characters cut]", "cut": cut})


def input_hash(facts: Facts, **shaping: object) -> str:
    """64 hex digits that are equal when the same answer may be given again.

    shaping: what else makes a difference, as JSON values: language, instruction, model, prompt version.
    """
    sections = [section.model_dump(mode="json", exclude={"ours"}) for section in facts.sections if not section.ours]
    read = facts.model_dump(mode="json", exclude={"sections"}) | {"sections": sections}
    document: Mapping[str, object] = {"facts": read, **shaping}
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
