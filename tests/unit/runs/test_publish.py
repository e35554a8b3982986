"""Publications: each written once, one comment at a time, and a person's wish honoured however often it is sent."""

import asyncio
import time

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Conflict, Invalid, NothingToDo, Unavailable
from addon.jira.errors import JiraForbidden, JiraNotFound
from addon.runs.feature import Draft, Writing, Written
from addon.runs.publish import Wish, require_taken
from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos import audit as audit_rows
from addon.store.repos import claimed
from addon.store.repos import publications as publication_rows
from addon.store.repos.publications import Publication
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from tests.rows import add_publication, add_run, add_tenant, row_of, run_of, states
from tests.unit.awake import awake
from tests.unit.runs.make import Stage, stage, until, write


async def a_run(s: Stage, issue_id: str = "10001") -> Run:
    run_id = await add_run(s.db, s.tenant.id, issue_id=issue_id, state="succeeded", result={"overall": 1})
    return await run_of(s.db, s.tenant.id, run_id)


async def settled(db: Database, **expected: int) -> None:
    async def reached() -> bool:
        return await states(db, publications) == expected

    await until(reached)


async def test_publication_is_written_and_its_address_kept(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        publication_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, succeeded=1)
    row = await row_of(database, publications, publication_id)
    assert (row.remote_id, row.url) == (f"remote-{row.marker}", "https://acme.atlassian.net/browse/ABC-1")
    (writing,) = s.comments.seen
    assert (writing.repeated, writing.previous, writing.addon_key) == (False, None, "com.jiravision.addon")


async def test_second_attempt_is_told_to_look_for_what_the_first_may_have_written(
    database: Database, seals: Seals
) -> None:
    async def down_once(writing: Writing) -> Written:
        if not writing.repeated:
            raise Unavailable("Cut.", retry_after_s=0.0)
        return await write(writing)

    async with stage(database, seals) as s:
        s.comments.write = down_once
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, succeeded=1)
    assert [writing.repeated for writing in s.comments.seen] == [False, True]


async def test_attempt_after_a_killed_worker_is_told_too(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        async with database.begin() as tx:
            await Claims(publications, "dead", lease_s=0).claim(tx, "default", limit=1, now=time.time())
        async with s.office.at_work():
            await settled(database, succeeded=1)
    assert [writing.repeated for writing in s.comments.seen] == [True]


async def test_attempt_after_a_graceful_stop_is_told_too(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        posted = asyncio.Event()

        async def posts_and_hangs(writing: Writing) -> Written:
            if not writing.repeated:
                posted.set()
                await asyncio.sleep(60)
            return await write(writing)

        s.comments.write = posts_and_hangs
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        async with s.office.at_work(stop_wait_s=0.1):
            await asyncio.wait_for(posted.wait(), 20)
    assert await states(database, publications) == {"queued": 1}
    async with stage(database, seals) as t:
        await settled(database, succeeded=1)
    assert [writing.repeated for writing in t.comments.seen] == [True]


async def test_refusal_fails_in_words_at_once(database: Database, seals: Seals) -> None:
    async def refused(_: Writing) -> Written:
        raise JiraForbidden("The add-on may not comment here.")

    async with stage(database, seals) as s:
        s.comments.write = refused
        publication_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, failed=1)
    row = await row_of(database, publications, publication_id)
    assert row.error == {"error": "jira_forbidden", "detail": "The add-on may not comment here."}


async def test_nothing_to_do_is_no_failure_and_says_why(database: Database, seals: Seals) -> None:
    async def left(_: Writing) -> Written:
        raise NothingToDo("There is a text already.")

    async with stage(database, seals) as s:
        s.comments.write = left
        publication_id = await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, cancelled=1)
    row = await row_of(database, publications, publication_id)
    assert row.error == {"error": "nothing_to_do", "detail": "There is a text already."}


async def test_issue_deleted_before_the_comment_ends_it_quietly(database: Database, seals: Seals) -> None:
    async def gone(_: Writing) -> Written:
        raise JiraNotFound("Gone.")

    async with stage(database, seals) as s:
        s.comments.write = gone
        await add_publication(database, s.tenant.id, (await a_run(s)).id)
        await settled(database, cancelled=1)
    assert len(s.comments.seen) == 1


