"""The add-on's job, seen from Jira: what happens to a new issue, and what people do with the result.

The rules are the analyst, so that every answer is known. What the database has a say in happens on both of them.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.flow import acts
from tests.stack import JiraSite, Stack, eventually

pytestmark = pytest.mark.process

RULES = "built-in rules, without a language model"
CRITERIA = "customfield_10058"


class Place(NamedTuple):
    """One site, and the stack it belongs to."""

    stack: Stack
    site: JiraSite


on_both = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A site whose analyst is the rules; on PostgreSQL because its administrator chose them."""
    database = getattr(request, "param", "sqlite")
    if database == "sqlite":
        stack: Stack = request.getfixturevalue("stack")
        site = stack.site(1)
    else:
        stack = request.getfixturevalue("model_stack")
        site = stack.site(2)
        assert site.api("PUT", "/site/model", user="ann", body={"provider": "rules"}).status_code == 200
    site.ask("POST", "/clear", {"what": ["requests", "complaints"]})
    yield Place(stack, site)
    assert site.complaints() == []
    if database == "postgresql":
        assert site.api("PUT", "/site/model", user="ann", body={"provider": None}).status_code == 200


@pytest.fixture
def site(place: Place) -> JiraSite:
    return place.site


@pytest.fixture
def decide(site: JiraSite) -> Iterator[Callable[..., None]]:
    """Changes project settings through the administrators' door; they are as before when the test ends."""
    before: dict[str, Any] = {}

    def change(project: str, **settings: Any) -> None:
        before.setdefault(project, _settings(site, "GET", project))
        _settings(site, "PUT", project, settings)

    yield change
    for project, settings in before.items():
        _settings(site, "PUT", project, settings)


def _settings(site: JiraSite, method: str, project: str, body: Any = None) -> dict[str, Any]:
    number = site.ask("GET", "/state")["projects"][project]["id"]
    answer = site.api(method, f"/projects/{number}/settings", user="ann", body=body)
    assert answer.status_code == 200, answer.text
    return {name: value for name, value in answer.json().items() if not name.startswith("updated_")}


def analysed(site: JiraSite, **more: Any) -> tuple[Any, Any]:
    """A new issue and its ended run."""
    issue = site.create_issue(**{"description": acts.STORY, **more})
    return issue, acts.first_run(site, issue)


# What happens by itself


@on_both
def test_new_issue_gets_exactly_one_comment_that_says_who_judged(site: JiraSite) -> None:
    issue, run = analysed(site)
    (comment,) = site.comments(issue["key"])
    assert RULES in comment["text"]
    assert comment["properties"] == {
        "com.jiravision.addon": {"kind": "analysis", "publication": f"comment:{issue['id']}:{run['id']}"}
        | {"issue": issue["id"]}
    }
    assert (run["status"], run["trigger"], run["error"]) == ("succeeded", "webhook", None)
    assert (run["result"]["author"], run["result"]["notice"]) == ("rules", "no_model")
    assert {"summary", "description"} <= set(run["facts_read"])
    (publication,) = run["publications"]
    assert (publication["status"], publication["remote_id"]) == ("done", comment["id"])
    assert publication["url"].endswith(f"/browse/{issue['key']}?focusedCommentId={comment['id']}")
    (delivery,) = site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [204]


def test_issue_in_french_is_answered_in_french(site: JiraSite) -> None:
    text = "En tant que lecteur, je veux retrouver mes livres afin de les relire.\n\n- rapide et convivial"
    issue, run = analysed(site, project="FR", summary="Retrouver les livres de ma liste", description=text)
    assert run["result"]["analysis"]["language"] == "fr"
    text = site.comment_on(issue["key"])["text"]
    assert "sans modèle de langage" in text
    assert "Issue review" not in text


