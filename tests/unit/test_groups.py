"""Tests that share something dear run at one worker; else every worker would start that for itself."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def dear(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A file that can be made once in the folder of all workers."""
    own = tmp_path_factory.getbasetemp()
    file = (own.parent if hasattr(request.config, "workerinput") else own) / "dear"
    with file.open("x") as made:
        made.write(str(os.getpid()))
    return file


@pytest.mark.parametrize("number", range(8))
def test_what_a_module_prepares_once_is_prepared_by_one_worker(dear: Path, number: int) -> None:
    assert dear.read_text() == str(os.getpid())
