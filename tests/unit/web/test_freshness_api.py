"""Whether a result still speaks of the issue, and what changed: read with the rights of whoever asks."""

from typing import Any

import pytest

from tests.unit.analysis.make import analysis, result
from tests.unit.web.door import ISSUE, KEY, Door, of_other_site
from tests.unit.web.test_runs_api import asked, ended
from tests.unit.web.test_verdicts_api import done


async def fresh(door: Door, issue: str = ISSUE, query: str = "", **more: Any) -> Any:
    return await door.api("GET", f"/issues/{issue}/freshness{query}", **more)


async def test_a_result_is_fresh_until_the_issue_changes(door: Door) -> None:
    assert (await fresh(door)).json() == {"run": None, "fresh": None, "changed": []}
    run = await ended(door, (await asked(door))["id"])
    assert (await fresh(door, KEY)).json() == {"run": run["id"], "fresh": True, "changed": []}
    fields = door.jira.issues[ISSUE]["fields"]
    fields |= {"summary": "As a buyer I want to pay by invoice", "labels": ["money"]}
    assert (await fresh(door)).json() == {"run": run["id"], "fresh": False, "changed": ["labels", "summary"]}
    assert (await fresh(door, query="?kind=criteria")).json()["run"] is None


async def test_asking_reads_the_issue_once_and_no_model(door: Door) -> None:
    await ended(door, (await asked(door))["id"])
    door.jira.requests.clear()
    await fresh(door)
    reads = [request.url.path for request in door.jira.requests if "/permissions/" not in request.url.path]
    assert [path for path in reads if path.endswith(f"/issue/{ISSUE}")] == [f"/rest/api/3/issue/{ISSUE}"] * 2


async def test_an_issue_one_may_not_see_and_a_kind_there_is_not_are_refused(door: Door) -> None:
    await ended(door, (await asked(door))["id"])
    assert (await fresh(door, who="eve")).status_code == 404
    # Another site may have an issue of the same number; what was found here is not about that one.
    assert (await fresh(door, token=of_other_site())).json()["run"] is None
    assert (await fresh(door, query="?kind=summary")).status_code == 422


async def test_an_unchanged_issue_is_answered_from_what_is_known(door: Door) -> None:
    first = await ended(door, (await asked(door))["id"])
    again = await ended(door, (await asked(door))["id"])
    assert again["id"] != first["id"]
    assert again["result"] == first["result"]
    found = (await door.api("GET", f"/runs/{again['id']}/changes")).json()
    assert found == {
        "since": first["id"], "facts": [], "items": {"added": [], "removed": [], "changed": []}, "scores": [],
        "overall": {"before": first["result"]["overall"], "after": first["result"]["overall"]},
    }  # fmt: skip


async def test_the_first_result_has_nothing_to_be_compared_with(door: Door) -> None:
    run_id = await done(door)
    assert (await door.api("GET", f"/runs/{run_id}/changes")).json()["since"] is None


async def test_two_results_are_compared_item_by_item(door: Door) -> None:
    before = await done(door, created_at=1.0)
    answer = result(analysis(questions=["Who decides?"])).model_dump(mode="json")
    after = await done(door, created_at=2.0, result=answer)
    for query in ("", f"?since={before}"):
        found = (await door.api("GET", f"/runs/{after}/changes{query}")).json()
        assert found["since"] == before
        assert [item["title"] for item in found["items"]["added"]] == ["Who decides?"]
        assert [item["title"] for item in found["items"]["removed"]] == ["Which vouchers are in scope?"]


@pytest.mark.parametrize("since", ["0193f000-0000-7000-8000-000000000000", "nonsense"])
async def test_what_cannot_be_compared_is_refused(door: Door, since: str) -> None:
    run_id = await done(door)
    answer = await door.api("GET", f"/runs/{run_id}/changes?since={since}")
    assert answer.status_code == (422 if since == "nonsense" else 404)
    assert (await door.api("GET", f"/runs/{run_id}/changes", who="eve")).status_code == 404
    failed = await done(door, state="failed", result=None)
    assert (await door.api("GET", f"/runs/{failed}/changes")).status_code == 409