@pytest.mark.parametrize(("project", "kind"), [("SHOP", "Bug"), ("FR", "Bogue"), ("DESK", "Incident")])
def test_bug_report_is_judged_as_one(site: JiraSite, project: str, kind: str) -> None:
    text = "Steps to reproduce:\n1. open the basket\n2. pay\n\nExpected: a receipt\n\nActual: an empty page"
    _, run = analysed(site, project=project, type=kind, summary="The receipt is empty", description=text)
    analysis = run["result"]["analysis"]
    assert analysis["nature"] == "bug"
    assert {score["aspect"] for score in analysis["scores"]} >= {"steps", "expected", "actual", "environment"}


def test_comment_on_a_request_of_a_customer_is_internal_and_stays_so(site: JiraSite) -> None:
    issue, _ = analysed(site, project="DESK", summary="Please reset my password")
    assert site.comment_on(issue["key"])["internal"] is True
    acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    (comment,) = site.comments(issue["key"])
    assert comment["internal"] is True
    assert comment["updated"] > comment["created"]


# Settings of a project


@on_both
def test_project_that_wants_no_analyses_gets_none_until_somebody_asks(
    site: JiraSite, decide: Callable[..., None]
) -> None:
    decide("SHOP", auto_analyze=False)
    issue = site.create_issue()
    delivered(site, issue)
    assert site.runs(issue["id"]) == []
    run = acts.over(site, acts.analyse(site, issue["id"])["id"])
    assert (run["status"], run["trigger"]) == ("succeeded", "panel")
    assert len(site.comments(issue["key"])) == 1


def test_only_chosen_types_of_issues_are_analysed(site: JiraSite, decide: Callable[..., None]) -> None:
    decide("SHOP", issue_types=["Bug", "10005"])
    story = site.create_issue(type="Story")
    bug, _ = analysed(site, type="Bug")
    task, _ = analysed(site, type="Task")
    delivered(site, story)
    assert [len(site.runs(issue["id"])) for issue in (story, bug, task)] == [0, 1, 1]


@pytest.mark.parametrize(("ignored", "runs"), [(True, 0), (False, 1)])
def test_issues_of_other_apps_are_left_alone_if_the_project_says_so(
    site: JiraSite, decide: Callable[..., None], ignored: bool, runs: int
) -> None:
    decide("SHOP", ignore_apps=ignored)
    issue = site.create_issue(webhook=False)
    deliver(site, created(site, issue, user={"accountId": "557058:another-app", "accountType": "app"}))
    if runs:
        acts.first_run(site, issue)
    assert len(site.runs(issue["id"])) == runs


@pytest.mark.parametrize(("least", "comments"), [(0, 0), (100, 1)])
def test_issue_that_is_good_enough_gets_no_comment(
    site: JiraSite, decide: Callable[..., None], least: int, comments: int
) -> None:
    decide("SHOP", min_quality=least)
    issue, run = analysed(site)
    assert run["status"] == "succeeded"
    assert len(site.comments(issue["key"])) == len(run["publications"]) == comments


def test_subtasks_are_made_at_once_where_the_project_wants_it(site: JiraSite, decide: Callable[..., None]) -> None:
    decide("MOBI", auto_subtasks=True)
    issue, run = analysed(site, project="MOBI")
    suggested = sorted(one["title"] for one in run["result"]["analysis"]["subtasks"])
    assert suggested
    assert acts.titles(site, issue["key"]) == suggested
    assert "in the JiraVision panel" not in site.comment_on(issue["key"])["text"]
    # A second analysis does not split the issue once more.
    acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    assert acts.titles(site, issue["key"]) == suggested


@on_both
def test_criteria_are_written_only_into_an_empty_field(site: JiraSite, decide: Callable[..., None]) -> None:
    decide("SHOP", auto_criteria=True, criteria_field=CRITERIA)
    issue, run = analysed(site)
    criterion = run["result"]["analysis"]["criteria"][0]["title"]
    field = site.ask("GET", f"/issues/{issue['key']}")["fields"][CRITERIA]
    assert criterion in str(field)
    site.ask("PUT", f"/issues/{issue['key']}", {CRITERIA: document("What the team agreed on.")})
    again = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    (publication,) = [p for p in again["publications"] if p["target"] == "field"]
    assert (publication["status"], publication["error"]["error"]) == ("skipped", "field_not_empty")
    assert "already holds a text" in publication["error"]["detail"]
    assert "agreed on" in str(site.ask("GET", f"/issues/{issue['key']}")["fields"][CRITERIA])


