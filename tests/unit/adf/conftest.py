"""A validator of documents, with Atlassian's own schema where that is at hand, and the sample issues."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fastjsonschema
import pytest

from tests.unit.adf import subset

ISSUES = Path(__file__).parents[2] / "data" / "issues"


@pytest.fixture(scope="session")
def official() -> Callable[[object], object] | None:
    """Raises when a document breaks the schema of the folder JIRAVISION_SCHEMAS; None when that is not set."""
    folder = os.environ.get("JIRAVISION_SCHEMAS")
    if not folder:
        return None
    schema = json.loads((Path(folder) / "adf.schema.json").read_text("utf-8"))
    check: Callable[[object], object] = fastjsonschema.compile(schema)
    return check


@pytest.fixture(scope="session")
def valid(official: Callable[[object], object] | None) -> Callable[[object], None]:
    """Raises when a document leaves the subset we write, or breaks Atlassian's schema where that is at hand."""

    def check(document: object) -> None:
        subset.check(document)
        if official is not None:
            official(document)

    return check


@pytest.fixture(params=sorted(path.name for path in ISSUES.glob("*.json")))
def sample(request: pytest.FixtureRequest) -> dict[str, object]:
    """Each sample issue in turn, as Jira sent it."""
    document: dict[str, object] = json.loads((ISSUES / request.param).read_text("utf-8"))
    return document


def documents(value: object) -> Iterator[dict[str, object]]:
    """Every ADF document anywhere in a JSON value."""
    if isinstance(value, dict):
        if value.get("type") == "doc":
            yield value
        else:
            for inner in value.values():
                yield from documents(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner)
