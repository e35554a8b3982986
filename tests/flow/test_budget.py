"""A model that costs money: nothing is asked beyond a limit, at no pace and through no restart, and people are told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.flow import acts
from tests.stack import Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

ESTIMATE = 64_000
"""More than one ask of these issues puts aside, less than two do."""


def runs_of(host: Stack, count: int) -> list[Any]:
    """So many issues at once, each with the end of its run."""
    site = host.site()
    with ThreadPoolExecutor(count) as people:
        issues = list(people.map(lambda _: site.create_issue(description=acts.STORY), range(count)))
    return [acts.first_run(site, issue) for issue in issues]


@pytest.mark.parametrize("postgresql", [False, True], ids=["sqlite", "postgresql"])
def test_a_budget_holds_at_any_pace_and_through_a_restart(fresh_stack: Callable[..., Stack], postgresql: bool) -> None:
    host = fresh_stack(model=0.5, postgresql=postgresql, BUDGET_TOKENS_PER_DAY=str(ESTIMATE))
    site = host.site()
    found = runs_of(host, 8)
    assert [run["status"] for run in found] == ["succeeded"] * 8
    asked = len(host.model("requests"))
    assert 1 <= asked < 8
    notices = [run["result"]["notice"] for run in found]
    assert notices.count("") == asked
    assert notices.count("budget_spent") == 8 - asked
    # A day's last tokens are too few for one more ask, also for the process that comes after this one.
    spent = acts.rows(host, "SELECT sum(input_tokens + output_tokens) FROM spending")[0][0]
    host.addon.kill()
    host.restart()
    left = ESTIMATE - spent
    site.api("PUT", "/budget", user="ann", body={"tokens_per_day": 1})
    assert runs_of(host, 1)[0]["result"]["notice"] == "budget_spent"
    assert len(host.model("requests")) == asked
    assert left > 0
    bars = {(bar["owner"], bar["budget"]): bar for bar in site.api("GET", "/budget", user="ann").json()["bars"]}
    assert bars["operator", "tokens_per_day"]["used"] == spent
    assert bars["site", "tokens_per_day"]["state"] == "spent"
    events = site.api("GET", "/audit?limit=200", user="ann").json()["events"]
    told = [(event["subject"], event["detail"]["whose"]) for event in events if event["action"] == "budget.alert"]
    assert sorted(told) == [("tokens_per_day", "operator"), ("tokens_per_day", "site")]
    assert host.addon.output.count("budget used") == 2


def test_an_ask_cut_off_by_kill_is_neither_lost_nor_paid_twice(fresh_stack: Callable[..., Stack]) -> None:
    host = fresh_stack(model=0.05, LLM_TIMEOUT="5")
    site = host.site()
    host.model("script", ["hang"])
    issue = site.create_issue(description=acts.STORY)
    eventually(lambda: host.model("requests"), "request to the model")
    host.addon.kill()
    assert acts.rows(host, "SELECT count(*) FROM reservations") == [(1,)]
    host.restart()
    acts.leases_expire(host)
    assert acts.first_run(site, issue)["result"]["author"] == "model"
    assert len(site.comments(issue["key"])) == 1
    # The dead process's ask is booked, as it was put aside, once its time is over.
    assert acts.rows(host, "SELECT count(*), sum(asks) FROM spending") == [(1, 1)]
    assert acts.rows(host, "SELECT count(*) FROM reservations") == [(1,)]
    acts.rows(host, "UPDATE reservations SET expires_at = 0")
    runs_of(host, 1)
    assert acts.rows(host, "SELECT sum(asks) FROM spending") == [(3,)]
    assert acts.rows(host, "SELECT count(*) FROM reservations") == [(0,)]


def test_a_person_in_a_hurry_waits_and_gets_everything(fresh_stack: Callable[..., Stack]) -> None:
    host = fresh_stack(model=0.05, BUDGET_TOKENS_PER_MINUTE="1000")
    site = host.site()
    issues = [site.create_issue(webhook=False) for _ in range(3)]
    runs = [acts.analyse(site, issue["id"]) for issue in issues]

    def looked_at() -> list[Any]:
        return [acts.run(site, run["id"]) for run in runs]

    def put_off() -> Any:
        return [run for run in looked_at() if (run["error"] or {}).get("error") == "too_many_requests"]

    assert len(eventually(put_off, "run put off")) >= 1
    assert len(host.model("requests")) <= 2
    # Who is put off may be so while another process still asks. Whoever sees an end sees what it cost.
    answered = eventually(lambda: [run for run in looked_at() if run["status"] == "succeeded"], "run that was let in")
    usage = site.api("GET", "/usage", user="ann").json()
    assert usage["tokens"]["input"] >= sum(run["usage"]["input_tokens"] for run in answered) > 0
    assert [model["payer"] for model in usage["by_model"]] == ["operator"]
