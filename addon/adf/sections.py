"""Sections of our own inside a document that belongs to people, such as a description.

A section is one expand, because nothing else that may hold everything can be found again. Its title ends with SIGN,
which people see and editors keep; the `localId`, which an editor may drop, tells sections of different names apart and
is a hint only. All other nodes are passed on as they came.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from addon.adf.content import Block
from addon.adf.nodes import expand

SIGN = " · JiraVision"
"""What the title of every section of ours ends with, in every language."""
_HINT = "jiravision-"
_LAYOUT = ("layoutSection", "layoutColumn")
"""Where people may have moved a section to: nothing else that holds blocks takes one."""


@dataclass(frozen=True, slots=True)
class Name:
    """name: analysis | criteria | scenarios. titles: the ones the section may have, in any language, without SIGN."""

    name: str
    titles: frozenset[str]

    def fits(self, block: object) -> bool:
        return is_section(block, name=self.name, titles=self.titles)


def section(name: str, title: str, *blocks: Block) -> Block:
    """name: analysis | criteria | scenarios. title: in the reader's language."""
    block = expand(f"{title}{SIGN}", *blocks)
    return Block({**block, "attrs": {**_attrs(block), "localId": f"{_HINT}{name}"}})


def is_ours(block: object) -> bool:
    return isinstance(block, Mapping) and block.get("type") == "expand" and _title(block).endswith(SIGN)


def is_section(block: object, *, name: str, titles: frozenset[str]) -> bool:
    """Whether it is our section of that name. titles: the ones it may have, in any language, without SIGN.

    The hint decides where there is one; the title does once an editor has dropped or replaced it.
    """
    if not (isinstance(block, Mapping) and is_ours(block)):
        return False
    hint = str(_attrs(block).get("localId", ""))
    return hint == f"{_HINT}{name}" if hint.startswith(_HINT) else _title(block).removesuffix(SIGN) in titles


def without_ours(document: object) -> object:
    """The document as people wrote it, None when they wrote nothing. What is no document is handed back as it is."""
    if not isinstance(document, Mapping) or not isinstance(document.get("content"), list):
        return document
    kept = [
        without_ours(block) if _kind(block) in _LAYOUT else block for block in document["content"] if not is_ours(block)
    ]
    content = [block for block in kept if block is not None]
    return {**document, "content": content} if content else None


def section_in(document: object, wanted: Name) -> Mapping[str, Any] | None:
    """Our first section of that name; None also for what is no document."""
    for block in _content(document):
        if wanted.fits(block):
            return block  # type: ignore[no-any-return]
        if _kind(block) in _LAYOUT and (found := section_in(block, wanted)) is not None:
            return found
    return None


def with_section(document: object, block: Block, *, wanted: Name) -> dict[str, Any]:
    """The document with `block` in place of our first section of that name, else at its end.

    None and what is no document count as empty.
    """
    known = document if isinstance(document, Mapping) else {"type": "doc", "version": 1}
    content = _content(known)
    changed = _exchanged(content, wanted, by=[dict(block)])
    return {**known, "content": [*content, dict(block)] if changed is None else changed}


def without_section(document: Mapping[str, Any], wanted: Name) -> dict[str, Any]:
    """The document without our first section of that name."""
    content = _content(document)
    changed = _exchanged(content, wanted, by=[])
    return {**document, "content": content if changed is None else changed}


def _exchanged(blocks: list[Any], wanted: Name, *, by: list[Any]) -> list[Any] | None:
    """The blocks with `by` in place of the section, None when it is not among them."""
    for place, block in enumerate(blocks):
        inner = _exchanged(_content(block), wanted, by=by) if _kind(block) in _LAYOUT else None
        if wanted.fits(block):
            return [*blocks[:place], *by, *blocks[place + 1 :]]
        if inner is not None:
            # A column is never empty.
            kept = inner or [{"type": "paragraph"}]
            return [*blocks[:place], {**block, "content": kept}, *blocks[place + 1 :]]
    return None


def _content(node: object) -> list[Any]:
    content = node.get("content") if isinstance(node, Mapping) else None
    return content if isinstance(content, list) else []


def _kind(node: object) -> str:
    return str(node.get("type")) if isinstance(node, Mapping) else ""


def _attrs(block: Mapping[str, Any]) -> Mapping[str, Any]:
    attrs = block.get("attrs")
    return attrs if isinstance(attrs, Mapping) else {}


def _title(block: Mapping[str, Any]) -> str:
    return str(_attrs(block).get("title", ""))
