import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import select, update

from addon.observe import metrics
from addon.policy.lifecycle import Installation, Lifecycle
from addon.policy.tenants import JUST_NOW_S, Tenant, Tenants
from addon.store.repos import projects, publications
from addon.store.repos.projects import ProjectRow
from addon.store.repos.publications import Item
from addon.store.repos.runs import NewRun
from addon.store.repos.runs import get as get_run
from addon.store.repos.runs import insert as insert_run
from addon.store.secrets import Seals
from addon.store.tables.runs import publications as publications_table
from addon.store.tables.runs import runs
from addon.store.tables.tenants import tenants
from tests import tokens
from tests.captured_logs import captured_logs
from tests.unit.web.door import ISSUE, KEY, OTHER_KEY, OTHER_SECRET, PROJECT, Door, new_issue


async def started(door: Door) -> list[Any]:
    columns = (runs.c.issue_id, runs.c.issue_key, runs.c.trigger, runs.c.tenant_id)
    async with door.house.db.begin() as tx:
        return list((await tx.execute(select(*columns).where(runs.c.trigger == "webhook"))).all())


async def tenant(door: Door) -> Tenant:
    found = await door.house.tenants.by_client_key(tokens.CLIENT_KEY)
    assert found is not None
    return found


def counted(outcome: str) -> float:
    return metrics.REGISTRY.get_sample_value("webhooks_total", {"outcome": outcome}) or 0.0


async def test_a_new_issue_is_answered_with_204_once_its_run_is_committed(door: Door) -> None:
    before = counted("started")
    answer = await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="d-1")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await started(door) == [(ISSUE, KEY, "webhook", (await tenant(door)).id)]
    assert counted("started") == before + 1


async def test_a_delivery_costs_one_statement_and_its_commit(door: Door) -> None:
    await door.deliver(new_issue("1", "ABC-1"))
    await door.house.worker.stop(0)
    with door.counted() as seen:
        await door.deliver(new_issue())
    # Neither BEGIN nor COMMIT: it commits itself.
    assert [sql.split()[0] for sql in seen] == ["INSERT"]


async def test_what_another_process_switched_off_a_second_ago_stays_off(door: Door) -> None:
    await door.deliver(new_issue("1", "ABC-1"))
    row = ProjectRow({"auto_analyze": False}, "ann", 1.0)
    async with door.house.db.begin() as tx:
        await projects.save(tx, (await tenant(door)).id, project_id=PROJECT, row=row)
    await door.deliver(new_issue("2", "ABC-2"))
    assert [run.issue_id for run in await started(door)] == ["1"]


@pytest.mark.parametrize(
    "retry", [{"X_Atlassian_Webhook_Identifier": "d-1"}, {"X_Atlassian_Webhook_Identifier": "d-2"}, {}]
)
async def test_a_redelivery_starts_nothing_more(door: Door, retry: dict[str, str]) -> None:
    await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="d-1")
    answer = await door.deliver(new_issue(), X_Atlassian_Webhook_Retry="1", **retry)
    assert answer.status_code == 204
    assert len(await started(door)) == 1


async def test_two_sites_may_use_the_same_delivery_and_issue_ids(door: Door) -> None:
    target = "/addon/webhooks/issue-created"
    theirs = tokens.for_request("POST", target, OTHER_SECRET, iss=OTHER_KEY, sub=None)
    await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="d-1")
    await door.deliver(new_issue(), token=theirs, X_Atlassian_Webhook_Identifier="d-1")
    assert len({row.tenant_id for row in await started(door)}) == 2


async def test_an_unverified_delivery_is_refused_and_starts_nothing(door: Door) -> None:
    for token in (tokens.for_api(sub=None), tokens.for_request("POST", "/addon/webhooks/other", sub=None), "nonsense"):
        assert (await door.deliver(new_issue(), token=token)).status_code == 401
    assert await started(door) == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"webhookEvent":"jira:issue_deleted"}', b"[" * 50_000]
)
async def test_a_signed_body_nobody_understands_is_taken_and_dropped(door: Door, body: bytes) -> None:
    before = counted("invalid")
    assert (await door.deliver(body)).status_code == 204
    assert await started(door) == []
    assert counted("invalid") == before + 1


@pytest.mark.parametrize("value", ["1" * 19, "12\x003", "1/../2", "", " 1", "1\n", "\u0661", "-1", 1.5, True, ["1"]])
@pytest.mark.parametrize("where", ["issue", "project"])
async def test_an_id_that_is_none_is_taken_and_dropped(door: Door, where: str, value: Any) -> None:
    body, before = new_issue(), counted("invalid")
    (body["issue"] if where == "issue" else body["issue"]["fields"]["project"])["id"] = value
    assert (await door.deliver(body)).status_code == 204
    assert await started(door) == []
    assert counted("invalid") == before + 1