# Sub-tasks on a click


@pytest.mark.parametrize(
    ("place", "project", "kind"),
    [
        ("sqlite", "SHOP", "10003"),
        ("postgresql", "SHOP", "10003"),
        ("sqlite", "MOBI", "10031"),
        ("sqlite", "FR", "10043"),
        ("sqlite", "DESK", "10003"),
    ],
    indirect=["place"],
)
def test_chosen_subtasks_come_as_edited_and_each_once_however_often_one_clicks(
    site: JiraSite, project: str, kind: str
) -> None:
    issue, run = analysed(site, project=project)
    suggested = [one["title"] for one in run["result"]["analysis"]["subtasks"]]
    edits = {"0": {"title": "Draw the list", "description": "With **two** columns."}}
    with ThreadPoolExecutor(6) as people:
        clicks = [people.submit(acts.publish, site, run["id"], [0, 1], edits) for _ in range(6)]
    assert {len(click.result()) for click in clicks} == {2}
    done = acts.written(site, run["id"], "subtasks")
    assert [p["status"] for p in done] == ["done", "done"]
    assert [p["status"] for p in acts.publish(site, run["id"], [1, 0], edits)] == ["done", "done"]
    made = acts.children(site, issue["key"])
    assert sorted(p["remote_key"] for p in done) == sorted(child["key"] for child in made)
    assert sorted(child["fields"]["summary"] for child in made) == sorted(["Draw the list", suggested[1]])
    assert {child["fields"]["issuetype"]["id"] for child in made} == {kind}
    (edited,) = [child for child in made if child["fields"]["summary"] == "Draw the list"]
    assert "{'type': 'strong'}" in str(edited["fields"]["description"])
    assert {child["fields"]["creator"]["accountType"] for child in made} == {"app"}


@on_both
def test_second_click_tries_only_what_failed(site: JiraSite) -> None:
    issue, run = analysed(site)
    site.fault("issue.create", status=403, skip=1)
    acts.publish(site, run["id"], [0, 1, 2])
    first = acts.written(site, run["id"], "subtasks")
    assert sorted(p["status"] for p in first) == ["done", "done", "failed"]
    (refused,) = [p["error"] for p in first if p["error"]]
    assert "Create issues" in refused["detail"]
    before = len(site.requests("issue.create"))
    acts.publish(site, run["id"], [0, 1, 2])
    assert [p["status"] for p in acts.written(site, run["id"], "subtasks")] == ["done"] * 3
    assert len(site.requests("issue.create")) == before + 1
    assert len(acts.children(site, issue["key"])) == 3


def test_project_without_subtasks_gets_the_chosen_ones_in_one_comment(site: JiraSite) -> None:
    issue, run = analysed(site, project="NOSUB")
    edits = {"1": {"title": "Edited before the click"}}
    for _ in range(2):
        acts.publish(site, run["id"], [0, 1], edits)
        done = acts.written(site, run["id"], "subtasks")
        assert {p["error"]["error"] for p in done} == {"no_subtasks"}
        assert all("switched off" in p["error"]["detail"] for p in done)
    comments = site.comments(issue["key"])
    assert len(comments) == 2
    assert len(acts.analyses(site, issue["key"])) == 1
    listed = comments[-1]["text"]
    assert [
        listed.count(title) for title in (run["result"]["analysis"]["subtasks"][0]["title"], *edits["1"].values())
    ] == [1, 1]


# Analysing again


