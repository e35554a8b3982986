"""Documents: what the pretend Jira takes, what it makes of plain text, and what is read from them."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.adf import problems, texts
from sandbox.prose import document, reading, wiki
from tests.unit.sandbox.stage import doc, paragraph

Node = dict[str, Any]


def node(kind: str, *content: Node, **attrs: Any) -> Node:
    made: Node = {"type": kind}
    if attrs:
        made["attrs"] = attrs
    return {**made, "content": list(content)} if content else made


def text(words: str, *marks: str | Node) -> Node:
    named = [mark if isinstance(mark, dict) else {"type": mark} for mark in marks]
    return {"type": "text", "text": words, **({"marks": named} if named else {})}


def link(href: str) -> Node:
    return {"type": "link", "attrs": {"href": href}}


P = paragraph("x")
GOOD = [
    doc(),
    doc(node("paragraph")),
    doc(node("heading", text("Title", "strong"), level=2), P, node("rule")),
    doc(node("bulletList", node("listItem", P, node("orderedList", node("listItem", P), order=3)))),
    doc(node("codeBlock", text("a\nb"), language="python"), node("codeBlock")),
    doc(node("panel", P, panelType="warning"), node("blockquote", P)),
    doc(node("table", node("tableRow", node("tableHeader", P), node("tableCell", P, node("rule"))))),
    doc(node("expand", P, node("table", node("tableRow", node("tableCell", P))), title="More")),
    doc(node("taskList", node("taskItem", text("do"), localId="1", state="TODO"), localId="0")),
    doc(
        node(
            "paragraph",
            text("a", "code", link("https://x.example")),
            node("hardBreak"),
            node("status", text="S", color="red"),
        )
    ),
    doc(node("paragraph", node("date", timestamp="1763650000000"), node("mention", id="a", text="@A"))),
]
BAD = [
    ({"type": "doc", "content": []}, "version must be 1"),
    ("text", "must be an Atlassian document"),
    (doc(text("x")), "not allowed here"),
    (doc(node("paragraph", text(""))), "empty text"),
    (doc(node("paragraph", text("x", "bold"))), "unknown mark"),
    (doc(node("paragraph", text("x", "code", "strong"))), "code combines with link only"),
    (doc(node("paragraph", text("x", "em", "em"))), "the same mark twice"),
    (doc(node("paragraph", text("x", link("javascript:alert(1)")))), "link to"),
    (doc(node("paragraph", text("x", {"type": "link"}))), "wrong attributes of mark"),
    (doc(node("heading", text("x"))), "level is missing"),
    (doc(node("heading", text("x"), level=7)), "level must not be 7"),
    (doc(node("bulletList")), "must not be empty"),
    (doc(node("bulletList", node("listItem"))), "must not be empty"),
    (doc(node("bulletList", node("listItem", node("heading", text("x"), level=1)))), "not allowed here"),
    (doc(node("bulletList", node("listItem", node("codeBlock", text("x"))))), "begins with a paragraph"),
    (doc(node("panel", node("table", node("tableRow", node("tableCell", P))), panelType="info")), "not allowed here"),
    (doc(node("panel", P, panelType="loud")), "panelType must not be"),
    (doc(node("table", node("tableRow", node("tableCell")))), "must not be empty"),
    (doc(node("expand", node("expand", P))), "not allowed here"),
    (doc(node("codeBlock", text("x", "strong"))), "no marks inside a code block"),
    (doc(node("taskList", node("taskItem", text("x"), state="TODO"), localId="0")), "localId is missing"),
    (doc(node("rule", P)), "takes no content"),
    (doc({**P, "colour": "red"}), "unknown keys"),
    (doc(node("paragraph", text("x"), colour="red")), "unknown attribute"),
    (doc(node("widget")), "unknown node"),
    (doc(node("paragraph", node("status", text="", color="red"))), "status without text"),
    (doc(node("paragraph", node("date", timestamp=1))), "timestamp must be a string"),
    (doc({"type": "paragraph", "content": "x"}), "list of nodes"),
    (doc({"type": "paragraph", "attrs": []}), "attrs must be an object"),
    (doc(paragraph("x" * 33_000)), "CONTENT_LIMIT_EXCEEDED"),
]


@pytest.mark.parametrize("good", GOOD)
def test_a_right_document_has_no_problems(good: Node) -> None:
    assert problems(good) == []


@pytest.mark.parametrize(("bad", "said"), BAD)
def test_a_wrong_document_is_told_with_its_place(bad: object, said: str) -> None:
    found = problems(bad)
    assert any(said in problem for problem in found), found
    assert all(problem.startswith("doc") for problem in found)


def test_deep_nesting_ends() -> None:
    inner = node("listItem", P)
    for _ in range(200):
        inner = node("listItem", P, node("bulletList", inner))
    assert "nested too deeply" in " ".join(problems(doc(node("bulletList", inner))))


@pytest.mark.parametrize("path", sorted(Path("sandbox/seed").glob("0*.json")), ids=lambda path: path.stem)
def test_samples_are_taken_except_for_their_hostile_links(path: Path) -> None:
    description = json.loads(path.read_text())["fields"]["description"]
    found = problems(description) if description else []
    assert [problem for problem in found if "link to 'javascript:" not in problem] == []


SOURCE = "# Title\n\nOne **strong** and `code`\nnext line\n\n- a\n- b\n\n1. c\n2) d\n\n```python\nx = 1\n```\n```\n```"


def test_plain_text_becomes_a_right_document() -> None:
    made = document(SOURCE)
    assert made is not None
    assert problems(made) == []
    assert [block["type"] for block in made["content"]] == [
        "heading", "paragraph", "bulletList", "orderedList", "codeBlock", "codeBlock",
    ]  # fmt: skip


def test_blank_text_is_no_document() -> None:
    assert document(" \n\n ") is None


def test_wiki_text_and_reading_follow_the_document() -> None:
    made = document(SOURCE)
    assert wiki(made) == "h1. Title\nOne strong and code\nnext line\n* a\n* b\n* c\n* d\nx = 1"
    assert reading(made).startswith("Title\nOne strong")
    assert wiki(None) is None


def test_a_reader_sees_tables_states_and_folded_parts() -> None:
    row = node("tableRow", node("tableHeader", paragraph("A")), node("tableCell", paragraph("B"), paragraph("C")))
    people = node("paragraph", node("status", text="OK", color="green"), node("mention", id="1", text="@Ann"))
    shown = doc(node("table", row), node("expand", paragraph("inside"), title="More"), people)
    assert reading(shown) == "| A | B / C |\nMore\ninside\n[OK]@Ann"
    assert texts(shown) == ["A", "B", "C", "inside"]
