"""What an analysis reads: one issue as short plain sections, the most telling first, within a budget of characters."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict

from addon.adf.inline import is_whole

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
    # Runs of earlier releases keep facts that say more.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Section(Part):
    """name: a key of SHARES. title: tells it from others of its name. text: Markdown.

    ours: we made what it speaks of; shown to a model, so that nothing is made twice, and no change of the issue.
    """

    name: str
    title: str = ""
    text: str
    ours: bool = False


class Facts(Part):
    """One issue, read once and kept with the run, so that a second attempt judges the same text.

    level: Jira's hierarchy level (-1 sub-task, 0 story or bug, 1 epic).
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


def fit(sections: Iterable[Section], budget: int = BUDGET) -> tuple[Section, ...]:
    """The sections within the budget, without those that find no room. Earlier ones are served first."""
    kept: list[Section] = []
    for section in sections:
        room = min(SHARES[section.name], budget)
        if len(section.text) > room and room < LEAST:
            # Half a sentence tells a model less than none.
            continue
        short = shorten(section, room)
        budget -= len(short.text)
        kept.append(short)
    return tuple(kept)


def shorten(section: Section, room: int) -> Section:
    """The section in at most `room` characters, cut between words.

    A mark says how much is missing, if that is known.
    """
    if len(section.text) <= room:
        return section
    head = section.text[: room - 40]
    # A text without blanks has no word's end to cut at.
    head = head.rsplit(None, 1)[0] if len(head.split(None, 1)) > 1 else head
    missing = f"{len(section.text) - len(head)} characters cut" if is_whole(section.text) else "the rest is cut"
    return section.model_copy(update={"text": f"{head.rstrip()}\n[… {missing}]"})


def input_hash(facts: Facts, **shaping: object) -> str:
    """64 hex digits that are equal when the same answer may be given again.

    shaping: what else makes a difference, as JSON values: language, instruction, model, prompt version.
    """
    # "cut" and "left_out" are of earlier releases, whose results are to be found again.
    theirs = (section.model_dump(mode="json", exclude={"ours"}) for section in facts.sections if not section.ours)
    read = facts.model_dump(mode="json", exclude={"sections"}) | {"left_out": []}
    read["sections"] = [{**section, "cut": 0} for section in theirs]
    document: Mapping[str, object] = {"facts": read, **shaping}
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
