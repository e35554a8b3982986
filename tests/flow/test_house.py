"""The house opens whole and closes clean."""

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from addon.errors import Misconfigured
from addon.house.opening import open_house
from addon.policy.lifecycle import Installation
from addon.settings import Settings
from addon.store.migrate import at_head


def settings(folder: Path, **other: Any) -> Settings:
    return Settings(database_url=f"sqlite+aiosqlite:///{folder}/new/jv.db", _env_file=None, **other)


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


async def test_one_start_with_a_newer_key_first_makes_the_older_ones_dispensable(tmp_path: Path) -> None:
    """From the file's own key to one of the operator's, and from that to another, without a site noticing."""
    secret = "what the site and the add-on share, long enough"
    first, second = "a" * 40, "b" * 40
    async with open_house(settings(tmp_path)) as house:
        came = Installation("acme", "https://acme.atlassian.net", "https://acme.atlassian.net", secret, None, "token:1")
        tenant_id = await house.lifecycle.installed(came, time.time())
    for keys in (first, f"{second},{first}", second):
        async with open_house(settings(tmp_path, app_secret_key=keys)) as house:
            tenant = await house.tenants.by_id(tenant_id)
            assert tenant is not None
            assert tenant.site.shared_secret == secret
        (tmp_path / "new" / "jv.db.key").unlink(missing_ok=True)


async def test_who_was_superseded_is_found_out_without_any_work(tmp_path: Path) -> None:
    asked: list[str] = []

    def jira(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        return httpx2.Response(200, json={"accountId": "557058:ours"})

    site = "https://acme.atlassian.net"
    async with open_house(settings(tmp_path), jira_transport=httpx2.MockTransport(silence)) as house:
        old = await house.lifecycle.installed(Installation("old", site, site, "s" * 40, None, "token:1"), time.time())
        new = await house.lifecycle.installed(Installation("new", site, site, "t" * 40, None, "token:2"), time.time())
        assert await house.tenants.by_id(old) is not None
    async with open_house(settings(tmp_path), jira_transport=httpx2.MockTransport(jira)) as house:
        async with asyncio.timeout(30):
            while not (found := await house.tenants.by_id(new)) or not found.app_account_id:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert await house.tenants.by_id(old) is None
    assert asked == ["/rest/api/3/myself"]


async def test_second_server_on_the_same_file_is_refused_but_a_look_inside_is_not(tmp_path: Path) -> None:
    async with open_house(settings(tmp_path)):
        with pytest.raises(Misconfigured, match="another server"):
            async with open_house(settings(tmp_path)):
                pass
        async with open_house(settings(tmp_path), role="look") as house:
            assert await at_head(house.db)
