"""Every code that can reach a page has words there, in both languages."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

import addon
from addon.errors import AddonError
from addon.observe.metrics import PROVIDERS
from addon.results.analysis import BUG_ASPECTS, INVEST, Severity
from addon.results.part import KINDS, Notice
from addon.testmgmt.errors import ToolError
from tests.unit.i18n.extract import ROOT

ERRORS = (ROOT / "static" / "errors.js").read_text("utf-8")
WORDS = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "static").rglob("*.js")))
UNSEEN = {
    "anonymous": "a verdict on a token, told to the operator",
    "lease_lost": "between workers; the run goes on elsewhere",
    "internal": "the base of all errors, never raised itself",
    "install_keys_down": "an answer to Jira's own lifecycle calls",
    "method_not_allowed": "no page asks an address for what it does not take",
    "migration_under_way": "told to the operator by a command",
    "no_schedule": "no page sets a schedule",
    "no_schema": "told to the operator by a command",
    "replayed": "an answer to Jira's own lifecycle calls",
    "table_in_use": "told to the operator by a command",
}
"""Codes no page shows, and why."""


def families(source: str = ERRORS) -> list[str]:
    """Beginnings of codes that share their words."""
    return re.findall(r'^  \["(\w+)", "\w+"\],$', source, re.M)


def entries(source: str = ERRORS) -> dict[str, str]:
    """The errors that have words of their own: code -> what stands in its braces."""
    table = source[source.index("const ERRORS = {") : source.index("\n};")]
    return dict(re.findall(r"^  (\w+): \{(.*?)\},\n(?=  \w+: \{|\Z)", f"{table}\n", re.M | re.S))


def below(kind: type[AddonError]) -> Iterator[type[AddonError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def codes() -> set[str]:
    """Of every error there is, and of every ending of a run that is written down as it is."""
    for module in pkgutil.walk_packages(addon.__path__, "addon."):
        if ".migrations" not in module.name:
            importlib.import_module(module.name)
    found = {kind.code for kind in below(AddonError)}
    kinds = {kind.kind for kind in below(ToolError) if issubclass(kind, ToolError) and kind.kind}
    found |= {f"{tool}_{kind}" for tool in ("xray", "zephyr") for kind in kinds}
    for path in sorted((ROOT / "addon").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Dict):
                found |= set(_code(node))
    return found


def _code(node: ast.Dict) -> Iterator[str]:
    """Of an error as it is written down: {"error": code, "detail": text}."""
    given = {
        key.value: value for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
    }
    code = given.get("error")
    if "detail" in given and isinstance(code, ast.Constant):
        yield str(code.value)


def test_every_error_code_has_words() -> None:
    known, shared = entries(), tuple(families())
    assert len(known) > 20
    assert {code for code in codes() - set(UNSEEN) if code not in known and not code.startswith(shared)} == set()


def test_every_error_says_what_happened_and_what_to_do() -> None:
    silent = [
        code
        for code, body in entries().items()
        if "title: N_(" not in body or not re.search(r"text: N_\(|RELOAD", body)
    ]
    assert silent == []


def test_words_for_codes_that_are_gone_are_gone_too() -> None:
    made_here = {"no_session", "offline", "unexpected", "gave_up", "cancelled", "model_failed", "unknown_work"}
    there = codes()
    tools = {code for code in entries() if code.startswith("tool_")}
    assert {code for code in entries() if code not in there | made_here | tools} == set()


def table(name: str) -> str:
    found = re.search(rf"const {name} = (?:\{{|\[|Object)(.*?)^(?:\}}|\])", WORDS, re.M | re.S)
    assert found, f"there is no table {name} in static/"
    return found[1]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ASPECTS", (*INVEST, *BUG_ASPECTS)),
        ("SEVERITIES", get_args(Severity)),
        ("ITEM_KINDS", KINDS),
        ("PROVIDERS", PROVIDERS),
        ("STATES", ("queued", "running", "succeeded", "failed", "cancelled")),
        ("TRIGGERS", ("webhook", "update", "panel", "api")),
    ],
)
def test_every_value_of_a_closed_set_has_a_word(name: str, values: tuple[str, ...]) -> None:
    said = table(name)
    assert [value for value in values if not re.search(rf"\b{value}\b", said)] == []


def test_every_stage_of_a_run_has_a_word() -> None:
    stages = {
        name
        for path in (ROOT / "addon").rglob("*.py")
        for name in re.findall(r"progress\.stage\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    assert {"reading", "thinking", "searching"} <= stages
    assert {stage for stage in stages if not re.search(rf'(?:\["{stage}", |\b{stage}: )N_\(', WORDS)} == set()


def test_every_notice_has_a_word() -> None:
    notices = [notice for notice in get_args(Notice) if notice]
    assert [notice for notice in notices if notice not in WORDS] == []


def test_the_tables_are_read_as_the_pages_read_them() -> None:
    two = 'a: { title: N_("x"), ...AGAIN },\n  b: {\n    title: N_("y"),\n    text: N_("z"),\n  },\n'
    source = f"const ERRORS = {{\n  {two}}};\n"
    found: dict[str, Any] = entries(source)
    assert set(found) == {"a", "b"}
    assert families('const F = [\n  ["xray_", "tool_down"],\n];') == ["xray_"]
