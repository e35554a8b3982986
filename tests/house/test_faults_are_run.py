"""What the table of the faults names exists, and `make test-faults` runs it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

from tests.house.tree import ROOT, Function, Module

FAULTS = ROOT / "tests" / "faults"
FOLDERS = {"flow": ROOT / "tests" / "flow", "unit": ROOT / "tests" / "unit", "": FAULTS}
MARK = "faults"
NAMED = re.compile(r"`([a-z_/]+)`(?: \(([^)]*)\))?")

Named = tuple[str, Path, str]
"""A fault, a file of tests, and words of one test in it; no words: all of them."""


def named(line: str) -> Iterator[Named]:
    """What one row names. Behind "flow:" and "unit:", up to the next ";", are files of those folders."""
    fault, _, tests = line.strip("| \n").partition(" | ")
    for part in tests.split(";"):
        folder = next((name for name in FOLDERS if name and part.strip().startswith(f"{name}:")), "")
        for file, words in NAMED.findall(part):
            for each in words.split(", ") if words else [""]:
                yield fault.split()[0], FOLDERS[folder] / f"{file}.py", each


TABLE = [row for row in (FAULTS / "README.md").read_text("utf-8").splitlines() if row.startswith("| ")][1:]
ALL = list(chain.from_iterable(named(row) for row in TABLE))


@cache
def inside(path: Path) -> dict[str, set[str]]:
    """The tests of a file with the marks each carries, those of the file included."""
    module = Module(path)
    ours = next((n.value for n in module.tree.body if isinstance(n, ast.Assign) and _is_marks(n)), None)
    functions = (n for n in module.tree.body if isinstance(n, Function) and n.name.startswith("test_"))
    everywhere = marks(ours) if ours is not None else set()
    return {n.name: everywhere.union(*map(marks, n.decorator_list)) for n in functions}


def _is_marks(node: ast.Assign) -> bool:
    return [target.id for target in node.targets if isinstance(target, ast.Name)] == ["pytestmark"]


def marks(node: ast.expr) -> set[str]:
    """The names behind `pytest.mark.`."""
    found = (n for n in ast.walk(node) if isinstance(n, ast.Attribute))
    return {n.attr for n in found if isinstance(n.value, ast.Attribute) and n.value.attr == "mark"}


def meant(tests: dict[str, set[str]], words: str) -> dict[str, set[str]]:
    wanted = re.sub(r"[^a-z ]", "", words.lower()).strip().replace(" ", "_")
    return {name: found for name, found in tests.items() if wanted in name}


def test_the_table_is_read() -> None:
    assert len(TABLE) == len({row.split()[1] for row in TABLE}) >= 30
    assert list(named("| F0 a thing | `test_a`, `test_b`; flow: `test_c` (one …, sub-two), `test_d`; `test_e` |")) == [
        ("F0", FAULTS / "test_a.py", ""),
        ("F0", FAULTS / "test_b.py", ""),
        ("F0", FOLDERS["flow"] / "test_c.py", "one …"),
        ("F0", FOLDERS["flow"] / "test_c.py", "sub-two"),
        ("F0", FOLDERS["flow"] / "test_d.py", ""),
        ("F0", FAULTS / "test_e.py", ""),
    ]


@pytest.mark.parametrize(("fault", "path", "words"), ALL, ids=lambda value: getattr(value, "stem", None))
def test_what_the_table_names_exists_and_is_run(fault: str, path: Path, words: str) -> None:
    assert path.is_file(), f"{fault} names a file that is not there"
    found = meant(inside(path), words)
    assert found, f"{fault}: no test of {path.name} has {words!r} in its name"
    assert [name for name, carried in found.items() if MARK not in carried] == []


def test_the_table_names_every_file_of_the_folder() -> None:
    assert {path.name for path in FAULTS.glob("test_*.py")} == {
        path.name for _, path, _ in ALL if path.parent == FAULTS
    }
