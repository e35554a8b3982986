"""The API behind the tab of summaries, pretended: a reader's own runs, one that can be watched, queries from words."""

import copy
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from tests.browser import canned
from tests.browser.canned_panel import Refusal

Json = dict[str, Any]

JQL = "project = PAY AND statusCategory != Done ORDER BY updated DESC"
PARAMS: Json = {"jql": JQL, "question": "", "max_issues": 100}
COUNTS: Json = {
    "total": 42, "new": 12, "indeterminate": 20, "done": 6, "unassigned": 9, "stale": 5, "blocked": 2, "flagged": 1,
    "overdue": 1, "recent": 4, "by_type": [{"name": "Story", "count": 30}], "by_component": [],
}  # fmt: skip
STAGES = [("searching", 0, 0), ("reading", 50, 90), ("reading", 90, 90), ("thinking", 0, 3), ("thinking", 2, 3)]


def line(number: int, **more: Any) -> Json:
    return {
        "key": f"PAY-{number}", "summary": f"Pay with card number {number}", "type": "Story", "status": "In Progress",
        "category": "indeterminate", "assigned": bool(number % 3), "updated": 1793606400.0, "age_days": 18,
        "marks": ["blocked", "stale"] if number == 1 else [], **more,
    }  # fmt: skip


def summary(**more: Any) -> Json:
    return {
        "language": "en",
        "overview": "The set is about paying by card. The basket works; refunds wait for a decision of the bank.",
        "themes": [
            {"title": "Saved cards", "text": "Tokens are stored; the list of cards is being built.",
             "issues": [f"PAY-{n}" for n in range(1, 18)]},
            {"title": "Refunds", "text": "Nobody has decided who may refund.", "issues": ["PAY-4"]},
        ],
        "progress": [{"text": "Storing tokens is finished.", "issues": ["PAY-2"]}],
        "blockers": [{"text": "The bank has not sent its certificate.", "issues": ["PAY-1"]}],
        "risks": [{"text": "Tokens may expire while a basket is open.", "issues": []}],
        "stale": [{"text": "Open and untouched for two weeks or more.", "issues": ["PAY-1", "PAY-9"]}],
        "answer": [], **more,
    }  # fmt: skip


def result(**more: Any) -> Json:
    return {
        "author": "model", "notice": "", "jql": JQL, "question": "", "truncated": True, "dropped": 2, "counts": COUNTS,
        "issues": [line(n) for n in range(1, 39)], "summary": summary(), **more,
    }  # fmt: skip


def run(number: int, status: str, **more: Any) -> Json:
    made = canned.run(number, status, **{"id": f"summary-{number}", "kind": "summary", "params": PARAMS, **more})
    return {**made, "issue_key": None, "issue_id": None}


def asked() -> Json:
    """A result that answers a question."""
    answer = [{"text": "Refunds are late: nobody has decided who may make them.", "issues": ["PAY-4"]}]
    return result(question="What is late?", truncated=False, dropped=0, summary=summary(answer=answer))


def empty() -> Json:
    none: Json = dict.fromkeys(COUNTS, 0) | {"by_type": [], "by_component": []}
    bare = {name: [] if isinstance(value, list) else "" for name, value in summary().items()} | {"language": "en"}
    return result(author="rules", truncated=False, dropped=0, counts=none, issues=[], summary=bare)


def hostile() -> Json:
    bad = {"title": canned.HOSTILE, "text": canned.HOSTILE, "issues": ["PAY-1", '"><script>window.pwned=1</script>']}
    findings = {name: [bad] for name in ("themes", "progress", "blockers", "risks", "stale", "answer")}
    issues = [line(1, summary=canned.HOSTILE, status=canned.HOSTILE, key="javascript:window.pwned=1")]
    told = summary(overview=canned.HOSTILE, **findings)
    return result(question=canned.HOSTILE, jql=canned.HOSTILE, issues=issues, summary=told)


class Summaries:
    """One session's share. calls: what was asked for, with the bodies."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.calls: list[tuple[str, str, Any]] = []
        self.cancelled = threading.Event()
        self.runs: list[Json] = self._before()

    def _before(self) -> list[Json]:
        if self.scenario in ("empty", "slow", "cut"):
            return []
        question = {**PARAMS, "question": "What is late?"}
        refused = {"error": "jql_refused", "detail": "Unbounded JQL queries are not allowed here."}
        made = {"hostile": hostile(), "none-found": empty(), "rules": result(author="rules", notice="no_model")}
        return [
            run(1, "succeeded", result=made.get(self.scenario, result())),
            run(2, "succeeded", params=question, result=asked()),
            run(3, "failed", params={**PARAMS, "jql": "ORDER BY key"}, error=refused),
            run(4, "cancelled"),
        ]

    def answer(self, method: str, path: str, body: Any) -> Json | str | Iterator[str] | None:
        """None for what does not concern summaries; a text is a file, an iterator a stream."""
        if path == "/jira/jql":
            return self._written(body)
        if path == "/ai/summarize-jql":
            return self._started(body)
        if path.endswith("/summaries"):
            self._kept(method, path, body)
            return {"runs": [{**copy.deepcopy(run), "result": None} for run in self.runs]}
        found = next((run for run in self.runs if path.startswith(f"/runs/{run['id']}")), None)
        if found is None:
            return None
        self._kept(method, path, body)
        if path.endswith("/markdown"):
            return "# Summary of issues\n"
        if path.endswith("/events"):
            return self._events(found)
        if method == "DELETE":
            self.cancelled.set()
        return found

    def _kept(self, method: str, path: str, body: Any) -> None:
        self.calls.append((method, path, body))

    def _started(self, body: Json) -> Json:
        self._kept("POST", "/ai/summarize-jql", body)
        if self.scenario.startswith("deny-"):
            _, status, code = self.scenario.split("-", 2)
            raise Refusal(int(status), code)
        if "colour" in body["jql"]:
            raise Refusal(422, "jql_refused", detail="Field 'colour' does not exist.")
        self.runs.insert(0, run(0, "queued", params={name: body[name] for name in PARAMS}))
        return {"run": copy.deepcopy(self.runs[0])}

    def _written(self, body: Json) -> Json:
        if self.scenario == "rules":
            raise Refusal(409, "model_needed")
        if "red" in body["words"]:
            errors = ["Field 'colour' does not exist."]
            return {"jql": "colour = red", "explanation": "Red issues.", "valid": False, "errors": errors}
        return {"jql": "project = PAY AND type = Bug", "explanation": "All bugs.", "valid": True, "errors": []}

    def _events(self, found: Json) -> Iterator[str]:
        number = 0

        def frame(event: str, data: Json) -> str:
            nonlocal number
            number += 1
            return f"id: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"

        for stage, done, total in STAGES:
            yield frame("stage", {"stage": stage, "done": done, "total": total})
            time.sleep(0.03)
        whole = summary()
        yield frame("token", {"overview": whole["overview"][:60], "themes": whole["themes"][:1]})
        if self.scenario == "slow":
            self.cancelled.wait(60)
            found |= {"status": "cancelled", "error": None}
            yield frame("failed", found)
            return
        yield frame("stage", {"stage": "merging", "done": 3, "total": 3})
        time.sleep(0.03)
        question = found["params"]["question"]
        made = asked() | {"question": question} if question else result()
        found |= {"status": "succeeded", "result": made, "finished_at": found["created_at"]}
        yield frame("done", found)
