"""As much of GraphQL as clients of Xray use: one operation with variables, parsed and checked before it runs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r'[\s,]+|#[^\n]*|(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<name>[_A-Za-z]\w*)|(?P<sign>[!$():=@\[\]{}])'
)
_PLAIN = {"true": True, "false": False, "null": None}


class QueryError(Exception):
    """The document does not hold together, or does not fit the schema; the text is for its author."""


@dataclass(frozen=True, slots=True)
class Variable:
    name: str


@dataclass(slots=True)
class Selection:
    """One field asked for. alias: the name it gets in the answer."""

    name: str
    alias: str
    arguments: dict[str, Any] = field(default_factory=dict)
    selections: list["Selection"] = field(default_factory=list)


@dataclass(slots=True)
class Operation:
    """kind: query | mutation. variables: declared names with their types."""

    kind: str
    variables: dict[str, str]
    selections: list[Selection]


Schema = Mapping[str, Mapping[str, tuple[str, Mapping[str, str]]]]
"""Type -> field -> (its type without marks, its arguments with their types). A type that is not there is a scalar."""


def parse(source: str) -> Operation:
    """Raises QueryError."""
    return _Parser(list(_tokens(source))).operation()


def check(operation: Operation, schema: Schema) -> None:
    """Raises QueryError naming the first thing that does not fit."""
    used: set[str] = set()
    _check(operation.selections, operation.kind.capitalize(), schema=schema, operation=operation, used=used)
    unused = set(operation.variables) - used
    if unused:
        raise QueryError(f'Variable "${min(unused)}" is never used.')


def filled(value: Any, variables: Mapping[str, Any]) -> Any:
    """An argument with its variables put in; a variable nobody gave counts as absent."""
    if isinstance(value, Variable):
        return variables.get(value.name)
    if isinstance(value, list):
        return [filled(each, variables) for each in value]
    if isinstance(value, dict):
        return {name: filled(each, variables) for name, each in value.items()}
    return value


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(source):
        match = _TOKEN.match(source, place)
        if match is None:
            raise QueryError(f"Syntax Error: Unexpected character {source[place]!r}.")
        place = match.end()
        if match.lastgroup:
            yield match.lastgroup, match.group()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._place = 0

    def operation(self) -> Operation:
        kind, variables = "query", {}
        if self._peek() != "{":
            kind = self._name()
            if kind not in ("query", "mutation"):
                raise QueryError(f'Syntax Error: Unexpected Name "{kind}".')
            if self._peek() not in ("(", "{"):
                self._name()
            if self._peek() == "(":
                variables = self._declared()
        selections = self._selections()
        if self._tokens[self._place][0] != "end":
            raise QueryError("Syntax Error: one operation at a time.")
        return Operation(kind, variables, selections)

    def _declared(self) -> dict[str, str]:
        self._expect("(")
        found: dict[str, str] = {}
        while self._peek() != ")":
            self._expect("$")
            name = self._name()
            self._expect(":")
            found[name] = self._type()
        self._expect(")")
        return found

    def _type(self) -> str:
        if self._peek() == "[":
            self._expect("[")
            inner = f"[{self._type()}]"
            self._expect("]")
        else:
            inner = self._name()
        if self._peek() == "!":
            self._expect("!")
            return f"{inner}!"
        return inner

    def _selections(self) -> list[Selection]:
        self._expect("{")
        found: list[Selection] = []
        while self._peek() != "}":
            found.append(self._selection())
        self._expect("}")
        if not found:
            raise QueryError("Syntax Error: Expected Name, found }.")
        return found

    def _selection(self) -> Selection:
        name = alias = self._name()
        if self._peek() == ":":
            self._expect(":")
            name = self._name()
        selection = Selection(name, alias)
        if self._peek() == "(":
            self._expect("(")
            while self._peek() != ")":
                argument = self._name()
                self._expect(":")
                selection.arguments[argument] = self._value()
            self._expect(")")
        if self._peek() == "{":
            selection.selections = self._selections()
        return selection

    def _value(self) -> Any:
        kind, words = self._next()
        if kind == "text":
            return json.loads(words)
        if kind == "number":
            return float(words) if "." in words else int(words)
        if kind == "name":
            return _PLAIN.get(words, words)
        if words == "$":
            return Variable(self._name())
        if words == "[":
            values = []
            while self._peek() != "]":
                values.append(self._value())
            self._expect("]")
            return values
        if words == "{":
            found: dict[str, Any] = {}
            while self._peek() != "}":
                name = self._name()
                self._expect(":")
                found[name] = self._value()
            self._expect("}")
            return found
        raise QueryError(f"Syntax Error: Unexpected {words or 'end of the document'}.")

    def _peek(self) -> str:
        return self._tokens[self._place][1]

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def _name(self) -> str:
        kind, words = self._next()
        if kind != "name":
            raise QueryError(f"Syntax Error: Expected Name, found {words or 'end of the document'}.")
        return words

    def _expect(self, sign: str) -> None:
        _, words = self._next()
        if words != sign:
            raise QueryError(f"Syntax Error: Expected {sign}, found {words or 'end of the document'}.")


def _check(selections: list[Selection], kind: str, *, schema: Schema, operation: Operation, used: set[str]) -> None:
    for selection in selections:
        known = schema[kind].get(selection.name)
        if known is None:
            raise QueryError(f'Cannot query field "{selection.name}" on type "{kind}".')
        inner, arguments = known
        _check_arguments(selection, arguments, operation=operation, used=used)
        if inner in schema and not selection.selections:
            raise QueryError(f'Field "{selection.name}" of type "{inner}" must have a selection of subfields.')
        if inner not in schema and selection.selections:
            raise QueryError(
                f'Field "{selection.name}" must not have a selection since type "{inner}" has no subfields.'
            )
        if inner in schema:
            _check(selection.selections, inner, schema=schema, operation=operation, used=used)


def _check_arguments(selection: Selection, known: Mapping[str, str], *, operation: Operation, used: set[str]) -> None:
    for name, value in selection.arguments.items():
        if name not in known:
            raise QueryError(f'Unknown argument "{name}" on field "{selection.name}".')
        if isinstance(value, Variable):
            used.add(value.name)
            declared = operation.variables.get(value.name)
            if declared is None:
                raise QueryError(f'Variable "${value.name}" is not defined.')
            # A variable that may be null does not fit where null is not taken.
            if declared.rstrip("!") != known[name].rstrip("!") or (known[name][-1] == "!" != declared[-1]):
                raise QueryError(
                    f'Variable "${value.name}" of type "{declared}" used in position expecting type "{known[name]}".'
                )
    for name, kind in known.items():
        if kind.endswith("!") and name not in selection.arguments:
            raise QueryError(f'Field "{selection.name}" argument "{name}" of type "{kind}" is required.')
