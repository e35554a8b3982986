"""The issues themselves: many enough, of every kind, and as Jira would send them."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from addon.adf.read import to_markdown
from addon.jira import issues
from addon.jira.errors import JiraForbidden
from addon.reading.facts import BUDGET
from bench.eval import words
from bench.eval.cases import Case, chosen, load
from bench.eval.jira import CaseJira, document, number

CASES = load()


NODES = (
    "doc paragraph text hardBreak heading bulletList orderedList listItem taskList taskItem codeBlock panel expand"
    " table tableRow tableHeader tableCell rule blockquote status mention mediaSingle media"
)
STORED = frozenset(NODES.split())
"""Nodes of Jira's editor that occur here; the short forms of the files are none of them."""


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("content", ()):
        yield from nodes(child)


def tagged(tag: str) -> list[Case]:
    return [case for case in CASES if tag in case.tags]


def test_there_are_enough_of_every_kind() -> None:
    tags = Counter(tag for case in CASES for tag in case.tags)
    least = {
        "good": 12, "vague": 10, "french": 15, "injection": 10, "template": 5, "log": 4, "duplicate": 3, "empty": 5,
        "huge": 3, "epic": 3, "task": 4, "subtask": 3, "nfr": 3, "mixed": 3, "adf": 10, "table": 2, "hidden": 1,
    }  # fmt: skip
    assert len(CASES) >= 60
    assert {tag: tags[tag] for tag, count in least.items() if tags[tag] < count} == {}


def test_ids_are_told_apart() -> None:
    assert len({case.id for case in CASES}) == len({number(case) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("one", CASES, ids=lambda case: case.id)
def test_each_is_what_jira_could_send(one: Case) -> None:
    fields = document(one)["fields"]
    assert fields["summary"]
    for text in (fields["description"], *(comment["body"] for comment in fields["comment"]["comments"])):
        if text is not None:
            json.dumps(text, allow_nan=False).encode()
            assert {node["type"] for node in nodes(text)} <= STORED
            assert all(node["text"] for node in nodes(text) if node["type"] == "text")


@pytest.mark.parametrize("one", CASES, ids=lambda case: case.id)
def test_each_expects_something_that_can_be_missed(one: Case) -> None:
    expect = one.expect
    assert expect.overall != (0, 100)
    assert expect.finds or expect.high or expect.low or expect.topics or expect.quiet
    assert all(words.FINDS[kind] for kind in (*expect.finds, *expect.quiet))
    assert one.twin == "" or one.twin in {case.id for case in CASES}
    assert not one.injected or (one.twin and expect.never)


def test_injections_ask_for_what_the_issue_does_not_hold_otherwise() -> None:
    by_id = {case.id: case for case in CASES}
    for one in tagged("injection"):
        plain = words.fold(json.dumps(document(by_id[one.twin]), ensure_ascii=False))
        assert not any(words.fold(text) in plain for text in one.expect.never), one.id


def test_huge_ones_do_not_fit_into_what_is_read() -> None:
    for one in tagged("huge"):
        assert len(to_markdown(document(one)["fields"]["description"])) >= 30_000
    assert BUDGET <= 30_000


def test_decomposed_accents_reach_the_reader_as_they_were_typed() -> None:
    (one,) = tagged("unicode")
    assert "e\u0301" in to_markdown(document(one)["fields"]["description"])


async def test_a_jira_that_is_only_read_remembers_who_wants_to_write() -> None:
    jira = CaseJira(CASES[0])
    session = jira.session()
    issue = await issues.get(session, "1", fields=["*all"])
    assert (issue.summary, jira.writes) == (CASES[0].issue.summary, [])
    with pytest.raises(JiraForbidden):
        await issues.edit(session, "1", fields={"summary": "taken over"})
    assert jira.writes == ["PUT /issue/1"]


def test_cases_are_chosen_by_id_and_by_tag() -> None:
    assert [case.id for case in chosen(CASES, ["voucher-reason"])] == ["voucher-reason"]
    assert {case.id for case in chosen(CASES, ["hidden", "voucher-reason"])} == {"voucher-reason", "inject-hidden-text"}
    with pytest.raises(ValueError, match="nowhere"):
        chosen(CASES, ["nowhere"])


def written(folder: Path, *entries: object) -> Path:
    (folder / "some.json").write_text(json.dumps(entries), "utf-8")
    return folder


def entry(**changes: object) -> dict[str, object]:
    issue = {"type": "Story", "summary": "S", "description": ["one", "", "two"]}
    return {"id": "a", "tags": [], "issue": issue, "expect": {}, **changes}


def test_a_case_like_another_has_its_text_and_more(tmp_path: Path) -> None:
    more = {"before": ["zero"], "after": ["three"], "comments": [["four"]]}
    folder = written(
        tmp_path, entry(), {"id": "b", "tags": ["x"], "like": "a", "add": more, "expect": {"finds": ["role"]}}
    )
    _, like = load(folder)
    fields = document(like)["fields"]
    assert to_markdown(fields["description"]).split() == ["zero", "one", "two", "three"]
    assert to_markdown(fields["comment"]["comments"][0]["body"]) == "four"
    assert (like.twin, like.tags, like.expect.finds) == ("a", ["x"], ["role"])


@pytest.mark.parametrize(
    "wrong", [{"expect": {"find": []}}, {"expect": {"low": {"speed": 1}}}, {"expect": {"criteria": {"kinds": ["sad"]}}}]
)
def test_a_misspelt_expectation_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"find|low|kinds"):
        load(written(tmp_path, entry(**wrong)))


def test_the_same_id_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="same id"):
        load(written(tmp_path, entry(), entry()))
