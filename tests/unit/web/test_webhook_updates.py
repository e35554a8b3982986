"""jira:issue_updated: most of it is none of ours, and is put aside before anything is looked up."""

from typing import Any

import pytest
from sqlalchemy import select

from addon.policy.tenants import Tenant
from addon.store.tables.reruns import reruns
from tests import tokens
from tests.rows import add_run
from tests.unit.web.door import ISSUE, KEY, PROJECT, Door, new_issue

TARGET = "/addon/webhooks/issue-updated"
ON = {"rerun_on_update": True}


def changed(*fields: str, **more: Any) -> dict[str, Any]:
    """The body of jira:issue_updated. fields: ids of what was changed."""
    items = [{"field": field, "fieldId": field, "fromString": "a", "toString": "b"} for field in fields]
    log = {"id": "1", "items": items}
    return {**new_issue(), "webhookEvent": "jira:issue_updated", "changelog": log, **more}


async def deliver(door: Door, body: Any, **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"JWT {tokens.for_request('POST', TARGET, sub=None)}"
    return await door.http.post(TARGET, json=body, headers=sent)


async def tenant(door: Door) -> Tenant:
    found = await door.house.tenants.by_client_key(tokens.CLIENT_KEY)
    assert found is not None
    return found


async def wanted(door: Door, **settings: Any) -> None:
    """The project wants changed issues analysed again, and this one was analysed before."""
    mine = (await tenant(door)).id
    await door.house.projects.save(mine, PROJECT, changes={**ON, **settings}, account_id="ann")
    await add_run(door.house.db, mine, issue_id=ISSUE, state="succeeded", created_at=1.0)


async def waiting(door: Door) -> list[Any]:
    columns = (reruns.c.tenant_id, reruns.c.issue_id, reruns.c.issue_key, reruns.c.project_id)
    async with door.house.db.single() as tx:
        return list((await tx.execute(select(*columns))).all())


async def test_a_change_is_noted_once_it_is_answered(door: Door) -> None:
    await wanted(door)
    for _ in range(3):
        answer = await deliver(door, changed("summary"))
        assert (answer.status_code, answer.content) == (204, b"")
    assert await waiting(door) == [((await tenant(door)).id, ISSUE, KEY, PROJECT)]


async def test_a_change_costs_two_statements_and_one_that_is_not_read_none(door: Door) -> None:
    await wanted(door)
    await deliver(door, changed("status"))
    await door.house.worker.stop(0)
    with door.counted() as seen:
        await deliver(door, changed("summary"))
    mine = [sql.split()[0] for sql in seen if "reruns.due_at <=" not in sql and "FROM reruns" not in sql]
    assert mine == ["SELECT", "INSERT"]
    with door.counted() as seen:
        await deliver(door, changed("status", "assignee"))
    assert [sql for sql in seen if "reruns" not in sql] == []
    assert door.jira.requests == []


@pytest.mark.parametrize(
    "body",
    [
        changed(),
        changed("status"),
        changed("Rank", "Sprint"),
        changed("summary", changelog=None),
        changed("summary", user={"accountId": "robot", "accountType": "app"}),
        changed("customfield_7"),
    ],
)
async def test_what_cannot_matter_is_left_alone(door: Door, body: dict[str, Any]) -> None:
    await wanted(door)
    assert (await deliver(door, body)).status_code == 204
    assert await waiting(door) == []


async def test_the_criteria_field_of_the_project_matters_whatever_its_name(door: Door) -> None:
    await wanted(door, criteria_field="customfield_7")
    await deliver(door, changed("customfield_7"))
    assert len(await waiting(door)) == 1


async def test_our_own_hand_is_known_by_account_and_by_trace(door: Door) -> None:
    await wanted(door)
    await door.house.tenants.proven(await tenant(door), "app-account")
    # Writes in a person's name carry our trace, writes of our own carry our name; neither may come back to us.
    await deliver(door, changed("description", user={"accountId": "app-account", "accountType": "app"}))
    await deliver(door, changed("description"), X_Atlassian_Webhook_Trace=f"{tokens.APP_KEY}/run")
    assert await waiting(door) == []
    await deliver(door, changed("description"), X_Atlassian_Webhook_Trace="com.example.other/run")
    assert len(await waiting(door)) == 1


@pytest.mark.parametrize(
    "settings",
    [{"rerun_on_update": False}, {"auto_analyze": False}, {"issue_types": ["Bug"]}],
)
async def test_the_projects_decisions_hold(door: Door, settings: dict[str, Any]) -> None:
    await wanted(door, **settings)
    await deliver(door, changed("summary"))
    assert await waiting(door) == []


async def test_apps_may_change_issues_where_the_project_says_so(door: Door) -> None:
    await wanted(door, ignore_apps=False)
    await deliver(door, changed("summary", user={"accountId": "robot", "accountType": "app"}))
    assert len(await waiting(door)) == 1


async def test_an_issue_that_never_was_analysed_is_not_because_of_a_change(door: Door) -> None:
    await door.house.projects.save((await tenant(door)).id, PROJECT, changes=ON, account_id="ann")
    await deliver(door, changed("summary"))
    assert await waiting(door) == []


@pytest.mark.parametrize(
    "body", [{}, [1], {"webhookEvent": "jira:issue_created"}, changed("summary", issue={"id": "x"})]
)
async def test_a_signed_body_nobody_understands_is_taken_and_dropped(door: Door, body: Any) -> None:
    await wanted(door)
    assert (await deliver(door, body)).status_code == 204
    assert await waiting(door) == []


async def test_an_unverified_change_is_refused(door: Door) -> None:
    await wanted(door)
    answer = await door.http.post(TARGET, json=changed("summary"), headers={"Authorization": "JWT nonsense"})
    assert answer.status_code == 401
    assert await waiting(door) == []


async def test_a_change_that_could_not_be_kept_is_delivered_again(door: Door) -> None:
    await wanted(door)
    await door.house.worker.stop(0)
    await door.house.db.close()
    door.lose_database()
    answer = await deliver(door, changed("summary"))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
