"""Each target writes what a person approved, once: under repeated clicks, lost replies, partial trouble."""

import json
from typing import Any

import pytest

from tests.flow import acts
from tests.flow.publishing import (
    FIELD,
    TARGETS,
    at_once,
    click,
    connect,
    expected,
    hurried,
    kind_for,
    publish,
    result,
    sections,
    settled,
    standing,
    wish,
)
from tests.stack import ROOT, JiraSite, Stack

pytestmark = pytest.mark.process

SAMPLE = json.loads((ROOT / "sandbox" / "seed" / "01-rich-story.json").read_text("utf-8"))


@pytest.fixture
def site(stack: Stack) -> JiraSite:
    found = stack.site()
    found.ask("POST", "/clear", {"what": ["requests", "complaints", "faults"]})
    connect(found)
    return found


@pytest.mark.parametrize("target", TARGETS)
def test_ten_clicks_at_once_write_it_once(site: JiraSite, target: str) -> None:
    run = result(site, kind_for(target))
    assert set(at_once(lambda: click(site, wish(run, target)))) == {202}
    written = settled(site, run["id"], target)
    assert [p["status"] for p in written] == ["done"] * expected(target)
    assert standing(site, run["issue_key"], run["id"])[target] == expected(target)
    assert site.complaints() == []
    # Later clicks find it done, and nothing is written again.
    site.ask("POST", "/clear", {"what": ["requests"]})
    publish(site, wish(run, target))
    settled(site, run["id"], target)
    writes = [r for r in site.ask("GET", "/requests")["requests"] if r["operation"] in ("issue.edit", *WRITES)]
    assert writes == []


WRITES = ("comment.create", "comment.update", "issue.create", "link.create", "xray.createTest", "zephyr.case.create")
LOST = {
    "comment": ["comment.create"],
    "questions": ["comment.create"],
    "description": ["issue.edit"],
    "field": ["issue.edit"],
    "subtasks": ["issue.create"],
    "xray": ["xray.createTest", "link.create"],
    "zephyr": ["zephyr.case.create", "zephyr.case.steps", "zephyr.case.link"],
}


@pytest.mark.faults
@pytest.mark.parametrize(("target", "operation"), [(t, o) for t, found in LOST.items() for o in found])
def test_a_lost_reply_is_looked_for_and_not_written_again(
    stack: Stack, site: JiraSite, target: str, operation: str
) -> None:
    run = result(site, kind_for(target))
    site.fault(operation, cut_after_write=True)
    publish(site, wish(run, target))
    written = hurried(stack, site, run["id"], target)
    assert [p["status"] for p in written] == ["done"] * expected(target)
    found = standing(site, run["issue_key"], run["id"])
    assert (found[target], found["unlinked"]) == (expected(target), 0)
    assert "cut" in [r["status"] for r in site.requests(operation)]
    assert site.complaints() == []


@pytest.mark.faults
@pytest.mark.parametrize(
    ("target", "operation", "status"),
    [
        ("xray", "xray.createTest", 429),
        ("xray", "xray.createTest", 401),
        ("xray", "xray.authenticate", 500),
        ("zephyr", "zephyr.case.create", 429),
        ("zephyr", "zephyr.case.create", 503),
        ("zephyr", "zephyr.case.steps", 500),
    ],
)
def test_trouble_that_passes_delays_and_loses_nothing(
    stack: Stack, site: JiraSite, target: str, operation: str, status: int
) -> None:
    run = result(site, kind_for(target))
    site.fault(operation, status=status, headers={"Retry-After": "1"}, times=1)
    publish(site, wish(run, target))
    rows = hurried(stack, site, run["id"], target, within_s=90)
    assert [p["status"] for p in rows] == ["done", "done"]
    assert standing(site, run["issue_key"], run["id"])[target] == 2


def test_what_failed_is_told_item_by_item_and_retried_alone(stack: Stack, site: JiraSite) -> None:
    run = result(site, "criteria")
    refusal = {"errors": [{"message": "Project SHOP has no Xray licence"}], "data": None}
    site.fault("xray.createTest", skip=1, status=200, body=refusal)
    publish(site, wish(run, "xray"))
    first, second = sorted(settled(site, run["id"], "xray"), key=lambda p: p["status"])
    assert (first["status"], second["status"]) == ("done", "failed")
    assert first["remote_key"]
    assert first["url"].endswith(first["remote_key"])
    assert second["error"]["error"] == "xray_refused"
    assert "no Xray licence" in second["error"]["detail"]
    site.ask("POST", "/clear", {"what": ["requests"]})
    assert set(at_once(lambda: site.api("POST", f"/publications/{second['id']}/retry", user="tess", body={}), 5)) == {
        202
    }
    assert [p["status"] for p in settled(site, run["id"], "xray")] == ["done", "done"]
    assert len(site.requests("xray.createTest")) == 1
    # What is done is not retried.
    again = site.api("POST", f"/publications/{first['id']}/retry", user="tess", body={})
    assert again.json()["publication"]["status"] == "done"
    assert standing(site, run["issue_key"], run["id"])["xray"] == 2


