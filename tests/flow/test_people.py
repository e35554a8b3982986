"""People in the loop, through the running product: deciding about items, writing what was decided, asking anew."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.flow import acts
from tests.stack import JiraSite, Stack, eventually

pytestmark = pytest.mark.process


@pytest.fixture
def site(model_stack: Stack, model: Callable[..., Any]) -> JiraSite:
    return model_stack.site(1)


def judged_issue(site: JiraSite, **more: Any) -> tuple[Any, Any]:
    """A new issue and its analysis by the model."""
    issue = site.create_issue(**{"description": acts.STORY, **more})
    run = acts.first_run(site, issue)
    assert run["result"]["author"] == "model"
    return issue, run


def judge(site: JiraSite, run: Any, part: str, item: int, user: str = "tess", **body: Any) -> Any:
    return site.api("PUT", f"/runs/{run['id']}/items/{part}/{item}", user=user, body=body)


def acceptance(site: JiraSite, project: str = "SHOP") -> dict[str, Any]:
    """What was decided about the built-in prompt of stories."""
    number = site.ask("GET", "/state")["projects"][project]["id"]
    answer = site.api("GET", f"/projects/{number}/acceptance", user="ann")
    assert answer.status_code == 200, answer.text
    rows = [row for row in answer.json()["prompts"] if row["prompt_version"] == "analysis.v1"]
    return rows[0] if rows else {"accepted": 0, "edited": 0, "rejected": 0}


def test_what_people_decide_is_kept_written_and_counted(site: JiraSite) -> None:
    before = acceptance(site)
    issue, run = judged_issue(site)
    first, second = run["result"]["analysis"]["subtasks"]
    assert judge(site, run, "subtasks", 0, verdict="rejected").status_code == 200
    answer = judge(site, run, "subtasks", 1, verdict="edited", edit={"title": "Mine", "description": "As I want it."})
    assert answer.status_code == 200, answer.text
    assert answer.json()["verdicts"]["subtasks"]["1"]["by"]["name"] == "Tess Marlow"
    # All of them are asked for: what was rejected stays out, what was edited is written as it was left.
    acts.publish(site, run["id"])
    eventually(lambda: acts.children(site, issue["key"]), "sub-task")
    assert [p["status"] for p in acts.written(site, run["id"], "subtasks")] == ["done"]
    assert acts.titles(site, issue["key"]) == ["Mine"]
    assert first["title"] not in str(acts.children(site, issue["key"]))
    now = acceptance(site)
    assert now["rejected"] == before["rejected"] + 1
    assert now["edited"] == before["edited"] + 1
    assert now["distance"] > 0
    assert second["title"] != "Mine"


def test_writing_something_is_accepting_it(site: JiraSite) -> None:
    before = acceptance(site)
    _, run = judged_issue(site)
    acts.publish(site, run["id"], [0])
    acts.written(site, run["id"], "subtasks")
    shown = acts.run(site, run["id"])["verdicts"]
    assert {item: said["verdict"] for item, said in shown["subtasks"].items()} == {"0": "accepted"}
    assert acceptance(site)["accepted"] == before["accepted"] + 1


def test_only_who_takes_part_in_the_issue_decides(site: JiraSite, model_stack: Stack) -> None:
    issue, run = judged_issue(site)
    assert judge(site, run, "criteria", 0, "vera", verdict="accepted").status_code == 403
    assert judge(model_stack.site(0), run, "criteria", 0, verdict="accepted").status_code == 404
    secret = site.create_issue("SECRET", "A hidden wish", user="ann")
    hidden = eventually(lambda: site.runs(secret["id"], "ann"), "run")[0]
    eventually(lambda: acts.run(site, hidden["id"], "ann")["status"] == "succeeded", "result")
    unseen = judge(site, hidden, "criteria", 0, verdict="accepted")
    assert unseen.status_code == 404
    number = site.ask("GET", "/state")["projects"]["SHOP"]["id"]
    assert site.api("GET", f"/projects/{number}/acceptance", user="tess").status_code == 403
    assert site.runs(issue["id"])[0]["verdicts"] == {}


def test_a_decision_can_be_taken_back_and_the_audit_knows(site: JiraSite) -> None:
    _, run = judged_issue(site)
    for verdict in ("accepted", None):
        assert judge(site, run, "criteria", 0, verdict=verdict).status_code == 200
    assert acts.run(site, run["id"])["verdicts"] == {}
    events = site.api("GET", "/audit?limit=50", user="ann").json()["events"]
    said = [each for each in events if each["action"] == "item.verdict" and each["detail"]["run"] == run["id"]]
    assert [each["detail"]["verdict"] for each in said] == [None, "accepted"]


def regenerate(site: JiraSite, run: Any, where: str, instruction: str = "", user: str = "tess") -> Any:
    body = {"instruction": instruction}
    return site.api("POST", f"/runs/{run['id']}/items/{where}/regenerate", user=user, body=body)


def test_one_item_is_written_anew_and_nothing_in_jira_changes(site: JiraSite, model: Callable[..., Any]) -> None:
    issue, run = judged_issue(site)
    (comment,) = acts.analyses(site, issue["key"])
    asked = len(model("requests"))
    answer = regenerate(site, run, "subtasks/0", "Name the list's owner.")
    assert answer.status_code == 202, answer.text
    new = acts.over(site, answer.json()["run"]["id"])
    assert (new["status"], new["params"]["regenerate"]) == ("succeeded", {"part": "subtasks", "item": 0})
    before, after = run["result"]["analysis"], new["result"]["analysis"]
    assert after["subtasks"][0] != before["subtasks"][0]
    assert after["subtasks"][1:] == before["subtasks"][1:]
    assert {**after, "subtasks": []} == {**before, "subtasks": []}
    assert new["usage"]["prompt_version"] == "analysis-anew.v1"
    assert new["publications"] == []
    assert acts.analyses(site, issue["key"]) == [comment]
    sent = [request["body"]["messages"] for request in model("requests")[asked:]]
    assert all("Name the list's owner." in messages[0]["content"] for messages in sent)
    assert sent


def test_the_model_may_fail_to_write_anew_and_the_old_item_stays(site: JiraSite, model: Callable[..., Any]) -> None:
    _, run = judged_issue(site)
    model("script", ["refusal"])
    new = acts.over(site, regenerate(site, run, "criteria/0").json()["run"]["id"])
    assert (new["status"], new["error"]["error"]) == ("failed", "model_refused")
    assert acts.run(site, run["id"])["result"] == run["result"]


def test_without_a_model_writing_anew_says_what_is_needed(stack: Stack) -> None:
    site = stack.site(0)
    run = acts.first_run(site, site.create_issue(description=acts.STORY))
    new = acts.over(site, regenerate(site, run, "subtasks/0").json()["run"]["id"])
    assert (new["status"], new["error"]["error"]) == ("failed", "model_needed")
    assert regenerate(site, run, "subtasks/0", user="vera").status_code == 403


def test_questions_and_suggested_criteria_reach_the_places_people_choose(site: JiraSite) -> None:
    issue, run = judged_issue(site)
    assert judge(site, run, "questions", 0, verdict="edited", edit={"text": "Whose list is it?"}).status_code == 200
    acts.publish(site, run["id"], [0], target="questions")
    acts.publish(site, run["id"], target="description")
    assert [p["status"] for p in acts.written(site, run["id"], "questions")] == ["done"]
    assert [p["status"] for p in acts.written(site, run["id"], "description")] == ["done"]
    assert any("Whose list is it?" in comment["text"] for comment in site.comments(issue["key"]))
    shown = str(site.ask("GET", f"/issues/{issue['key']}")["fields"]["description"])
    assert run["result"]["analysis"]["criteria"][0]["title"] in shown
    assert "the list survives a restart" in shown
