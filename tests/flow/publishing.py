"""What the tests of writing do: make results, connect the tools, click, and count what stands there."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from sqlalchemy import select, update

from addon.store.tables.runs import publications
from tests.flow.acts import over, rows
from tests.stack import JiraSite, Stack, eventually

FIELD = "customfield_10058"
TARGETS = ("comment", "description", "field", "subtasks", "questions", "xray", "zephyr")
DOORS = {
    "analysis": "/ai/analyze-issue",
    "criteria": "/generate/acceptance-criteria",
    "scenarios": "/generate/test-scenarios",
}
SAYS = "I want to pay quickly so that I get my book.\n\nIt should be user-friendly."


def connect(site: JiraSite, project: str = "SHOP") -> dict[str, Any]:
    """Both tools, as an administrator of the project connects them; the keys."""
    keys: dict[str, Any] = site.ask("GET", "/keys")
    answer = site.api("PUT", f"/projects/{project}/places", user="ann", body=keys)
    assert answer.status_code == 200, answer.text
    return keys


def result(site: JiraSite, kind: str, issue: Mapping[str, Any] | None = None) -> Any:
    """An ended run of that kind on an issue nobody else has anything to do with."""
    made = issue or site.create_issue(webhook=False, description=SAYS)
    answer = site.api("POST", DOORS[kind], user="tess", body={"issue": made["id"]})
    assert answer.status_code == 202, answer.text
    run = over(site, answer.json()["run"]["id"])
    assert run["status"] == "succeeded", run["error"]
    return run


def kind_for(target: str) -> str:
    """A kind of run whose result can be written there."""
    return {"questions": "analysis", "zephyr": "scenarios"}.get(target, "criteria")


def wish(run: Mapping[str, Any], target: str, **more: Any) -> dict[str, Any]:
    """items: by default the first two, where a target has items."""
    items = {"items": [0, 1]} if target in ("subtasks", "xray", "zephyr") else {}
    field = {"field": FIELD} if target == "field" else {}
    return {"run": run["id"], "target": target, **items, **field, **more}


def click(site: JiraSite, body: Mapping[str, Any], user: str = "tess") -> httpx2.Response:
    return site.api("POST", "/jira/publish", user=user, body=dict(body))


def publish(site: JiraSite, body: Mapping[str, Any], user: str = "tess") -> list[Any]:
    answer = click(site, body, user)
    assert answer.status_code == 202, answer.text
    return list(answer.json()["publications"])


def at_once(act: Callable[[], httpx2.Response], times: int = 10) -> list[int]:
    """The statuses of that many clicks at the same moment."""
    with ThreadPoolExecutor(times) as pool:
        return [answer.status_code for answer in pool.map(lambda _: act(), range(times))]


def settled(site: JiraSite, run_id: str, target: str, within_s: float = 30.0) -> list[Any]:
    """The publications of a run at a target, none of them under way."""

    def look() -> list[Any] | None:
        answer = site.api("GET", f"/runs/{run_id}", user="ann")
        assert answer.status_code == 200, answer.text
        found = [p for p in answer.json()["publications"] if p["target"] == target]
        return found if found and all(p["status"] != "pending" for p in found) else None

    return eventually(look, f"settled {target} of {run_id}", within_s)


def hurried(stack: Stack, site: JiraSite, run_id: str, target: str, within_s: float = 40.0) -> list[Any]:
    """The same, and whoever waits for another try, or for what may still turn up, does not wait long."""

    def look() -> list[Any] | None:
        rows(stack, "UPDATE publications SET run_at = 0 WHERE state = 'queued' AND error IS NOT NULL")
        _a_minute_passes(stack, run_id)
        answer = site.api("GET", f"/runs/{run_id}", user="ann").json()
        found = [p for p in answer["publications"] if p["target"] == target]
        return found if found and all(p["status"] != "pending" for p in found) else None

    return eventually(look, f"settled {target} of {run_id}", within_s)


def _a_minute_passes(stack: Stack, run_id: str) -> None:
    """For whoever has looked for what was sent without an answer, has not found it and waits."""
    mine = (publications.c.run_id == run_id, publications.c.state == "queued")
    for found in rows(stack, select(publications.c.id, publications.c.kept, publications.c.error).where(*mine)):
        if str((found.error or {}).get("error")).endswith("_unsettled"):
            sent = update(publications).where(*mine, publications.c.id == found.id)
            rows(stack, sent.values(kept={**found.kept, "sent_at": time.time() - 60}))


def standing(site: JiraSite, key: str, run_id: str) -> dict[str, int]:
    """How much of ours there is about an issue, by target."""
    issue = site.ask("GET", f"/issues/{key}")
    kinds = [value["kind"] for c in issue["comments"] for value in c["properties"].values() if "kind" in value]
    label = f"jiravision-{run_id.replace('-', '')}"
    tests = [test for test in site.ask("GET", "/tests")["tests"] if label in test["labels"]]
    cases = [case for case in site.ask("GET", "/cases")["cases"] if label in case["labels"]]
    return {
        "comment": len([kind for kind in kinds if kind != "questions"]),
        "questions": kinds.count("questions"),
        "description": len(sections(issue)),
        "field": int(issue["fields"].get(FIELD) is not None),
        "subtasks": len(issue["children"]),
        "xray": len([test for test in tests if test["tests"] == [key]]),
        "zephyr": len([case for case in cases if case["issues"] == [key] and (case["steps"] or case["script"])]),
        "unlinked": len([test for test in tests if test["tests"] != [key]])
        + len([case for case in cases if case["issues"] != [key]]),
    }


def sections(issue: Mapping[str, Any]) -> list[Any]:
    """Our sections in a description."""
    description = issue["fields"].get("description") or {"content": []}
    expands = [node for node in description["content"] if node["type"] == "expand"]
    return [node for node in expands if node["attrs"]["title"].endswith(" · JiraVision")]


def expected(target: str) -> int:
    return 2 if target in ("subtasks", "xray", "zephyr") else 1