def test_a_half_made_test_case_is_completed_and_not_made_twice(site: JiraSite) -> None:
    run = result(site, "scenarios")
    site.fault("zephyr.case.link", status=400, body={"errorCode": 400, "message": "issueId must be the id of an issue"})
    (asked,) = publish(site, wish(run, "zephyr", items=[0]))
    (failed,) = settled(site, run["id"], "zephyr")
    assert failed["status"] == "failed"
    assert failed["remote_key"].startswith("SHOP-T"), "its address is known although it is not complete"
    edit = {"0": {"title": "Said better"}}
    publish(site, wish(run, "zephyr", items=[0], edits=edit))
    (done,) = settled(site, run["id"], "zephyr")
    assert (done["id"], done["status"], done["remote_key"]) == (asked["id"], "done", failed["remote_key"])
    (case,) = [c for c in site.ask("GET", "/cases")["cases"] if c["key"] == done["remote_key"]]
    assert (case["name"], case["issues"]) == ("Said better", [run["issue_key"]])


def test_xray_steps_that_got_lost_are_added(site: JiraSite) -> None:
    run = result(site, "scenarios")
    site.ask("POST", "/settings", {"xray_drops_steps": True})
    try:
        publish(site, wish(run, "xray", items=[0]))
        (done,) = settled(site, run["id"], "xray")
    finally:
        site.ask("POST", "/settings", {"xray_drops_steps": False})
    (test,) = [t for t in site.ask("GET", "/tests")["tests"] if t["key"] == done["remote_key"]]
    wanted = run["result"]["scenarios"]["scenarios"][0]["steps"]
    assert [step["action"] for step in test["steps"]] == [step["action"] for step in wanted]


@pytest.mark.parametrize("target", TARGETS)
def test_the_preview_shows_what_is_written(site: JiraSite, target: str) -> None:
    run = result(site, kind_for(target))
    site.ask("POST", "/clear", {"what": ["requests"]})
    answer = site.api("POST", "/jira/publish/preview", user="tess", body=wish(run, target))
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert len(shown["items"]) == expected(target)
    assert [item["problems"] for item in shown["items"]] == [[]] * expected(target)
    assert standing(site, run["issue_key"], run["id"])[target] == 0, "a preview writes nothing"
    publish(site, wish(run, target))
    settled(site, run["id"], target)
    assert _written(site, run, target) == _shown(shown, target)


def _shown(preview: Any, target: str) -> Any:
    items = preview["items"]
    if target in ("xray", "zephyr"):
        return sorted(item["title"] for item in items)
    if target == "subtasks":
        return sorted((item["title"], json.dumps(item["adf"])) for item in items)
    return items[0]["adf"]


def _written(site: JiraSite, run: Any, target: str) -> Any:
    issue = site.ask("GET", f"/issues/{run['issue_key']}")
    label = f"jiravision-{run['id'].replace('-', '')}"
    if target == "xray":
        return sorted(t["summary"] for t in site.ask("GET", "/tests")["tests"] if label in t["labels"])
    if target == "zephyr":
        return sorted(c["name"] for c in site.ask("GET", "/cases")["cases"] if label in c["labels"])
    if target == "subtasks":
        fields = [child["fields"] for child in issue["children"]]
        return sorted((f["summary"], json.dumps(f["description"])) for f in fields)
    if target == "description":
        return {"type": "doc", "version": 1, "content": sections(issue)}
    if target == "field":
        return issue["fields"][FIELD]
    return issue["comments"][-1]["body"]


def test_edits_are_what_is_written(site: JiraSite) -> None:
    run = result(site, "criteria")
    edit = {"title": "Pay in one go", "given": ["a basket"], "when": "they pay", "then": ["a receipt comes"]}
    publish(site, wish(run, "xray", items=[0], edits={"0": edit}))
    settled(site, run["id"], "xray")
    (test,) = [t for t in site.ask("GET", "/tests")["tests"] if t["tests"] == [run["issue_key"]]]
    assert test["summary"] == "Pay in one go"
    assert test["gherkin"].split("\n") == ["Given a basket", "When they pay", "Then a receipt comes"]


