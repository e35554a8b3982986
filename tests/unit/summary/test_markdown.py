"""The exported file: readable, linked, and nothing in it is markup, a link or a formula of somebody else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from addon.i18n.catalog import Texts
from addon.results.summary import Finding, SummaryResult, Theme
from addon.summary.by_rules import by_rules
from addon.summary.markdown import Markdown, cell, code, escaped
from tests.payloads import PAYLOADS
from tests.unit.summary.make import NOW, issue_set, one

SITE = "https://acme.atlassian.net"
READER = MarkdownIt("gfm-like", {"linkify": False})


def result(text: str = "Fine.", **changes: object) -> SummaryResult:
    found = issue_set(one(1, summary=text, type=text, status=text, components=(text, "B")), one(2, type="Bug"))
    summary = by_rules(found, language="en", say=Texts().of("en"), asked=False)
    finding = Finding(text=text, issues=["SHOP-1"])
    told = summary.model_copy(
        update={
            "overview": text, "themes": [Theme(title=text, text=text, issues=["SHOP-1"])], "progress": [finding],
            "blockers": [finding], "risks": [finding], "answer": [finding],
        }
    )  # fmt: skip
    made = SummaryResult(
        author="model", notice="", jql=f"summary ~ {text}", question=text, truncated=False, dropped=0,
        counts=found.counts(), issues=found.lines(), summary=told,
    )  # fmt: skip
    return made.model_copy(update=changes)


def written(made: SummaryResult, language: str = "en") -> str:
    return Markdown(made, base_url=f"{SITE}/", say=Texts().of(language), made_at=NOW).text()


def test_everything_of_the_summary_stands_in_the_file() -> None:
    text = written(result(truncated=True))
    for title in (
        "# Summary of issues",
        "## Answer",
        "## Themes",
        "## Blockers",
        "## Counts",
        "## Issues",
        "## By type",
    ):
        assert title in text
    assert f"[SHOP-1]({SITE}/browse/SHOP-1)" in text
    assert "2 of about 2 issues read" in text
    assert re.search(r"\| Open, assigned to nobody \| 0 \|", text)


def test_a_query_that_finds_nothing_is_told_in_words_and_not_in_tables_of_noughts() -> None:
    nothing = issue_set()
    summary = by_rules(nothing, language="fr", say=Texts().of("fr"), asked=True)
    text = written(result(author="rules", counts=nothing.counts(), issues=[], summary=summary), "fr")
    assert "elle ne trouve aucun ticket" in text
    assert "|" not in text
    assert "Réponse" not in text


def test_the_rules_sign_their_work_and_french_is_french() -> None:
    text = written(result(author="rules"), "fr")
    assert "# Synthèse de tickets" in text
    assert "règles intégrées" in text


HOSTILE = [
    *PAYLOADS, "a | b\n\n# New heading\n- list", "![x](https://evil.example/p)", "[click](javascript:alert(1))",
    "<img src=x onerror=alert(1)>", "`code` **bold** _em_ ~~del~~", "1. one\n2. two", "===", "---", "> quote",
    "&lt;b&gt;",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    tokens = [token for top in READER.parse(written(result(text))) for token in (top, *(top.children or []))]
    kinds = {token.type for token in tokens}
    assert not kinds & {"html_block", "html_inline", "image", "fence", "code_block", "hr", "s_open", "em_open"}
    headings = {token.tag for token in tokens if token.type == "heading_open"}
    assert headings == {"h1", "h2", "h3"}
    links = {str(token.attrs["href"]) for token in tokens if token.type == "link_open"}
    assert links <= {f"{SITE}/browse/SHOP-1", f"{SITE}/browse/SHOP-2"}
    # Every row of every table has the cells of its head.
    rows = [token.type for token in tokens if token.type in ("tr_open", "td_open", "th_open")]
    assert (
        rows.count("tr_open")
        == len([line for line in written(result("Fine.")).splitlines() if line.startswith("|")]) - 4
    )


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", " =HYPERLINK(1)"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert not cell(text).lstrip().startswith(("=", "+", "-", "@"))
    assert cell(text).startswith("'")


@given(st.text())
def test_escaped_text_reads_as_it_was(text: str) -> None:
    shown = escaped(text)
    assert "\n" not in shown
    (paragraph, *_) = READER.parseInline(f"x {shown} x")
    assert {token.type for token in paragraph.children or []} <= {"text", "text_special"}


@given(st.text(alphabet="`a \n"))
def test_code_is_fenced_whatever_stands_in_it(text: str) -> None:
    fenced = code(text)
    assert "\n" not in fenced
    (inline,) = READER.parseInline(fenced)
    assert [token.type for token in inline.children or []][:1] in (["code_inline"], ["text"], [])


def test_code_reads_as_it_was() -> None:
    (inline,) = READER.parseInline(code("summary ~ `x` AND y"))
    (token,) = inline.children or []
    assert (token.type, token.content) == ("code_inline", "summary ~ `x` AND y")
