"""A publication on its way back: once, fenced by its lease, and as it was when that cannot be."""

import asyncio
import time
from typing import Any

import pytest

from addon.errors import Conflict, NotFound, Unavailable
from addon.runs.feature import CannotUndo, Writing
from addon.runs.publish import Wish
from addon.runs.view import publication_view
from addon.store.db import Database
from addon.store.leases import Claims
from addon.store.repos import publications as rows
from addon.store.repos.publications import Publication
from addon.store.secrets import Seals
from addon.store.tables.runs import publications
from tests.rows import add_publication, row_of, states
from tests.unit.runs.make import Stage, stage, until
from tests.unit.runs.test_publish import a_run, settled


async def written(s: Stage, **values: Any) -> Publication:
    done = {"state": "succeeded", "remote_id": "7", "url": "https://acme.atlassian.net/browse/ABC-1", "kept": {"a": 1}}
    made = await add_publication(s.db, s.tenant.id, (await a_run(s)).id, **(done | values))
    return await s.office.publisher.get(s.tenant.id, made)


async def test_it_is_taken_back_once_however_often_that_is_asked(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        publication = await written(s)
        ask = s.office.publisher.undo
        asked = await asyncio.gather(*(ask(publication, account_id="ann") for _ in range(5)))
        assert all(one.undoing for one in asked if one.state in ("queued", "running"))
        await settled(database, undone=1)
        again = await ask(publication, account_id="ann")
    assert len(s.comments.undone) == 1
    assert s.comments.undone[0].kept == {"a": 1}
    row = await row_of(database, publications, publication.id)
    assert (row.undoing, row.remote_id, row.url, row.kept) == (False, None, None, {})
    assert (publication_view(again)["status"], publication_view(again)["undoable"]) == ("undone", False)


async def test_trouble_that_passes_delays_it(database: Database, seals: Seals) -> None:
    async def once(writing: Writing) -> None:
        if len(s.comments.undone) == 1:
            raise Unavailable("Cut.", retry_after_s=0.0)

    async with stage(database, seals) as s:
        s.comments.unwrite = once
        await s.office.publisher.undo(await written(s), account_id="ann")
        await settled(database, undone=1)
    assert [writing.repeated for writing in s.comments.undone] == [False, True]


async def test_what_cannot_be_taken_back_stays_with_the_reason(database: Database, seals: Seals) -> None:
    async def changed(writing: Writing) -> None:
        raise CannotUndo("Somebody changed it.")

    async with stage(database, seals) as s:
        s.comments.unwrite = changed
        publication = await written(s)
        await s.office.publisher.undo(publication, account_id="ann")
        await settled(database, succeeded=1)
        found = await s.office.publisher.get(s.tenant.id, publication.id)
    shown = publication_view(found)
    assert (shown["status"], shown["undoable"], shown["error"]["error"]) == ("done", True, "cannot_undo")
    assert (found.remote_id, found.kept, found.undoing) == ("7", {"a": 1}, False)


async def test_what_a_newer_one_replaced_is_left_to_it(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        older = await written(s, created_at=1.0)
        await written(s, created_at=2.0)
        await written(s, created_at=3.0, slot="criteria")
        await s.office.publisher.undo(older, account_id="ann")
        await settled(database, succeeded=3)
    assert s.comments.undone == []
    row = await row_of(database, publications, older.id)
    assert "newer result" in row.error["detail"]


async def test_an_undo_that_waits_sets_no_newer_writing_aside(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        publication = await written(s)
        await s.office.publisher.undo(publication, account_id="ann")
        run = await a_run(s)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        async with s.office.at_work():
            # Whichever comes first: the other one is taken back, or is told that a newer one stands in its place.
            await until(lambda: _ended(database))
        assert len(s.comments.seen) == 1


async def _ended(database: Database) -> bool:
    found = await states(database, publications)
    return set(found) <= {"undone", "succeeded"} and sum(found.values()) == 2


async def test_a_worker_that_dies_in_the_middle_leaves_it_to_the_next(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        publication = await written(s)
        await s.office.publisher.undo(publication, account_id="ann")
        async with database.begin() as tx:
            claimed = await Claims(publications, "dead", lease_s=0).claim(tx, "priority", limit=1, now=time.time())
        assert len(claimed) == 1
        async with s.office.at_work():
            await settled(database, undone=1)
    assert [writing.repeated for writing in s.comments.undone] == [True]


async def test_one_given_up_counts_as_written_and_may_be_taken_back_again(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        publication = await written(s, state="failed", undoing=True, error={"error": "worker_lost", "detail": "x"})
        assert publication_view(publication)["status"] == "done"
        assert publication_view(publication)["undoable"]
        again = await s.office.publisher.undo(publication, account_id="ann")
    assert (again.state, again.undoing) == ("queued", True)
    assert publication_view(again)["undoing"]


async def test_what_was_taken_back_can_be_written_again(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await a_run(s)
        (asked,) = await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        await settled(database, succeeded=1)
        await s.office.publisher.undo(asked, account_id="ann")
        await settled(database, undone=1)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        await settled(database, succeeded=1)
    assert [writing.repeated for writing in s.comments.seen] == [False, True]


async def test_only_a_failed_one_is_tried_again(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        failed = await written(s, state="failed", target="subtasks", kept=None, error={"error": "x", "detail": "y"})
        done = await written(s)
        await s.office.publisher.retry(failed, account_id="ann")
        assert (await s.office.publisher.retry(done, account_id="ann")).state == "succeeded"
        await settled(database, succeeded=2)
    assert (len(s.subtasks.seen), len(s.comments.seen)) == (1, 0)


async def test_some_places_take_nothing_back_and_strangers_find_nothing(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        final = await written(s, target="zephyr")
        with pytest.raises(Conflict, match="no way to delete"):
            await s.office.publisher.undo(final, account_id="ann")
        assert not publication_view(final)["undoable"]
        with pytest.raises(NotFound):
            await s.office.publisher.get("another tenant", final.id)


async def test_how_far_a_write_has_come_is_kept_for_the_next_attempt(database: Database, seals: Seals) -> None:
    async def half(writing: Writing) -> Any:
        if not writing.repeated:
            await writing.keep({"remote_key": "ABC-7", "remote_id": "7", "url": "https://x"})
            raise Unavailable("Cut.", retry_after_s=0.0)
        assert writing.kept["remote_key"] == "ABC-7"
        return await s.comments.__class__("x").write(writing)

    async with stage(database, seals) as s:
        s.comments.write = half
        publication = await written(s, state="queued", remote_id=None, url=None, kept=None)
        await settled(database, succeeded=1)
    row = await row_of(database, publications, publication.id)
    assert row.kept["remote_key"] == "ABC-7"
    assert row.attempts == 2


async def test_whoever_lost_the_lease_keeps_nothing(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        publication = await written(s, state="queued", kept=None)
        async with database.begin() as tx:
            (lease,) = await Claims(publications, "one", lease_s=0).claim(tx, "default", limit=1, now=1e12)
            assert await rows.keep(tx, lease, kept={"a": 2})
        async with database.begin() as tx:
            await tx.execute(publications.update().values(worker="two"))
            assert not await rows.keep(tx, lease, kept={"a": 3})
    assert (await row_of(database, publications, publication.id)).kept == {"a": 2}


async def test_other_words_take_the_place_of_what_was_written(database: Database, seals: Seals) -> None:
    async with stage(database, seals) as s:
        run = await a_run(s)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        await settled(database, succeeded=1)
        await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        assert len(s.comments.seen) == 1
        async with database.begin() as tx:
            await tx.execute(publications.update().values(content={"older": "words"}))
        await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")
        await settled(database, succeeded=1)
        assert len(s.comments.seen) == 2
        async with database.begin() as tx:
            await tx.execute(publications.update().values(content={"older": "words"}, state="running"))
        with pytest.raises(Conflict, match="just now"):
            await s.office.publisher.ask(s.tenant, run, wish=Wish("comment"), account_id="ann")


async def test_sections_of_one_description_are_written_one_after_the_other(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await a_run(s)
        for number, slot in enumerate(("criteria", "scenarios", "analysis")):
            place = {"target": "description", "slot": slot, "issue_id": "5", "created_at": float(number)}
            await add_publication(s.db, s.tenant.id, run.id, **place)
        await add_publication(s.db, s.tenant.id, run.id, target="description", slot="criteria", issue_id="6")
        claims = Claims(publications, "one", turn=rows.turn)
        async with database.begin() as tx:
            first = await claims.claim(tx, "default", limit=9, now=1e12)
            second = await claims.claim(tx, "default", limit=9, now=1e12)
    assert (len(first), len(second)) == (2, 0)


async def test_a_preview_holds_the_words_of_the_wish_and_leaves_no_row(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        run = await a_run(s)
        shown = await s.office.publisher.preview(s.tenant, run, wish=Wish("subtasks", [0, 2]))
        assert [item.title for item in shown.items] == [f"subtasks:{run.id}:{n}" for n in (0, 2)]
    await settled(database)
