"""Texts of a document and their marks as Markdown; reads any JSON without raising."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from addon.adf.clean import one_line, visible
from addon.adf.links import safe_href

Node = dict[str, object]

_BLOCKS_WITH_TEXT = frozenset(
    ("text", "hardBreak", "emoji", "mention", "date", "status", "inlineCard", "mediaInline", "placeholder")
)
MOST_TEXT = 500_000
"""Characters that are read of one document; Jira stores 32,767 of a text."""
TOO_LONG, TOO_MANY = "[… truncated: too long]", "[… truncated: too many nodes]"
"""The end of a document of which only the beginning was read: nobody knows how much is missing."""
_WRAP = {"strong": "**", "em": "*", "strike": "~~"}


def is_whole(text: str) -> bool:
    """False for Markdown of a document of which only the beginning was read."""
    return not text.endswith((TOO_LONG, TOO_MANY))


def nodes_of(content: object) -> list[Node]:
    """The nodes of a content list; anything that is not a node is left out."""
    return [child for child in content if isinstance(child, dict)] if isinstance(content, list) else []


def kind_of(node: Node) -> str:
    kind = node.get("type")
    return kind if isinstance(kind, str) else ""


def attributes(node: Node) -> Node:
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, dict) else {}


def attribute(node: Node, name: str) -> str:
    """A text attribute with invisible characters removed, "" when it is missing or no text."""
    value = attributes(node).get(name)
    return visible(value) if isinstance(value, str) else ""


def is_inline(node: Node) -> bool:
    return kind_of(node) in _BLOCKS_WITH_TEXT or kind_of(node) == "inlineExtension"


def plain_text(nodes: list[Node], room: int = MOST_TEXT) -> str:
    """The bare characters, marks left out: for code. room: nodes are read until there are so many characters."""
    return _within(room, ("\n" if kind_of(node) == "hardBreak" else _words(node) for node in nodes))


def inline_text(nodes: list[Node], room: int = MOST_TEXT) -> str:
    """One paragraph's worth of Markdown; a hard break is a newline. room: as in `plain_text`."""
    return _within(room, (_one(node) for node in nodes))


def _within(room: int, texts: Iterable[str]) -> str:
    taken: list[str] = []
    for text in texts:
        taken.append(text)
        room -= len(text)
        if room <= 0:
            break
    return "".join(taken)


def _words(node: Node) -> str:
    words = node.get("text")
    return visible(words[:MOST_TEXT]) if isinstance(words, str) else ""


def _one(node: Node) -> str:
    kind = kind_of(node)
    if kind == "text":
        return _marked(_words(node), nodes_of(node.get("marks")))
    if kind == "hardBreak":
        return "\n"
    if kind == "mention":
        return "@" + (one_line(attribute(node, "text")).lstrip("@") or "someone")
    if kind == "status":
        return f"[{one_line(attribute(node, 'text'))}]"
    if kind == "date":
        return _day(attributes(node).get("timestamp"))
    if kind == "emoji":
        return attribute(node, "text") or attribute(node, "shortName")
    if kind in ("inlineCard", "blockCard", "embedCard"):
        return safe_href(attribute(node, "url")) or "[link]"
    if kind in ("media", "mediaInline"):
        return f"[image: {one_line(attribute(node, 'alt')) or 'attachment'}]"
    if kind == "inlineExtension":
        return f"[extension {one_line(attribute(node, 'extensionKey'))}]"
    return _words(node)


def _day(timestamp: object) -> str:
    """ISO day (UTC) of milliseconds since 1970 given as text or number."""
    try:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=float(str(timestamp)))
    except (ValueError, OverflowError):
        return "[date]"
    return day.date().isoformat()


def _marked(words: str, marks: list[Node]) -> str:
    """The words in Markdown marks; white space at the ends stays outside of them, or they would not count as marks."""
    core = words.strip()
    if not core:
        return words
    # Underline, sub- and superscript and colours have no Markdown; their words are enough for a reader.
    before, after = words[: len(words) - len(words.lstrip())], words[len(words.rstrip()) :]
    kinds = {kind_of(mark): mark for mark in marks}
    if "code" in kinds:
        ticks = "``" if "`" in core else "`"
        core = f"{ticks} {core} {ticks}" if "`" in core else f"{ticks}{core}{ticks}"
    for kind, sign in _WRAP.items():
        if kind in kinds:
            core = f"{sign}{core}{sign}"
    if "link" in kinds:
        core = _linked(core, attribute(kinds["link"], "href"))
    # Text in the colour of the page is how instructions are hidden from people and shown to machines.
    if "textColor" in kinds and _nearly_white(attribute(kinds["textColor"], "color")):
        core = f"[white text: {core}]"
    return f"{before}{core}{after}"


def _linked(label: str, address: str) -> str:
    href = safe_href(address)
    # The label stays: it is what the author wanted read; the address would be carried into answers of a model.
    if href is None:
        return f"{label} [unsafe link removed]" if address else label
    return href if label == href else f"[{label}]({href})"


def _nearly_white(colour: str) -> bool:
    digits = colour.removeprefix("#")
    try:
        channels = [int(digits[place : place + 2], 16) for place in (0, 2, 4)]
    except ValueError:
        return False
    return len(digits) == 6 and min(channels) >= 0xF0