async def test_comment_knows_the_one_before_it(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await a_run(s)
        first = await add_publication(
            database, s.tenant.id, run.id, state="succeeded", finished_at=1.0, remote_id="77", created_at=1.0
        )
        await add_publication(database, s.tenant.id, run.id)
        await settled(database, succeeded=2)
    previous = s.comments.seen[0].previous
    assert previous is not None
    assert (previous.id, previous.remote_id) == (first, "77")


async def test_newer_comment_waits_until_the_older_one_is_written(database: Database, seals: Seals) -> None:
    order: list[str] = []
    begun = asyncio.Event()

    async def slowly(writing: Writing) -> Written:
        begun.set()
        order.append(f"begin {writing.publication.id}")
        await asyncio.sleep(0.3)
        order.append(f"end {writing.publication.id}")
        return await write(writing)

    async with stage(database, seals) as s:
        s.comments.write = slowly
        run = await a_run(s)
        old = await add_publication(database, s.tenant.id, run.id)
        await asyncio.wait_for(begun.wait(), 20)
        new = await add_publication(database, s.tenant.id, run.id)
        await settled(database, succeeded=2)
    assert order == [f"begin {old}", f"end {old}", f"begin {new}", f"end {new}"]
    assert s.comments.seen[1].previous is not None
    assert s.comments.seen[1].previous.id == old


async def test_two_comments_claimed_together_end_with_the_newer_one_only(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await a_run(s)
        old = await add_publication(database, s.tenant.id, run.id)
        new = await add_publication(database, s.tenant.id, run.id)
        async with s.office.at_work():
            await settled(database, succeeded=1, cancelled=1)
    assert [writing.publication.id for writing in s.comments.seen] == [new]
    assert (await row_of(database, publications, old)).error["error"] == "superseded"


async def test_comments_of_different_issues_do_not_wait_for_each_other(database: Database, seals: Seals) -> None:
    together = asyncio.Barrier(2)

    async def meet(writing: Writing) -> Written:
        await asyncio.wait_for(together.wait(), 20)
        return await write(writing)

    async with stage(database, seals) as s:
        s.comments.write = meet
        run = await a_run(s)
        for issue_id in ("1", "2"):
            await add_publication(database, s.tenant.id, run.id, issue_id=issue_id)
        await settled(database, succeeded=2)


async def test_wish_is_written_with_its_edits_and_noted(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await a_run(s)
        wish = Wish("subtasks", [0, 2], {"2": {"title": "Mine"}})
        asked = await s.office.publisher.ask(s.tenant, run, wish=wish, account_id="ann")
        await settled(database, succeeded=2)
        async with database.begin() as tx:
            (noted,) = await audit_rows.latest(tx, s.tenant.id)
    assert [(p.item, p.content, p.account_id, p.state) for p in asked] == [
        (0, {}, "ann", "queued"),
        (2, {"title": "Mine"}, "ann", "queued"),
    ]
    assert (noted.action, noted.account_id, noted.detail["items"]) == ("publication.asked", "ann", [0, 2])


async def test_wish_sent_five_times_at_once_is_written_once(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await a_run(s)
        wishes = (
            s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0, 1]), account_id="ann") for _ in range(5)
        )
        await asyncio.gather(*wishes)
        await settled(database, succeeded=2)
        again = await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0]), account_id="ann")
    assert sorted(writing.publication.item for writing in s.subtasks.seen) == [0, 1]
    assert again[0].state == "succeeded"
    assert again[0].remote_id is not None


async def test_item_that_failed_is_tried_again_when_asked_again_and_told_to_look_first(
    database: Database, seals: Seals
) -> None:
    async def refused(_: Writing) -> Written:
        raise JiraForbidden("No.")

    async with stage(database, seals) as s:
        run = await a_run(s)
        s.subtasks.write = refused
        await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0]), account_id="ann")
        await settled(database, failed=1)
        s.subtasks.write = write
        await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0], {"0": {"title": "B"}}), account_id="ann")
        await settled(database, succeeded=1)
    assert [writing.repeated for writing in s.subtasks.seen] == [False, True]
    assert s.subtasks.seen[1].publication.content == {"title": "B"}


async def test_run_without_a_result_cannot_be_written(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await run_of(database, s.tenant.id, await add_run(database, s.tenant.id))
        with pytest.raises(Conflict):
            await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")


async def test_item_there_is_not_is_refused_and_nothing_is_planned(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await a_run(s)
        with pytest.raises(Invalid):
            await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0, 9]), account_id="ann")
    assert await states(database, publications) == {}


async def test_place_this_release_does_not_know_fails_in_words(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        publication_id = await add_publication(database, s.tenant.id, (await a_run(s)).id, target="moon")
        await settled(database, failed=1)
    assert (await row_of(database, publications, publication_id)).error["error"] == "unknown_target"


# Sub-tasks in their order


async def test_subtasks_are_made_one_after_the_other_in_their_order(database: Database, seals: Seals) -> None:
    order: list[int] = []
    at_once = 0

    async def slowly(writing: Writing) -> Written:
        nonlocal at_once
        assert at_once == 0
        at_once += 1
        # The first take longest: side by side the last would be there first.
        await asyncio.sleep(0.1 - writing.publication.item * 0.02)
        at_once -= 1
        order.append(writing.publication.item)
        return await write(writing)

    async with stage(database, seals) as s:
        s.subtasks.write = slowly
        run = await a_run(s)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [4, 2, 0, 3, 1]), account_id="ann")
        async with awake() as passed:
            await settled(database, succeeded=5)
            assert passed() < 2
    assert order == [0, 1, 2, 3, 4]