@pytest.mark.parametrize("key", ["A" * 65, "ABC-\x001", "", None])
async def test_a_key_that_cannot_be_kept_is_taken_and_dropped(door: Door, key: Any) -> None:
    body = new_issue()
    body["issue"]["key"] = key
    assert (await door.deliver(body)).status_code == 204
    assert await started(door) == []


async def test_a_delivery_with_a_very_long_id_is_worth_a_run_and_no_second_one(door: Door) -> None:
    for _ in range(2):
        answer = await door.deliver(new_issue(), X_Atlassian_Webhook_Identifier="x" * 500)
        assert answer.status_code == 204
    assert len(await started(door)) == 1


async def test_a_site_whose_secret_cannot_be_opened_is_asked_to_deliver_again(door: Door) -> None:
    found = await tenant(door)
    lost = Seals(["a key that nobody has any more, long enough"]).seal(tokens.SECRET, found.id)
    async with door.house.db.begin() as tx:
        await tx.execute(update(tenants).where(tenants.c.id == found.id).values(shared_secret=lost))
    door.house.tenants.forget(tokens.CLIENT_KEY)
    answers = [await door.deliver(new_issue()), await door.api("GET", "/usage"), await door.page("/site-admin")]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert [answer.json()["error"] for answer in answers[:2]] == ["secret_unreadable"] * 2
    assert "APP_SECRET_KEY" in answers[1].json()["detail"]
    assert "lost the key" in answers[2].text
    assert "secret_unreadable" in answers[2].text


async def test_odd_and_missing_parts_do_not_lose_an_issue(door: Door) -> None:
    body = new_issue()
    body["user"] = None
    body["issue"]["fields"] |= {"description": {"type": "doc"}, "customfield_1": [{}], "summary": None}
    assert (await door.deliver(body)).status_code == 204
    assert len(await started(door)) == 1


async def test_guard_1_our_own_account_causes_nothing(door: Door) -> None:
    await door.house.tenants.proven(await tenant(door), "app-account")
    body = new_issue()
    body["user"] = {"accountId": "app-account", "accountType": "app"}
    await door.deliver(body)
    assert await started(door) == []


async def test_guard_2_our_trace_causes_nothing_and_a_foreign_one_does_not_hinder(door: Door) -> None:
    await door.deliver(new_issue(), X_Atlassian_Webhook_Trace=f"{tokens.APP_KEY}/some-run")
    assert await started(door) == []
    await door.deliver(new_issue(), X_Atlassian_Webhook_Trace=f"{tokens.APP_KEY}.other/run")
    assert len(await started(door)) == 1


async def test_guard_3_an_issue_of_our_ledger_causes_nothing(door: Door) -> None:
    await written(door, remote_id=ISSUE)
    await door.deliver(new_issue())
    assert await started(door) == []


async def test_a_comment_whose_id_equals_an_issues_does_not_hinder(door: Door) -> None:
    await written(door, remote_id=ISSUE, target="comment")
    await door.deliver(new_issue())
    assert len(await started(door)) == 1


async def test_the_ledger_of_one_site_does_not_hinder_another(door: Door) -> None:
    other = await door.house.tenants.by_client_key(OTHER_KEY)
    assert other is not None
    await written(door, remote_id=ISSUE, tenant_id=other.id)
    await door.deliver(new_issue())
    assert [row.tenant_id for row in await started(door)] == [(await tenant(door)).id]


async def written(door: Door, *, remote_id: str, target: str = "subtasks", tenant_id: str | None = None) -> None:
    """A publication that wrote `remote_id`, of a run that a person asked for."""
    owner = tenant_id or (await tenant(door)).id
    async with door.house.db.begin() as tx:
        new = NewRun(kind="analysis", trigger="panel", issue_id="999", issue_key="ABC-9", project_id=PROJECT)
        run_id = await insert_run(tx, owner, new=new, now=1.0)
        assert run_id is not None
        run = await get_run(tx, owner, run_id=run_id)
        assert run is not None
        await publications.add(tx, run, items=[Item(target, 0, "marker", {})], now=1.0)
        await tx.execute(update(publications_table).values(remote_id=remote_id, state="succeeded"))
        await tx.execute(update(runs).where(runs.c.id == run_id).values(state="succeeded"))


async def test_guard_4_an_issue_with_our_mark_causes_nothing(door: Door) -> None:
    await door.deliver(new_issue(properties={tokens.APP_KEY: {"publication": "subtasks:x:0"}}))
    assert await started(door) == []
    await door.deliver(new_issue(properties={"com.example.other": {"x": 1}}))
    assert len(await started(door)) == 1


async def test_guard_5_issues_of_apps_are_left_alone_unless_the_project_wants_them(door: Door) -> None:
    body = new_issue()
    body["user"] = {"accountId": "robot", "accountType": "app"}
    await door.deliver(body)
    assert await started(door) == []
    await door.house.projects.save((await tenant(door)).id, PROJECT, changes={"ignore_apps": False}, account_id="ann")
    await door.deliver(body)
    assert len(await started(door)) == 1


