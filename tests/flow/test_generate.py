"""Criteria, scenarios and pipelines through the running product: what people ask for, and what stands in Jira then."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from addon.gherkin.feature import scenarios as titles_in
from tests.flow import acts, publishing
from tests.payloads import PAYLOADS
from tests.stack import JiraSite, Stack, eventually

pytestmark = pytest.mark.process

CRITERIA, SCENARIOS, PIPELINE = "acceptance-criteria", "test-scenarios", "full-pipeline"
LIST = (
    "As a reader I want to keep books on a list so that I find them again.\n\n"
    "- the list survives a restart\n- at most 100 books fit on a list\n"
    "- When the list is full, the next book is refused with a message"
)
FRENCH = (
    "En tant que lecteur, je veux retrouver mes livres afin de les relire.\n\n"
    "- au plus 50 livres par liste\n- Quand la liste est vide, un message l’explique"
)


def ask(site: JiraSite, route: str, issue: Any, user: str = "tess", **wish: Any) -> Any:
    """The run that asking for it starts."""
    answer = site.api("POST", f"/generate/{route}", user=user, body={"issue": issue["key"], **wish})
    assert answer.status_code == 202, answer.text
    return answer.json()["run"]


def ended(site: JiraSite, route: str, issue: Any, **wish: Any) -> Any:
    run = acts.over(site, ask(site, route, issue, **wish)["id"])
    assert (run["status"], run["error"]) == ("succeeded", None), run["error"]
    return run


def ours(site: JiraSite, key: str, kind: str) -> list[Any]:
    return [c for c in site.comments(key) if any(v["kind"] == kind for v in c["properties"].values())]


def calls(model: Callable[..., Any]) -> list[str]:
    """The shapes that were asked of the model, in order."""
    bodies = [request["body"] for request in model("requests")]
    return [body["response_format"]["json_schema"]["name"] for body in bodies if "response_format" in body]


# By the rules


@pytest.fixture
def site(stack: Stack) -> Iterator[JiraSite]:
    site = stack.site(0)
    site.ask("POST", "/clear", {"what": ["requests", "complaints"]})
    yield site
    assert site.complaints() == []


def test_criteria_of_a_story_are_gherkin_that_quotes_it(site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    run = ended(site, CRITERIA, issue)
    result = run["result"]
    items = result["criteria"]["criteria"]
    assert (run["kind"], result["author"], result["notice"]) == ("criteria", "rules", "no_model")
    assert [item["id"] for item in items] == [f"AC-{n}" for n in range(1, len(items) + 1)]
    assert all(bool(item["quote"]) != bool(item["assumption"]) for item in items)
    assert all(item["quote"] in LIST for item in items)
    assert titles_in(result["gherkin"]) == [item["title"] for item in items]
    # Nothing is written that nobody asked for.
    assert run["publications"] == []
    assert ours(site, issue["key"], "criteria") == []


def test_scenarios_cover_the_criteria_before_them_and_say_what_they_do_not(site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    criteria = ended(site, CRITERIA, issue)["result"]["criteria"]["criteria"]
    result = ended(site, SCENARIOS, issue)["result"]
    assert result["criteria_from"] == "run"
    assert [item["id"] for item in result["coverage"]] == [item["id"] for item in criteria]
    assert all(item["scenarios"] for item in result["coverage"])
    assert any(
        "exactly at the limit" in step["data"] for test in result["scenarios"]["scenarios"] for step in test["steps"]
    )
    few = ended(site, SCENARIOS, issue, kinds=["boundary"], publish=["comment"])
    assert {test["kind"] for test in few["result"]["scenarios"]["scenarios"]} == {"boundary"}
    (comment,) = ours(site, issue["key"], "scenarios")
    assert "Criteria that no scenario covers" in comment["text"]


def test_a_french_story_is_answered_in_french_all_the_way(site: JiraSite) -> None:
    issue = site.create_issue(project="FR", summary="Retrouver les livres", description=FRENCH)
    run = ended(site, PIPELINE, issue, publish=["comment"])
    assert run["result"]["criteria"]["gherkin"].startswith("# language: fr\nFonctionnalité: ")
    (comment,) = ours(site, issue["key"], "pipeline")
    for words in ("Critères d’acceptation", "Scénarios de test", "Couvert par", "# language: fr", "Repose sur"):
        assert words in comment["text"]
    assert not any(words in comment["text"] for words in ("Acceptance", "Covered", "Rests on", "Written by"))


def test_a_pipeline_writes_its_comment_and_its_sub_tasks_once(site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    acts.first_run(site, issue)
    run = ended(site, PIPELINE, issue, publish=["comment", "subtasks"])
    tests = run["result"]["scenarios"]["scenarios"]["scenarios"]
    assert [p["status"] for p in run["publications"]] == ["done"] * (1 + len(tests))
    assert acts.titles(site, issue["key"]) == sorted(f"Test: {test['title']}" for test in tests)
    (comment,) = ours(site, issue["key"], "pipeline")
    # The analysis keeps a comment of its own beside it.
    assert len(acts.analyses(site, issue["key"])) == 1
    again = acts.publish(site, run["id"], target="comment")
    assert [p["status"] for p in acts.written(site, run["id"], "comment")] == ["done"] * len(again)
    assert [one["id"] for one in ours(site, issue["key"], "pipeline")] == [comment["id"]]


def test_a_second_result_takes_the_place_of_the_first_comment_of_its_kind(site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    for _ in range(2):
        ended(site, CRITERIA, issue, force=True, publish=["comment"])
    ended(site, SCENARIOS, issue, publish=["comment"])
    assert len(ours(site, issue["key"], "criteria")) == 1
    assert len(ours(site, issue["key"], "scenarios")) == 1


def things(site: JiraSite, key: str) -> tuple[list[str], list[str], list[str]]:
    """Titles of our sub-tasks, Xray tests and Zephyr cases about an issue."""
    tests = [test["summary"] for test in site.ask("GET", "/tests")["tests"] if test["tests"] == [key]]
    cases = [case["name"] for case in site.ask("GET", "/cases")["cases"] if case["issues"] == [key]]
    return acts.titles(site, key), sorted(tests), sorted(cases)


@pytest.mark.parametrize("route", [CRITERIA, SCENARIOS, PIPELINE])
def test_the_same_wish_three_times_writes_one_set(site: JiraSite, route: str) -> None:
    publishing.connect(site)
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    targets = ["subtasks", "xray", "zephyr"]
    first = ended(site, route, issue, publish=targets)
    set_of_one = things(site, issue["key"])
    assert [len(titles) for titles in set_of_one] == [len(first["publications"]) // 3] * 3
    assert {p["status"] for p in first["publications"]} == {"done"}
    for _ in range(2):
        again = ended(site, route, issue, publish=targets)
        # The later runs show where it stands, and nothing new.
        assert [p["id"] for p in again["publications"]] == [p["id"] for p in first["publications"]]
    assert things(site, issue["key"]) == set_of_one
    listed = site.runs(issue["id"])
    assert {len(run["publications"]) for run in listed if run["kind"] == first["kind"]} == {len(first["publications"])}


def test_a_new_result_leaves_out_what_stands_there_under_the_same_title(site: JiraSite) -> None:
    publishing.connect(site)
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    ended(site, CRITERIA, issue, publish=["subtasks", "xray"])
    before = things(site, issue["key"])
    new = ended(site, CRITERIA, issue, force=True, publish=["subtasks", "xray"])
    assert {(p["status"], p["error"]["error"]) for p in new["publications"]} == {("skipped", "nothing_to_do")}
    assert things(site, issue["key"]) == before
    # A person who asks for it with the items in sight gets it.
    acts.publish(site, new["id"], [0])
    acts.over(site, new["id"])
    assert len(things(site, issue["key"])[0]) == len(before[0]) + 1


def test_chosen_and_edited_criteria_become_sub_tasks(site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    run = ended(site, CRITERIA, issue)
    acts.publish(site, run["id"], [1, 3], {"3": {"title": "A full list says so"}})
    acts.written(site, run["id"], "subtasks")
    assert acts.titles(site, issue["key"]) == ["A full list says so", run["result"]["criteria"]["criteria"][1]["title"]]


def test_where_the_rules_have_nothing_to_say_they_say_that(site: JiraSite) -> None:
    issue = site.create_issue(
        summary="Rechnung", description="Wenn ich auf Bezahlen klicke, passiert nichts. Das ist so."
    )
    run = acts.over(site, ask(site, CRITERIA, issue)["id"])
    assert (run["status"], run["error"]["error"]) == ("failed", "model_needed")
    assert "connect a language model" in run["error"]["detail"]
    anew = site.create_issue(summary="Keep books on a list", description=LIST)
    base = ended(site, CRITERIA, anew)
    answer = site.api("POST", f"/runs/{base['id']}/items/criteria/0/regenerate", user="tess", body={})
    assert answer.status_code == 202, answer.text
    again = acts.over(site, answer.json()["run"]["id"])
    assert again["error"]["error"] == "model_needed"


def test_the_stream_tells_every_stage_of_a_pipeline(stack: Stack, site: JiraSite) -> None:
    issue = site.create_issue(summary="Keep books on a list", description=LIST)
    body = {"issue": issue["id"]}
    events = list(acts.follow(stack, site, f"/generate/{PIPELINE}/stream", body=body))
    stages = [event.data["stage"] for event in events if event.name == "stage"]
    assert [stage for stage in stages if stage != "queued"] == ["reading", "criteria", "scenarios", "writing"]
    assert events[-1].name == "done"


# By a model


@pytest.fixture
def seen(model_stack: Stack, model: Callable[..., Any]) -> Iterator[JiraSite]:
    """A site with the test model, where nothing comes by itself."""
    site = model_stack.site(0)
    number = site.ask("GET", "/state")["projects"]["SHOP"]["id"]
    path = f"/projects/{number}/settings"
    assert site.api("PUT", path, user="ann", body={"auto_analyze": False}).status_code == 200
    yield site
    assert site.api("PUT", path, user="ann", body={"auto_analyze": True}).status_code == 200


def test_a_model_writes_criteria_and_the_same_text_is_not_paid_twice(seen: JiraSite, model: Callable[..., Any]) -> None:
    issue = seen.create_issue(description=acts.STORY)
    first = ended(seen, CRITERIA, issue)
    again = ended(seen, CRITERIA, issue)
    assert calls(model) == ["Criteria"]
    assert first["usage"]["prompt_version"] == "criteria.v1"
    assert (again["result"], again["usage"]["input_tokens"]) == (first["result"], 0)
    ended(seen, CRITERIA, issue, force=True)
    assert calls(model) == ["Criteria"] * 2


def test_faults_are_mended_in_one_round_and_gaps_are_filled(seen: JiraSite, model: Callable[..., Any]) -> None:
    model("script", ["linted", "good", "uncovered", "good"])
    issue = seen.create_issue(description=acts.STORY)
    run = ended(seen, PIPELINE, issue, count=4)
    assert calls(model) == ["Criteria"] * 2 + ["Scenarios"] * 2
    assert run["result"]["criteria"]["lint"] == []
    assert all(item["scenarios"] for item in run["result"]["scenarios"]["coverage"])
    assert len(run["result"]["scenarios"]["scenarios"]["scenarios"]) == 4
    assert run["usage"]["requests"] == 4


def test_one_criterion_is_written_anew_and_the_others_stay(seen: JiraSite, model: Callable[..., Any]) -> None:
    issue = seen.create_issue(description=acts.STORY)
    base = ended(seen, CRITERIA, issue)
    path = f"/runs/{base['id']}/items/criteria/1/regenerate"
    answer = seen.api("POST", path, user="tess", body={"instruction": "Name the limit."})
    run = acts.over(seen, answer.json()["run"]["id"])
    before, after = (shown["result"]["criteria"]["criteria"] for shown in (base, run))
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1]["title"] == "Written anew"
    assert "Name the limit." in model("requests")[-1]["body"]["messages"][0]["content"]


def test_hostile_texts_on_both_sides_change_nothing_but_words(seen: JiraSite, model: Callable[..., Any]) -> None:
    text = "\n".join(("As a reader I want it so that it is so.", "# language: fr", '"""', "| a |", *PAYLOADS))
    for behaviour in ("good", "hostile", "markup"):
        model("default", behaviour)
        issue = seen.create_issue(summary="Scenario: x", description=text)
        run = ended(seen, PIPELINE, issue, publish=["comment", "subtasks"])
        result = run["result"]
        assert titles_in(result["criteria"]["gherkin"]) == [
            c["title"] for c in result["criteria"]["criteria"]["criteria"]
        ]
        assert {p["status"] for p in run["publications"]} == {"done"}
        written = json.dumps([seen.ask("GET", f"/issues/{issue['key']}"), seen.comments(issue["key"])])
        ours = written.replace(json.dumps(text)[1:-1], "")
        assert '"type": "mention"' not in ours
        assert "evil.example/p" not in ours.replace("evil.example/pixel", "")
    assert seen.complaints() == []


