"""Sections of our own inside a document that belongs to people, such as a description.

A section is one expand at the top of the document. Its title ends with SIGN, which people see and editors keep; the
`localId`, which an editor may drop, tells sections of different names apart and is a hint only.
"""

from collections.abc import Mapping
from typing import Any

from addon.adf.content import Block
from addon.adf.nodes import expand

SIGN = " · JiraVision"
"""What the title of every section of ours ends with, in every language."""
_HINT = "jiravision-"


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
    """The document as people wrote it. Anything that is no document is handed back as it is."""
    if not isinstance(document, Mapping) or not isinstance(document.get("content"), list):
        return document
    return {**document, "content": [block for block in document["content"] if not is_ours(block)]}


def _attrs(block: Mapping[str, Any]) -> Mapping[str, Any]:
    attrs = block.get("attrs")
    return attrs if isinstance(attrs, Mapping) else {}


def _title(block: Mapping[str, Any]) -> str:
    return str(_attrs(block).get("title", ""))
