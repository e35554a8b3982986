"""What may stand inside what, and what becomes of a block that may not stand where it was put.

The table is narrower than Atlassian's schema on purpose: Jira refuses some documents the schema allows.
"""

from collections.abc import Iterable
from typing import NewType

Inline = NewType("Inline", dict[str, object])
"""A text, hard break, status, date or mention."""
Block = NewType("Block", dict[str, object])
"""A paragraph, heading, list, table, panel …: what a document is made of."""

_LISTS = frozenset(("bulletList", "orderedList"))
_TEXTUAL = frozenset(("paragraph", "codeBlock")) | _LISTS
_PANEL = _TEXTUAL | {"heading", "rule", "taskList"}
_CELL = _PANEL | {"panel", "blockquote"}
_EXPAND = _CELL | {"table"}
ALLOWED: dict[str, frozenset[str]] = {
    "doc": _EXPAND | {"expand"},
    "expand": _EXPAND,
    "tableCell": _CELL,
    "tableHeader": _CELL,
    "panel": _PANEL,
    "blockquote": _TEXTUAL,
    "listItem": _TEXTUAL,
}
INLINES = frozenset(("text", "hardBreak", "status", "date", "mention"))


def fit(parent: str, blocks: Iterable[Block]) -> list[Block]:
    """The blocks as they may stand in `parent`: each kept, or degraded with its words preserved.

    Never empty except for a document: an empty paragraph stands in. A list item begins with a paragraph.
    """
    fitted = [piece for block in blocks for piece in _place(parent, block)]
    if parent == "doc":
        return fitted
    # The schema allows other first children of a list item; older validators on Jira's side did not.
    if not fitted or (parent == "listItem" and fitted[0]["type"] != "paragraph"):
        fitted.insert(0, Block({"type": "paragraph"}))
    return fitted


def children(node: Block) -> list[Block]:
    content = node.get("content")
    return [Block(child) for child in content if isinstance(child, dict)] if isinstance(content, list) else []


def _place(parent: str, block: Block) -> list[Block]:
    kind = str(block.get("type"))
    if kind in ALLOWED[parent]:
        return [block]
    if kind == "heading":
        return [_strong_paragraph(block)]
    # Containers give up their frame and hand their content on, which may have to be degraded in turn.
    if kind == "blockquote":
        return fit(parent, _quoted(children(block)))
    if kind == "panel":
        return fit(parent, children(block))
    if kind == "expand":
        attrs = block.get("attrs")
        title = str(attrs.get("title", "")) if isinstance(attrs, dict) else ""
        return fit(parent, [*([_strong_text(title)] if title else []), *children(block)])
    if kind == "taskList":
        return [_unticked(block)]
    if kind == "table":
        words = _table_text(block)
        return [Block({"type": "codeBlock", "content": [{"type": "text", "text": words}]})] if words else []
    return []  # a rule has no words to keep, and no builder makes anything else


def _strong(node: object) -> object:
    """A text made bold; code stays as it is because Jira refuses the pair."""
    if not isinstance(node, dict) or node.get("type") != "text":
        return node
    marks = [mark for mark in node.get("marks", []) if isinstance(mark, dict)]
    if any(mark.get("type") in ("code", "strong") for mark in marks):
        return node
    return {**node, "marks": [*marks, {"type": "strong"}]}


def _strong_paragraph(heading: Block) -> Block:
    return Block({"type": "paragraph", "content": [_strong(child) for child in children(heading)]})


def _strong_text(title: str) -> Block:
    return Block({"type": "paragraph", "content": [{"type": "text", "text": title, "marks": [{"type": "strong"}]}]})


def _quoted(blocks: list[Block]) -> list[Block]:
    """The blocks of a quote between quotation marks, where paragraphs begin and end it to hold them."""
    if not blocks or any(block.get("type") != "paragraph" for block in (blocks[0], blocks[-1])):
        return blocks
    marked = list(blocks)
    marked[0] = Block({**marked[0], "content": [{"type": "text", "text": "“"}, *children(marked[0])]})
    marked[-1] = Block({**marked[-1], "content": [*children(marked[-1]), {"type": "text", "text": "”"}]})
    return marked


def _table_text(table: Block) -> str:
    """A table as lines of cells between pipes, for where only code keeps the columns apart."""
    rows = [[" ".join(_words(cell).split()) for cell in children(row)] for row in children(table)]
    if not any(words for row in rows for words in row):
        return ""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _words(node: Block) -> str:
    if node.get("type") == "text":
        return str(node["text"])
    # Blocks side by side in a cell must not run into one word.
    gap = "" if node.get("type") == "paragraph" else " "
    return gap.join(_words(child) for child in children(node)) or _label(node)


def _label(node: Block) -> str:
    """What a status or a mention shows; nothing for other nodes."""
    attrs = node.get("attrs")
    return str(attrs.get("text", "")) if isinstance(attrs, dict) and node.get("type") in INLINES else ""


def _unticked(tasks: Block) -> Block:
    items: list[dict[str, object]] = []
    for task in children(tasks):
        attrs = task.get("attrs")
        done = isinstance(attrs, dict) and attrs.get("state") == "DONE"
        words = [{"type": "text", "text": "[x] " if done else "[ ] "}, *children(task)]
        items.append({"type": "listItem", "content": [{"type": "paragraph", "content": words}]})
    return Block({"type": "bulletList", "content": items})
