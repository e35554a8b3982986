"""The walk behind `read.to_markdown`: blocks here, texts in `inline.py`, tables in `grid.py`."""

import re
from collections.abc import Callable

from addon.adf.clean import one_line
from addon.adf.grid import grid
from addon.adf.inline import (
    MOST_TEXT,
    TOO_LONG,
    TOO_MANY,
    Node,
    attribute,
    attributes,
    inline_text,
    is_inline,
    kind_of,
    nodes_of,
    plain_text,
)

_DEEPEST = 60  # four frames of Python a level, well below its limit
_MOST_NODES = 20_000  # the largest document Jira stores has a few thousand
_LISTS = frozenset(("bulletList", "orderedList", "taskList", "decisionList"))
_PANELS = {"info": "Info", "note": "Note", "tip": "Tip", "warning": "Warning", "error": "Error", "success": "Success"}


class Render:
    """One reading of one document; counts nodes and characters, so that none can take for ever, or all memory."""

    def __init__(self) -> None:
        self._left = _MOST_NODES
        self._room = MOST_TEXT

    def document(self, document: object) -> str:
        nodes = nodes_of(document) if isinstance(document, list) else nodes_of([document])
        text = self.blocks(nodes, 0)
        what = TOO_LONG if self._room <= 0 else TOO_MANY
        note = what if self._left <= 0 else ""
        return "\n\n".join(part for part in (text, note) if part)

    def blocks(self, nodes: list[Node], depth: int, *, tight: bool = False) -> str:
        """Blocks with an empty line between them; loose texts count as one paragraph.

        tight: no empty line before a list, as inside a point of another list, where it would only cost tokens.
        """
        if depth > _DEEPEST:
            return "[… too deep]" if nodes else ""
        text: list[str] = []
        loose: list[Node] = []
        # The empty node at the end closes the last run of loose texts.
        for node in [*nodes, {}]:
            if is_inline(node):
                loose.append(node)
                continue
            if loose:
                _append(text, self._inlines(loose), gap="\n\n")
                loose = []
            if node:
                _append(text, self._block(node, depth), gap="\n" if tight and kind_of(node) in _LISTS else "\n\n")
        return "".join(text)

    def _inlines(self, nodes: list[Node]) -> str:
        taken = nodes[: max(self._left, 0)]
        self._left -= len(nodes)
        return self._counted(inline_text(taken, self._room)).strip()

    def _counted(self, text: str) -> str:
        self._room -= len(text)
        if self._room <= 0:
            self._left = 0
        return text

    def _block(self, node: Node, depth: int) -> str:
        self._left -= 1
        if self._left <= 0:
            return ""
        kind = kind_of(node)
        writer = _WRITERS.get(kind)
        if writer is not None:
            return writer(self, node, depth)
        if kind.lower().endswith("extension"):
            name = attribute(node, "extensionKey")
            return "\n\n".join(part for part in (f"[extension {name}]", self._inside(node, depth)) if part)
        # New node types appear in Jira before they do here: their words are read, an empty one is named.
        return self._inside(node, depth) or (
            f"[{one_line(kind)[:40]}]" if kind and not nodes_of(node.get("content")) else ""
        )

    def _inside(self, node: Node, depth: int) -> str:
        return self.blocks(nodes_of(node.get("content")), depth + 1)

    def _paragraph(self, node: Node, depth: int) -> str:
        return self._inside(node, depth)

    def _heading(self, node: Node, depth: int) -> str:
        level = attributes(node).get("level")
        marks = "#" * (min(max(level, 1), 6) if isinstance(level, int) else 1)
        words = " ".join(self._inside(node, depth).split())
        return f"{marks} {words}" if words else ""

    def _code(self, node: Node, depth: int) -> str:
        children = nodes_of(node.get("content"))
        self._left -= len(children)
        code = self._counted(plain_text(children, self._room))
        # The fence must outlast every run of backticks inside, or the text could step out of its code block.
        longest = max((len(run) for run in re.findall("`+", code)), default=0)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{one_line(attribute(node, 'language'))}\n{code}\n{fence}"

    def _rule(self, node: Node, depth: int) -> str:
        return "---"

    def _quote(self, node: Node, depth: int) -> str:
        return _prefixed(self._inside(node, depth), "> ")

    def _panel(self, node: Node, depth: int) -> str:
        name = _PANELS.get(attribute(node, "panelType"), "Note")
        return _prefixed(f"**{name}:** {self._inside(node, depth)}".strip(), "> ")

    def _expand(self, node: Node, depth: int) -> str:
        title = one_line(attribute(node, "title"))
        return "\n\n".join(part for part in (f"**{title}**" if title else "", self._inside(node, depth)) if part)

    def _list(self, node: Node, depth: int) -> str:
        start = attributes(node).get("order")
        number = start if isinstance(start, int) else 1
        ordered = kind_of(node) == "orderedList"
        lines: list[str] = []
        for offset, item in enumerate(nodes_of(node.get("content"))):
            marker = f"{number + offset}. " if ordered else "- "
            lines.append(self._item(marker, item, depth=depth))
        return "\n".join(lines)

    def _item(self, marker: str, item: Node, *, depth: int) -> str:
        self._left -= 1
        body = self.blocks(nodes_of(item.get("content")), depth + 1, tight=True) if self._left > 0 else ""
        return marker + _indented(body, len(marker))

    def _tasks(self, node: Node, depth: int) -> str:
        lines: list[str] = []
        for item in nodes_of(node.get("content")):
            if kind_of(item) in ("taskList", "decisionList"):
                nested = self._block(item, depth + 1) if depth < _DEEPEST else ""
                lines.append("  " + _indented(nested, 2))
                continue
            state = attribute(item, "state")
            box = "" if kind_of(item) == "decisionItem" else "[x] " if state == "DONE" else "[ ] "
            lines.append(self._item(f"- {box}", item, depth=depth))
        return "\n".join(line for line in lines if line.strip())

    def _table(self, node: Node, depth: int) -> str:
        rows: list[list[tuple[str, bool, bool]]] = []
        for row in nodes_of(node.get("content")):
            self._left -= 1
            if self._left <= 0:
                break
            rows.append([self._cell(cell, depth) for cell in nodes_of(row.get("content"))])
        return grid(rows)

    def _cell(self, cell: Node, depth: int) -> tuple[str, bool, bool]:
        """Text, whether it heads a column or row, and whether it can stand in one line."""
        self._left -= 1
        inside = nodes_of(cell.get("content"))
        simple = len(inside) <= 1 and all(kind_of(node) == "paragraph" for node in inside)
        return self.blocks(inside, depth + 1, tight=True), kind_of(cell) == "tableHeader", simple

    def _media(self, node: Node, depth: int) -> str:
        return self._inlines([node])


def _append(text: list[str], part: str, *, gap: str) -> None:
    if part.strip():
        text += [gap, part] if text else [part]


def _indented(text: str, width: int) -> str:
    # Empty lines stay empty: white space at a line's end is a hard break to some readers.
    return re.sub(r"\n(?=[^\n])", "\n" + " " * width, text)


def _prefixed(text: str, prefix: str) -> str:
    return "\n".join(f"{prefix}{line}".rstrip() for line in text.split("\n"))


_WRITERS: dict[str, Callable[[Render, Node, int], str]] = {
    "paragraph": Render._paragraph,
    "heading": Render._heading,
    "codeBlock": Render._code,
    "rule": Render._rule,
    "blockquote": Render._quote,
    "panel": Render._panel,
    "expand": Render._expand,
    "nestedExpand": Render._expand,
    "bulletList": Render._list,
    "orderedList": Render._list,
    "taskList": Render._tasks,
    "decisionList": Render._tasks,
    "table": Render._table,
    "media": Render._media,
    "blockCard": Render._media,
    "embedCard": Render._media,
}
