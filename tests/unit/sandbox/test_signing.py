"""Our hashes against the add-on's own: two codes written apart from each other must agree."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.connect.qsh import of_target
from sandbox.signing import canonical, qsh, relative

TARGETS = [
    ("GET", "/panel", "GET&/panel&"),
    ("get", "/panel/", "GET&/panel&"),
    ("GET", "/", "GET&/&"),
    ("GET", "", "GET&/&"),
    ("GET", "/s?q=a+b", "GET&/s&q=a%20b"),
    ("GET", "/s?q=a%2Bb", "GET&/s&q=a%2Bb"),
    ("GET", "/s?q=a*b~c-d_e.f!g'h(i)j", "GET&/s&q=a%2Ab~c-d_e.f%21g%27h%28i%29j"),
    ("GET", "/s?b=2&a=1&B=3&A=4&a10=5&a2=6", "GET&/s&A=4&B=3&a=1&a10=5&a2=6&b=2"),
    ("GET", "/s?a=&b&c=1", "GET&/s&a=&b=&c=1"),
    ("GET", "/s?x=b&x=a&x=a,c", "GET&/s&x=a,a%2Cc,b"),
    ("GET", "/s?jwt=aaa.bbb.ccc&a=1", "GET&/s&a=1"),
    ("GET", "/p&q/r?x=y", "GET&/p%26q/r&x=y"),
]


@pytest.mark.parametrize(("method", "target", "expected"), TARGETS)
def test_canonical_requests_are_those_of_the_published_rule(method: str, target: str, expected: str) -> None:
    assert canonical(method, target) == expected


# Names stay ASCII: on others the known implementations disagree, and neither side ever sends them.
PAIRS = st.lists(
    st.tuples(st.text("abcXYZ019-_.~[]", min_size=1, max_size=5), st.text("aé ~*+&=/%'(),\U0001f600", max_size=6))
)


@given(st.sampled_from(["GET", "POST", "PUT"]), st.from_regex(r"(/[A-Za-z0-9._~:-]{1,6}){1,4}", fullmatch=True), PAIRS)
def test_both_codes_agree_on_what_we_send(method: str, path: str, pairs: list[tuple[str, str]]) -> None:
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
    target = f"{path}?{query}" if query else path
    assert qsh(method, target) == of_target(method, target)


@pytest.mark.parametrize(
    ("url", "base", "target"),
    [
        ("https://a.example/app/x?y=1", "https://a.example/app", "/x?y=1"),
        ("https://a.example/application/x", "https://a.example/app", "/application/x"),
        ("https://a.example/app", "https://a.example/app/", ""),
        ("https://a.example/x", "https://a.example", "/x"),
    ],
)
def test_the_base_path_is_cut_at_a_segment(url: str, base: str, target: str) -> None:
    assert relative(url, base) == target
