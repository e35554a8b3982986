"""Markdown, as a model or a person wrote it, to blocks of a document."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

from addon.adf.clean import visible
from addon.adf.content import Block, Inline
from addon.adf.markdown_inline import inline_nodes
from addon.adf.nodes import (
    Item,
    blockquote,
    bullet_list,
    code_block,
    heading,
    ordered_list,
    paragraph,
    rule,
    table,
    task_list,
)

LONGEST = 40_000
"""Characters that are parsed; more are cut and said. The parser needs seconds for some texts of this size already."""

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_TICKED = re.compile(r"^\[([ xX])\][ \u00a0]+")
# The parser is quadratic in runs of opening brackets and of emphasis signs; no honest text has so long ones.
_MOST_BRACKETS = 1_500  # more are taken literally: every one begins a search for a link to the end of its paragraph
_RUN = re.compile(r"([\[\]!*_~<(])\1{40,}")


def from_markdown(text: str) -> list[Block]:
    """The blocks of a Markdown text, each one allowed at the top of a document; [] for a blank text.

    Hostile text stays text: raw HTML and mentions are literal, images become their description with a link, links
    lead to http, https and mailto only. What Jira does not allow where it stands is degraded (see `content.fit`).
    """
    text = visible(text)
    cut = len(text) - LONGEST
    source = _RUN.sub(lambda run: run.group(1) * 40, text[:LONGEST])
    if source.count("[") > _MOST_BRACKETS:
        source = source.replace("[", "\\[")
    blocks = _Builder().build(_PARSER.parse(source))
    return [*blocks, paragraph(f"[… truncated {cut} chars]")] if cut > 0 else blocks


class _Frame:
    """An element that was opened and not closed yet."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self.blocks: list[Block] = []
        self.inline: list[Inline] = []
        self.items: list[list[Block]] = []
        self.rows: list[list[Item]] = []
        self.header: list[Item] = []


class _Builder:
    """Walks the tokens with a stack of its own, so that no nesting can exhaust Python's."""

    def __init__(self) -> None:
        self._stack = [_Frame(Token("root_open", "", 1))]
        self._lists = 0

    def build(self, tokens: list[Token]) -> list[Block]:
        for token in tokens:
            if token.nesting > 0:
                self._stack.append(_Frame(token))
            elif token.nesting < 0:
                self._close(self._stack.pop())
            else:
                self._leaf(token)
        return self._stack[0].blocks

    def _leaf(self, token: Token) -> None:
        top = self._stack[-1]
        if token.type == "inline":
            top.inline.extend(inline_nodes(token.children or []))
        elif token.type in ("fence", "code_block"):
            language = token.info.split()[0] if token.info.strip() else None
            top.blocks.append(code_block(token.content.removesuffix("\n"), language))
        elif token.type == "hr":
            top.blocks.append(rule())
        # Raw HTML is off, so this is a kind of token a newer parser brought: keep its words.
        elif token.content:
            top.blocks.append(paragraph(token.content))

    def _close(self, frame: _Frame) -> None:
        kind = frame.token.type.removesuffix("_open")
        parent = self._stack[-1]
        if kind == "list_item":
            parent.items.append(frame.blocks)
        elif kind in ("th", "td"):
            parent.header.append([*frame.inline])
        elif kind == "tr":
            # Cells gather in `header` of their row; the row goes up to its section, and from there to the table.
            parent.rows.append(frame.header)
        elif kind in ("thead", "tbody"):
            if kind == "thead" and frame.rows:
                parent.header = frame.rows[0]
            else:
                parent.rows.extend(frame.rows)
        else:
            parent.blocks.append(self._element(kind, frame))

    def _element(self, kind: str, frame: _Frame) -> Block:
        if kind == "heading":
            return heading(int(frame.token.tag[1:]), *frame.inline)
        if kind == "bullet_list":
            self._lists += 1
            tasks = _tasks(frame.items)
            return task_list(tasks, place=str(self._lists)) if tasks else bullet_list(frame.items)
        if kind == "ordered_list":
            start = frame.token.attrGet("start")
            return ordered_list(frame.items, start=int(1 if start is None else start))
        if kind == "blockquote":
            return blockquote(*frame.blocks)
        if kind == "table":
            return table(frame.header, frame.rows)
        return paragraph(*frame.inline)


def _tasks(items: list[list[Block]]) -> list[tuple[bool, list[Inline]]]:
    """The points as tasks when each is one paragraph that begins with a box, else []."""
    tasks: list[tuple[bool, list[Inline]]] = []
    for blocks in items:
        # ADF's task items hold inline text only: anything richer stays an ordinary point.
        content = blocks[0].get("content") if len(blocks) == 1 and blocks[0]["type"] == "paragraph" else None
        first = content[0] if isinstance(content, list) and content else None
        box = _TICKED.match(str(first.get("text", ""))) if isinstance(first, dict) and not first.get("marks") else None
        if not isinstance(content, list) or not isinstance(first, dict) or box is None:
            return []
        rest = {**first, "text": str(first["text"])[box.end() :]}
        tasks.append((box.group(1) != " ", [Inline(node) for node in (rest, *content[1:])]))
    return tasks
