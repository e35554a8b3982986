"""Whether a result still speaks of the issue as it is, and what changed between two results."""

from typing import Any

import pytest

from addon.adf.nodes import doc, paragraph
from addon.errors import NotFound
from addon.reading.facts import Facts
from addon.reading.issue import read
from addon.results.analysis import Analysis, Subtask
from addon.runs.differences import of_items, of_overall, of_scores
from addon.runs.freshness import Freshness, compared
from addon.runs.start import IssueRef
from addon.store.db import Database
from addon.store.repos.runs import Run
from addon.store.secrets import Seals
from tests.rows import add_publication, add_run, add_tenant, run_of
from tests.unit.analysis.make import analysis, facts, result, scores
from tests.unit.reading.test_facts import TEXTAREA
from tests.unit.runs.make import stage
from tests.unit.targets.fake_jira import FakeJira, story

ISSUE = "10231"


async def run_in(
    db: Database, tenant_id: str, *, answer: Analysis | None = None, read: Facts | None = None, **row: Any
) -> Run:
    stored = {
        "state": "succeeded",
        "issue_id": ISSUE,
        "result": result(answer).model_dump(mode="json"),
        "facts": (read or facts()).model_dump(mode="json"),
        **row,
    }
    return await run_of(db, tenant_id, await add_run(db, tenant_id, **stored))


async def test_an_issue_without_a_result_is_neither_fresh_nor_stale(database: Database, seals: Seals) -> None:
    jira = FakeJira()
    async with stage(database, seals, at_work=False, jira=jira.answer) as s:
        await run_in(database, s.tenant.id, state="failed")
        await run_in(database, s.tenant.id, preview=True)
        found = await Freshness(s.office.desk).of_issue(s.tenant, IssueRef(ISSUE, None, "10010"), kind="analysis")
    assert (found.run, found.fresh, found.changed) == (None, None, ())
    assert jira.said == []


async def test_a_changed_issue_makes_its_newest_result_stale(database: Database, seals: Seals) -> None:
    jira = FakeJira()
    async with stage(database, seals, at_work=False, jira=jira.answer) as s:
        freshness, issue = Freshness(s.office.desk), IssueRef(ISSUE, None, "10010")
        before = await run_in(database, s.tenant.id, created_at=1.0)
        stale = await freshness.of_issue(s.tenant, issue, kind="analysis")
        assert (stale.run, stale.fresh) == (before, False)
        assert set(stale.changed) == {"labels", "description", "comment"}
        assert (await freshness.of_issue(s.tenant, issue, kind="criteria")).fresh is None


async def test_what_we_wrote_is_no_change_and_what_another_site_wrote_is_none_of_ours(
    database: Database, seals: Seals
) -> None:
    field = "customfield_10058"
    children = [{"id": key, "key": key, "fields": {"summary": key}} for key in ("SHOP-7", "SHOP-8")]
    criteria = doc(paragraph("The reason is shown"))
    jira = FakeJira(story(subtasks=children, **{field: criteria}))
    jira.editable = {field: {"name": "Acceptance criteria", "schema": TEXTAREA, "operations": ["set"]}}
    bare = FakeJira(story())
    before = await read(bare.session(), ISSUE, own_account_id=None)
    wrote = {"issue_id": ISSUE, "target": "field", "remote_id": field, "kept": {"wrote": "The reason is shown"}}
    async with stage(database, seals, at_work=False, jira=jira.answer) as s:
        mine, freshness, issue = s.tenant.id, Freshness(s.office.desk), IssueRef(ISSUE, None, "10010")
        run = await run_in(database, mine, read=before)
        stranger = await add_tenant(database)
        theirs = await run_in(database, stranger)
        for tenant_id, run_id, state in ((stranger, theirs.id, "succeeded"), (mine, run.id, "undone")):
            await add_publication(database, tenant_id, run_id, state=state, **wrote)
        assert set((await freshness.of_issue(s.tenant, issue, kind="analysis")).changed) == {"field", "subtask"}
        await add_publication(database, mine, run.id, state="succeeded", **wrote)
        for target, key in (("subtasks", "SHOP-7"), ("xray", "SHOP-8")):
            row = {"issue_id": ISSUE, "target": target, "remote_id": "1", "remote_key": key}
            assert (await freshness.of_issue(s.tenant, issue, kind="analysis")).changed == ("subtask",)
            await add_publication(database, mine, run.id, state="succeeded", **row)
        assert (await freshness.of_issue(s.tenant, issue, kind="analysis")).fresh is True


