"""A section of ours comes and goes; every node that is not ours stays as it came, byte for byte."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from addon.adf.content import Block
from addon.adf.nodes import doc, expand, paragraph
from addon.adf.sections import SIGN, Name, is_ours, section, section_in, with_section, without_ours, without_section

ISSUES = Path(__file__).parents[2] / "data" / "issues"
CRITERIA = Name("criteria", frozenset({"Acceptance criteria", "Critères d’acceptation"}))
SCENARIOS = Name("scenarios", frozenset({"Test scenarios"}))


def documents() -> Iterator[dict[str, Any]]:
    """Every document of the sample issues: descriptions, comments, fields."""

    def within(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict) and value.get("type") == "doc":
            yield value
        elif isinstance(value, (dict, list)):
            for each in value.values() if isinstance(value, dict) else value:
                yield from within(each)

    for path in sorted(ISSUES.glob("*.json")):
        yield from within(json.loads(path.read_text("utf-8")))


DOCUMENTS = list(documents())
PEOPLES = [node for document in DOCUMENTS for node in document["content"]]


def ours(words: str = "Given a basket", name: str = "criteria", title: str = "Acceptance criteria") -> Block:
    return section(name, title, paragraph(words))


def raw(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


nodes = st.lists(st.sampled_from(PEOPLES), max_size=12)


@given(nodes, st.integers(0, 12))
def test_what_people_wrote_is_passed_on_byte_for_byte(content: list[Any], place: int) -> None:
    document = {"type": "doc", "version": 1, "content": content}
    before = raw(document)
    written = with_section(document, ours(), wanted=CRITERIA)
    assert raw(written["content"][:-1]) == raw(content)
    # Wherever people moved it to, it is replaced in its place.
    moved = [*content[:place], ours("Old words"), *content[place:]]
    again = with_section({**document, "content": moved}, ours("New words"), wanted=CRITERIA)
    assert raw([node for node in again["content"] if not is_ours(node)]) == raw(content)
    assert [index for index, node in enumerate(again["content"]) if is_ours(node)] == [min(place, len(content))]
    assert "Old words" not in raw(again)
    assert raw(without_section(again, CRITERIA)["content"]) == raw(content)
    # A description that held nothing else was none before.
    assert raw(without_ours(again)) == (before if content else "null")
    assert raw(document) == before


@given(st.sampled_from(DOCUMENTS))
def test_writing_twice_changes_nothing_more(document: dict[str, Any]) -> None:
    once = with_section(document, ours(), wanted=CRITERIA)
    assert raw(with_section(once, ours(), wanted=CRITERIA)) == raw(once)
    both = with_section(once, ours("Step 1", "scenarios", "Test scenarios"), wanted=SCENARIOS)
    assert raw(without_section(without_section(both, CRITERIA), SCENARIOS)) == raw(document)


def test_nothing_and_no_document_count_as_empty() -> None:
    for nothing in (None, "h2. Wiki", 5, {"type": "doc", "version": 1}, {"type": "doc", "content": "odd"}):
        assert with_section(nothing, ours(), wanted=CRITERIA)["content"] == [dict(ours())]
        assert section_in(nothing, CRITERIA) is None
        assert without_ours(nothing) == nothing


def test_a_section_is_known_by_its_hint_or_else_by_its_title() -> None:
    bare = dict(ours())
    bare["attrs"] = {"title": f"Critères d’acceptation{SIGN}"}
    foreign = expand("Acceptance criteria", paragraph("by hand"))
    document = doc(foreign, Block(bare))
    assert section_in(document, CRITERIA) == bare
    assert section_in(document, SCENARIOS) is None
    # An editor may give it an id of its own.
    bare["attrs"] = {"title": f"Acceptance criteria{SIGN}", "localId": "8f14e45f"}
    assert section_in(doc(Block(bare)), CRITERIA) == bare
    # With our hint, the title may even be another one.
    assert section_in(doc(ours(title="Kriterien")), CRITERIA) is not None
    assert section_in(doc(ours(name="scenarios")), CRITERIA) is None


def test_a_section_in_a_column_is_found_and_a_column_is_never_left_empty() -> None:
    def column(*content: Any) -> dict[str, Any]:
        return {"type": "layoutColumn", "attrs": {"width": 50}, "content": list(content)}

    layout = {"type": "layoutSection", "content": [column(paragraph("left")), column(dict(ours("Old")))]}
    document = {"type": "doc", "version": 1, "content": [paragraph("first"), layout, "odd"]}
    new = with_section(document, ours("New"), wanted=CRITERIA)
    assert new["content"][1]["content"] == [column(paragraph("left")), column(dict(ours("New")))]
    gone = without_section(new, CRITERIA)
    assert gone["content"][1]["content"][1] == column({"type": "paragraph"})
    assert gone["content"][2] == "odd"


def test_only_the_first_of_two_is_replaced_because_the_other_is_somebodys_copy() -> None:
    document = doc(ours("one"), paragraph("between"), ours("two"))
    assert [str(node) for node in with_section(document, ours("new"), wanted=CRITERIA)["content"][1:]] == [
        str(node)
        for node in document["content"][1:]  # type: ignore[index]
    ]
