from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addon.adf.content import ALLOWED, Block, Inline
from addon.adf.nodes import (
    BREAK,
    CODE,
    EM,
    STRIKE,
    STRONG,
    blockquote,
    bullet_list,
    code_block,
    date,
    doc,
    expand,
    heading,
    link,
    mention,
    ordered_list,
    panel,
    paragraph,
    plain,
    rule,
    status,
    table,
    task_list,
    text,
    weight,
)

Valid = Callable[[object], None]

words = st.text(max_size=12)
inlines = st.one_of(
    words.map(text),
    st.builds(lambda w, m: text(w, *m), words, st.lists(st.sampled_from([STRONG, EM, STRIKE, CODE]), max_size=4)),
    st.builds(link, words, st.sampled_from(["https://a.example/", "javascript:x", ""])),
    words.map(status),
    st.builds(mention, st.sampled_from(["", "712020:1"]), words),
    st.floats(0, 4e9).map(date),
    st.just(BREAK),
)
leaves = st.one_of(
    st.lists(inlines, max_size=4).map(lambda parts: paragraph(*parts)),
    st.builds(lambda n, parts: heading(n, *parts), st.integers(-3, 9), st.lists(inlines, max_size=3)),
    st.builds(code_block, words, st.one_of(st.none(), words)),
    st.builds(rule),
    st.lists(st.tuples(st.booleans(), st.lists(inlines, max_size=2)), max_size=3).map(task_list),
)


def _containers(blocks: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    several = st.lists(blocks, max_size=3)
    items: st.SearchStrategy[list[list[Block]]] = st.lists(several, max_size=3)
    return st.one_of(
        items.map(bullet_list),
        items.map(lambda some: ordered_list(some, start=-2)),
        st.builds(table, several, items),
        several.map(lambda some: panel("warning", *some)),
        several.map(lambda some: blockquote(*some)),
        st.builds(lambda title, some: expand(title, *some), words, several),
    )


blocks = st.recursive(leaves, _containers, max_leaves=12)


SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(parts=st.lists(blocks, max_size=4))
def test_whatever_is_put_into_whatever_the_document_is_valid(valid: Valid, parts: list[Block]) -> None:
    valid(doc(*parts))


@pytest.mark.parametrize("parent", sorted(ALLOWED))
@pytest.mark.parametrize("child", ["heading", "table", "quote", "panel", "expand", "rule", "tasks", "code", "list"])
def test_every_block_in_every_parent_keeps_its_words(valid: Valid, parent: str, child: str) -> None:
    cell = paragraph("words kept")
    inside = {
        "heading": heading(2, "words kept"),
        "table": table(["a"], [[cell]]),
        "quote": blockquote(cell),
        "panel": panel("info", cell),
        "expand": expand("words", cell),
        "rule": panel("info", cell, rule()),
        "tasks": task_list([(True, ["words kept"])]),
        "code": code_block("words kept"),
        "list": bullet_list([cell]),
    }[child]
    outer = {
        "doc": inside,
        "expand": expand("t", inside),
        "tableCell": table([], [[inside]]),
        "tableHeader": table([inside], []),
        "panel": panel("note", inside),
        "blockquote": blockquote(inside),
        "listItem": bullet_list([inside]),
    }[parent]
    valid(doc(outer))
    assert "words kept" in str(outer)


def test_empty_text_disappears() -> None:
    assert paragraph("", text("\u200b"), status(""), mention("", "")) == {
        "type": "paragraph",
        "content": [{"type": "text", "text": "@"}],
    }


def test_newline_in_text_becomes_a_hard_break_and_in_a_heading_a_space() -> None:
    assert [node["type"] for node in _content(paragraph("a\nb"))] == ["text", "hardBreak", "text"]
    assert _content(heading(2, "a\nb", BREAK, "c")) == [{"type": "text", "text": "a b c"}]


def test_code_keeps_no_mark_but_a_link() -> None:
    node = link("x", "https://a.example/", CODE, STRONG, EM)
    assert [mark["type"] for mark in _marks(node)] == ["link", "code"]


def test_neighbours_with_equal_marks_become_one_text() -> None:
    merged = paragraph(text("a", STRONG), text("b", STRONG), "c", "d")
    assert [node["text"] for node in _content(merged)] == ["ab", "cd"]


def test_unsafe_link_is_plain_text() -> None:
    assert "marks" not in link("click", "javascript:alert(1)")


def test_list_items_and_cells_take_texts_nodes_and_blocks() -> None:
    made = bullet_list(["plain", text("node"), ["loose ", text("pair", EM)], [paragraph("p"), code_block("c")], []])
    kinds = [[block["type"] for block in _content(Block(item))] for item in _content(made)]
    assert kinds == [["paragraph"], ["paragraph"], ["paragraph"], ["paragraph", "codeBlock"], ["paragraph"]]


def test_list_item_begins_with_a_paragraph() -> None:
    first = _content(bullet_list([[code_block("x")]]))[0]
    assert [block["type"] for block in _content(Block(first))] == ["paragraph", "codeBlock"]


def test_short_rows_are_filled_up() -> None:
    rows = _content(table(["a", "b"], [["1"], ["1", "2", "3"]]))
    assert [len(_content(Block(row))) for row in rows] == [3, 3, 3]


def test_task_ids_are_the_same_for_the_same_content_and_differ_by_place() -> None:
    assert task_list([(False, ["x"])]) == task_list([(False, ["x"])])
    assert task_list([(False, ["x"])]) != task_list([(False, ["x"])], place="2")


def test_date_is_the_utc_day_in_milliseconds_as_text() -> None:
    assert date(1_798_800_000.5) == {"type": "date", "attrs": {"timestamp": "1798761600000"}}


def test_plain_is_one_paragraph_per_line(valid: Valid) -> None:
    document = plain("a\n\n \nb")
    valid(document)
    assert [node["type"] for node in _content(document)] == ["paragraph", "paragraph"]


def test_weight_counts_compact_json() -> None:
    assert weight({"a": ["é", 1]}) == len('{"a":["é",1]}')


def _content(node: Block | dict[str, object]) -> list[Block]:
    content = node["content"]
    assert isinstance(content, list)
    return content


def _marks(node: Inline) -> list[dict[str, object]]:
    marks = node["marks"]
    assert isinstance(marks, list)
    return marks
