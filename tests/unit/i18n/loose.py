"""Finds texts a person could read that nobody has marked for translation: in the scripts and in the page shells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

MARKS = ("t", "N_", "plural")
_CALLS = (
    "querySelector querySelectorAll closest matches Error TypeError byId getElementById addEventListener getAttribute"
    " setAttribute hasAttribute removeAttribute createElement createElementNS RegExp startsWith endsWith matchMedia"
)
UNSEEN_CALLS = frozenset(_CALLS.split())
"""What is handed to these is for the browser."""
_NAMES = (
    "class className type method d viewBox cache credentials Accept Authorization autocomplete rel role id key name"
    " aria-labelledby aria-controls aria-describedby points transform sandbox allow jql"
)
UNSEEN_NAMES = frozenset(_NAMES.split())
"""Properties whose texts nobody reads."""
PROSE = re.compile(r"[A-Za-zÀ-ÿ]{2}(?:[’'][a-z]{0,2})?,? [A-Za-zÀ-ÿ(]{2}|^[A-Z][a-zà-ÿ]+(?:…|\.)?$|[A-Z][a-zà-ÿ]+ \{\}")
"""Two words in a row, or one that begins like a label."""
VARIANT = re.compile(r"([\w-]+) \1-[\w{}-]+")
"""A class and its variant, such as `bar bar-full`."""
_KEYS = (
    "Enter Escape Tab Home End Delete Backspace Accept Authorization Retry-After Node Content-Type Last-Event-ID Jira"
    " JiraVision OpenAI Ollama Gemini Anthropic Given When Then And Feature Scenario Scenarios Rule Background"
)
KEYS = frozenset(_KEYS.split())
"""Names of keys of the keyboard, of headers and of products, and words of Gherkin that are compared with."""
JINJA = re.compile(
    r"\{% block (?:page|title|bridge) %\}[^{]*\{% endblock %\}|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|\{\w+\}", re.DOTALL
)
"""What the templates say to Jinja, names of pages included; the title of a frame is shown nowhere."""
BEFORE_REGEX = re.compile(r"(?:[(,=:\[!&|?{};+>]|\breturn|\btypeof|^)\s*$")


@dataclass(frozen=True)
class Literal:
    """text: without its quotes; what is filled into a template stands as {}. call: the function it is handed to.

    name: of the property or variable it is the value of, "" for none.
    """

    line: int
    text: str
    call: str
    name: str

    @property
    def is_loose(self) -> bool:
        shown = self.call not in UNSEEN_CALLS and self.name not in UNSEEN_NAMES and self.text not in KEYS
        words = PROSE.search(self.text) and not VARIANT.fullmatch(self.text)
        return self.call not in MARKS and shown and bool(words)


class Script:
    """Reads JavaScript far enough to know its texts and where each of them goes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._brackets: list[tuple[str, str, str]] = []
        self.literals: list[Literal] = []
        self._code(until="")

    def _code(self, *, until: str) -> None:
        """To the bracket that closes what was open when it began, or to the end."""
        depth = len(self._brackets)
        while self._at < len(self._source):
            char, rest = self._source[self._at], self._source[self._at : self._at + 2]
            if rest == "//":
                self._skip("\n")
            elif rest == "/*":
                self._skip("*/")
            elif char in "\"'":
                self._string(char)
            elif char == "`":
                self._template()
            elif char == "/" and BEFORE_REGEX.search(self._before()):
                self._regex()
            elif char == until and len(self._brackets) == depth:
                return
            else:
                self._bracket(char)
                self._at += 1

    def _before(self) -> str:
        return self._source[max(self._at - 60, 0) : self._at].rstrip()

    def _bracket(self, char: str) -> None:
        if char in "([{":
            self._brackets.append((char, self._call(), self._name()))
        elif char in ")]}" and self._brackets:
            self._brackets.pop()

    def _call(self) -> str:
        found = re.search(r"([\w$]+)$", self._before())
        return found[1] if found else ""

    def _name(self) -> str:
        found = re.search(r"[\"']?([\w$-]+)[\"']?\s*(?::|\+?=|===|!==)\s*$", self._before())
        return found[1] if found else ""

    def _note(self, at: int, text: str, name: str) -> None:
        kind, call, outer = self._brackets[-1] if self._brackets else ("", "", "")
        # A list of classes is the value of the property before the list.
        name = name or (outer if kind == "[" else "")
        self.literals.append(Literal(self._source.count("\n", 0, at) + 1, text, call if kind == "(" else "", name))

    def _string(self, quote: str) -> None:
        name, began = self._name(), self._at
        self._at += 1
        while self._source[self._at] != quote:
            self._at += 2 if self._source[self._at] == "\\" else 1
        self._at += 1
        self._note(began, self._source[began + 1 : self._at - 1], name)

    def _template(self) -> None:
        name, began, text = self._name(), self._at, ""
        self._at += 1
        while self._source[self._at] != "`":
            if self._source.startswith("${", self._at):
                self._at += 2
                self._brackets.append(("{", "", ""))
                self._until_brace()
                text += "{}"
            else:
                step = 2 if self._source[self._at] == "\\" else 1
                text += self._source[self._at : self._at + step]
                self._at += step
        self._at += 1
        self._note(began, text, name)

    def _until_brace(self) -> None:
        self._code(until="}")
        self._brackets.pop()
        self._at += 1

    def _regex(self) -> None:
        self._at += 1
        in_class = False
        while self._source[self._at] != "/" or in_class:
            char = self._source[self._at]
            in_class = (in_class or char == "[") and char != "]"
            self._at += 2 if char == "\\" else 1
        self._at += 1

    def _skip(self, end: str) -> None:
        found = self._source.find(end, self._at)
        self._at = len(self._source) if found < 0 else found + len(end)


def of_script(source: str) -> Iterator[str]:
    """Each loose text as `line: text`."""
    return (f"{one.line}: {one.text}" for one in Script(source).literals if one.is_loose)


class Shell(HTMLParser):
    """Texts and labels of a page shell that no mark stands for. Jinja's own words are taken out before."""

    SPOKEN = ("aria-label", "title", "placeholder", "alt")
    SILENT = ("script", "style", "title", "noscript")
    VOID = ("meta", "link", "input", "br", "img", "hr")

    def __init__(self, source: str) -> None:
        super().__init__()
        self.loose: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(JINJA.sub("", source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in self.SPOKEN:
            if given.get(name) and "data-i18n-label" not in given:
                self.loose.append(f"{name}={given[name]}")
        if tag not in self.VOID:
            self._open.append((tag, "data-i18n" in given))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        marked = any(mark for _, mark in self._open)
        silent = any(tag in self.SILENT for tag, _ in self._open)
        if re.search(r"[A-Za-z]{2}", data) and not marked and not silent:
            self.loose.append(data.strip())


def of_shell(source: str) -> list[str]:
    return Shell(source).loose