async def test_one_issue_cannot_start_runs_without_end(door: Door) -> None:
    owner = (await tenant(door)).id
    async with door.house.db.begin() as tx:
        for number in range(5):
            ids = {"issue_id": ISSUE, "issue_key": KEY, "project_id": PROJECT}
            new = NewRun(kind="analysis", trigger="webhook", start_key=f"old-{number}", **ids)
            await insert_run(tx, owner, new=new, now=time.time() - 60)
            await tx.execute(update(runs).values(state="succeeded"))
    await door.deliver(new_issue())
    assert len(await started(door)) == 5


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"auto_analyze": False}, 0),
        ({"issue_types": ["10004"]}, 0),
        ({"issue_types": ["10001"]}, 1),
        ({"issue_types": ["story"]}, 1),
        ({"auto_comment": False}, 1),
    ],
)
async def test_the_projects_settings_decide(door: Door, settings: dict[str, Any], count: int) -> None:
    await door.house.projects.save((await tenant(door)).id, PROJECT, changes=settings, account_id="ann")
    assert (await door.deliver(new_issue())).status_code == 204
    assert len(await started(door)) == count


async def test_when_nothing_can_be_stored_jira_is_asked_to_come_again(door: Door) -> None:
    await door.deliver(new_issue("1", "ABC-1"))
    await door.house.worker.stop(0)
    before = counted("unavailable")
    await door.house.db.close()
    door.lose_database()
    answer = await door.deliver(new_issue())
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert counted("unavailable") == before + 1


async def test_a_payload_as_large_as_jira_sends_passes_and_a_larger_one_does_not(door: Door) -> None:
    body = new_issue()
    body["issue"]["fields"]["description"] = "x" * 3_000_000
    assert (await door.deliver(body)).status_code == 204
    answer = await door.http.post(
        "/addon/webhooks/issue-created", content=b"{}", headers={"Content-Length": str(26_000_000)}
    )
    assert answer.status_code == 413


async def test_the_log_tells_what_happened_without_the_issues_words(door: Door) -> None:
    with captured_logs() as lines:
        await door.deliver(new_issue())
    line = next(line for line in lines.all if line["msg"] == "answered")
    assert line["outcome"] == "started"
    assert "pay by card" not in lines.text
    assert tokens.CLIENT_KEY not in lines.text


async def installed_elsewhere(door: Door, secret: str) -> None:
    """As another process takes it, which this one has not heard of."""
    lifecycle = Lifecycle(
        door.house.db,
        door.house.seals,
        settings=door.settings,
        tenants=Tenants(door.house.db, door.house.seals, settings=door.settings),
        dropped=lambda _: None,
    )
    known = (await tenant(door)).site
    came = Installation(known.client_key, known.base_url, known.base_url, secret, None, "another token")
    await lifecycle.installed(came, time.time())


async def test_what_a_new_secret_signs_is_taken_before_the_installation_is_heard_of(door: Door) -> None:
    assert (await door.deliver(new_issue("1", "ABC-1"))).status_code == 204
    await installed_elsewhere(door, OTHER_SECRET)
    await asyncio.sleep(JUST_NOW_S)
    token = tokens.for_request("POST", "/addon/webhooks/issue-created", OTHER_SECRET, sub=None)
    assert (await door.deliver(new_issue("2", "ABC-2"), token=token)).status_code == 204
    assert [run.issue_id for run in await started(door)] == ["1", "2"]


async def test_tokens_that_do_not_hold_ask_for_the_site_a_few_times_a_second_at_most(door: Door) -> None:
    token = tokens.for_request("POST", "/addon/webhooks/issue-created", OTHER_SECRET, sub=None)
    await tenant(door)
    await asyncio.sleep(JUST_NOW_S)
    began = time.monotonic()
    with door.counted() as seen:
        for _ in range(3):
            answers = await asyncio.gather(*(door.deliver(new_issue("2", "ABC-2"), token=token) for _ in range(20)))
            assert {answer.status_code for answer in answers} == {401}
    # What goes on by itself asks of other things meanwhile.
    asked = [sql for sql in seen if sql.startswith("SELECT tenants.id, tenants.client_key")]
    assert 1 <= len(asked) <= 1 + (time.monotonic() - began) / JUST_NOW_S


async def test_what_a_new_secret_signs_is_taken_a_moment_after_the_old_one_was_read(door: Door) -> None:
    await tenant(door)
    await installed_elsewhere(door, OTHER_SECRET)
    token = tokens.for_request("POST", "/addon/webhooks/issue-created", OTHER_SECRET, sub=None)
    assert (await door.deliver(new_issue("2", "ABC-2"), token=token)).status_code == 204


async def test_a_disabled_or_removed_site_is_unknown(door: Door) -> None:
    async with door.house.db.begin() as tx:
        await tx.execute(update(tenants).values(state="disabled"))
    door.house.tenants.forget(tokens.CLIENT_KEY)
    assert (await door.deliver(new_issue())).status_code == 401
    assert (await started(door)) == []
