"""Everything that can go wrong around the add-on, and what must be left of it: each effect once, each run at its end.

F-numbers name the faults of the operations manual's list.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from addon.cli.serve import STOP_S
from addon.runs.office import STOP_WAIT_S
from addon.store.leases import LEASE_S
from tests.flow import acts
from tests.flow.conftest import HEARD_S
from tests.processes import PATIENCE_S
from tests.stack import JiraSite, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

MODEL_LATENCY_S = 0.05
CRITERIA = "customfield_10058"


@pytest.fixture
def frail(frail_stack: Stack) -> Iterator[Stack]:
    """The stack for breaking, without faults before and after; the add-on runs, and Jira has nothing to complain of."""
    if not frail_stack.addon.running:
        frail_stack.restart()
    calm(frail_stack)
    yield frail_stack
    assert [site.complaints() for site in frail_stack.sites] == [[], [], []]
    assert "Traceback" not in frail_stack.addon.output
    calm(frail_stack)
    assert frail_stack.client.get(f"{frail_stack.url}/health/live").status_code == 200


def calm(stack: Stack) -> None:
    stack.model("reset")
    stack.model("latency", MODEL_LATENCY_S)
    for site in stack.sites:
        site.ask("POST", "/clear")
        # Jira comes back for about an hour. As far as its few tries go so quickly, a slow start would outlast them.
        site.ask("POST", "/settings", {"webhook_retry_s": 0.5, "webhook_retries": 120})


def ended(stack: Stack, *run_ids: str) -> list[tuple[str, int]]:
    """State and attempts of runs, as they stand in the database."""
    found = [acts.rows(stack, "SELECT state, attempts FROM runs WHERE id = :i", i=run_id) for run_id in run_ids]
    return [tuple(row) for (row,) in found]


# F1: killed


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_in_the_middle_of_everything_it_finishes_all_of_it_once(
    database: str, request: pytest.FixtureRequest
) -> None:
    if database == "sqlite":
        stack: Stack = request.getfixturevalue("frail")
    else:
        stack = request.getfixturevalue("fresh_stack")(postgresql=True, sites=3, model=MODEL_LATENCY_S)
        calm(stack)
    commented, split, thinking = stack.sites
    # Sub-tasks: the second one is in Jira, its answer on the way.
    parent = split.create_issue(description=acts.STORY)
    asked = acts.first_run(split, parent)
    split.fault("issue.create", skip=1, times=5, reply_after_s=30)
    acts.publish(split, asked["id"], [0, 1])
    eventually(lambda: [r["status"] for r in split.requests("issue.create")] == [201, 201], "second sub-task")
    # The comment is in Jira, its answer on the way.
    commented.fault("comment.create", reply_after_s=30)
    answered = commented.create_issue(description=acts.STORY)
    eventually(lambda: commented.comments(answered["key"]), "comment")
    # A comment of an earlier run is being replaced.
    replaced = commented.create_issue(description=acts.STORY)
    acts.first_run(commented, replaced)
    commented.fault("comment.update", reply_after_s=30)
    again = acts.analyse(commented, replaced["id"], force=True)
    eventually(lambda: acts.calls(commented, "comment.update", replaced), "replaced comment")
    # Issues being read, and being thought about.
    thinking.fault("issue.get", delay_s=30)
    reading = thinking.create_issue(description=acts.STORY)
    eventually(lambda: acts.calls(thinking, "issue.get", reading), "reading")
    stack.model("reset")
    stack.model("script", ["hang"])
    pondered = thinking.create_issue(description=acts.STORY)
    eventually(lambda: stack.model("requests"), "question to the model")

    stack.addon.kill()
    for site in stack.sites:
        site.ask("POST", "/clear", {"what": ["faults", "requests"]})
    if database == "postgresql":
        acts.leases_expire(stack)
    stack.restart()

    for site, issue in ((commented, answered), (thinking, reading), (thinking, pondered)):
        run = acts.first_run(site, issue)
        assert run["status"] == "succeeded"
        assert [p["status"] for p in run["publications"]] == ["done"]
        assert len(site.runs(issue["id"])) == len(site.comments(issue["key"])) == 1
    assert acts.over(commented, again["id"])["publications"][0]["status"] == "done"
    assert len(commented.comments(replaced["key"])) == 1
    assert [p["status"] for p in acts.written(split, asked["id"], "subtasks")] == ["done", "done"]
    assert len(acts.children(split, parent["key"])) == 2
    # What was in Jira already was found there, not written a second time.
    assert commented.requests("comment.create") == split.requests("issue.create") == []
    assert [site.complaints() for site in stack.sites] == [[], [], []]


def test_killed_at_any_moment_it_answers_every_issue_once(frail: Stack) -> None:
    site = frail.site(0)
    frail.model("latency", 0.2)
    for moment_s in (0.0, 0.2):
        issues = [site.create_issue(description=acts.STORY) for _ in range(3)]
        time.sleep(moment_s)
        frail.addon.kill()
        frail.restart()
        # Where several work, what the killed ones held comes free when their leases end.
        runs = [acts.first_run(site, issue, 2 * LEASE_S) for issue in issues]
        assert [run["status"] for run in runs] == ["succeeded"] * 3
        assert [len(site.runs(issue["id"])) for issue in issues] == [1, 1, 1]
        assert [len(site.comments(issue["key"])) for issue in issues] == [1, 1, 1]


# F20: told to go


def test_told_to_go_it_ends_streams_finishes_what_it_can_and_is_gone(frail: Stack) -> None:
    site = frail.site(0)
    frail.model("latency", 3.0)
    issue = site.create_issue(webhook=False, description=acts.STORY)
    run = acts.analyse(site, issue["id"])
    seen: list[acts.Event] = []
    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(lambda: seen.extend(acts.follow(frail, site, f"/runs/{run['id']}/events")))
        eventually(lambda: any(event.name == "token" for event in seen), "growing answer")
        began = time.monotonic()
        assert frail.addon.stop(within_s=40) == 0
        watching.result(PATIENCE_S)
    assert time.monotonic() - began < STOP_WAIT_S
    assert seen[-1].name == "reconnect"
    frail.restart()
    after = seen[-2].id
    rest = list(acts.follow(frail, site, f"/runs/{run['id']}/events", after=after))
    assert rest[-1].name == "done"
    assert all(int(event.id) > int(after) for event in rest)
    acts.over(site, run["id"])
    assert len(site.comments(issue["key"])) == 1
    assert ended(frail, run["id"]) == [("succeeded", 1)]


def test_idle_it_is_gone_at_once_even_while_somebody_watches(frail: Stack) -> None:
    site = frail.site(0)
    site.fault("issue.get", skip=1, status=503, headers={"Retry-After": "60"})
    issue = site.create_issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(lambda: list(acts.follow(frail, site, f"/runs/{run['id']}/events")))
        eventually(lambda: acts.run(site, run["id"])["status"] == "queued" or None, "run put off")
        began = time.monotonic()
        assert frail.addon.stop() == 0
        # A stream that did not end by itself would be waited for as long as that.
        assert time.monotonic() - began < STOP_S
        assert watching.result(PATIENCE_S)[-1].name == "reconnect"
    acts.time_passes(frail, 90)
    frail.restart()
    assert acts.over(site, run["id"])["status"] == "succeeded"


# F9, F10, F17: Jira says no, the issue is gone, the customer is gone


def test_issue_that_is_refused_fails_in_words_and_harms_no_other(frail: Stack) -> None:
    refusing, other = frail.sites[:2]
    refusing.fault("issue.get", status=403, times=100)
    issues = [site.create_issue(description=acts.STORY) for site in (refusing, other)]
    assert acts.first_run(other, issues[1])["status"] == "succeeded"
    (run,) = eventually(lambda: [r for r in refusing.runs(issues[0]["id"]) if r["status"] == "failed"], "failed run")
    assert run["error"]["error"] == "jira_forbidden"
    assert "permission or scope is missing" in run["error"]["detail"]
    assert len(acts.calls(refusing, "issue.get", issues[0])) == 1
    assert refusing.comments(issues[0]["key"]) == []
    assert refusing.api("GET", "/site/health", user="ann").json() == {"trouble": None}
    refusing.ask("POST", "/clear", {"what": ["faults"]})
    assert acts.over(refusing, acts.analyse(refusing, issues[0]["id"])["id"])["status"] == "succeeded"
    assert len(refusing.comments(issues[0]["key"])) == 1


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("way_out", ["probe", "install"])
def test_site_that_refuses_the_add_on_is_paused_and_loses_nothing(frail: Stack, status: int, way_out: str) -> None:
    refusing, other = frail.sites[:2]
    refusing.fault("*", status=status, times=10_000)
    issues = [refusing.create_issue(description=acts.STORY, summary=f"Story {n}") for n in range(8)]
    neighbour = other.create_issue(description=acts.STORY)
    assert acts.first_run(other, neighbour)["status"] == "succeeded"
    eventually(lambda: acts.rows(frail, "SELECT 1 FROM tenants WHERE paused_until IS NOT NULL"), "pause")
    asked = settled(refusing)
    time.sleep(2.5)
    assert len(refusing.ask("GET", "/requests")["requests"]) == asked < 8 * 4
    told = refusing.api("GET", "/site/health", user="ann").json()["trouble"]
    assert (told["code"], bool(told["since"]), bool(told["next_probe_at"])) == (
        "jira_unauthorized" if status == 401 else "jira_forbidden",
        True,
        True,
    )
    refusing.ask("POST", "/clear", {"what": ["faults"]})
    if way_out == "install":
        refusing.install()
    else:
        acts.time_passes(frail, 300)
    for issue in issues:
        assert acts.first_run(refusing, issue, 40)["status"] == "succeeded"
        assert len(refusing.comments(issue["key"])) == 1
    assert refusing.api("GET", "/site/health", user="ann").json() == {"trouble": None}


def settled(site: JiraSite) -> int:
    """How many requests the site has seen, once there are no more for a while."""
    seen = -1
    while seen != (seen := len(site.ask("GET", "/requests")["requests"])):
        time.sleep(2.5)
    return seen


def test_jira_that_is_away_for_long_gets_its_comment_in_the_end(frail: Stack) -> None:
    reading, writing = frail.sites[:2]
    reading.fault("issue.get", status=503, times=10_000)
    writing.fault("comment.create", status=503, times=10_000)
    unread, unwritten = (site.create_issue(description=acts.STORY) for site in (reading, writing))
    for tried in range(1, 6):
        eventually(lambda n=tried: failures(frail, "runs", unread) >= n, "put off")
        eventually(lambda n=tried: failures(frail, "publications", unwritten) >= n, "put off")
        acts.time_passes(frail, 700)
    (run,) = eventually(lambda: [r for r in reading.runs(unread["id"]) if r["status"] == "queued"], "waiting run")
    assert run["error"]["error"] == "jira_down"
    assert run["next_attempt_at"]
    for site, issue in ((reading, unread), (writing, unwritten)):
        site.ask("POST", "/clear", {"what": ["faults"]})
        acts.time_passes(frail, 700)
        run = acts.first_run(site, issue)
        assert (run["status"], [p["status"] for p in run["publications"]]) == ("succeeded", ["done"])
        assert len(site.comments(issue["key"])) == 1


def failures(stack: Stack, table: str, issue: Any) -> int:
    found = acts.rows(stack, f"SELECT failures FROM {table} WHERE issue_id = :i AND state = 'queued'", i=issue["id"])
    return int(found[0][0]) if found else 0


def test_site_that_is_disabled_for_a_while_finds_its_work_done_afterwards(frail: Stack) -> None:
    site = frail.site(2)
    frail.model("latency", 1.5)
    issues = [site.create_issue(description=acts.STORY, summary=f"Story {n}") for n in range(6)]
    eventually(lambda: frail.model("requests"), "question to the model")
    site.ask("POST", "/disable")
    eventually(lambda: not any(r["open"] for r in frail.model("requests")), "closed connections", 10)
    asked = settled(site)
    time.sleep(1.5)
    assert len(site.ask("GET", "/requests")["requests"]) == asked
    assert {row[0] for row in acts.rows(frail, "SELECT state FROM runs WHERE state != 'succeeded'")} <= {
        "queued",
        "failed",
        "cancelled",
    }
    site.ask("POST", "/enable")
    for issue in issues:
        assert acts.first_run(site, issue)["status"] == "succeeded"
        assert len(site.comments(issue["key"])) == 1


@pytest.mark.parametrize("operation", ["comment.create", "comment.update"])
def test_comment_that_is_not_permitted_fails_in_words(frail: Stack, operation: str) -> None:
    site = frail.site(0)
    issue = site.create_issue(description=acts.STORY, webhook=operation == "comment.create")
    if operation == "comment.update":
        acts.over(site, acts.analyse(site, issue["id"])["id"])
    missing = ["ADD_COMMENTS", "EDIT_OWN_COMMENTS"]
    site.ask("POST", "/permissions", {"user": "app", "project": "SHOP", "remove": missing})
    try:
        if operation == "comment.create":
            issue = site.create_issue(description=acts.STORY)
            run = acts.first_run(site, issue)
        else:
            run = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    finally:
        site.ask("POST", "/permissions", {"user": "app", "project": "SHOP", "remove": []})
    (publication,) = run["publications"]
    assert (publication["status"], publication["error"]["error"]) == ("failed", "jira_forbidden")
    assert "Add comments" in publication["error"]["detail"]
    assert len(acts.calls(site, operation, issue)) == 1
    acts.publish(site, run["id"], target="comment")
    assert [p["status"] for p in acts.written(site, run["id"], "comment")] == ["done"]
    assert len(site.comments(issue["key"])) == 1


def test_issue_deleted_meanwhile_is_left_in_peace(frail: Stack) -> None:
    site = frail.site(0)
    frail.model("latency", 3.0)
    thought_about = site.create_issue(description=acts.STORY)
    eventually(lambda: frail.model("requests"), "question to the model")
    site.ask("DELETE", f"/issues/{thought_about['key']}")
    site.fault("issue.get", delay_s=2.0)
    read = site.create_issue(description=acts.STORY)
    site.ask("DELETE", f"/issues/{read['key']}")
    query = "SELECT state FROM {} WHERE issue_id = :i"

    def states() -> Any:
        left = acts.rows(frail, query.format("publications"), i=thought_about["id"])
        runs = acts.rows(frail, query.format("runs"), i=read["id"])
        return (left, runs) if (left, runs) == ([("cancelled",)], [("cancelled",)]) else None

    eventually(states, "quiet end")
    assert len(acts.calls(site, "comment.create", thought_about)) == 1
    assert len(acts.calls(site, "issue.get", read)) == 1
    (told,) = acts.rows(frail, "SELECT CAST(error AS TEXT) FROM runs WHERE issue_id = :i", i=read["id"])
    assert "issue_deleted" in told[0]


def test_customer_who_leaves_is_not_called_again_and_leaves_no_secret(frail: Stack) -> None:
    site = frail.site(2)
    frail.model("script", ["hang", "hang"])
    waiting = [site.create_issue(description=acts.STORY) for _ in range(2)]
    eventually(lambda: len(frail.model("requests")) == 2, "questions to the model")
    key = site.ask("GET", "/state")["client_key"]
    token = site.ask("GET", "/token", kind="webhook", path="/webhooks/issue-created")["token"]
    assert told(frail, token) == 204
    before = len(site.ask("GET", "/requests")["requests"])
    site.ask("POST", "/uninstall")
    # The model is let go within a step, and nothing is asked of the site that sent us away.
    eventually(lambda: not any(r["open"] for r in frail.model("requests")), "closed connections", 5)
    eventually(lambda: runs_of(frail, waiting) == {"cancelled"}, "cancelled runs")
    assert len(site.ask("GET", "/requests")["requests"]) == before
    # Whichever web process is asked; another than the one that was told hears of it within a moment.
    heard_s = 0 if frail.redis is None else HEARD_S
    eventually(lambda: {told(frail, token) for _ in range(4)} == {401}, "refused events", heard_s)
    (row,) = acts.rows(
        frail,
        "SELECT state, shared_secret, previous_secret, purge_after FROM tenants WHERE client_key = :k",
        k=key,
    )
    assert tuple(row[:3]) == ("uninstalled", None, None)
    assert row[3] > time.time()
    site.install()
    site.ask("POST", "/clear")
    assert acts.first_run(site, site.create_issue(description=acts.STORY))["status"] == "succeeded"


def told(stack: Stack, token: str) -> int:
    """What an event is answered that is signed so."""
    headers = {"Authorization": f"JWT {token}"}
    return stack.client.post(f"{stack.url}/webhooks/issue-created", json={}, headers=headers).status_code


def runs_of(stack: Stack, issues: list[Any]) -> set[str]:
    return {
        acts.rows(stack, "SELECT state FROM runs WHERE issue_id = :i ORDER BY created_at DESC", i=issue["id"])[0][0]
        for issue in issues
    }


# F12, F13: lost answers, repeated events


def test_trouble_on_the_way_to_jira_leaves_one_of_everything(frail: Stack) -> None:
    failing, slow, cut = frail.sites
    failing.fault("issue.get", status=503, times=2)
    slow.fault("issue.get", delay_s=1.5)
    slow.fault("comment.create", delay_s=1.5)
    cut.fault("comment.create", cut_after_write=True)
    issues = [site.create_issue(description=acts.STORY) for site in frail.sites]
    sites = list(zip(frail.sites, issues, strict=True))
    eventually(lambda: cut.comments(issues[2]["key"]), "comment without an answer")
    eventually(lambda: waits(frail, issues[2]["id"]), "publication put off")
    acts.time_passes(frail, 30)
    for site, issue in sites:
        run = acts.first_run(site, issue)
        assert [p["status"] for p in run["publications"]] == ["done"]
        assert len(site.comments(issue["key"])) == 1
    assert len(acts.calls(cut, "comment.create", issues[2])) == 1
    failing.fault("comment.create", status=500)
    refused = failing.create_issue(description=acts.STORY)
    eventually(lambda: waits(frail, refused["id"]), "publication put off")
    acts.time_passes(frail, 30)
    acts.first_run(failing, refused)
    assert len(failing.comments(refused["key"])) == 1


def test_subtask_whose_answer_was_lost_is_found_and_not_made_again(frail: Stack) -> None:
    site = frail.site(0)
    issue = site.create_issue(description=acts.STORY)
    run = acts.first_run(site, issue)
    site.fault("issue.create", skip=1, cut_after_write=True)
    acts.publish(site, run["id"], [0, 1])
    eventually(lambda: waits(frail, issue["id"]), "publication put off")
    acts.time_passes(frail, 30)
    assert [p["status"] for p in acts.written(site, run["id"], "subtasks")] == ["done", "done"]
    assert len(acts.children(site, issue["key"])) == len(site.requests("issue.create")) == 2


def waits(stack: Stack, issue_id: str) -> bool:
    """Whether something to be written on that issue was put off."""
    query = "SELECT 1 FROM publications WHERE issue_id = :i AND state = 'queued' AND attempts > 0"
    return bool(acts.rows(stack, query, i=issue_id))


def test_event_that_comes_ten_times_at_once_counts_once(frail: Stack) -> None:
    site = frail.site(0)
    issue = site.create_issue(description=acts.STORY)
    (first,) = site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]
    with ThreadPoolExecutor(10) as senders:
        list(senders.map(lambda _: site.ask("POST", f"/deliveries/{first['n']}/repeat"), range(10)))

    def answers() -> Any:
        found = site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]
        return found if {delivery["state"] for delivery in found} == {"delivered"} else None

    told = eventually(answers, "answers")
    assert len({delivery["identifier"] for delivery in told}) == 1
    assert [attempt["status"] for delivery in told for attempt in delivery["attempts"]] == [204] * 11
    acts.first_run(site, issue)
    assert len(site.runs(issue["id"])) == len(site.comments(issue["key"])) == len(frail.model("requests")) == 1


# F16: projects that cannot take what is to be written


def required(site: JiraSite) -> None:
    field = {"fieldId": CRITERIA, "key": CRITERIA, "name": "Team", "required": True, "hasDefaultValue": False}
    body = {"fields": [field | {"schema": {"type": "string"}, "operations": ["set"]}], "total": 1}
    site.fault("createmeta.fields", status=200, body=body, times=2)


def refused(site: JiraSite) -> None:
    body = {"errorMessages": [], "errors": {CRITERIA: "Team is required."}}
    site.fault("issue.create", status=400, body=body, times=2)


def archived(site: JiraSite) -> None:
    body = {"errorMessages": ["The project is archived."], "errors": {}}
    site.fault("issue.create", status=400, body=body, times=2)


def hidden(site: JiraSite) -> None:
    body = {"issueTypes": [{"id": "10041", "name": "Récit"}], "total": 1}
    site.fault("createmeta.types", status=200, body=body, times=2)


@pytest.mark.parametrize(
    ("project", "trouble", "words"),
    [
        ("MOBI", required, "Team"),
        ("SHOP", refused, CRITERIA),
        ("DESK", archived, "refused"),
        ("FR", hidden, "switched off"),
    ],
)
def test_subtasks_a_project_cannot_take_stand_in_one_comment(
    frail: Stack, project: str, trouble: Callable[[JiraSite], None], words: str
) -> None:
    # What a project takes is remembered for a minute, so each trouble has a project of its own.
    site = frail.site(0)
    issue = site.create_issue(project=project, description=acts.STORY)
    run = acts.first_run(site, issue)
    trouble(site)
    acts.publish(site, run["id"], [0, 1])
    told = acts.written(site, run["id"], "subtasks")
    assert {p["error"]["error"] for p in told} == {"no_subtasks"}
    assert all(words in p["error"]["detail"] for p in told)
    assert acts.children(site, issue["key"]) == []
    _, instead = site.comments(issue["key"])
    suggested = [one["title"] for one in run["result"]["analysis"]["subtasks"][:2]]
    assert [instead["text"].count(title) for title in suggested] == [1, 1]


def test_missing_right_to_create_issues_is_named_and_nothing_is_lost(frail: Stack) -> None:
    site = frail.site(1)
    issue = site.create_issue(project="FR", description=acts.STORY)
    run = acts.first_run(site, issue)
    site.ask("POST", "/permissions", {"user": "app", "project": "FR", "remove": ["CREATE_ISSUES"]})
    acts.publish(site, run["id"], [0, 1])
    told = acts.written(site, run["id"], "subtasks")
    site.ask("POST", "/permissions", {"user": "app", "project": "FR", "remove": []})
    assert {(p["status"], p["error"]["error"]) for p in told} == {("failed", "jira_forbidden")}
    assert all("Create issues" in p["error"]["detail"] for p in told)
    assert len(site.comments(issue["key"])) == 1


# Many at once


def test_burst_of_events_over_three_sites_is_answered_once_each(frail: Stack) -> None:
    frail.model("latency", 0.3)
    before = ended_runs(frail)
    with ThreadPoolExecutor(12) as people:
        made = [
            (site, people.submit(site.create_issue, description=acts.STORY, summary=f"Story {n} of the burst"))
            for n in range(20)
            for site in frail.sites
        ]
    eventually(lambda: ended_runs(frail) == before + 60, "60 ended runs", 120)
    eventually(lambda: not acts.rows(frail, "SELECT 1 FROM publications WHERE finished_at IS NULL"), "60 comments", 120)
    assert all(len(site.comments(issue.result()["key"])) == 1 for site, issue in made)
    attempts = [a for site in frail.sites for d in site.ask("GET", "/deliveries")["deliveries"] for a in d["attempts"]]
    assert [attempt["status"] for attempt in attempts] == [204] * 60
    # Jira gives up after ten seconds.
    assert max(attempt["ms"] for attempt in attempts) < 5000
    assert len(frail.model("requests")) == 60
    assert ended_runs(frail) == before + 60


def ended_runs(stack: Stack) -> int:
    return int(acts.rows(stack, "SELECT count(*) FROM runs WHERE state = 'succeeded'")[0][0])
