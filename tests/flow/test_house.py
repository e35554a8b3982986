"""The house opens whole and closes clean."""

from pathlib import Path

import httpx2
import pytest

from addon.errors import Misconfigured
from addon.house import open_house
from addon.settings import Settings
from addon.store.migrate import at_head


def settings(folder: Path) -> Settings:
    return Settings(database_url=f"sqlite+aiosqlite:///{folder}/new/jv.db", _env_file=None)  # type: ignore[call-arg]


def silence(request: httpx2.Request) -> httpx2.Response:
    raise AssertionError(f"nothing should call {request.url}")


async def test_house_migrates_an_empty_folder_and_keeps_its_key_beside_the_database(tmp_path: Path) -> None:
    transport = httpx2.MockTransport(silence)
    async with open_house(settings(tmp_path), jira_transport=transport, llm_transport=transport) as house:
        assert await at_head(house.db)
        assert house.worker.busy == 0
        sealed = house.seals.seal("s3cret", "t")
    async with open_house(settings(tmp_path)) as house:
        assert house.seals.open(sealed, "t") == "s3cret"


async def test_second_server_on_the_same_file_is_refused_but_a_look_inside_is_not(tmp_path: Path) -> None:
    async with open_house(settings(tmp_path)):
        with pytest.raises(Misconfigured, match="another server"):
            async with open_house(settings(tmp_path)):
                pass
        async with open_house(settings(tmp_path), serve=False) as house:
            assert await at_head(house.db)
