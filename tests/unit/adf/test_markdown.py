import json
import time
from collections.abc import Callable
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from addon.adf.markdown import LONGEST, from_markdown
from addon.adf.nodes import blockquote, bullet_list, doc, expand, panel, paragraph, table
from addon.adf.read import to_markdown
from tests.unit.adf.conftest import documents

Valid = Callable[[object], None]
SNIPPETS = [
    "# h",
    "- a",
    "1. b",
    "> q",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "```py\nx\n```",
    "***",
    "**b**",
    "*e*",
    "`c`",
    "~~s~~",
    "[l](https://a.example)",
    "![i](https://a.example/i.png)",
    "[x](javascript:1)",
    "<b>",
    "- [ ] t",
    "- [x] t",
    "\n",
    "  ",
    "\\",
    "@ann",
    "[~accountid:1]",
    "&amp;",
    "    code",
    "a\\\nb",
    "- ",
    "1.",
    ">",
    "|",
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.one_of(st.text(max_size=200), st.lists(st.sampled_from(SNIPPETS), max_size=25).map("".join)))
def test_every_text_becomes_a_valid_document_wherever_it_is_put(valid: Valid, text: str) -> None:
    blocks = from_markdown(text)
    valid(doc(*blocks))
    valid(doc(panel("info", *blocks), expand("t", *blocks), blockquote(*blocks)))
    valid(doc(bullet_list([blocks]), table(["a"], [[blocks]])))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.tuples(st.sampled_from(["", "  ", "    ", "> ", "   "]), st.sampled_from(SNIPPETS)), max_size=25)
)
def test_every_nesting_becomes_a_valid_document(valid: Valid, lines: list[tuple[str, str]]) -> None:
    valid(doc(*from_markdown("\n".join(margin + line for margin, line in lines))))


def test_samples_survive_the_way_there_and_back(valid: Valid, sample: dict[str, object]) -> None:
    for document in documents(sample):
        markdown = to_markdown(document)
        again = doc(*from_markdown(markdown))
        valid(again)
        assert _letters(to_markdown(again)) == _letters(markdown)


def test_marks_links_breaks_and_code() -> None:
    assert _inline("a **b `c`** [l](https://a.example) ~~s~~\\\nx\ny") == [
        ("a ", []), ("b ", ["strong"]), ("c", ["code"]), (" ", []), ("l", ["link"]), (" ", []), ("s", ["strike"]),
        ("hardBreak", []), ("x y", []),
    ]  # fmt: skip


def test_images_become_a_link_and_html_and_mentions_stay_text() -> None:
    found = json.dumps(from_markdown("![pic](https://t.example/p.png) <img src=x> [~accountid:1] @ann"))
    assert '"href": "https://t.example/p.png"' in found
    assert "<img src=x> [~accountid:1] @ann" in found
    assert not any(kind in found for kind in ('"media', '"mention"', '"inlineCard"'))


def test_unsafe_links_stay_text() -> None:
    for address in ("javascript:alert(1)", "data:text/html;base64,x", "/relative", "https://a.example@evil.example"):
        assert '"link"' not in json.dumps(from_markdown(f"[click]({address}) <{address}>")), address


def test_ordered_lists_keep_their_first_number() -> None:
    assert [block["attrs"] for block in from_markdown("0. a\n\ntext\n\n7. b") if "attrs" in block] == [
        {"order": 0},
        {"order": 7},
    ]


def test_boxes_make_a_task_list_only_when_every_point_has_one() -> None:
    assert from_markdown("- [ ] a\n- [x] b")[0]["type"] == "taskList"
    assert from_markdown("- [ ] a\n- b")[0]["type"] == "bulletList"
    assert from_markdown("- [ ] a\n  - [ ] inner")[0]["type"] == "bulletList"


def test_same_text_gives_the_same_document() -> None:
    text = "- [ ] a\n\n***\n\n- [ ] a"
    assert from_markdown(text) == from_markdown(text)


def test_heading_in_a_list_is_bold_and_a_table_becomes_code() -> None:
    kinds = [block["type"] for block in _points("- x\n\n  # head\n\n  | a |\n  |---|\n  | 1 |")]
    assert kinds == ["paragraph", "paragraph", "codeBlock"]


def test_table_has_header_and_cells() -> None:
    assert to_markdown(from_markdown("| a | b |\n|---|---|\n| 1 | `2` |")) == "| a | b |\n| --- | --- |\n| 1 | `2` |"


def test_invisible_characters_do_not_reach_the_document() -> None:
    assert from_markdown("a\u200b\u202eb\U000e0041") == from_markdown("ab")


def test_blank_text_gives_no_blocks() -> None:
    assert from_markdown("") == from_markdown(" \n\u200b\n") == []


def test_too_long_text_is_cut_and_says_so() -> None:
    last = from_markdown("a" * (LONGEST + 5))[-1]
    assert "[… truncated 5 chars]" in json.dumps(last, ensure_ascii=False)


REPEATED = ["[", "*a **a ", "> ", "- ", "<", "![[](", "a*b_", "[a](", "`a``b", "|a", "[](a", "*" * 39 + "a "]


@pytest.mark.parametrize("unit", REPEATED)
def test_hostile_repetition_is_read_in_reasonable_time(unit: str) -> None:
    started = time.process_time()
    from_markdown(unit * (LONGEST // len(unit)))
    assert time.process_time() - started < 5


def test_text_with_too_many_brackets_keeps_them_as_text() -> None:
    assert from_markdown("[a] " * 2_000) == [paragraph(("[a] " * 2_000).strip())]


def _letters(text: str) -> str:
    return "".join(sign for sign in unquote(text) if sign.isalnum())


def _inline(text: str) -> list[tuple[str, list[str]]]:
    content = from_markdown(text)[0]["content"]
    assert isinstance(content, list)
    return [(node.get("text", node["type"]), [mark["type"] for mark in node.get("marks", [])]) for node in content]


def _points(text: str) -> list[dict[str, object]]:
    items = from_markdown(text)[0]["content"]
    assert isinstance(items, list)
    found: list[dict[str, object]] = items[0]["content"]
    return found


def test_a_quote_that_loses_its_frame_stands_between_quotation_marks() -> None:
    said = json.dumps(from_markdown("- > one\n  >\n  > two"), ensure_ascii=False)
    assert said.index("“") < said.index("one") < said.index("two") < said.index("”")
