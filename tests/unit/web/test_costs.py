"""What a request costs on the wire to PostgreSQL; for SQLite see the tests of webhooks and of pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.postgres_wire import Wire
from tests.unit.web.door import ISSUE, PROJECT, Door, new_issue, open_door

PANEL = f"/issue-panel?issueId={ISSUE}&projectId={PROJECT}"


@pytest.fixture
async def door(wire: Wire, tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Door]:
    key = "a key of the tests that is long enough to be one"
    async with open_door(tmp_path, sqlite_template, database_url=wire.url, app_secret_key=key) as opened:
        # Nothing but requests shall use the wire, over a connection that has prepared what they ask.
        await opened.house.worker.stop(0)
        for number in ("1", "2"):
            await opened.deliver(new_issue(number, f"ABC-{number}"))
        await opened.page(PANEL)
        wire.trips = 0
        yield opened


async def test_a_delivery_costs_one_round_trip(door: Door, wire: Wire) -> None:
    assert (await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="d-1")).status_code == 204
    assert wire.trips == 1


async def test_a_delivery_that_is_repeated_costs_three_for_it_is_looked_at_closely(door: Door, wire: Wire) -> None:
    for _ in range(2):
        assert (await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="d-1")).status_code == 204
    assert wire.trips == 1 + 3


async def test_an_unverified_delivery_costs_none(door: Door, wire: Wire) -> None:
    assert (await door.deliver(new_issue(), token="nonsense")).status_code == 401
    assert wire.trips == 0


async def test_a_page_costs_none_beyond_the_cached_tenant(door: Door, wire: Wire) -> None:
    assert (await door.page(PANEL)).status_code == 200
    assert wire.trips == 0
