"""A small part of JQL: clauses joined by AND, and ORDER BY.

Fields: project, key/issue/id, parent, issuetype/type, status, statusCategory, labels, reporter, creator, text, summary,
created, updated. Operators: = != ~ < <= > >= IN, NOT IN, IS [NOT] EMPTY. Anything else is refused, never guessed.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.adf import texts
from sandbox.site import Issue, Site
from sandbox.views import status_of, type_of

# Quoted strings keep their quotes here; everything unquoted ends at an operator, a bracket or a blank.
_TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|<=|>=|[=~<>(),]|[^\s=~<>(),!"']+)""")
# ORDER BY stands last, so the shortest beginning before it is the condition.
_ORDER = re.compile(r"(?is)^(.*?)\border\s+by\s+(.+)$")
_AGE = re.compile(r"^-(\d+)([mhdw])$")
_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
ALIASES = {"key": "key", "issuekey": "key", "issue": "key", "id": "key", "type": "issuetype"}
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."


class QueryError(ValueError):
    """The query does not hold; the text is Jira's."""


@dataclass(frozen=True, slots=True)
class Clause:
    field: str
    operator: str
    values: tuple[str, ...]


def run(site: Site, jql: str) -> list[Issue]:
    """The issues a query finds, in its order. Rights are the caller's business. Raises QueryError."""
    clauses, order = parse(jql)
    found = [issue for issue in site.issues.values() if all(_holds(site, issue, clause=clause) for clause in clauses)]
    # Python's sort is stable: sorting by the least important field first leaves the first one in charge.
    for name, descending in reversed(order):
        found.sort(key=lambda issue: _sort_key(issue, name), reverse=descending)
    return found


def parse(jql: str) -> tuple[list[Clause], list[tuple[str, bool]]]:
    """Clauses and order of a query: (field, descending) each. Raises QueryError, also for an unbounded query."""
    ordered = _ORDER.match(jql)
    where, order_by = (ordered[1], ordered[2]) if ordered else (jql, "key asc")
    tokens = _tokens(where)
    # Jira refuses a query that would walk the whole site, an ORDER BY alone included.
    if not tokens:
        raise QueryError(UNBOUNDED)
    clauses = [_clause(tokens)]
    while tokens:
        word = tokens.pop(0)
        if word.lower() != "and":
            raise QueryError(f"Error in the JQL Query: Expecting 'AND' but got '{word}'.")
        clauses.append(_clause(tokens))
    return clauses, [_order(part) for part in order_by.split(",")]


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"Error in the JQL Query: The character '{text[position:].strip()[0]}' is not expected.")
        tokens.append(match[1])
        position = match.end()
    return tokens


def _order(part: str) -> tuple[str, bool]:
    words = part.split()
    name = ALIASES.get(words[0].lower(), words[0].lower()) if words else ""
    if name not in ("key", "created", "updated", "summary", "status", "issuetype") or len(words) > 2:
        raise QueryError(f"Not able to sort using field '{part.strip()}'.")
    return name, words[-1].lower() == "desc"


def _clause(tokens: list[str]) -> Clause:
    try:
        name = tokens.pop(0).strip("\"'").lower()
        operator = tokens.pop(0).lower()
        if operator in ("not", "is"):
            following = tokens.pop(0).lower()
            operator = f"{operator} {following}"
            if operator == "is not":
                operator += f" {tokens.pop(0).lower()}"
        values = () if operator.startswith("is") else _values(tokens, many=operator.endswith("in"))
    except IndexError:
        raise QueryError("Error in the JQL Query: the query ends too early.") from None
    field = ALIASES.get(name, name)
    if field not in READERS and field not in ("created", "updated"):
        raise QueryError(f"Field '{name}' does not exist or you do not have permission to view it.")
    if operator not in ("=", "!=", "~", "<", "<=", ">", ">=", "in", "not in", "is empty", "is not empty"):
        raise QueryError(f"Error in the JQL Query: '{operator}' is not an operator.")
    return Clause(field, operator, values)


def _values(tokens: list[str], *, many: bool) -> tuple[str, ...]:
    first = tokens.pop(0)
    if not many:
        return (_plain(first),)
    if first != "(":
        raise QueryError("Error in the JQL Query: Expecting '(' after IN.")
    values = []
    while (word := tokens.pop(0)) != ")":
        if word != ",":
            values.append(_plain(word))
    return tuple(values)


def _plain(token: str) -> str:
    if token[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    # Jira reserves most punctuation; unquoted it is an error and not part of a word.
    if not re.fullmatch(r"[\w.:@-]+", token):
        raise QueryError(f"Error in the JQL Query: '{token}' must be quoted.")
    return token


READERS: dict[str, Callable[[Site, Issue], Iterable[Any]]] = {
    "project": lambda _, issue: (issue.project.key, issue.project.id, issue.project.name),
    "key": lambda _, issue: (issue.key, str(issue.id)),
    "parent": lambda site, issue: (
        (site.issues[issue.parent].key, str(issue.parent)) if issue.parent in site.issues else ()
    ),
    "issuetype": lambda _, issue: (type_of(issue).name, type_of(issue).id),
    "status": lambda _, issue: (status_of(issue).name, status_of(issue).id),
    "statuscategory": lambda _, issue: (status_of(issue).category,),
    "labels": lambda _, issue: issue.labels,
    "reporter": lambda _, issue: (issue.reporter,) if issue.reporter else (),
    "creator": lambda _, issue: (issue.creator,),
    "summary": lambda _, issue: (issue.summary,),
    "text": lambda _, issue: (issue.summary, " ".join(texts(issue.description))),
}


def _holds(site: Site, issue: Issue, *, clause: Clause) -> bool:
    if clause.field in ("created", "updated"):
        return _compared(getattr(issue, clause.field), clause)
    has = {str(value).casefold() for value in READERS[clause.field](site, issue)}
    wanted = {value.casefold() for value in clause.values}
    if clause.operator in ("is empty", "is not empty"):
        return bool(has) == (clause.operator == "is not empty")
    if clause.operator == "~":
        # Text search is by words in any order; a star stands for the rest of a word.
        words = clause.values[0].casefold().replace("*", " ").split()
        return all(any(word in text for text in has) for word in words)
    if clause.operator in ("<", "<=", ">", ">="):
        raise QueryError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    return bool(has & wanted) == (clause.operator in ("=", "in"))


def _compared(moment: float, clause: Clause) -> bool:
    text = clause.values[0] if clause.values else ""
    age = _AGE.match(text)
    try:
        limit = (
            time.time() - int(age[1]) * _UNITS[age[2]]
            if age
            else datetime.fromisoformat(text.replace("/", "-")).replace(tzinfo=UTC).timestamp()
        )
    except ValueError:
        raise QueryError(f"Date value '{text}' for field '{clause.field}' is invalid.") from None
    outcomes = {"<": moment < limit, "<=": moment <= limit, ">": moment > limit, ">=": moment >= limit}
    if clause.operator not in outcomes:
        raise QueryError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")
    return outcomes[clause.operator]


def _sort_key(issue: Issue, name: str) -> Any:
    readable = {
        "key": (issue.project.key, int(issue.key.rpartition("-")[2])),
        "created": issue.created,
        "updated": issue.updated,
    }
    named = {"summary": issue.summary.casefold(), "status": issue.status_id, "issuetype": issue.type_id}
    return {**readable, **named}[name]
