"""A model that errs, fails, hangs or refuses: every analysis ends in exactly one comment, and says who judged."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.flow import acts
from tests.flow.conftest import FRAIL_TIMEOUT_S
from tests.stack import JiraSite, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

Model = Callable[..., Any]
MODEL = "Reviewed by JiraVision with test-model"
RULES = "The language model could not answer"


@pytest.fixture
def site(model_stack: Stack) -> JiraSite:
    return model_stack.site(0)


def judged(site: JiraSite) -> tuple[Any, Any]:
    """A new issue, and its run once its one comment stands."""
    issue = site.create_issue(description=acts.STORY)
    run = acts.first_run(site, issue)
    assert (run["status"], run["error"]) == ("succeeded", None)
    assert [p["status"] for p in run["publications"]] == ["done"]
    return issue, run


@pytest.mark.parametrize(
    "script",
    [
        ["good"],
        ["whole"],
        ["fenced"],
        ["bad_schema", "good"],
        ["invented_quote", "good"],
        ["truncated", "good"],
        ["cut", "good"],
        ["status:500", "good"],
        ["status:503:retry-after-ms=200", "good"],
        ["reset", "good"],
    ],
    ids=" ".join,
)
def test_model_that_comes_to_its_senses_is_heard(site: JiraSite, model: Model, script: list[str]) -> None:
    model("script", script)
    issue, run = judged(site)
    (comment,) = site.comments(issue["key"])
    assert MODEL in comment["text"]
    assert (run["result"]["author"], run["result"]["notice"]) == ("model", "")
    assert len(model("requests")) == run["usage"]["requests"] == len(script)
    assert all(score["quote"] for score in run["result"]["analysis"]["scores"])


@pytest.mark.parametrize(
    "script",
    [
        ["bad_schema", "bad_schema"],
        ["truncated", "truncated"],
        ["empty", "empty"],
        ["refusal_text", "refusal_text"],
        ["refusal"],
        ["length"],
        ["status:429:code=insufficient_quota"],
        ["status:500", "status:502", "reset"],
        ["error_object", "error_object", "error_object"],
        ["html"],
    ],
    ids=" ".join,
)
def test_rules_stand_in_for_a_model_that_is_of_no_use(site: JiraSite, model: Model, script: list[str]) -> None:
    model("script", script)
    issue, run = judged(site)
    (comment,) = site.comments(issue["key"])
    assert RULES in comment["text"]
    assert "built-in rules" in comment["text"]
    assert (run["result"]["author"], run["result"]["notice"]) == ("rules", "model_failed")
    assert len(model("requests")) == len(script)


@pytest.mark.parametrize("status", [401, 403])
def test_key_the_provider_refuses_is_sent_once_and_the_administrator_is_told(
    site: JiraSite, model: Model, status: int
) -> None:
    model("script", [f"status:{status}"])
    for _ in range(2):
        issue, run = judged(site)
        assert (run["result"]["author"], run["result"]["notice"]) == ("rules", "model_failed")
        assert len(site.comments(issue["key"])) == 1
    assert len(model("requests")) == 1
    assert "Check the key" in site.api("GET", "/site/model", user="ann").json()["trouble"]
    # Whoever presses the button has mended something.
    assert site.api("POST", "/site/model/test", user="ann").json()["ok"] is True
    assert site.api("GET", "/site/model", user="ann").json()["trouble"] is None
    assert judged(site)[1]["result"]["author"] == "model"


def test_answer_is_seen_while_it_grows(model_stack: Stack, site: JiraSite, model: Model) -> None:
    model("latency", 3.0)
    issue = site.create_issue(webhook=False, description=acts.STORY)
    run = acts.analyse(site, issue["id"])
    events = list(acts.follow(model_stack, site, f"/runs/{run['id']}/events"))
    grown = [event.data for event in events if event.name == "token"]
    assert len(grown) >= 2
    assert "summary" in grown[0]
    assert "quote" not in str(grown)
    assert len(grown[-1].get("scores", ())) > len(grown[0].get("scores", ()))
    assert (events[-1].name, events[-1].data["result"]["author"]) == ("done", "model")
    assert len(model("requests")) == 1


def test_issue_that_has_not_changed_is_not_paid_for_again(site: JiraSite, model: Model) -> None:
    issue, first = judged(site)
    began = time.monotonic()
    second = acts.over(site, acts.analyse(site, issue["id"])["id"])
    assert time.monotonic() - began < 10
    assert second["result"] == first["result"]
    assert second["usage"]["requests"] == 0
    assert len(model("requests")) == 1
    forced = acts.over(site, acts.analyse(site, issue["id"], force=True)["id"])
    assert forced["usage"]["requests"] == 1
    assert len(model("requests")) == 2
    assert len(site.comments(issue["key"])) == 1


def test_model_in_a_hurry_is_asked_again_no_sooner_than_it_said(site: JiraSite, model: Model) -> None:
    model("script", ["status:429:retry-after=1", "good"])
    issue, _ = judged(site)
    first, second = model("requests")
    assert second["at"] - first["at"] >= 1
    assert MODEL in site.comment_on(issue["key"])["text"]


def test_long_wait_for_a_model_occupies_nobody(model_stack: Stack, site: JiraSite, model: Model) -> None:
    model("script", ["status:429:retry-after=60"])
    issue = site.create_issue(description=acts.STORY)

    def put_off() -> Any:
        runs = site.runs(issue["id"])
        return runs[0] if runs and runs[0]["status"] == "queued" and runs[0]["error"] else None

    waiting = eventually(put_off, "run put off")
    assert waiting["error"]["error"] == "model_busy"
    assert site.comments(issue["key"]) == []
    held = acts.rows(model_stack, "SELECT count(*) FROM runs WHERE state = 'running' AND issue_id = :i", i=issue["id"])
    assert held == [(0,)]
    judged(site)
    acts.time_passes(model_stack, 70)
    run = acts.over(site, waiting["id"])
    assert (run["status"], run["error"], run["result"]["author"]) == ("succeeded", None, "model")
    assert len(site.comments(issue["key"])) == 1


def test_analysis_that_is_called_off_lets_go_of_the_model(site: JiraSite, model: Model) -> None:
    model("script", ["hang"])
    issue = site.create_issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    eventually(lambda: model("requests"), "request to the model")
    assert site.api("DELETE", f"/runs/{run['id']}", user="tess").status_code == 200
    eventually(lambda: not model("requests")[0]["open"], "closed connection", 10)
    assert acts.over(site, run["id"])["status"] == "cancelled"
    assert site.comments(issue["key"]) == []


def test_model_that_never_comes_to_an_end_is_given_up_in_time(frail_stack: Stack) -> None:
    site = frail_stack.site(0)
    frail_stack.model("reset")
    frail_stack.model("script", ["hang", "drip:0.2", "stall"])
    began = time.monotonic()
    issues = [site.create_issue(description=acts.STORY) for _ in range(3)]
    runs = [acts.first_run(site, issue) for issue in issues]
    # All three at once, and none of them a second time.
    assert time.monotonic() - began < 2 * FRAIL_TIMEOUT_S
    assert [run["result"]["notice"] for run in runs] == ["model_failed"] * 3
    assert [len(site.comments(issue["key"])) for issue in issues] == [1, 1, 1]
    assert len(frail_stack.model("requests")) == 3
    # The model hears a moment later that nobody waits for it any more.
    eventually(lambda: not any(request["open"] for request in frail_stack.model("requests")), "closed connections", 10)


def test_no_failure_of_the_model_leaves_a_traceback_or_the_key_in_the_log(model_stack: Stack, site: JiraSite) -> None:
    assert site.complaints() == []
    assert "Traceback" not in model_stack.addon.output
    assert "sk-canary" not in model_stack.addon.output
