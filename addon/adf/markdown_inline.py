"""The texts of one Markdown paragraph as inline nodes."""

from markdown_it.token import Token

from addon.adf.content import Inline
from addon.adf.nodes import BREAK, CODE, EM, STRIKE, STRONG, Mark, link, link_mark, text

_OPENS = {"strong_open": STRONG, "em_open": EM, "s_open": STRIKE}
_CLOSES = {"strong_close": STRONG, "em_close": EM, "s_close": STRIKE}


def inline_nodes(tokens: list[Token]) -> list[Inline]:
    """Nodes in order. A soft break is a space; an image its description, linked to where it lies."""
    found: list[Inline] = []
    # Counted, not stacked: thousands of nested emphases are legal and must stay linear.
    depth = dict.fromkeys(("strong", "em", "strike"), 0)
    links: list[Mark | None] = []
    for token in tokens:
        if token.type in _OPENS:
            depth[str(_OPENS[token.type]["type"])] += 1
        elif token.type in _CLOSES:
            depth[str(_CLOSES[token.type]["type"])] -= 1
        elif token.type == "link_open":
            links.append(link_mark(str(token.attrGet("href") or "")))
        elif token.type == "link_close":
            links.pop()
        else:
            found.append(_leaf(token, _marks(depth, links)))
    return found


def _marks(depth: dict[str, int], links: list[Mark | None]) -> list[Mark]:
    marks = [mark for mark in (STRONG, EM, STRIKE) if depth[str(mark["type"])] > 0]
    return [*marks, *([links[-1]] if links and links[-1] else [])]


def _leaf(token: Token, marks: list[Mark]) -> Inline:
    if token.type == "hardbreak":
        return BREAK
    if token.type == "softbreak":
        return text(" ", *marks)
    if token.type == "code_inline":
        return text(token.content, CODE, *marks)
    if token.type == "image":
        return link(token.content or "image", str(token.attrGet("src") or ""), *marks)
    return text(token.content, *marks)
