"""What the pretend Jira accepts as an Atlassian document: a content model stricter than the published schema.

Jira answers a bad document with one word and no position; `problems` says where, for the list of complaints.
"""

import json
from dataclasses import dataclass
from typing import Any

LISTS = ("bulletList", "orderedList")
INLINE = frozenset({"text", "hardBreak", "emoji", "mention", "date", "status", "inlineCard"})
ROOT = frozenset(
    {
        "paragraph",
        "heading",
        *LISTS,
        "codeBlock",
        "panel",
        "blockquote",
        "table",
        "taskList",
        "decisionList",
        "expand",
        "rule",
        "mediaSingle",
        "mediaGroup",
    }
)
EXPAND = ROOT - {"expand"} | {"nestedExpand"}
# The published schema allows media and cards too; an add-on that writes text has no business with them.
PANEL = frozenset({"paragraph", "heading", *LISTS, "codeBlock", "taskList", "decisionList", "rule"})
# No table in a table and no expand but the nested one: the editor drops them.
CELL = frozenset(
    {"paragraph", "heading", *LISTS, "codeBlock", "panel", "blockquote", "rule", "taskList", "nestedExpand"}
)
# What Jira counts in a document is not published; comments are counted by the stricter reading.
MAX_CHARS = 32_767
# Far beyond what the editor makes, and well below the depth at which Python stops recursing.
MAX_DEPTH = 40


@dataclass(frozen=True, slots=True)
class Rule:
    """children: allowed node types. least: how many there must be. attrs: required names; optional: allowed ones."""

    children: frozenset[str] = frozenset()
    least: int = 0
    attrs: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    leaf: bool = False


RULES = {
    "doc": Rule(ROOT),
    "paragraph": Rule(INLINE),
    "heading": Rule(INLINE, attrs=("level",)),
    "bulletList": Rule(frozenset({"listItem"}), 1),
    "orderedList": Rule(frozenset({"listItem"}), 1, optional=("order",)),
    "listItem": Rule(frozenset({"paragraph", "codeBlock", "mediaSingle", *LISTS}), 1),
    "codeBlock": Rule(frozenset({"text"}), optional=("language", "wrap")),
    "panel": Rule(PANEL, 1, attrs=("panelType",)),
    "blockquote": Rule(frozenset({"paragraph", "codeBlock", *LISTS}), 1),
    "table": Rule(frozenset({"tableRow"}), 1, optional=("isNumberColumnEnabled", "layout", "width", "displayMode")),
    "tableRow": Rule(frozenset({"tableHeader", "tableCell"}), 1),
    "tableHeader": Rule(CELL, 1, optional=("colspan", "rowspan", "colwidth", "background")),
    "tableCell": Rule(CELL, 1, optional=("colspan", "rowspan", "colwidth", "background")),
    "taskList": Rule(frozenset({"taskItem", "taskList"}), 1, attrs=("localId",)),
    "taskItem": Rule(INLINE, attrs=("localId", "state")),
    "decisionList": Rule(frozenset({"decisionItem"}), 1, attrs=("localId",)),
    "decisionItem": Rule(INLINE, attrs=("localId", "state")),
    "expand": Rule(EXPAND, 1, optional=("title", "localId")),
    "nestedExpand": Rule(frozenset({"paragraph", "heading", "codeBlock", "rule", *LISTS}), 1, optional=("title",)),
    "mediaSingle": Rule(frozenset({"media"}), 1, attrs=("layout",), optional=("width", "widthType")),
    "mediaGroup": Rule(frozenset({"media"}), 1),
    "media": Rule(attrs=("type", "id", "collection"), optional=("alt", "width", "height", "occurrenceKey"), leaf=True),
    "rule": Rule(leaf=True),
    "hardBreak": Rule(optional=("text",), leaf=True),
    "emoji": Rule(attrs=("shortName",), optional=("id", "text"), leaf=True),
    "mention": Rule(attrs=("id",), optional=("text", "accessLevel", "userType"), leaf=True),
    "date": Rule(attrs=("timestamp",), leaf=True),
    "status": Rule(attrs=("text", "color"), optional=("style",), leaf=True),
    "inlineCard": Rule(attrs=("url",), leaf=True),
}
CHOICES: dict[tuple[str, str], tuple[object, ...]] = {
    ("heading", "level"): (1, 2, 3, 4, 5, 6),
    ("panel", "panelType"): ("info", "note", "tip", "warning", "error", "success"),
    ("taskItem", "state"): ("TODO", "DONE"),
    ("status", "color"): ("neutral", "purple", "blue", "red", "yellow", "green"),
}
MARKS: dict[str, tuple[str, ...]] = {
    "strong": (),
    "em": (),
    "strike": (),
    "underline": (),
    "code": (),
    "link": ("href",),
    "subsup": ("type",),
    "textColor": ("color",),
    "backgroundColor": ("color",),
}


