"""`doctor --qsh`: why two hashes differ."""

import pytest

from addon.cli.explain import digest, explain
from addon.connect.jwt import sign_hs256
from addon.connect.qsh import of_target

BASE = "https://addon.example/app"
URL = f"{BASE}/ui/panel/?b=x%20y&a=1&a=2"
RIGHT = of_target("GET", "/app/ui/panel/?b=x%20y&a=1&a=2", base_path="/app")


def test_the_string_we_hash_is_shown_with_its_hash() -> None:
    found = explain("get", URL, base_url=BASE)
    assert found.agrees
    assert "we compute:  GET&/ui/panel&a=1,2&b=x%20y" in found.lines
    assert any(RIGHT in line for line in found.lines)


def test_an_equal_hash_agrees() -> None:
    assert explain("GET", URL, base_url=BASE, expected=RIGHT.upper()).lines[-1] == "The hashes agree."


@pytest.mark.parametrize(
    ("theirs", "cause"),
    [
        ("GET&/app/ui/panel&a=1,2&b=x%20y", "base path was not cut off"),
        ("GET&/panel&a=1,2&b=x%20y", "another base path"),
        ("GET&/ui/panel&", "query was left out"),
        ("POST&/ui/panel&a=1,2&b=x%20y", "taken for POST"),
        ("GET&/ui/panel&a=1,2&b=x%2By", "plus sign"),
        ("GET&/ui/panel/&a=1,2&b=x%20y", "trailing slash"),
        ("GET&/ui/panel&a=2&b=x%20y", "last of repeated parameters"),
        ("context-qsh", "context token"),
    ],
)
def test_the_usual_mistakes_are_recognised(theirs: str, cause: str) -> None:
    found = explain("GET", URL, base_url=BASE, expected=digest(theirs))
    assert not found.agrees
    assert cause in found.lines[-1]
    assert found.lines[-2] == f"they hashed: {theirs}"


def test_anything_else_is_said_to_be_unexplained() -> None:
    found = explain("GET", URL, base_url=BASE, expected="0" * 64)
    assert not found.agrees
    assert "None of the usual mistakes" in found.lines[-1]


def test_the_hash_is_taken_out_of_a_token() -> None:
    token = sign_hs256({"qsh": RIGHT}, "s" * 40)
    assert explain("GET", URL, base_url=BASE, expected=token).agrees
    assert not explain("GET", URL, base_url=BASE, expected="not.a.token").agrees


def test_a_path_alone_will_do_and_a_base_without_a_path_cuts_nothing() -> None:
    found = explain("POST", "/webhooks/issue-created", base_url="https://addon.example")
    assert found.lines[0] == "base path cut off: (none)"
    assert "we compute:  POST&/webhooks/issue-created&" in found.lines
