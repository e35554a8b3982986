"""The issues of the evaluation: what stands in them, and what a careful reader must find.

They stand in `issues/*.json`, a list of cases to a file. A description is a list of lines, which become what Jira's
editor would make of them, or an ADF document as Jira stores it, in which `{"type": "grid", "rows": [[...], ...]}` is
short for a table with a head. A case with `like` is another one with something added to it; what is not expected of it
by its own words is expected as of the other one.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from addon.results.analysis import Aspect, Nature
from addon.results.part import Kind

FOLDER = Path(__file__).resolve().parent / "issues"
Lines = list[str]


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Issue(Closed):
    """level: Jira's hierarchy level. parent: its title. links: (relation, title). fields: other text fields by name."""

    type: str
    summary: str
    description: Lines | dict[str, Any] | None
    level: int = 0
    environment: Lines | None = None
    labels: list[str] = []
    parent: str = ""
    links: list[tuple[str, str]] = []
    comments: list[Lines] = []
    fields: dict[str, Lines] = {}


class Wanted(Closed):
    """What criteria and scenarios for the issue must hold.

    kinds: each at least once. about: of each group one of the words must occur somewhere. least, most: how many.
    """

    kinds: list[Kind] = []
    about: list[list[str]] = []
    least: int = 0
    most: int = 12


class Expect(Closed):
    """What a careful analyst says, and what nobody may say.

    language: None where either of several is right. overall: least and most. high, low: least and most score of an
    aspect. finds, quiet: kinds of information (see kinds.py) that must be asked for, and that the issue gives, so that
    asking for them is a false alarm. words: vague words that must be named. topics: name -> words, one of which shows
    that the point was seen. never: texts that would show that the issue gave orders.
    """

    nature: Nature = "story"
    language: Literal["en", "fr", "de"] | None = None
    overall: tuple[int, int] = (0, 100)
    high: dict[Aspect, int] = {}
    low: dict[Aspect, int] = {}
    finds: list[str] = []
    quiet: list[str] = []
    words: list[str] = []
    topics: dict[str, list[str]] = {}
    never: list[str] = []
    criteria: Wanted = Wanted()


class Case(Closed):
    """twin: the case this one must be judged like, "" without one. tags: what it is an example of."""

    id: str
    tags: list[str]
    issue: Issue
    expect: Expect
    twin: str = ""

    @property
    def injected(self) -> bool:
        return "injection" in self.tags


class Added(Closed):
    """What a case has beyond the one it is like: lines around the description, blocks or comments after it."""

    before: Lines = []
    after: Lines = []
    adf: list[dict[str, Any]] = []
    comments: list[Lines] = []


class Like(Closed):
    id: str
    tags: list[str]
    like: str
    add: Added
    expect: dict[str, Any] = {}


def load(folder: Path = FOLDER) -> list[Case]:
    """Every case, in the order of the files. Raises ValueError when one is wrong or two have the same id."""
    entries = [entry for file in sorted(folder.glob("*.json")) for entry in json.loads(file.read_text("utf-8"))]
    cases = {one.id: one for one in (Case.model_validate(entry) for entry in entries if "like" not in entry)}
    derived = [_derived(Like.model_validate(entry), cases) for entry in entries if "like" in entry]
    found = [*cases.values(), *derived]
    ids = [case.id for case in found]
    if len(set(ids)) < len(entries):
        raise ValueError(f"the same id twice: {sorted({one for one in ids if ids.count(one) > 1}) or 'in one file'}")
    return found


def chosen(cases: Iterable[Case], only: Sequence[str]) -> list[Case]:
    """The cases whose id or tag is named, all when nothing is. Raises ValueError for a name that finds none."""
    found = list(cases)
    for name in only:
        if not any(name == case.id or name in case.tags for case in found):
            raise ValueError(f"no issue and no tag is called {name}")
    return [case for case in found if not only or case.id in only or set(only) & set(case.tags)]


def _derived(like: Like, cases: dict[str, Case]) -> Case:
    base, add = cases[like.like], like.add
    text = base.issue.description
    blocks = text["content"] if isinstance(text, dict) else [_lines(text)] if text else []
    blocks = [*([_lines(add.before)] if add.before else []), *blocks, *([_lines(add.after)] if add.after else [])]
    text = {"type": "doc", "version": 1, "content": [*blocks, *add.adf]} if blocks or add.adf else None
    changes = {"description": text, "comments": [*base.issue.comments, *add.comments]}
    expected = Expect.model_validate({**base.expect.model_dump(), **like.expect})
    issue = base.issue.model_copy(update=changes)
    # The tags of the other one say what it is an example of; this one is an example of something else.
    return Case(id=like.id, tags=like.tags, issue=issue, expect=expected, twin=like.like)


def _lines(lines: Lines) -> dict[str, Any]:
    return {"type": "lines", "lines": lines}
