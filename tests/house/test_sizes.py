"""The sizes that keep the house readable: small files and functions, shallow imports, enough words, enough tests."""

import ast
import re
from graphlib import TopologicalSorter

from tests.house.tree import ROOMS, Module, modules, span

CODE = modules(*ROOMS)
TESTS = modules("tests")


def offenders(found: list[tuple[int, str]], limit: int) -> list[str]:
    return [f"{where}: {size}" for size, where in sorted(found, reverse=True) if size > limit]


def share_above(sizes: list[int], limit: int) -> float:
    return sum(size > limit for size in sizes) / max(len(sizes), 1)


def test_modules_are_short() -> None:
    sizes = [(module.lines, module.name) for module in CODE]
    assert offenders(sizes, 400) == []
    assert share_above([size for size, _ in sizes if size > 3], 300) <= 0.05, offenders(sizes, 300)


def test_functions_are_short() -> None:
    sizes = [(span(f), f"{module.name}.{f.name}") for module in CODE for f in module.functions()]
    assert offenders(sizes, 60) == []
    assert share_above([size for size, _ in sizes], 40) <= 0.05, offenders(sizes, 40)


def test_classes_are_short() -> None:
    assert offenders([(span(c), f"{module.name}.{c.name}") for module in CODE for c in module.classes()], 200) == []


def test_nothing_takes_more_than_five_parameters() -> None:
    found = []
    for module in CODE:
        for function in module.functions():
            names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
            if not function.name.startswith("__"):
                found.append((len([n for n in names if n not in ("self", "cls")]), f"{module.name}.{function.name}"))
    assert offenders(found, 5) == []


CALLED_BY_OTHERS = {"_still_open", "sqlite_reset", "settings_customise_sources"}
"""SQLAlchemy and pydantic call these, with their arguments in a row."""


def test_after_two_parameters_come_names() -> None:
    found = []
    for module in CODE:
        for function in module.functions():
            args = [a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in ("self", "cls")]
            mine = function.name == "__init__" or not function.name.startswith("__")
            if mine and not function.args.vararg and function.name not in CALLED_BY_OTHERS:
                found.append((len(args), f"{module.name}.{function.name}"))
    assert offenders(found, 2) == []


def test_every_function_is_typed() -> None:
    untyped = [f"{m.name}.{f.name}" for m in CODE for f in m.functions() if f.returns is None]
    assert untyped == []


def test_first_party_imports_stand_at_the_top_and_are_few() -> None:
    lazy = [f"{m.name}:{line} {name}" for m in CODE for line, name, top in m.imports() if not top]
    assert lazy == []
    # The house opens everything once and therefore knows everybody.
    counts = [
        (len({name for _, name, _ in m.imports()}), m.name) for m in CODE if not m.name.startswith("addon.house.")
    ]
    assert offenders(counts, 12) == []


def test_imports_are_shallow_and_without_cycles() -> None:
    names = {module.name for module in CODE}
    graph = {m.name: {name for _, name, _ in m.imports() if name in names and name != m.name} for m in CODE}
    depth: dict[str, int] = {}
    for name in TopologicalSorter(graph).static_order():  # raises CycleError on a cycle
        depth[name] = 1 + max((depth[other] for other in graph[name]), default=0)
    deepest = max(depth, key=lambda name: depth[name])
    # Two more than one feature needed: docs/adr/0011 says why.
    assert depth[deepest] <= 14, f"{deepest} is {depth[deepest]} imports deep"


def test_comments_and_docstrings_say_enough_and_not_too_much() -> None:
    solid = sum(module.solid for module in CODE)
    comments = sum(module.comments for module in CODE) / solid
    docstrings = sum(module.docstrings for module in CODE) / solid
    assert 0.03 <= comments <= 0.08, f"{comments:.1%}"
    assert 0.08 <= docstrings <= 0.20, f"{docstrings:.1%}"


def test_tests_weigh_about_as_much_as_the_code() -> None:
    ratio = sum(module.lines for module in TESTS) / sum(module.lines for module in CODE)
    assert 0.9 <= ratio <= 1.3, f"{ratio:.2f}"


def test_tests_replace_the_wire_and_not_the_code() -> None:
    patches = sum(len(re.findall(r"monkeypatch\.setattr|mocker\.patch|\bpatch\(", module.text)) for module in TESTS)
    tests = sum(len(re.findall(r"^ *(?:async )?def test_", module.text, re.MULTILINE)) for module in TESTS)
    assert patches / tests <= 0.05, f"{patches} patches in {tests} tests"


def test_no_error_is_swallowed_whole() -> None:
    bare = [f"{m.name}:{node.lineno}" for m in CODE for node in m.nodes if _catches_everything(m, node)]
    assert bare == []


def _catches_everything(module: Module, node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    broad = node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException")
    # A supervision loop may, when it says why in the same line.
    return broad and "noqa: BLE001" not in module.text.splitlines()[node.lineno - 1]
