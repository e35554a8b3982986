import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.connect import qsh

EXAMPLES = json.loads((Path(__file__).parents[2] / "data" / "qsh.json").read_text("utf-8"))
SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def percent(text: str) -> str:
    return "".join(chr(b) if b in SAFE else f"%{b:02X}" for b in text.encode("utf-8"))


def by_the_rule(method: str, path: str, query: list[tuple[str, str]]) -> str:
    """A second opinion, written from the published rule alone and sharing no code with ours."""
    path = "/" if path in ("", "/") else path.removesuffix("/")
    grouped: dict[str, list[str]] = {}
    for name, value in query:
        if name != "jwt":
            grouped.setdefault(percent(name), []).append(value)
    parts = []
    for name in sorted(grouped):
        values = sorted(grouped[name], key=lambda value: value.encode("utf-16-be"))
        parts.append(name + "=" + ",".join(percent(value) for value in values))
    text = f"{method.upper()}&{path.replace('&', '%26')}&{'&'.join(parts)}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SEGMENT = st.text(st.sampled_from("abcXYZ019-._~&!*'(),:;=@%"), min_size=1, max_size=8).filter(lambda s: "%" not in s)
PATH = st.lists(SEGMENT, max_size=4).map(lambda parts: "/" + "/".join(parts))
QUERY = st.lists(st.tuples(TEXT | st.sampled_from(["jwt", "a", "a[b]", "aB", "a[x"]), TEXT), max_size=6)
METHOD = st.sampled_from(["GET", "post", "Put", "DELETE"])


def encoded(query: list[tuple[str, str]]) -> str:
    return "&".join(f"{percent(name)}={percent(value)}" for name, value in query)


@pytest.mark.parametrize(("method", "base", "target", "expected"), EXAMPLES, ids=[e[3][:60] for e in EXAMPLES])
def test_worked_example_has_its_canonical_form(method: str, base: str, target: str, expected: str) -> None:
    path, _, query = target.partition("?")
    forms = qsh.canonical_forms(method, path.encode(), query_string=query.encode(), base_path=base)
    assert forms[0] == expected
    assert qsh.of_target(method, target, base_path=base) == hashlib.sha256(expected.encode()).hexdigest()


def test_hash_of_a_published_jira_token_is_reproduced() -> None:
    target = (
        "/extensions/jira/ui-hook/?xdm_e=https%3A%2F%2Fgetsentry.atlassian.net&xdm_c=channel-sentry.io.jira__post-install-sentry"
        "&cp=&xdm_deprecated_addon_key_do_not_use=sentry.io.jira&lic=none&cv=1001.0.0-SNAPSHOT&jwt=a.b.c"
    )
    assert qsh.of_target("GET", target) == "fddda0976bc54a81d92d7792644ccb62606f6169b35cb748b40d69d38da75497"


@given(METHOD, PATH, QUERY)
def test_hash_agrees_with_an_independent_reading_of_the_rule(
    method: str, path: str, query: list[tuple[str, str]]
) -> None:
    assert qsh.of(method, path, query=query) == by_the_rule(method, path, query)


@given(METHOD, PATH, QUERY, st.sampled_from(["", "/app", "/app/v1", "/app/"]))
def test_what_a_sender_signs_is_among_the_candidates_of_the_receiver(
    method: str, path: str, query: list[tuple[str, str]], base: str
) -> None:
    raw_path = base.rstrip("/") + path
    signed = by_the_rule(method, path, query)
    assert signed in qsh.candidates(method, raw_path.encode(), query_string=encoded(query).encode(), base_path=base)


@given(METHOD, st.binary(max_size=40), st.binary(max_size=60))
def test_no_bytes_from_the_wire_break_the_hash(method: str, path: bytes, query: bytes) -> None:
    found = qsh.candidates(method, path, query_string=query, base_path="/app")
    assert 1 <= len(found) <= 4
    assert all(len(each) == 64 for each in found)


@given(PATH, QUERY, st.tuples(TEXT.filter(lambda name: name != "jwt"), TEXT))
def test_an_added_parameter_changes_every_candidate(
    path: str, query: list[tuple[str, str]], extra: tuple[str, str]
) -> None:
    before = qsh.candidates("GET", path.encode(), query_string=encoded(query).encode(), base_path="")
    after = qsh.candidates("GET", path.encode(), query_string=encoded([*query, extra]).encode(), base_path="")
    assert not set(before) & set(after)


@pytest.mark.parametrize(
    ("raw_path", "base", "path"),
    [
        (b"/base/x", "/base", "/x"),
        (b"/base", "/base", "/"),
        (b"/basement/x", "/base", "/basement/x"),
        (b"/x", "/base", "/x"),
        (b"/base/base/x", "/base/", "/base/x"),
    ],
)
def test_base_path_is_cut_at_a_segment_only(raw_path: bytes, base: str, path: str) -> None:
    assert qsh.canonical_forms("GET", raw_path, query_string=b"", base_path=base) == [f"GET&{path}&"]


def test_encoded_path_is_tried_raw_first_and_decoded_second() -> None:
    assert qsh.canonical_forms("GET", b"/a%20b%26c", query_string=b"", base_path="") == [
        "GET&/a%20b%26c&",
        "GET&/a b%26c&",
    ]


def test_path_is_decoded_once_only() -> None:
    assert "GET&/a/b&" not in qsh.canonical_forms("GET", b"/a%252Fb", query_string=b"", base_path="")


def test_names_are_tried_in_encoded_order_first_and_raw_order_second() -> None:
    assert qsh.canonical_forms("GET", b"/s", query_string=b"aB=1&a%5Bx=2", base_path="") == [
        "GET&/s&a%5Bx=2&aB=1",
        "GET&/s&aB=1&a%5Bx=2",
    ]


def test_values_are_sorted_by_utf16_code_unit() -> None:
    beyond, private = "\U0001f600", "\ue000"
    assert qsh.canonical("GET", "/s", query=[("x", private), ("x", beyond)]) == "GET&/s&x=%F0%9F%98%80,%EE%80%80"


def test_every_token_parameter_is_left_out_even_when_its_name_is_encoded() -> None:
    assert qsh.canonical_forms("GET", b"/s", query_string=b"jwt=a&%6Awt=b&jwt&JWT=c", base_path="") == ["GET&/s&JWT=c"]


def test_semicolons_do_not_split_a_query() -> None:
    assert qsh.pairs(b"a=1;b=2&&c") == [("a", "1;b=2"), ("c", "")]