def test_a_description_keeps_every_node_of_its_author(site: JiraSite) -> None:
    before = SAMPLE["fields"]["description"]
    issue = site.create_issue(webhook=False, description=before)
    first, second = result(site, "criteria", issue), result(site, "scenarios", issue)
    for run in (first, second):
        publish(site, wish(run, "description"))
        settled(site, run["id"], "description")
    content = site.ask("GET", f"/issues/{issue['key']}")["fields"]["description"]["content"]
    assert json.dumps(content[:-2]) == json.dumps(before["content"])
    assert len(sections({"fields": {"description": {"content": content}}})) == 2
    # The same section again takes the place of the first one.
    publish(site, wish(first, "description", items=[0]))
    settled(site, first["id"], "description")
    now = site.ask("GET", f"/issues/{issue['key']}")["fields"]["description"]["content"]
    assert json.dumps(now[:-2]) == json.dumps(before["content"])
    assert json.dumps(now[-1]) == json.dumps(content[-1])
    assert len(json.dumps(now[-2])) < len(json.dumps(content[-2]))


def test_a_description_changed_at_the_same_moment_is_read_again(site: JiraSite) -> None:
    run = result(site, "criteria")
    site.fault("issue.edit", status=409, body={"errorMessages": ["conflict"], "errors": {}})
    publish(site, wish(run, "description"))
    (done,) = settled(site, run["id"], "description")
    assert done["status"] == "done"
    assert standing(site, run["issue_key"], run["id"])["description"] == 1


@pytest.mark.parametrize("target", TARGETS)
def test_who_may_not_do_it_in_jira_may_not_do_it_here(site: JiraSite, target: str) -> None:
    run = result(site, kind_for(target))
    site.ask("POST", "/clear", {"what": ["requests"]})
    refused = click(site, wish(run, target), user="vera")
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")
    preview = site.api("POST", "/jira/publish/preview", user="vera", body=wish(run, target))
    assert preview.status_code == 403
    assert standing(site, run["issue_key"], run["id"])[target] == 0


def test_a_project_that_is_not_connected_says_so(site: JiraSite) -> None:
    issue = site.create_issue("MOBI", webhook=False)
    run = result(site, "criteria", issue)
    for target in ("xray", "zephyr"):
        refused = click(site, wish(run, target))
        assert (refused.status_code, refused.json()["error"]) == (409, "not_connected")


def test_questions_mention_the_author_and_stay_hidden_from_customers(site: JiraSite) -> None:
    issue = site.create_issue("DESK", webhook=False, user="nina", description="It does not work, please make it fast.")
    run = result(site, "analysis", issue)
    publish(site, wish(run, "questions"))
    settled(site, run["id"], "questions")
    (comment,) = [c for c in site.comments(issue["key"]) if "questions" in json.dumps(c["properties"])]
    people = site.ask("GET", "/state")["users"]
    mention = comment["body"]["content"][0]["content"][0]
    assert mention == {"type": "mention", "attrs": {"id": people["nina"], "text": "@Nina Kovac"}}
    assert comment["internal"]


def test_tests_that_xray_makes_for_us_are_not_analysed(site: JiraSite) -> None:
    run = result(site, "criteria")
    publish(site, wish(run, "xray"))
    made = settled(site, run["id"], "xray")
    for publication in made:
        assert site.runs(publication["remote_id"]) == []


def test_the_keys_of_the_tools_never_leave(stack: Stack, site: JiraSite) -> None:
    keys = site.ask("GET", "/keys")
    secrets = [keys["xray"]["client_secret"], keys["zephyr"]["token"]]
    run = result(site, "criteria")
    echo = {"errors": [{"message": f"bad secret {secrets[0]}"}]}
    site.fault("xray.createTest", status=400, body=echo)
    site.fault("zephyr.case.create", status=400, body={"errorCode": 400, "message": f"bad token {secrets[1]}"})
    for target in ("xray", "zephyr"):
        publish(site, wish(run, target))
        assert {p["status"] for p in settled(site, run["id"], target)} == {"failed", "done"}
    wrong = {"xray": {**keys["xray"], "region": "mars"}}
    shown = [
        site.api("GET", "/projects/SHOP/places", user="ann").text,
        site.api("PUT", "/projects/SHOP/places", user="ann", body=wrong).text,
        site.api("POST", "/projects/SHOP/places/xray/test", user="ann", body={}).text,
        site.api("GET", f"/runs/{run['id']}", user="ann").text,
        site.api("GET", "/audit", user="ann").text,
        stack.addon.output,
    ]
    assert [secret for secret in secrets for text in shown if secret in text] == []
    stored = acts.stored(stack)
    assert run["id"].encode() in stored, "the right place was read"
    left = stored + acts.stored_in_redis(stack)
    assert [secret for secret in secrets if secret.encode() in left] == []
