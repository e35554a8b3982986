"""Results and the issues they are about: known ones at once, changes told apart, brought up to date, no loop."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from addon.adf.nodes import doc, paragraph
from tests.flow import acts, publishing
from tests.stack import JiraSite, Stack, eventually

pytestmark = pytest.mark.process

SETTLED_S = 40.0
"""Longer than an issue rests after a change."""


@pytest.fixture
def site(model_stack: Stack, model: Callable[..., Any]) -> JiraSite:
    return model_stack.site(0)


@pytest.fixture
def reruns(site: JiraSite) -> Iterator[None]:
    """The project wants changed issues analysed again."""
    switch(site, on=True)
    yield
    switch(site, on=False)


def switch(site: JiraSite, *, on: bool) -> None:
    number = site.ask("GET", "/state")["projects"]["SHOP"]["id"]
    settings = {"rerun_on_update": on, "rerun_cooldown_minutes": 1}
    assert site.api("PUT", f"/projects/{number}/settings", user="ann", body=settings).status_code == 200


def analysed(site: JiraSite, **more: Any) -> tuple[Any, Any]:
    issue = site.create_issue(**{"description": acts.STORY, **more})
    return issue, acts.first_run(site, issue)


def edit(site: JiraSite, issue: Any, **fields: Any) -> None:
    """A person changes the issue, and Jira tells the add-on about it."""
    site.ask("PUT", f"/issues/{issue['key']}", {"user": "tess", **fields})
    eventually(lambda: updates(site, issue), "delivered change")


def updates(site: JiraSite, issue: Any) -> list[Any]:
    """The delivered changes of an issue, once none is under way."""
    found = site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]
    mine = [each for each in found if each["event"] == "jira:issue_updated"]
    return mine if mine and all(each["state"] != "under way" for each in found) else []


def waiting(stack: Stack, issue: Any) -> int:
    (row,) = acts.rows(stack, "SELECT count(*) FROM reruns WHERE issue_id = :id", id=issue["id"])
    return int(row[0])


def freshness(site: JiraSite, issue: Any, kind: str = "analysis") -> Any:
    answer = site.api("GET", f"/issues/{issue['id']}/freshness?kind={kind}", user="tess")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_unchanged_issue_is_answered_at_once_and_without_the_model(
    site: JiraSite, model: Callable[..., Any]
) -> None:
    issue, first = analysed(site)
    assert freshness(site, issue) == {"run": first["id"], "fresh": True, "changed": []}
    asked = len(model("requests"))
    began = time.monotonic()
    again = acts.over(site, acts.analyse(site, issue["id"])["id"])
    assert time.monotonic() - began < 15
    assert again["result"] == first["result"]
    assert (again["usage"]["input_tokens"], again["usage"]["output_tokens"]) == (0, 0)
    assert len(model("requests")) == asked
    forced = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    assert forced["usage"]["input_tokens"] > 0


def test_a_changed_issue_is_told_from_its_result_and_the_results_from_each_other(site: JiraSite) -> None:
    issue, first = analysed(site)
    edit(site, issue, summary="As a librarian I want to lend books", labels=["lending"])
    found = freshness(site, issue)
    assert (found["run"], found["fresh"]) == (first["id"], False)
    assert set(found["changed"]) == {"labels", "summary"}
    second = acts.over(site, acts.analyse(site, issue["id"])["id"])
    assert second["usage"]["input_tokens"] > 0
    for query in ("", f"?since={first['id']}"):
        changes = site.api("GET", f"/runs/{second['id']}/changes{query}", user="tess").json()
        assert changes["since"] == first["id"]
        texts = {fact["section"]: fact["after"] for fact in changes["facts"]}
        assert texts["summary"] == "As a librarian I want to lend books"
        # The test model puts the title into its sub-tasks: they are the same ones, changed.
        assert {item["part"] for item in changes["items"]["changed"]} == {"subtasks"}
        assert changes["overall"] is not None
    assert freshness(site, issue)["fresh"] is True
    assert site.api("GET", f"/runs/{second['id']}/changes", user="nina").status_code == 200
    assert freshness(site, issue, "criteria") == {"run": None, "fresh": None, "changed": []}


def test_what_others_may_not_see_is_neither_fresh_nor_stale_to_them(site: JiraSite) -> None:
    secret = site.create_issue("SECRET", "A hidden wish", user="ann")
    run = eventually(lambda: site.runs(secret["id"], "ann"), "run")[0]
    assert site.api("GET", f"/issues/{secret['id']}/freshness", user="tess").status_code == 404
    assert site.api("GET", f"/runs/{run['id']}/changes", user="tess").status_code == 404


def test_nothing_is_analysed_again_unless_the_project_wants_it(site: JiraSite, model_stack: Stack) -> None:
    issue, _ = analysed(site)
    edit(site, issue, summary="Another title")
    assert waiting(model_stack, issue) == 0
    acts.time_passes(model_stack, SETTLED_S)
    assert len(site.runs(issue["id"])) == 1


@pytest.mark.usefixtures("reruns")
def test_a_burst_of_changes_is_one_new_analysis_and_the_one_comment_is_brought_up_to_date(
    site: JiraSite, model_stack: Stack
) -> None:
    issue, first = analysed(site)
    (comment,) = acts.analyses(site, issue["key"])
    for number in range(5):
        edit(site, issue, summary=f"Keep books on list number {number}")
    assert waiting(model_stack, issue) == 1
    assert len(site.runs(issue["id"])) == 1
    acts.time_passes(model_stack, SETTLED_S + 60)
    new = eventually(lambda: site.runs(issue["id"])[:-1], "new analysis")[0]
    done = acts.over(site, new["id"])
    assert (done["trigger"], done["status"], done["asked_by"]) == ("update", "succeeded", None)
    assert "Keep books on list number 4" in str(done["result"])
    (updated,) = acts.analyses(site, issue["key"])
    assert (updated["id"], updated["text"] == comment["text"]) == (comment["id"], False)
    assert acts.children(site, issue["key"]) == []
    assert waiting(model_stack, issue) == 0
    assert len(site.runs(issue["id"])) == 2
    assert first["id"] in {run["id"] for run in site.runs(issue["id"])}


@pytest.mark.usefixtures("reruns")
@pytest.mark.parametrize("fields", [{"assignee": None, "priority": {"id": "1"}}, {"customfield_10016": 5}])
def test_a_change_of_what_is_not_read_starts_nothing(
    site: JiraSite, model_stack: Stack, fields: dict[str, Any]
) -> None:
    issue, _ = analysed(site)
    edit(site, issue, **fields)
    assert waiting(model_stack, issue) == 0


@pytest.mark.usefixtures("reruns")
def test_writing_into_the_description_starts_nothing_and_is_no_change(
    site: JiraSite, model_stack: Stack, model: Callable[..., Any]
) -> None:
    issue, run = analysed(site)
    acts.publish(site, run["id"], target="description")
    assert [p["status"] for p in acts.written(site, run["id"], "description")] == ["done"]
    eventually(lambda: updates(site, issue), "our own change told to us")
    assert waiting(model_stack, issue) == 0
    assert freshness(site, issue)["fresh"] is True
    # A person changes something beside our section that makes no difference to what is read.
    (comment,) = acts.analyses(site, issue["key"])
    asked = len(model("requests"))
    description = site.ask("GET", f"/issues/{issue['key']}")["fields"]["description"]
    site.ask("PUT", f"/issues/{issue['key']}", {"user": "tess", "description": moved(description)})
    eventually(lambda: waiting(model_stack, issue), "noted change")
    acts.time_passes(model_stack, SETTLED_S + 60)
    new = eventually(lambda: site.runs(issue["id"])[:-1], "new analysis")[0]
    done = acts.over(site, new["id"])
    assert (done["status"], done["usage"]["input_tokens"], done["publications"]) == ("succeeded", 0, [])
    assert len(model("requests")) == asked
    assert acts.analyses(site, issue["key"]) == [comment]
    # And that is the end of it.
    acts.time_passes(model_stack, SETTLED_S + 60)
    time.sleep(2.5)
    assert waiting(model_stack, issue) == 0
    assert len(site.runs(issue["id"])) == 2


def test_what_we_made_of_a_result_is_no_change_and_is_not_paid_again(site: JiraSite, model: Callable[..., Any]) -> None:
    issue, run = analysed(site)
    acts.publish(site, run["id"], items=[0])
    publishing.publish(site, publishing.wish(run, "field"))
    for target in ("subtasks", "field"):
        assert [p["status"] for p in publishing.settled(site, run["id"], target)] == ["done"]
    assert len(acts.children(site, issue["key"])) == 1
    assert freshness(site, issue) == {"run": run["id"], "fresh": True, "changed": []}
    asked = len(model("requests"))
    again = acts.over(site, acts.analyse(site, issue["id"])["id"])
    assert (again["usage"]["input_tokens"], again["result"]) == (0, run["result"])
    assert len(model("requests")) == asked
    # The reading knows the sub-task all the same; what a person makes of the field is a change.
    assert "subtask" in again["facts_read"]
    assert freshness(site, issue)["fresh"] is True
    words = doc(paragraph("Only a person could say this so plainly"))
    site.ask("PUT", f"/issues/{issue['key']}", {"user": "tess", publishing.FIELD: words})
    assert freshness(site, issue)["changed"] == ["field"]


def moved(description: Any) -> Any:
    """The same blocks with the last one, which is ours, first."""
    *others, ours = description["content"]
    return {**description, "content": [ours, *others]}


@pytest.mark.usefixtures("reruns")
def test_a_change_while_the_issue_is_being_read_is_not_lost(
    site: JiraSite, model_stack: Stack, model: Callable[..., Any]
) -> None:
    issue, _ = analysed(site)
    model("script", ["hang"])
    busy = acts.analyse(site, issue["id"], force=True)
    eventually(lambda: acts.run(site, busy["id"])["progress"]["stage"] == "thinking", "thinking")
    edit(site, issue, summary="Changed in the middle")
    acts.time_passes(model_stack, SETTLED_S + 60)
    eventually(lambda: waiting(model_stack, issue) == 1, "change kept for later")
    assert site.api("DELETE", f"/runs/{busy['id']}", user="tess").status_code == 200
    acts.over(site, busy["id"])
    acts.time_passes(model_stack, SETTLED_S + 60)
    new = eventually(lambda: [r for r in site.runs(issue["id"]) if r["trigger"] == "update"], "new analysis")[0]
    assert "Changed in the middle" in str(acts.over(site, new["id"])["result"])