async def test_subtask_that_fails_or_waits_for_its_next_try_holds_up_no_other(database: Database, seals: Seals) -> None:
    made: list[int] = []

    async def troubled(writing: Writing) -> Written:
        item = writing.publication.item
        if item == 0:
            raise JiraForbidden("No.")
        if item == 1 and not writing.repeated:
            raise Unavailable("Cut.", retry_after_s=0.6)
        made.append(item)
        return await write(writing)

    async with stage(database, seals) as s:
        s.subtasks.write = troubled
        run = await a_run(s)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0, 1, 2, 3]), account_id="ann")
        await settled(database, succeeded=3, failed=1)
    # Neither the failed one nor the one that waits stands in the way; a slow machine may take 1 before 3.
    assert (made[0], sorted(made)) == (2, [1, 2, 3])


async def test_subtasks_of_different_runs_do_not_wait_for_each_other(database: Database, seals: Seals) -> None:
    together = asyncio.Barrier(2)

    async def meet(writing: Writing) -> Written:
        await asyncio.wait_for(together.wait(), 20)
        return await write(writing)

    async with stage(database, seals) as s:
        s.subtasks.write = meet
        for issue_id in ("1", "2"):
            run = await a_run(s, issue_id)
            await s.office.publisher.ask(s.tenant, run, wish=Wish("subtasks", [0]), account_id="ann")
        await settled(database, succeeded=2)


@pytest.mark.parametrize(("state", "late"), [("running", True), ("queued", False), ("succeeded", False)])
async def test_words_that_came_after_a_worker_took_the_older_ones_are_not_waved_through(
    database: Database, state: str, late: bool
) -> None:
    tenant_id = await add_tenant(database)
    run = await run_of(database, tenant_id, await add_run(database, tenant_id, issue_id="10001", state="succeeded"))
    publication_id = await add_publication(database, tenant_id, run.id, state=state)
    async with database.begin() as tx:
        row = await publication_rows.get(tx, tenant_id, publication_id=publication_id)
    assert row is not None
    require_taken([Draft(row.target, row.item, row.marker, dict(row.content))], [row])
    newer = Draft(row.target, row.item, row.marker, {**row.content, "text": "newer"})
    if not late:
        require_taken([newer], [row])
        return
    with pytest.raises(Conflict) as refused:
        require_taken([newer], [row])
    assert refused.value.retry_after_s


async def test_what_a_rival_wrote_while_it_was_looked_at_is_the_previous_one(
    database: Database, seals: Seals, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = (await a_run(s)).id
        rival = await add_publication(database, s.tenant.id, run_id, state="running", created_at=1.0)
        mine = await add_publication(database, s.tenant.id, run_id, created_at=2.0)
        is_alone = claimed.is_alone

        async def after_the_rival(tx: AsyncConnection, publication: Publication) -> bool:
            await tx.execute(publications.update().where(publications.c.id == rival).values(state="succeeded"))
            return await is_alone(tx, publication)

        monkeypatch.setattr(claimed, "is_alone", after_the_rival)
        async with s.office.at_work():
            await settled(database, succeeded=2)
        (writing,) = s.comments.seen
        assert writing.publication.id == mine
        assert writing.previous is not None
        assert writing.previous.id == rival


async def test_of_two_that_meet_at_one_place_one_gives_way(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run_id = (await a_run(s)).id
        for created_at in (1.0, 2.0):
            await add_publication(database, s.tenant.id, run_id, state="running", created_at=created_at)
        one, other = await everything(database)

        async def asked() -> bool:
            async with database.begin() as tx:
                return await claimed.is_alone(tx, other)

        async with database.begin() as tx:
            assert not await claimed.is_alone(tx, one)
            asking = asyncio.create_task(asked())
            # The other hears nothing before this one has decided.
            await asyncio.wait({asking}, timeout=0.5)
            assert not asking.done()
            await tx.execute(publications.update().where(publications.c.id == one.id).values(state="queued"))
        assert await asking


async def everything(db: Database) -> list[Publication]:
    names = tuple(Publication.__dataclass_fields__)
    async with db.begin() as tx:
        found = await tx.execute(select(*(publications.c[name] for name in names)))
        return [Publication(*row) for row in found.all()]
