"""What a model writes can neither call anybody, nor lead anywhere, nor point at other issues."""

from time import process_time

import pytest

from addon.reading.quotes import Source
from addon.reading.wording import CUT, Wording, clip

SOURCE = "See https://docs.example.com/vouchers?v=2 and SHOP-118. Also https://collector.example.net/card?u=1"
HOSTS = frozenset({"acme-demo.atlassian.net"})


def cleaned(text: str) -> str:
    return Wording(SOURCE, HOSTS).line(text, 500)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("![status](https://collector.example.net/p?d=secret)", "status"),
        ("[click](https://evil.example/x)", "click"),
        ("[click](javascript:alert(1))", f"[click]({CUT}))"),
        ("read https://evil.example/?d=abc now", f"read {CUT} now"),
        ("read https://collector.example.net/card?u=1&d=secret now", f"read {CUT} now"),
        ("read <http://169.254.169.254/latest> now", f"read <{CUT}> now"),
        ("go www.evil.example/path", f"go {CUT}"),
        ("[docs](https://docs.example.com/vouchers?v=2)", "[docs](https://docs.example.com/vouchers?v=2)"),
        ("https://acme-demo.atlassian.net/browse/SHOP-118", "https://acme-demo.atlassian.net/browse/SHOP-118"),
        ("[~accountid:712020:6d6c] please", f"{CUT} please"),
        ("@everyone please, and @Ann too; ann@example.com", "everyone please, and Ann too; ann@example.com"),
        ("like SHOP-118 but not HR-12", f"like SHOP-118 but not {CUT}"),
        ("encode as UTF-8 with SHA-256 per RFC-2119", "encode as UTF-8 with SHA-256 per RFC-2119"),
        ("two\nlines\u200b and\u202e more", "two lines and more"),
        ("[ref]: https://evil.example/x", ""),
    ],
)
def test_only_words_stay(written: str, shown: str) -> None:
    assert cleaned(written) == shown


@pytest.mark.parametrize(
    "piece", ["[", "![", "[a](", "[a](b ", "@", "A-1 ", "> ", "http://", "[~", " ", "[x]: ", "!//", "x"]
)
def test_hostile_repetition_costs_no_time(piece: str) -> None:
    text = (piece * 40_000)[:40_000]
    began = process_time()
    Wording(text).block(text, 10_000)
    Source(text).find(text[:500])
    assert process_time() - began < 2


def test_blocks_keep_their_lines_and_lines_do_not() -> None:
    text = "First\n\n\n\n- a\n- b  \n"
    assert Wording("").block(text, 100) == "First\n\n- a\n- b"
    assert Wording("").line(text, 100) == "First - a - b"


def test_the_spaces_of_french_typography_stay() -> None:
    assert (
        Wording("").line("Pour  «\u00a0moi\u00a0»\u202f: quoi\u00a0\u00a0?", 100)
        == "Pour «\u00a0moi\u00a0»\u202f: quoi ?"
    )


def test_clipping_ends_at_a_word_and_never_exceeds_the_limit() -> None:
    assert clip("short", 10) == "short"
    assert clip("one two three four", 12) == "one two…"
    assert len(clip("x" * 50, 20)) == 20