async def test_the_run_before_is_what_a_result_is_held_against(database: Database, seals: Seals) -> None:
    async with stage(database, seals, at_work=False) as s:
        freshness, mine = Freshness(s.office.desk), s.tenant.id
        first = await run_in(database, mine, created_at=1.0)
        second = await run_in(database, mine, created_at=2.0)
        # A single item written anew is a proposal, a preview is nobody's, another kind another matter.
        await run_in(database, mine, created_at=2.1, params={"regenerate": {"part": "criteria", "item": 0}})
        await run_in(database, mine, created_at=2.2, preview=True)
        await run_in(database, mine, created_at=2.3, kind="criteria")
        third = await run_in(database, mine, created_at=3.0)
        assert await freshness.since(third, None) == second
        assert await freshness.since(third, first.id) == first
        assert await freshness.since(first, None) is None
        for strange in (
            await run_in(database, mine, issue_id="7"),
            await run_in(database, mine, kind="criteria"),
            await run_in(database, await add_tenant(database)),
        ):
            with pytest.raises(NotFound):
                await freshness.since(third, strange.id)


async def pair(db: Database, before: Analysis, after: Analysis, **row: Any) -> tuple[Run, Run]:
    tenant_id = await add_tenant(db)
    return await run_in(db, tenant_id, answer=before), await run_in(db, tenant_id, answer=after, **row)


async def test_items_are_recognised_when_they_move_or_change_a_little(database: Database) -> None:
    api = Subtask(title="Return the reason from the API", description="The answer holds a code.")
    form = Subtask(title="Show the reason below the field", description="In red.")
    other = Subtask(title="Translate every message", description="French first.")
    changed = Subtask(title="Return the reason and its code from the API", description="The answer holds a code.")
    before, after = await pair(database, analysis(subtasks=[api, form]), analysis(subtasks=[other, form, changed]))
    found = of_items(before, after)
    assert [(each["part"], each["item"], each["title"]) for each in found["added"]] == [("subtasks", 0, other.title)]
    assert found["removed"] == []
    (moved,) = found["changed"]
    assert (moved["item"], moved["was"], moved["before"], moved["after"]) == (
        2, 0, api.model_dump(), changed.model_dump(),
    )  # fmt: skip


async def test_what_is_gone_is_told_and_questions_are_items_too(database: Database) -> None:
    before = analysis(questions=["Which vouchers are in scope?", "Who may see it?"])
    found = of_items(*await pair(database, before, analysis(questions=["Who may see it?"])))
    assert found["removed"] == [{"part": "questions", "item": 0, "title": "Which vouchers are in scope?"}]
    assert (found["added"], found["changed"]) == ([], [])


async def test_only_scores_that_moved_are_told(database: Database) -> None:
    better = [score.model_copy(update={"score": 5}) if score.aspect == "small" else score for score in scores()]
    before, after = await pair(database, analysis(), analysis(scores=better))
    assert of_scores(before, after) == [{"aspect": "small", "before": 3, "after": 5}]
    assert of_overall(before, after) == {"before": 60, "after": 67}
    unscored, _ = await pair(database, analysis(scores=[]), analysis())
    assert of_overall(unscored, after) is None


async def test_two_runs_are_compared_in_what_they_read_as_well(database: Database) -> None:
    before, after = await pair(database, analysis(), analysis(), facts=facts(description="New").model_dump(mode="json"))
    (change,) = compared(before, after)["facts"]
    assert (change["section"], change["after"]) == ("description", "New")


async def test_facts_of_another_release_are_no_reason_to_fail(database: Database) -> None:
    before, after = await pair(database, analysis(), analysis(), facts={"sections": [], "unknown": 1})
    assert compared(before, after)["facts"] == []
