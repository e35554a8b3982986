"""Plain text to Atlassian documents, and documents to the wiki text webhooks carry and to what a reader sees."""

import re
from typing import Any

Json = dict[str, Any]
_BULLET = re.compile(r"^\s*[-*]\s+(.*)$")
_NUMBER = re.compile(r"^\s*\d+[.)]\s+(.*)$")
_HEADING = re.compile(r"^(#{1,6})\s+(.*)$")
# A small Markdown of our own: the add-on's converter must not be what fills the site it is tested on.
_STRONG = re.compile(r"\*\*(.+?)\*\*|`([^`]+)`")


def document(text: str) -> Json | None:
    """An Atlassian document from a small Markdown: headings, lists, fences, **strong**, `code`. None when blank."""
    blocks: list[Json] = []
    lines = text.replace("\r\n", "\n").split("\n")
    while lines:
        line = lines.pop(0)
        if line.startswith("```"):
            blocks.append(_fence(line[3:].strip(), lines))
        elif heading := _HEADING.match(line):
            blocks.append({"type": "heading", "attrs": {"level": len(heading[1])}, "content": _inline(heading[2])})
        elif _BULLET.match(line) or _NUMBER.match(line):
            blocks.append(_list(line, lines))
        elif line.strip():
            paragraph = [line.strip()]
            # A list or a heading may follow a paragraph without a blank line.
            while lines and lines[0].strip() and not _starts_block(lines[0]):
                paragraph.append(lines.pop(0).strip())
            blocks.append({"type": "paragraph", "content": _broken(paragraph)})
    return {"type": "doc", "version": 1, "content": blocks} if blocks else None


def _starts_block(line: str) -> bool:
    return line.startswith("```") or any(p.match(line) for p in (_HEADING, _BULLET, _NUMBER))


def _fence(language: str, lines: list[str]) -> Json:
    code: list[str] = []
    while lines and not (line := lines.pop(0)).startswith("```"):
        code.append(line)
    block: Json = {"type": "codeBlock", "attrs": {"language": language} if language else {}}
    return {**block, "content": [{"type": "text", "text": "\n".join(code)}]} if any(code) else block


def _list(first: str, lines: list[str]) -> Json:
    pattern, kind = (_BULLET, "bulletList") if _BULLET.match(first) else (_NUMBER, "orderedList")
    items = [first]
    while lines and pattern.match(lines[0]):
        items.append(lines.pop(0))
    texts = [match[1] for item in items if (match := pattern.match(item))]
    return {
        "type": kind,
        "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": _inline(t)}]} for t in texts],
    }


def _broken(lines: list[str]) -> list[Json]:
    inline: list[Json] = []
    for line in lines:
        inline.extend([{"type": "hardBreak"}] if inline else [])
        inline.extend(_inline(line))
    return inline


def _inline(text: str) -> list[Json]:
    nodes: list[Json] = []
    last = 0
    for match in _STRONG.finditer(text):
        nodes.append({"type": "text", "text": text[last : match.start()]})
        mark = "strong" if match[1] else "code"
        nodes.append({"type": "text", "text": match[1] or match[2], "marks": [{"type": mark}]})
        last = match.end()
    nodes.append({"type": "text", "text": text[last:]})
    # Jira refuses empty text nodes.
    return [node for node in nodes if node["text"]]


def wiki(node: Any) -> str | None:
    """The wiki text of REST v2 and webhooks; None for no document. Coarse on purpose: readers must fetch through v3."""
    return None if node is None else _blocks(node, "h{}. ", bullet="* ").strip()


def reading(node: Any) -> str:
    """The document as somebody reads it on the page, in plain lines."""
    return _blocks(node, "", bullet="• ").strip()


def _blocks(node: Any, heading: str, *, bullet: str) -> str:
    kind, content = node.get("type"), node.get("content", [])
    if kind in ("paragraph", "heading", "codeBlock", "taskItem", "decisionItem"):
        prefix = heading.format(node["attrs"]["level"]) if kind == "heading" else ""
        return prefix + "".join(map(_piece, content)) + "\n"
    if kind in ("bulletList", "orderedList", "taskList", "decisionList"):
        return "".join(
            bullet + _blocks(child, heading, bullet=bullet).replace("\n", "\n  ").rstrip() + "\n" for child in content
        )
    # One line a row, as long cells would otherwise hide where the next begins.
    if kind == "tableRow":
        return (
            "| "
            + " | ".join(_blocks(cell, heading, bullet=bullet).strip().replace("\n", " / ") for cell in content)
            + " |\n"
        )
    title = node.get("attrs", {}).get("title")
    inner = "".join(_blocks(child, heading, bullet=bullet) for child in content if isinstance(child, dict))
    return f"{title}\n{inner}" if title else inner


def _piece(node: Json) -> str:
    attrs = node.get("attrs", {})
    named = {"hardBreak": "\n", "mention": attrs.get("text", "@someone"), "emoji": attrs.get("shortName", "")}
    named |= {
        "status": f"[{attrs.get('text', '')}]",
        "inlineCard": attrs.get("url", ""),
        "date": attrs.get("timestamp", ""),
    }
    return str(node.get("text") or named.get(str(node.get("type")), ""))
