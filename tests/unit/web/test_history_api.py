import pytest

from tests.unit.web.door import ISSUE, PROJECT, Door, of_other_site
from tests.unit.web.test_runs_api import asked, ended

SECOND = "10024"


async def two_runs(door: Door) -> list[str]:
    """Ids of an older and a newer run of ann's, on two issues."""
    door.jira.add_issue(SECOND, "ABC-8", PROJECT)
    door.jira.grant("ann", "issue", SECOND, "BROWSE_PROJECTS", "ADD_COMMENTS")
    ids = []
    for issue in (ISSUE, SECOND):
        ids.append((await asked(door, issue))["id"])
        await ended(door, ids[-1])
    return ids


async def test_a_person_reads_their_runs_page_by_page(door: Door) -> None:
    older, newer = await two_runs(door)
    first = (await door.api("GET", "/history?limit=1")).json()
    assert ([run["id"] for run in first["runs"]], first["next"]) == ([newer], newer)
    second = (await door.api("GET", f"/history?limit=1&before={first['next']}")).json()
    assert [run["id"] for run in second["runs"]] == [older]
    assert (await door.api("GET", f"/history?before={older}")).json() == {"runs": [], "next": None}


async def test_the_history_can_be_narrowed(door: Door) -> None:
    await two_runs(door)
    for query, count in (("kind=analysis", 2), ("kind=summary", 0), ("status=succeeded", 2), ("status=failed", 0)):
        assert len((await door.api("GET", f"/history?{query}")).json()["runs"]) == count


async def test_what_others_asked_for_and_other_sites_are_not_in_it(door: Door) -> None:
    await two_runs(door)
    assert (await door.api("GET", "/history", who="bob")).json()["runs"] == []
    assert (await door.api("GET", "/history", token=of_other_site())).json()["runs"] == []


async def test_an_issue_one_has_lost_sight_of_is_left_out(door: Door) -> None:
    older, _ = await two_runs(door)
    door.jira.rights.pop(("ann", "issue", SECOND), None)
    assert [run["id"] for run in (await door.api("GET", "/history")).json()["runs"]] == [older]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "kind=export2", "status=odd", "before=x", "page=2"])
async def test_a_page_that_cannot_be_is_refused(door: Door, query: str) -> None:
    assert (await door.api("GET", f"/history?{query}")).status_code == 422