def problems(document: object, *, serialised: bool = False) -> list[str]:
    """Everything wrong with a document, each with its place; empty when Jira would take it.

    serialised: count the length limit on the JSON, as seen with comments, instead of on the visible characters.
    """
    if not isinstance(document, dict) or document.get("type") != "doc":
        return ["doc: must be an Atlassian document"]
    if document.get("version") != 1:
        return ["doc: version must be 1"]
    found: list[str] = []
    _node(document, "doc", found=found, depth=0)
    # Counting the characters of such a document would recurse just as deeply.
    if any(problem.endswith("nested too deeply") for problem in found):
        return found
    length = len(json.dumps(document, separators=(",", ":"))) if serialised else len("".join(texts(document)))
    if length > MAX_CHARS:
        found.append(f"doc: CONTENT_LIMIT_EXCEEDED, {length} of {MAX_CHARS} characters")
    return found


def texts(node: Any) -> list[str]:
    """Every piece of visible text in reading order."""
    if isinstance(node, list):
        return [text for child in node for text in texts(child)]
    if not isinstance(node, dict):
        return []
    return [node["text"]] if isinstance(node.get("text"), str) else texts(node.get("content", []))


def _node(node: dict[str, Any], path: str, *, found: list[str], depth: int) -> None:
    kind = str(node["type"])
    if kind == "text":
        return _text(node, path, found=found)
    rule = RULES[kind]
    extra = set(node) - {"type", "attrs", "content", *(("version",) if kind == "doc" else ())}
    if extra:
        found.append(f"{path}: unknown keys {sorted(extra)}")
    _attributes(node, kind, path=path, found=found)
    content = node.get("content")
    if rule.leaf and content is not None:
        found.append(f"{path}: {kind} takes no content")
    if not rule.leaf:
        _children(content if content is not None else [], rule, path=path, found=found, depth=depth)
    # Older validators of Jira take nothing else there, and their age is not told.
    if kind == "listItem" and isinstance(content, list) and content and content[0].get("type") != "paragraph":
        found.append(f"{path}: a list item begins with a paragraph")
    return None


def _children(content: object, rule: Rule, *, path: str, found: list[str], depth: int) -> None:
    if not isinstance(content, list) or not all(isinstance(child, dict) for child in content):
        found.append(f"{path}: content must be a list of nodes")
        return
    if len(content) < rule.least:
        found.append(f"{path}: must not be empty")
    if depth > MAX_DEPTH:
        found.append(f"{path}: nested too deeply")
        return
    for index, child in enumerate(content):
        kind = child.get("type")
        where = f"{path}/{index}:{kind}"
        if kind not in RULES and kind != "text":
            found.append(f"{where}: unknown node")
        elif kind not in rule.children:
            found.append(f"{where}: not allowed here")
        else:
            _node(child, where, found=found, depth=depth + 1)
            # Marks are legal on text, but not on the text of a code block.
            if path.endswith("codeBlock") and child.get("marks"):
                found.append(f"{where}: no marks inside a code block")


def _attributes(node: dict[str, Any], kind: str, *, path: str, found: list[str]) -> None:
    rule = RULES[kind]
    attrs = node.get("attrs", {})
    if not isinstance(attrs, dict):
        found.append(f"{path}: attrs must be an object")
        return
    found.extend(f"{path}: attribute {name} is missing" for name in rule.attrs if name not in attrs)
    # localId is legal nearly everywhere; the editor may or may not keep it.
    allowed = {*rule.attrs, *rule.optional, "localId"}
    found.extend(f"{path}: unknown attribute {name}" for name in attrs if name not in allowed)
    for name, value in attrs.items():
        if value not in CHOICES.get((kind, name), (value,)):
            found.append(f"{path}: {name} must not be {value!r}")
    if kind == "status" and not attrs.get("text"):
        found.append(f"{path}: status without text")
    if kind == "date" and not (isinstance(attrs.get("timestamp"), str) and attrs["timestamp"].lstrip("-").isdigit()):
        found.append(f"{path}: timestamp must be a string of milliseconds")


def _text(node: dict[str, Any], path: str, *, found: list[str]) -> None:
    if not isinstance(node.get("text"), str) or not node["text"]:
        found.append(f"{path}: empty text")
    extra = set(node) - {"type", "text", "marks"}
    if extra:
        found.append(f"{path}: unknown keys {sorted(extra)}")
    marks = node.get("marks", [])
    if not isinstance(marks, list) or not all(isinstance(mark, dict) for mark in marks):
        found.append(f"{path}: marks must be a list")
        return
    # Duplicate marks pass the schema and are refused by some versions of Jira.
    names = [mark.get("type") for mark in marks]
    if len(set(names)) < len(names):
        found.append(f"{path}: the same mark twice")
    if "code" in names and set(names) - {"code", "link"}:
        found.append(f"{path}: code combines with link only")
    for mark in marks:
        _mark(mark, path, found=found)


def _mark(mark: dict[str, Any], path: str, *, found: list[str]) -> None:
    kind = mark.get("type")
    if kind not in MARKS:
        found.append(f"{path}: unknown mark {kind!r}")
        return
    attrs = mark.get("attrs", {})
    if not isinstance(attrs, dict) or set(attrs) - {*MARKS[kind], "title"} or set(MARKS[kind]) - set(attrs):
        found.append(f"{path}: wrong attributes of mark {kind}")
    # The schema takes any address; Jira shows a javascript: link as dead text, so writing one is a mistake.
    elif kind == "link" and not str(attrs["href"]).lower().startswith(("http://", "https://", "mailto:", "/", "#")):
        found.append(f"{path}: link to {attrs['href']!r}")
