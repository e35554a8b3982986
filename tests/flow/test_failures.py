"""Dead letters in the running product: seen by the site's administrator, run again, and nothing written twice."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flow import acts
from tests.stack import JIRAVISION, ROOT, JiraSite, Stack, eventually

pytestmark = pytest.mark.process

UNKNOWN = "0199a1b2-0000-7000-8000-000000000000"


@pytest.fixture(params=["stack", "model_stack"])
def product(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """On SQLite with the rules, on PostgreSQL with the model; no fault is left behind."""
    running: Stack = request.getfixturevalue(request.param)
    yield running
    running.site(0).ask("POST", "/clear", {"what": ["faults"]})


def failures(site: JiraSite, issue: Any) -> list[Any]:
    """Those of one issue, as the administrator sees them."""
    answer = site.api("GET", "/failures?limit=200", user="ann")
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json()["failures"] if each["issue_key"] == issue["key"]]


def unread(site: JiraSite) -> Any:
    """An issue whose analysis failed because Jira did not let it be read."""
    site.fault("issue.get", status=403, times=1)
    issue = site.create_issue(description=acts.STORY)
    eventually(lambda: failures(site, issue), f"failure of {issue['key']}")
    return issue


def again(site: JiraSite, failure_id: str, user: str = "ann") -> Any:
    return site.api("POST", f"/failures/{failure_id}/again", user=user)


def test_failed_analysis_is_run_again_and_writes_one_comment(product: Stack) -> None:
    site = product.site(0)
    issue = unread(site)
    (failure,) = failures(site, issue)
    assert (failure["what"], failure["kind"], failure["error"]) == ("run", "analysis", "jira_forbidden")
    assert failure["said"]
    assert failure["todo"]
    assert again(site, failure["id"]).status_code == 202
    run = acts.over(site, failure["id"])
    assert (run["status"], run["error"]) == ("succeeded", None)
    assert acts.rows(product, "SELECT attempts FROM runs WHERE id = :i", i=run["id"])[0][0] == 2
    eventually(lambda: site.comments(issue["key"]), "comment")
    assert len(site.comments(issue["key"])) == len(site.runs(issue["id"])) == 1
    assert failures(site, issue) == []
    twice = again(site, failure["id"])
    assert (twice.status_code, twice.json()["error"]) == (409, "conflict")
    events = site.api("GET", "/audit?limit=50", user="ann").json()["events"]
    assert {"run": run["id"]} in [each["detail"] for each in events if each["action"] == "failure.again"]


def test_write_whose_success_nobody_noted_is_found_and_not_repeated(product: Stack) -> None:
    site = product.site(0)
    issue = site.create_issue(description=acts.STORY)
    run = acts.first_run(site, issue)
    (comment,) = site.comments(issue["key"])
    (publication,) = run["publications"]
    # As a worker leaves it that dies for the third time between Jira's answer and its own note of it.
    lost = json.dumps({"error": "worker_lost", "detail": "Given up."})
    error = ":e" if product.database_url.startswith("sqlite") else "CAST(:e AS jsonb)"
    statement = f"UPDATE publications SET state = 'failed', crashes = 3, remote_id = NULL, url = NULL, error = {error}"
    acts.rows(product, f"{statement} WHERE id = :i", e=lost, i=publication["id"])
    (failure,) = failures(site, issue)
    assert (failure["what"], failure["kind"], failure["error"]) == ("publication", "comment", "worker_lost")
    assert again(site, failure["id"]).status_code == 202
    (written,) = acts.written(site, run["id"], "comment")
    assert (written["status"], written["remote_id"]) == ("done", publication["remote_id"])
    assert [each["id"] for each in site.comments(issue["key"])] == [comment["id"]]


def test_all_that_failed_alike_is_run_again_at_once(product: Stack) -> None:
    site = product.site(0)
    issues = [unread(site) for _ in range(3)]
    answer = site.api("POST", "/failures/again", user="ann", body={"error": "jira_forbidden"})
    assert answer.status_code == 202
    assert answer.json()["started"] >= 3
    for issue in issues:
        assert acts.first_run(site, issue)["status"] == "succeeded"
        assert len(site.comments(issue["key"])) == 1


def test_only_the_sites_own_administrator_sees_and_runs_them(product: Stack) -> None:
    site, other = product.site(0), product.site(1)
    issue = unread(site)
    (failure,) = failures(site, issue)
    assert site.api("GET", "/failures", user="tess").status_code == 403
    assert again(site, failure["id"], user="tess").status_code == 403
    assert failure["id"] not in other.api("GET", "/failures?limit=200", user="ann").text
    foreign, unknown = again(other, failure["id"]), again(other, UNKNOWN)
    assert (foreign.status_code, foreign.content) == (404, unknown.content)
    assert site.api("GET", "/load", user="tess").status_code == 403
    assert [each["id"] for each in failures(site, issue)] == [failure["id"]]


def test_a_run_that_is_under_way_already_is_not_doubled(product: Stack) -> None:
    site = product.site(0)
    issue = unread(site)
    (failure,) = failures(site, issue)
    site.fault("issue.get", delay_s=3, times=5)
    newer = acts.analyse(site, issue["id"])
    answer = again(site, failure["id"])
    assert answer.status_code == 409
    assert "under way" in answer.json()["detail"]
    assert acts.over(site, newer["id"])["status"] == "succeeded"
    assert len(site.comments(issue["key"])) == 1


def test_load_names_nobody_and_knows_that_somebody_works(product: Stack) -> None:
    site = product.site(0)
    told = eventually(lambda: (found := load(site))["workers"] and found, "process at work")
    assert [each["queue"] for each in told["queues"]] == ["priority", "ai", "default", "exports"]
    site.fault("issue.get", delay_s=2, times=2)
    issue = site.create_issue(description=acts.STORY)
    eventually(lambda: load(site)["working"] or None, "work under way")
    acts.first_run(site, issue)


def load(site: JiraSite) -> Any:
    answer = site.api("GET", "/load", user="ann")
    assert answer.status_code == 200, answer.text
    return answer.json()


def command(product: Stack, *arguments: str) -> str:
    """What the operator's command says beside the running server."""
    environment = {"DATABASE_URL": product.database_url, "PATH": "/usr/bin:/bin", "COLUMNS": "200"}
    called = [sys.executable, *JIRAVISION, *arguments]
    done = subprocess.run(called, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_operator_sees_the_whole_deployment_and_runs_a_failure_again(product: Stack) -> None:
    site = product.site(0)
    issue = unread(site)
    (failure,) = failures(site, issue)
    told = json.loads(command(product, "top", "--json"))
    assert [each["kind"] for each in told["processes"] if each["state"] == "alive"]
    assert sum(each["failed_last_hour"] for each in told["queues"]) >= 1
    assert "Queue" in command(product, "top", "--once")
    listed = command(product, "failures")
    assert failure["id"] in listed
    assert issue["key"] in listed
    assert "pay by card" not in listed
    assert "in the queue again" in command(product, "failures", "--again", failure["id"])
    # Nobody woke the worker: it looks by itself.
    assert acts.over(site, failure["id"])["status"] == "succeeded"
    assert len(site.comments(issue["key"])) == 1