@on_both
def test_new_analysis_updates_the_comment_in_place(site: JiraSite) -> None:
    issue, first = analysed(site)
    before = site.comment_on(issue["key"])
    site.ask(
        "PUT",
        f"/issues/{issue['key']}",
        {"summary": "Export the basket as a table", "description": "As a buyer I want a table."},
    )
    second = acts.over(site, acts.analyse(site, issue["id"])["id"])
    (after,) = site.comments(issue["key"])
    assert second["id"] != first["id"]
    assert after["id"] == before["id"]
    assert after["text"] != before["text"]


@on_both
def test_comment_somebody_deleted_comes_anew(site: JiraSite) -> None:
    issue, _ = analysed(site)
    gone = site.comment_on(issue["key"])["id"]
    site.ask("DELETE", f"/issues/{issue['key']}/comments/{gone}")
    run = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    (comment,) = site.comments(issue["key"])
    assert comment["id"] != gone
    assert [p["remote_id"] for p in run["publications"]] == [comment["id"]]


@on_both
def test_history_lists_the_runs_of_an_issue_with_what_each_wrote(site: JiraSite) -> None:
    issue, first = analysed(site)
    second = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    history = site.runs(issue["key"])
    assert [run["id"] for run in history] == [second["id"], first["id"]]
    assert [run["trigger"] for run in history] == ["panel", "webhook"]
    assert all(run["publications"][0]["status"] == "done" for run in history)


@on_both
def test_analysis_under_way_is_shared_by_everybody_who_asks(site: JiraSite) -> None:
    issue = slow_to_read(site, 4.0)
    with ThreadPoolExecutor(4) as people:
        asked = [people.submit(acts.analyse, site, issue["id"], user) for user in ("tess", "ann", "nina", "paul")]
    assert len({click.result()["id"] for click in asked}) == 1
    acts.over(site, asked[0].result()["id"])
    assert len(site.comments(issue["key"])) == len(site.runs(issue["id"])) == 1


@on_both
def test_analysis_that_is_called_off_writes_nothing(site: JiraSite) -> None:
    issue = slow_to_read(site, 20.0)
    run = acts.analyse(site, issue["id"])
    eventually(lambda: acts.run(site, run["id"])["progress"]["stage"] == "reading" or None, "reading")
    began = time.monotonic()
    assert site.api("DELETE", f"/runs/{run['id']}", user="tess").status_code == 200
    ended = acts.over(site, run["id"])
    assert ended["status"] == "cancelled"
    # Long before Jira has answered.
    assert time.monotonic() - began < 10
    assert (ended["result"], ended["publications"], site.comments(issue["key"])) == (None, [], [])


def slow_to_read(site: JiraSite, seconds: float) -> Any:
    """An issue whose analysis, and nothing else, takes its time."""
    site.fault("issue.editmeta", delay_s=seconds)
    return site.create_issue(webhook=False, fields={CRITERIA: document("The list is there after a restart.")})


# Watching


@on_both
def test_stream_of_a_run_resumes_after_the_last_event_that_was_seen(place: Place) -> None:
    site = place.site
    issue = slow_to_read(site, 0.5)
    run = acts.analyse(site, issue["id"])
    events = list(acts.follow(place.stack, site, f"/runs/{run['id']}/events"))
    assert [e.data.get("stage") for e in events if e.name == "stage"] == ["reading", "thinking", "checking"]
    assert events[-1].name == "done"
    assert events[-1].data["result"]["author"] == "rules"
    numbers = [int(event.id) for event in events]
    assert numbers == sorted(set(numbers))
    again = list(acts.follow(place.stack, site, f"/runs/{run['id']}/events", after=events[1].id))
    assert [event.id for event in again] == [event.id for event in events[2:]]