def test_a_failing_model_is_stood_in_for_and_that_is_said(seen: JiraSite, model: Callable[..., Any]) -> None:
    model("script", ["good", "refusal"])
    issue = seen.create_issue(description=acts.STORY)
    run = ended(seen, PIPELINE, issue, publish=["comment"])
    assert (run["result"]["criteria"]["author"], run["result"]["scenarios"]["notice"]) == ("model", "model_failed")
    (comment,) = ours(seen, issue["key"], "pipeline")
    assert "Written by JiraVision with test-model" in comment["text"]
    assert "could not answer" in comment["text"]


# Killed in the middle


@pytest.fixture
def frail(frail_stack: Stack) -> Iterator[Stack]:
    if not frail_stack.addon.running:
        frail_stack.restart()
    frail_stack.model("reset")
    yield frail_stack
    if not frail_stack.addon.running:
        frail_stack.restart()
    frail_stack.model("reset")


def test_a_pipeline_killed_between_its_stages_goes_on_without_paying_again(frail: Stack) -> None:
    site = frail.site(0)
    issue = site.create_issue(description=acts.STORY)
    acts.first_run(site, issue)
    frail.model("reset")
    frail.model("script", ["good", "hang"])
    run = ask(site, PIPELINE, issue, publish=["comment", "subtasks"])
    eventually(lambda: calls(frail.model) == ["Criteria", "Scenarios"], "question about scenarios")
    assert acts.run(site, run["id"])["progress"]["stage"] == "scenarios"
    frail.addon.kill()
    acts.leases_expire(frail)
    frail.restart()
    done = acts.over(site, run["id"], 60)
    assert (done["status"], done["error"]) == ("succeeded", None)
    assert calls(frail.model) == ["Criteria", "Scenarios", "Scenarios"]
    assert done["usage"]["prompt_version"] == "criteria.v1, scenarios.v1"
    assert len(ours(site, issue["key"], "pipeline")) == 1
    tests = done["result"]["scenarios"]["scenarios"]["scenarios"]
    assert acts.titles(site, issue["key"]) == sorted(f"Test: {test['title']}" for test in tests)
