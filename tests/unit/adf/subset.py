"""The part of Atlassian Document Format we write, stated a second time and apart from the code that writes it."""

import json

TEXTUAL = "paragraph codeBlock bulletList orderedList"
PANEL = f"{TEXTUAL} heading rule taskList"
CELL = f"{PANEL} panel blockquote"
INLINE = "text hardBreak status date mention"
CONTENT = {
    "doc": f"{CELL} table expand",
    "paragraph": INLINE,
    "heading": "text status date mention",
    "codeBlock": "text",
    "bulletList": "listItem",
    "orderedList": "listItem",
    "listItem": TEXTUAL,
    "taskList": "taskItem",
    "taskItem": INLINE,
    "panel": PANEL,
    "blockquote": TEXTUAL,
    "expand": f"{CELL} table",
    "table": "tableRow",
    "tableRow": "tableHeader tableCell",
    "tableHeader": CELL,
    "tableCell": CELL,
}
NEVER_EMPTY = "bulletList orderedList listItem taskList panel blockquote expand table tableRow tableHeader tableCell"
ATTRIBUTES = {
    "heading": {"level"},
    "orderedList": {"order"},
    "taskList": {"localId"},
    "taskItem": {"localId", "state"},
    "panel": {"panelType"},
    "expand": {"title"},
    "status": {"text", "color"},
    "date": {"timestamp"},
    "mention": {"id", "text"},
}
OPTIONAL = {"codeBlock": {"language"}}


def check(document: object) -> None:
    """Raises AssertionError, naming the node, when a document is not one we may write."""
    assert isinstance(document, dict)
    assert (document["type"], document["version"]) == ("doc", 1)
    json.dumps(document, allow_nan=False).encode()
    _node({name: value for name, value in document.items() if name != "version"})


def _node(node: dict[str, object]) -> None:
    kind = str(node["type"])
    attrs, content = node.get("attrs", {}), node.get("content", [])
    assert isinstance(attrs, dict)
    assert isinstance(content, list)
    if kind == "text":
        _text(node)
        return
    assert set(node) <= {"type", "attrs", "content"}, node
    assert ATTRIBUTES.get(kind, set()) <= set(attrs) <= ATTRIBUTES.get(kind, set()) | OPTIONAL.get(kind, set()), node
    assert "content" not in node or kind in CONTENT, node
    assert content or kind not in NEVER_EMPTY.split(), node
    assert all(child["type"] in CONTENT[kind].split() for child in content), node
    if kind == "listItem":
        assert content[0]["type"] == "paragraph", node
    if kind == "codeBlock":
        assert all("marks" not in child for child in content), node
    for child in content:
        _node(child)


def _text(node: dict[str, object]) -> None:
    assert node["text"], node
    assert set(node) <= {"type", "text", "marks"}, node
    marks = node.get("marks", [])
    assert isinstance(marks, list)
    kinds = [mark["type"] for mark in marks]
    assert len(kinds) == len(set(kinds)), node
    assert "code" not in kinds or set(kinds) <= {"code", "link"}, node