def test_analysis_can_be_asked_for_and_watched_in_one_call(place: Place) -> None:
    issue = place.site.create_issue(webhook=False)
    body = {"issue": issue["key"], "force": False}
    events = list(acts.follow(place.stack, place.site, "/ai/analyze-issue/stream", body=body))
    assert (events[0].name, events[-1].name) == ("stage", "done")
    assert events[-1].data["issue_id"] == issue["id"]
    failed = place.site.create_issue(webhook=False)
    place.site.fault("issue.get", skip=1, status=403)
    events = list(acts.follow(place.stack, place.site, "/ai/analyze-issue/stream", body={"issue": failed["id"]}))
    assert events[-1].name == "failed"
    assert events[-1].data["error"]["error"] == "jira_forbidden"


# What must never start an analysis


@pytest.mark.faults
@on_both
def test_nothing_we_write_starts_another_analysis(site: JiraSite) -> None:
    issue, run = analysed(site)
    acts.publish(site, run["id"], [0, 1])
    acts.written(site, run["id"], "subtasks")
    ours = acts.children(site, issue["key"])
    echoes = [delivered(site, child) for child in ours]
    assert {echo["trace"] for echo in echoes} == {f"com.jiravision.addon/{run['id']}"}
    assert [site.runs(child["id"]) for child in ours] == [[], []]
    assert len(site.runs(issue["id"])) == 1


@pytest.mark.faults
@pytest.mark.parametrize("guard", ["account", "trace", "marker", "ledger"])
def test_each_guard_against_loops_holds_alone(site: JiraSite, guard: str) -> None:
    # Our own account on a site is learnt with the first work for it.
    analysed(site)
    issue = site.create_issue(webhook=False)
    app = site.ask("GET", "/state")["installation"]["app_account"]
    sent: dict[str, Any] = {"payload": created(site, issue)}
    if guard == "account":
        sent["payload"]["user"]["accountId"] = app
    if guard == "trace":
        sent["trace"] = "com.jiravision.addon/some-run"
    if guard == "marker":
        sent["payload"]["issue"]["properties"] = {"com.jiravision.addon": {"kind": "subtask"}}
    if guard == "ledger":
        parent, run = analysed(site)
        acts.publish(site, run["id"], [0])
        acts.written(site, run["id"], "subtasks")
        (child,) = acts.children(site, parent["key"])
        issue = {"id": child["id"], "key": child["key"]}
        sent["payload"] = created(site, issue)
    deliver(site, **sent)
    assert site.runs(issue["id"]) == []


@on_both
def test_issue_is_analysed_once_however_its_events_are_named(site: JiraSite) -> None:
    issue, _ = analysed(site)
    for _ in range(3):
        deliver(site, created(site, issue))
    assert len(site.runs(issue["id"])) == len(site.comments(issue["key"])) == 1


def created(site: JiraSite, issue: Any, user: Any = None) -> dict[str, Any]:
    """The event of an issue a person created."""
    fields = site.ask("GET", f"/issues/{issue['key']}")["fields"]
    by = user or {"accountId": "712020:3f1fd27c-62a7-4c2b-b1a4-0c8d5e7a9c22", "accountType": "atlassian"}
    fields = {name: fields[name] for name in ("project", "issuetype", "summary", "creator")}
    return {
        "webhookEvent": "jira:issue_created",
        "timestamp": int(time.time() * 1000),
        "user": by,
        "issue": {"id": issue["id"], "key": issue["key"], "fields": {**fields, "creator": by}},
    }


def deliver(site: JiraSite, payload: Any, **more: Any) -> None:
    """Sends an event and waits until it was answered."""
    number = site.ask("POST", "/webhooks/raw", {"payload": payload, **more})["n"]

    def look() -> Any:
        return site.ask("GET", "/deliveries")["deliveries"][number]["attempts"][0].get("status")

    assert eventually(look, "answer to an event") == 204


def delivered(site: JiraSite, issue: Any) -> Any:
    """The delivery that told of the issue, once it was answered."""

    def look() -> Any:
        found = site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]
        return found[0] if found and found[0]["state"] == "delivered" else None

    return eventually(look, f"delivered event of {issue['key']}")


def document(words: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": words}]}],
    }
