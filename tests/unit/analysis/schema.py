"""The official schema of Jira's rich text, when the machine has it."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import fastjsonschema
import pytest

Validate = Callable[[object], object]


def adf_schema() -> Validate:
    """A validator. Skips the test when JIRAVISION_SCHEMAS does not name a folder with adf.schema.json."""
    folder = os.environ.get("JIRAVISION_SCHEMAS")
    if not folder:
        pytest.skip("JIRAVISION_SCHEMAS does not name the folder of adf.schema.json")
    validate: Validate = fastjsonschema.compile(json.loads((Path(folder) / "adf.schema.json").read_text("utf-8")))
    return validate
