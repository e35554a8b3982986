"""JQL as a tree: words, conditions joined by AND, OR and NOT, and ORDER BY; refused in the words Jira uses."""

import re
from dataclasses import dataclass
from typing import Any

UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
LONGEST_ORDER = 7
OPERATORS = ("=", "!=", "<", ">", "<=", ">=", "~", "!~", "in", "not in", "is", "is not")
RESERVED = frozenset(
    (
        "and",
        "or",
        "not",
        "in",
        "is",
        "empty",
        "null",
        "order",
        "by",
        "was",
        "changed",
        "before",
        "after",
        "on",
        "during",
    )
)

# Quoted strings keep their quotes here; everything unquoted ends at an operator, a bracket or a blank.
_TOKEN = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|!=|!~|<=|>=|[=~<>(),]|[^\s=~<>(),!"']+)""")
_WORD = re.compile(r"[\w.\[\]@:/+-]+")
_HISTORY = frozenset(("was", "changed"))


class QueryError(ValueError):
    """The query does not hold; the text is Jira's."""


@dataclass(frozen=True, slots=True)
class Value:
    """One operand. function: text is the name of one, called with args. empty: EMPTY or NULL."""

    text: str
    encoded: str
    function: bool = False
    args: tuple[str, ...] = ()
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition. field: lower case, as written otherwise."""

    field: str
    operator: str
    values: tuple[Value, ...]

    def shown(self) -> dict[str, Any]:
        operands = [_operand(value) for value in self.values]
        many = {"values": operands, "encodedOperand": f"({', '.join(v.encoded for v in self.values)})"}
        one = operands[0] if operands else {}
        return {
            "field": {"name": self.field, "encodedName": self.field},
            "operator": self.operator,
            "operand": many if self.operator in ("in", "not in") and not self.values[0].function else one,
        }


@dataclass(frozen=True, slots=True)
class Group:
    """operator: and, or, not."""

    operator: str
    members: tuple["Node", ...]

    def shown(self) -> dict[str, Any]:
        return {"operator": self.operator, "clauses": [member.shown() for member in self.members]}


Node = Clause | Group


@dataclass(frozen=True, slots=True)
class Query:
    """order: (field, descending) each, the first in charge."""

    where: Node
    order: tuple[tuple[str, bool], ...]

    def shown(self) -> dict[str, Any]:
        """Jira's syntax tree."""
        fields = [
            {"field": {"name": name, "encodedName": name}, "direction": "desc" if down else "asc"}
            for name, down in self.order
        ]
        return {"where": self.where.shown(), **({"orderBy": {"fields": fields}} if fields else {})}


def parse(jql: str) -> Query:
    """Raises QueryError, also for a query without a condition."""
    tokens = _Tokens(jql)
    # Jira refuses a query that would walk the whole site, an ORDER BY alone included.
    if tokens.over() or tokens.ordering():
        raise QueryError(UNBOUNDED)
    where = _either(tokens)
    if not tokens.over() and not tokens.ordering():
        raise tokens.wrong("Expecting either 'OR' or 'AND'")
    return Query(where, _order(tokens))


def clauses(node: Node) -> list[Clause]:
    """Every single condition of the tree."""
    return [node] if isinstance(node, Clause) else [found for member in node.members for found in clauses(member)]


class _Tokens:
    def __init__(self, text: str) -> None:
        self._found: list[tuple[str, int]] = []
        self._at = 0
        position = 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if match is None:
                raise _unexpected(text, position)
            self._found.append((match[1], match.start(1)))
            position = match.end()

    def over(self) -> bool:
        return self._at >= len(self._found)

    def peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._found[at][0] if at < len(self._found) else ""

    def take(self) -> str:
        if self.over():
            raise QueryError(
                "Error in the JQL Query: Expecting a value, list or function but got the end of the query."
            )
        self._at += 1
        return self._found[self._at - 1][0]

    def taken(self, *words: str) -> bool:
        """Takes these words when they come next."""
        if any(self.peek(ahead).lower() != word for ahead, word in enumerate(words)):
            return False
        self._at += len(words)
        return True

    def ordering(self) -> bool:
        return self.peek().lower() == "order" and self.peek(1).lower() == "by"

    def wrong(self, expecting: str) -> QueryError:
        if self.over():
            return QueryError(f"Error in the JQL Query: {expecting} before the end of the query.")
        word, at = self._found[self._at]
        return QueryError(f"Error in the JQL Query: {expecting} but got '{word}'. (line 1, character {at + 1})")


def _unexpected(text: str, position: int) -> QueryError:
    at = position + len(text[position:]) - len(text[position:].lstrip())
    mark = text[at]
    if mark in "\"'":
        return QueryError(
            f"Error in the JQL Query: The quoted string '{text[at + 1 :]}' has not been completed."
            f" (line 1, character {at + 1})"
        )
    return QueryError(
        f"Error in the JQL Query: The character '{mark}' is a reserved JQL character. You must enclose it in a string"
        f" or use the escape '\\u{ord(mark):04x}' instead. (line 1, character {at + 1})"
    )


