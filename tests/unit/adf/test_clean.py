import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from addon.adf.clean import one_line, visible
from addon.adf.links import safe_href


def test_zero_width_bidi_and_tag_characters_are_gone() -> None:
    assert visible("i\u200bg\u200dn\u202eo\u2066re\ufeff \U000e0041\U000e0042!") == "ignore !"


def test_control_characters_go_and_newlines_and_tabs_stay() -> None:
    assert visible("a\x00\x07\x1b[0m\tb\nc\x7f") == "a[0m\tb\nc"


def test_line_ends_of_every_kind_become_newlines() -> None:
    assert visible("a\r\nb\rc\u2028d\u2029e") == "a\nb\nc\nd\ne"


def test_lone_surrogates_are_dropped_so_that_the_text_can_be_encoded() -> None:
    assert visible("a\ud800b").encode() == b"ab"


def test_variation_selectors_that_smuggle_bytes_are_gone() -> None:
    assert visible("ok\U000e0100\U000e01ef") == "ok"


def test_ordinary_writing_of_all_kinds_is_untouched() -> None:
    text = "Récit « voilà » — Ünïcode, 日本語, العربية, हिन्दी, 😀 ⚠️"
    assert visible(text) == text


@given(st.text())
def test_what_is_left_is_visible_and_cleaning_twice_changes_nothing(text: str) -> None:
    cleaned = visible(text)
    assert all(unicodedata.category(sign) not in ("Cf", "Cs") for sign in cleaned)
    assert all(sign in "\n\t" or unicodedata.category(sign) != "Cc" for sign in cleaned)
    assert visible(cleaned) == cleaned


def test_one_line_folds_white_space() -> None:
    assert one_line("  a\n\n\tb\u200b  c ") == "a b c"


def test_web_and_mail_addresses_are_safe() -> None:
    for address in ("https://a.example/x?y=1#z", "http://localhost:8080/", "mailto:ann@example.com"):
        assert safe_href(address) == address


def test_other_addresses_are_not() -> None:
    for address in (
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "/browse/SHOP-1",
        "//evil.example",
        "https://",
        "https://jira.example@evil.example/",
        "https://a.example/\u202egnp",
        "https://a.example/a b",
        "http://[::1",
        "http://a.example:99999999/",
        "mailto:",
        "vbscript:x",
        "file:///etc/passwd",
        "https://a.example/" + "x" * 3000,
    ):
        assert safe_href(address) is None, address
