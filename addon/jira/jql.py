"""JQL as text: written safely, read by Jira's own parser, and the names a person may use in it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, parts

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"'})
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f]+")
_NOT_A_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What Jira's parser makes of a query. errors: in Jira's words, empty for one that can be run.

    structure: Jira's syntax tree, {} for an invalid query.
    """

    jql: str
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    structure: Mapping[str, Any] | None = None

    @property
    def valid(self) -> bool:
        return not self.errors


class _Query(Lenient):
    query: str = ""
    errors: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    structure: dict[str, Any] = Field(default_factory=dict)


class Name(Lenient):
    """A field or function as a query spells it. display: as people know it."""

    value: str
    display: str = Field("", alias="displayName")


@dataclass(frozen=True, slots=True)
class Names:
    """What the session may use in a query."""

    fields: tuple[Name, ...] = ()
    functions: tuple[Name, ...] = ()


async def parse(session: Session, jql: str) -> Parsed:
    """The query as Jira reads it, with every name and value checked as the session sees them. Raises JiraError."""
    where = path("jql", "parse")
    query = [("validation", "strict")]
    answer = await session.ask(where, operation="jql.parse", query=query, body={"queries": [jql]})
    found = parts(_Query, answer.get("queries") if isinstance(answer, dict) else None)
    if not found:
        # Silence is no consent: what nobody has read is not run.
        return Parsed(jql, ("Jira did not say whether it understands this query.",))
    first = found[0]
    return Parsed(jql, tuple(first.errors), tuple(first.warnings), first.structure)


async def names(session: Session) -> Names:
    """Fields and functions the session may use. Raises JiraError."""
    answer = await session.get(path("jql", "autocompletedata"), operation="jql.names")
    lists = answer if isinstance(answer, dict) else {}
    return Names(
        tuple(parts(Name, lists.get("visibleFieldNames"))), tuple(parts(Name, lists.get("visibleFunctionNames")))
    )


def quoted(text: str) -> str:
    """A text as one JQL string: nothing in it can end the string or be read as an operator."""
    return f'"{_NO_TEXT.sub(" ", text).translate(_ESCAPED)}"'


def searched(text: str) -> str:
    """Words to search for with ~, as one JQL string: letters and digits only, so that no search syntax is left."""
    # The text index has a syntax of its own below JQL's: + - & | ! ( ) { } [ ] ^ ~ * ? \ / :
    return quoted(" ".join(_NOT_A_WORD.sub(" ", text).replace("_", " ").lower().split()))


def clauses(structure: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
    """The single conditions of Jira's syntax tree, however deep they stand."""
    # A list of what is left instead of recursion: a hostile query may be nested as deep as it is long.
    open_ends: list[Any] = [(structure or {}).get("where")]
    while open_ends:
        clause = open_ends.pop()
        if not isinstance(clause, Mapping):
            continue
        inner = clause.get("clauses")
        if isinstance(inner, list):
            open_ends += reversed(inner)
        else:
            yield clause
