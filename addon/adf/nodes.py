"""Builders of Atlassian Document Format that cannot build an invalid document.

Every builder is total: text is cleaned of invisible characters, empty text disappears, marks that Jira refuses
together are thinned out, and a block put where it may not stand is degraded by `content.fit`. The results are plain
JSON. Mentions are made only from account ids which our own code knows; no builder makes an image from an address.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NewType
from uuid import NAMESPACE_URL, uuid5

from addon.adf.clean import one_line, visible
from addon.adf.content import INLINES, Block, Inline, fit
from addon.adf.links import safe_href

Mark = NewType("Mark", dict[str, object])
PanelKind = Literal["info", "note", "tip", "warning", "error", "success"]
Colour = Literal["neutral", "purple", "blue", "red", "yellow", "green"]
Piece = str | Inline | Block
Item = Piece | Sequence[Piece]
"""Content of a list item or a table cell: a text, a node, or several; loose inline nodes become paragraphs."""

STRONG = Mark({"type": "strong"})
EM = Mark({"type": "em"})
STRIKE = Mark({"type": "strike"})
CODE = Mark({"type": "code"})
BREAK = Inline({"type": "hardBreak"})
_WIDEST = 50  # short rows are filled up to here: one wide row must not multiply with thousands of short ones
_MARKS = ("link", "strong", "em", "strike", "code")


def text(words: str, *marks: Mark) -> Inline:
    """A run of text. Empty after cleaning: whatever receives it leaves it out."""
    node: dict[str, object] = {"type": "text", "text": visible(words)}
    by_kind = {str(mark.get("type")): dict(mark) for mark in reversed(marks)}
    # A fixed order of marks makes equal texts equal, whatever order the caller named them in.
    kinds = [kind for kind in _MARKS if kind in by_kind and ("code" not in by_kind or kind in ("code", "link"))]
    if kinds:
        node["marks"] = [by_kind[kind] for kind in kinds]
    return Inline(node)


def link_mark(address: str) -> Mark | None:
    """The mark that makes a text a link, None when the address is not safe to link to."""
    href = safe_href(address)
    return Mark({"type": "link", "attrs": {"href": href}}) if href else None


def link(words: str, address: str, *marks: Mark) -> Inline:
    """A linked text; plain text when the address is not http, https or mailto."""
    mark = link_mark(address)
    return text(words or address, *marks, *([mark] if mark else []))


def status(words: str, colour: Colour = "neutral") -> Inline:
    label = one_line(words)
    return Inline({"type": "status", "attrs": {"text": label, "color": colour}}) if label else text("")


def date(at: float) -> Inline:
    """A day. at: UTC epoch seconds, shown as its UTC day."""
    day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=at // 86_400)
    return Inline({"type": "date", "attrs": {"timestamp": str(int(day.timestamp()) * 1000)}})


def mention(account_id: str, name: str) -> Inline:
    """A mention, which notifies: only for accounts our own code chose, never from a text somebody wrote."""
    # Jira shows the account's current name; the text is what others see who do not resolve it.
    label = "@" + one_line(name).lstrip("@")
    if not account_id:
        return text(label)
    return Inline({"type": "mention", "attrs": {"id": account_id, "text": label}})


def inlines(pieces: Iterable[str | Inline], *, breaks: bool = True) -> list[Inline]:
    """Inline content ready for a block: newlines become hard breaks or spaces, like neighbours merge."""
    found: list[Inline] = []
    for piece in pieces:
        node = text(piece) if isinstance(piece, str) else piece
        for part in _lines(node, breaks) if node.get("type") == "text" else [node]:
            if part.get("type") == "hardBreak" and not breaks:
                part = text(" ")
            if part.get("text") == "":
                continue
            last = found[-1] if found else Inline({})
            # The editor merges such neighbours itself: written apart they would show up as a change.
            if part.get("type") == "text" == last.get("type") and part.get("marks") == last.get("marks"):
                found[-1] = Inline({**last, "text": f"{last['text']}{part['text']}"})
            else:
                found.append(part)
    return found


def _lines(node: Inline, breaks: bool) -> list[Inline]:
    # The schema allows a newline inside a text; Jira was seen to refuse the document for it.
    words = str(node["text"])
    if "\n" not in words:
        return [node]
    if not breaks:
        return [Inline({**node, "text": words.replace("\n", " ")})]
    parts = [[Inline({**node, "text": line}), BREAK] for line in words.split("\n")]
    return [piece for pair in parts for piece in pair][:-1]


def paragraph(*inline: str | Inline) -> Block:
    content = inlines(inline)
    return Block({"type": "paragraph", "content": content}) if content else Block({"type": "paragraph"})


def heading(level: int, *inline: str | Inline) -> Block:
    """A heading of level 1 to 6; other levels are brought into that range."""
    node: dict[str, object] = {"type": "heading", "attrs": {"level": min(max(level, 1), 6)}}
    content = inlines(inline, breaks=False)
    return Block({**node, "content": content}) if content else Block(node)


def code_block(code: str, language: str | None = None) -> Block:
    node: dict[str, object] = {"type": "codeBlock"}
    name = one_line(language or "")
    if name:
        node["attrs"] = {"language": name[:40]}
    if visible(code):
        node["content"] = [{"type": "text", "text": visible(code)}]
    return Block(node)


def rule() -> Block:
    return Block({"type": "rule"})


def blocks_of(item: Item) -> list[Block]:
    """The blocks of a list item or cell; runs of loose texts and inline nodes become one paragraph each."""
    pieces: Sequence[Piece] = [item] if isinstance(item, (str, dict)) else item
    found: list[Block] = []
    loose: list[str | Inline] = []
    for piece in pieces:
        if isinstance(piece, str) or piece.get("type") in INLINES:
            loose.append(piece if isinstance(piece, str) else Inline(piece))
            continue
        if loose:
            found.append(paragraph(*loose))
            loose = []
        found.append(Block(piece))
    return [*found, paragraph(*loose)] if loose else found


def bullet_list(items: Iterable[Item]) -> Block:
    return Block({"type": "bulletList", "content": _items(items)})


def ordered_list(items: Iterable[Item], *, start: int = 1) -> Block:
    return Block({"type": "orderedList", "attrs": {"order": max(start, 0)}, "content": _items(items)})


def _items(items: Iterable[Item]) -> list[dict[str, object]]:
    built: list[dict[str, object]] = [
        {"type": "listItem", "content": fit("listItem", blocks_of(item))} for item in items
    ]
    return built or [{"type": "listItem", "content": fit("listItem", [])}]


def task_list(tasks: Iterable[tuple[bool, Sequence[str | Inline]]], *, place: str = "") -> Block:
    """A list with boxes to tick. place: where in the document, so that equal lists get ids of their own.

    The ids are derived from content and place: writing the same document again changes nothing.
    """
    built = [(done, inlines(words)) for done, words in tasks] or [(False, [])]
    seed = uuid5(NAMESPACE_URL, f"{place} {json.dumps(built)}")
    items: list[dict[str, object]] = []
    for number, (done, words) in enumerate(built):
        attrs = {"localId": str(uuid5(seed, str(number))), "state": "DONE" if done else "TODO"}
        items.append({"type": "taskItem", "attrs": attrs, "content": words})
    return Block({"type": "taskList", "attrs": {"localId": str(seed)}, "content": items})


def table(header: Sequence[Item], rows: Iterable[Sequence[Item]]) -> Block:
    """A table; short rows are filled up. header: empty for none. No cells at all: an empty paragraph instead."""
    lines = [list(row) for row in rows]
    width = max((len(line) for line in [list(header), *lines]), default=0)
    if not width:
        return paragraph()
    built = [_row("tableHeader", header, width=width)] if header else []
    return Block({"type": "table", "content": [*built, *(_row("tableCell", line, width=width) for line in lines)]})


def _row(kind: Literal["tableHeader", "tableCell"], cells: Sequence[Item], *, width: int) -> dict[str, object]:
    filled = [*cells, *([""] * (min(width, _WIDEST) - len(cells)))]
    return {"type": "tableRow", "content": [{"type": kind, "content": fit(kind, blocks_of(cell))} for cell in filled]}


def panel(kind: PanelKind, *blocks: Block) -> Block:
    return Block({"type": "panel", "attrs": {"panelType": kind}, "content": fit("panel", blocks)})


def blockquote(*blocks: Block) -> Block:
    return Block({"type": "blockquote", "content": fit("blockquote", blocks)})


def expand(title: str, *blocks: Block) -> Block:
    """A section folded under its title."""
    return Block({"type": "expand", "attrs": {"title": one_line(title)}, "content": fit("expand", blocks)})


def doc(*blocks: Block) -> dict[str, object]:
    """A whole document, ready to be sent as a description or comment body."""
    return {"type": "doc", "version": 1, "content": fit("doc", blocks)}


def plain(words: str) -> dict[str, object]:
    """A document of bare paragraphs, one per line with text: what Jira accepts when it refused something richer."""
    return doc(*(paragraph(line) for line in visible(words).split("\n") if line.strip()))


def weight(document: object) -> int:
    """Characters of the compact JSON, which is what Jira's limit of 32,767 counts on some sites; aim at 30,000."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")))
