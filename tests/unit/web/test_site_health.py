"""What administrators are told when Jira refuses the add-on on their site."""

from sqlalchemy import select

from addon.store.repos import troubles
from addon.store.tables.tenants import tenants
from tests import tokens
from tests.unit.web.door import Door


async def test_trouble_is_told_with_its_beginning_and_the_next_question(door: Door) -> None:
    async with door.house.db.begin() as tx:
        asked = select(tenants.c.id).where(tenants.c.client_key == tokens.CLIENT_KEY)
        tenant_id = str(await tx.scalar(asked))
        assert await troubles.begin(tx, tenant_id, code="jira_unauthorized", now=60.0, probe_at=360.0)
    answer = await door.api("GET", "/site/health", who="boss")
    assert answer.json() == {
        "trouble": {
            "code": "jira_unauthorized",
            "since": "1970-01-01T00:01:00.000Z",
            "next_probe_at": "1970-01-01T00:06:00.000Z",
        }
    }


async def test_all_is_well_when_nothing_is_known(door: Door) -> None:
    assert (await door.api("GET", "/site/health", who="boss")).json() == {"trouble": None}


async def test_site_that_no_longer_says_who_administers_it_is_trouble_enough(door: Door) -> None:
    door.jira.unwelcome = True
    told = (await door.api("GET", "/site/health", who="boss")).json()
    assert told == {"trouble": {"code": "jira_unauthorized", "since": None, "next_probe_at": None}}
