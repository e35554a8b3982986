"""Prompts of projects: versions that stay, one of them in force, every change audited."""

import asyncio
import hashlib

import pytest

from addon.errors import Invalid, NotFound
from addon.policy.prompts import KINDS, MOST_VERSIONS, ProjectPrompt, Prompts
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import prompts as rows
from addon.store.repos.prompts import Place, PromptRow
from tests.rows import add_tenant


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def place_in(db: Database, kind: str = "analysis", project: str = "10000") -> Place:
    return Place(await add_tenant(db), project, kind)


async def active(prompts: Prompts, place: Place) -> ProjectPrompt | None:
    return await prompts.active(place.tenant_id, place.project_id, kind=place.kind)


async def test_a_project_has_no_words_of_its_own_until_somebody_writes_some(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    assert await active(prompts, place) is None
    shown = await prompts.of_project(place.tenant_id, "10000")
    assert [(each.kind, each.choice, each.versions, each.active) for each in shown] == [
        (kind, None, (), None) for kind in KINDS
    ]


async def test_versions_count_up_and_the_newest_is_in_force_at_once(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    assert await active(prompts, place) is None
    for text in ("one", "two"):
        await prompts.add(place, text=f"  {text}\n", note=" why ", account_id="ann")
    assert await active(prompts, place) == ProjectPrompt(2, "two")
    (shown, *_) = await prompts.of_project(place.tenant_id, "10000")
    assert [(row.version, row.text, row.note, row.account_id) for row in shown.versions] == [
        (2, "two", "why", "ann"),
        (1, "one", "why", "ann"),
    ]
    assert shown.active == shown.versions[0]


async def test_an_older_version_and_the_built_in_one_can_be_taken_back(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    for text in ("one", "two"):
        await prompts.add(place, text=text, note="", account_id="ann")
    await prompts.activate(place, 1, account_id="bob")
    assert await active(prompts, place) == ProjectPrompt(1, "one")
    await prompts.activate(place, None, account_id="bob")
    assert await active(prompts, place) is None
    added = await prompts.add(place, text="three", note="", account_id="ann")
    assert added.version == 3
    assert (await prompts.version(place, 1)).text == "one"


async def test_what_there_is_not_cannot_be_activated_or_read(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    for act in (prompts.activate(place, 1, account_id="ann"), prompts.version(place, 1)):
        with pytest.raises(NotFound):
            await act
    assert await active(prompts, place) is None


async def test_projects_kinds_and_sites_do_not_share(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    await prompts.add(place, text="ours", note="", account_id="ann")
    others = (
        Place(place.tenant_id, "2", "analysis"),
        Place(place.tenant_id, "10000", "criteria"),
        await place_in(database),
    )
    for other in others:
        assert await active(prompts, other) is None
        with pytest.raises(NotFound):
            await prompts.activate(other, 1, account_id="ann")


async def test_an_empty_text_and_one_version_too_many_are_refused(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    with pytest.raises(Invalid):
        await prompts.add(place, text=" \n", note="", account_id="ann")
    async with database.begin() as tx:
        await rows.add(tx, place, row=PromptRow("analysis", MOST_VERSIONS, "last", "", None, 1.0))
    await prompts.activate(place, MOST_VERSIONS, account_id="ann")
    with pytest.raises(Invalid):
        await prompts.add(place, text="more", note="", account_id="ann")
    # A refusal changes nothing of what is in force.
    assert await active(Prompts(database), place) == ProjectPrompt(MOST_VERSIONS, "last")


async def test_two_who_save_at_once_get_two_versions(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    adding = [prompts.add(place, text=f"text {number}", note="", account_id="ann") for number in range(5)]
    assert sorted(row.version for row in await asyncio.gather(*adding)) == [1, 2, 3, 4, 5]


async def test_another_process_sees_a_change_after_ten_seconds(database: Database) -> None:
    clock = Clock()
    prompts, elsewhere, place = Prompts(database), Prompts(database, clock=clock), await place_in(database)
    assert await active(elsewhere, place) is None
    await prompts.add(place, text="new", note="", account_id="ann")
    assert await active(elsewhere, place) is None
    clock.now += 10.1
    assert await active(elsewhere, place) == ProjectPrompt(1, "new")


async def test_the_audit_tells_which_text_it_was_without_repeating_it(database: Database) -> None:
    prompts, place = Prompts(database), await place_in(database)
    await prompts.add(place, text="Look at the budget.", note="", account_id="ann")
    await prompts.activate(place, None, account_id="bob")
    async with database.single() as tx:
        back, added = await audit.latest(tx, place.tenant_id)
    assert (added.action, added.account_id, added.subject) == ("prompt.added", "ann", "10000")
    digest = hashlib.sha256(b"Look at the budget.").hexdigest()
    assert added.detail == {"kind": "analysis", "version": 1, "length": 19, "sha256": digest}
    assert (back.action, back.detail) == ("prompt.activated", {"kind": "analysis", "version": None})
