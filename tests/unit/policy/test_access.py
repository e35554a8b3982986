from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from addon.errors import Forbidden, NotFound
from addon.jira.errors import JiraError
from addon.jira.site import Site
from addon.policy.access import ADMINISTER_PROJECT, BROWSE, COMMENT, CREATE, EDIT, Access
from tests.pretend import PretendJira, site


@dataclass(frozen=True)
class Customer:
    id: str = "tenant-a"
    site: Site = field(default_factory=site)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def jira() -> PretendJira:
    pretend = PretendJira()
    pretend.grant("ann", "issue", "10023", BROWSE, COMMENT)
    pretend.grant("ann", "project", "10000", BROWSE, CREATE)
    pretend.grant("boss", "project", "10000", BROWSE)
    pretend.grant("boss", "global", "", "ADMINISTER")
    pretend.grant("boss-elsewhere", "global", "", "ADMINISTER")
    return pretend


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def access(jira: PretendJira, clock: Clock) -> AsyncIterator[Access]:
    client = jira.client()
    yield Access(client, clock=clock)
    await client.close()


async def test_who_may_see_and_comment_passes(access: Access) -> None:
    await access.require_issue(Customer(), "ann", "10023", BROWSE, COMMENT)


async def test_a_missing_right_is_named_in_words(access: Access) -> None:
    with pytest.raises(Forbidden, match="edit this issue"):
        await access.require_issue(Customer(), "ann", "10023", EDIT)


async def test_an_invisible_issue_looks_like_none(access: Access) -> None:
    with pytest.raises(NotFound) as invisible:
        await access.require_issue(Customer(), "bob", "10023", BROWSE)
    with pytest.raises(NotFound) as unknown:
        await access.require_issue(Customer(), "ann", "999", BROWSE)
    assert invisible.value.detail == unknown.value.detail
    assert invisible.value.code == unknown.value.code


async def test_a_right_without_browsing_is_worth_nothing(jira: PretendJira, access: Access) -> None:
    jira.grant("bob", "issue", "10023", COMMENT)
    with pytest.raises(NotFound):
        await access.require_issue(Customer(), "bob", "10023", COMMENT)


@pytest.mark.parametrize("strange", ["ABC-1", "", "10023 ", "１００２３", "-1", "1" * 19, None])
async def test_what_is_no_id_never_reaches_jira(jira: PretendJira, access: Access, strange: str | None) -> None:
    with pytest.raises(NotFound):
        await access.require_issue(Customer(), "ann", strange, BROWSE)
    assert jira.requests == []


@pytest.mark.parametrize("nobody", ["", None])
async def test_without_a_person_nothing_is_asked(jira: PretendJira, access: Access, nobody: str | None) -> None:
    with pytest.raises(Forbidden):
        await access.require_issue(Customer(), nobody, "10023", BROWSE)
    with pytest.raises(Forbidden):
        await access.require_site_admin(Customer(), nobody)
    assert jira.requests == []


async def test_one_call_answers_every_question_about_an_issue_for_a_minute(
    jira: PretendJira, access: Access, clock: Clock
) -> None:
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    clock.now += 59
    await access.require_issue(Customer(), "ann", "10023", COMMENT)
    assert len(jira.requests) == 1
    clock.now += 2
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    assert len(jira.requests) == 2


async def test_a_right_taken_away_is_gone_after_a_minute(jira: PretendJira, access: Access, clock: Clock) -> None:
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    jira.rights.clear()
    clock.now += 61
    with pytest.raises(NotFound):
        await access.require_issue(Customer(), "ann", "10023", BROWSE)


async def test_a_right_just_given_works_within_seconds(jira: PretendJira, access: Access, clock: Clock) -> None:
    with pytest.raises(NotFound):
        await access.require_issue(Customer(), "bob", "10023", BROWSE)
    jira.grant("bob", "issue", "10023", BROWSE)
    clock.now += 6
    await access.require_issue(Customer(), "bob", "10023", BROWSE)


async def test_the_cache_never_crosses_people_tenants_or_objects(jira: PretendJira, access: Access) -> None:
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    with pytest.raises(NotFound):
        await access.require_issue(Customer(), "bob", "10023", BROWSE)
    with pytest.raises(NotFound):
        await access.require_project(Customer(), "ann", "10023", BROWSE)
    await access.require_issue(Customer(id="tenant-b", site=site("other")), "ann", "10023", BROWSE)
    assert [request.url.host for request in jira.requests][-1] == "other.atlassian.net"
    assert len(jira.requests) == 4


async def test_forgetting_a_tenant_asks_again(jira: PretendJira, access: Access) -> None:
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    access.forget("tenant-a")
    await access.require_issue(Customer(), "ann", "10023", BROWSE)
    assert len(jira.requests) == 2


async def test_site_administrators_administer_the_projects_they_see(access: Access) -> None:
    await access.require_project(Customer(), "boss", "10000", ADMINISTER_PROJECT)
    with pytest.raises(Forbidden, match="administer this project"):
        await access.require_project(Customer(), "ann", "10000", ADMINISTER_PROJECT)
    with pytest.raises(NotFound):
        await access.require_project(Customer(), "boss-elsewhere", "10000", ADMINISTER_PROJECT)


async def test_only_site_administrators_administer_the_site(access: Access) -> None:
    await access.require_site_admin(Customer(), "boss")
    with pytest.raises(Forbidden, match="administer this Jira site"):
        await access.require_site_admin(Customer(), "ann")


async def test_no_answer_from_jira_is_no_permission(jira: PretendJira, access: Access) -> None:
    jira.down = True
    with pytest.raises(JiraError):
        await access.require_issue(Customer(), "ann", "10023", BROWSE)
