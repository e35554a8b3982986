from collections.abc import AsyncIterator

import pytest

from tests.unit.sandbox.stage import ADDON, PaperAddon, Stage, browser, open_world


@pytest.fixture
async def bare() -> AsyncIterator[Stage]:
    """A site without an add-on."""
    addon = PaperAddon()
    world, place = open_world(addon)
    async with browser(world, place) as http:
        yield Stage(world, place, addon, http)
    await world.close()


@pytest.fixture
async def stage(bare: Stage) -> Stage:
    """A site with the add-on installed and its hooks forgotten."""
    await bare.place.lifecycle.install(ADDON)
    bare.addon.requests.clear()
    return bare
