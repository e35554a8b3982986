"""Who must not write any more is kept back up to the last moment, by a server that sees what really leaves."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from addon.jira import comments, issues
from addon.jira.client import Jira
from addon.jira.session import Session
from tests.listener import Allowed, Listener, Refused, listener
from tests.unit.jira.conftest import OAUTH, SITE

pytestmark = pytest.mark.faults

DOCUMENT = {"type": "doc", "version": 1, "content": []}
MADE = (201, '{"id":"7"}')
POSTED = "POST /rest/api/3/issue/A-1/comment"


@pytest.fixture
async def server() -> AsyncIterator[Listener]:
    async with listener() as opened:
        yield opened


@pytest.fixture
async def session(server: Listener) -> AsyncIterator[Session]:
    client = Jira(oauth_url=OAUTH, user_agent="t")
    yield client.as_app(replace(SITE, base_url=server.base_url))
    await client.close()


@pytest.mark.parametrize(("allowed", "connections"), [(0, 0), (1, 1)])
async def test_write_is_kept_back_before_there_is_a_connection_and_when_there_is_one(
    server: Listener, session: Session, allowed: int, connections: int
) -> None:
    with pytest.raises(Refused):
        await comments.create(replace(session, before_writing=Allowed(allowed)), "A-1", body_adf=DOCUMENT)
    assert (server.connections, server.requests) == (connections, [])


async def test_write_that_may_go_is_asked_about_twice_and_sent_once(server: Listener, session: Session) -> None:
    server.answers = [MADE]
    check = Allowed(2)
    await comments.create(replace(session, before_writing=check), "A-1", body_adf=DOCUMENT)
    assert (check.asked, server.requests) == (2, [POSTED])


async def test_it_is_not_sent_again_with_a_fresh_token_by_who_must_not_write_any_more(
    server: Listener, session: Session
) -> None:
    server.answers = [(401, "{}"), MADE]
    with pytest.raises(Refused):
        await comments.create(replace(session, before_writing=Allowed(2)), "A-1", body_adf=DOCUMENT)
    assert server.requests == [POSTED]


async def test_it_is_not_repeated_after_trouble_by_who_must_not_write_any_more(
    server: Listener, session: Session
) -> None:
    server.answers = [(503, "{}"), (204, "")]
    with pytest.raises(Refused):
        await issues.edit(replace(session, before_writing=Allowed(2)), "A-1", fields={"summary": "x"})
    assert server.requests == ["PUT /rest/api/3/issue/A-1"]


async def test_reading_needs_no_permission(server: Listener, session: Session) -> None:
    server.answers = [(200, '{"id":"1","key":"A-1"}')]
    check = Allowed(0)
    await issues.get(replace(session, before_writing=check), "A-1", fields=["summary"])
    assert check.asked == 0


async def test_what_was_kept_back_takes_no_connection_and_no_place_with_it(server: Listener, session: Session) -> None:
    for number in range(2, 252):
        with pytest.raises(Refused):
            # Issues of their own, so that none waits for its turn.
            await comments.create(replace(session, before_writing=Allowed(1)), f"A-{number}", body_adf=DOCUMENT)
    server.answers = [MADE]
    await comments.create(session, "A-1", body_adf=DOCUMENT)
    assert server.requests == [POSTED]