def _either(tokens: _Tokens) -> Node:
    members = [_both(tokens)]
    # OR binds last, whatever Jira's documentation says in one place.
    while tokens.taken("or"):
        members.append(_both(tokens))
    return members[0] if len(members) == 1 else Group("or", tuple(members))


def _both(tokens: _Tokens) -> Node:
    members = [_single(tokens)]
    while tokens.taken("and"):
        members.append(_single(tokens))
    return members[0] if len(members) == 1 else Group("and", tuple(members))


def _single(tokens: _Tokens) -> Node:
    if tokens.taken("not"):
        return Group("not", (_single(tokens),))
    if tokens.taken("("):
        inner = _either(tokens)
        if not tokens.taken(")"):
            raise tokens.wrong("Expecting ')'")
        return inner
    return _clause(tokens)


def _clause(tokens: _Tokens) -> Clause:
    name = _plain(tokens).lower()
    operator = _operator(tokens)
    if operator in ("in", "not in"):
        return Clause(name, operator, _list(tokens))
    value = _value(tokens)
    if operator in ("is", "is not") and not value.empty:
        raise QueryError(f"The operator '{operator}' only supports the values 'EMPTY' or 'NULL', not '{value.text}'.")
    return Clause(name, operator, (value,))


def _operator(tokens: _Tokens) -> str:
    # Two words first: "is not" must not be read as "is" with the value "not".
    for words in (("not", "in"), ("is", "not")):
        if tokens.taken(*words):
            return " ".join(words)
    word = tokens.peek().lower()
    # Jira knows them; saying so is better than calling them a typing error.
    if word in _HISTORY:
        raise QueryError(f"The operator '{word.upper()}' is not part of this pretend Jira.")
    if word not in OPERATORS:
        raise tokens.wrong("Expecting operator")
    tokens.take()
    return word


def _list(tokens: _Tokens) -> tuple[Value, ...]:
    if not tokens.taken("("):
        value = _value(tokens)
        # Only a function may stand for a whole list.
        if not value.function:
            raise QueryError(f"Error in the JQL Query: Expecting '(' but got '{value.encoded}'.")
        return (value,)
    values = [_value(tokens)]
    while tokens.taken(","):
        values.append(_value(tokens))
    if not tokens.taken(")"):
        raise tokens.wrong("Expecting ',' or ')'")
    return tuple(values)


def _value(tokens: _Tokens) -> Value:
    encoded = tokens.peek()
    if encoded.lower() in ("empty", "null"):
        tokens.take()
        return Value(encoded, encoded, empty=True)
    text = _plain(tokens)
    if encoded[:1] in "\"'" or not tokens.taken("("):
        return Value(text, encoded)
    # A bracket right after a bare word makes it a function; quoted, it stays a text.
    args: list[str] = []
    while not tokens.taken(")"):
        if args and not tokens.taken(","):
            raise tokens.wrong("Expecting ',' or ')'")
        args.append(_plain(tokens))
    return Value(text, f"{text}({', '.join(args)})", function=True, args=tuple(args))


def _plain(tokens: _Tokens) -> str:
    token = tokens.take()
    if token[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", token[1:-1])
    if token.lower() in RESERVED:
        raise QueryError(
            f"Error in the JQL Query: '{token}' is a reserved JQL word. You must surround it in quotation marks to use"
            " it in a query."
        )
    # Jira reserves most punctuation; unquoted it is an error and not part of a word.
    if not _WORD.fullmatch(token):
        raise QueryError(f"Error in the JQL Query: The character in '{token}' is reserved; enclose it in a string.")
    return token


def _order(tokens: _Tokens) -> tuple[tuple[str, bool], ...]:
    if not tokens.taken("order", "by"):
        return ()
    found: list[tuple[str, bool]] = []
    while True:
        name = _plain(tokens).lower()
        down = tokens.taken("desc")
        if not down:
            tokens.taken("asc")
        found.append((name, down))
        if not tokens.taken(","):
            break
    if not tokens.over():
        raise tokens.wrong("Expecting ',', 'ASC' or 'DESC'")
    if len(found) > LONGEST_ORDER:
        raise QueryError(f"The maximum number of fields in ORDER BY is {LONGEST_ORDER}.")
    return tuple(found)


def _operand(value: Value) -> dict[str, Any]:
    if value.function:
        return {"function": value.text, "arguments": list(value.args), "encodedOperand": value.encoded}
    if value.empty:
        return {"keyword": "empty", "encodedOperand": value.encoded}
    return {"value": value.text, "encodedValue": value.encoded}
