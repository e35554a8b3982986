from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.web.door import Door, open_door


@pytest.fixture
async def door(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path, sqlite_template) as opened:
        yield opened
