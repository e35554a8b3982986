"""What waits and what failed on a site, canned; what is run again is gone from the list."""

import datetime
from typing import Any

from addon.runs import remedies
from tests.browser.canned_panel import Refusal

Json = dict[str, Any]
CODES = (
    ("gave_up", "jira_down", "Given up after 2 h of trying. The last time: Jira did not answer (HTTP 503)."),
    ("worker_lost", None, "The work was interrupted again and again and has been given up."),
    ("field_not_writable", None, "<b>customfield_10058</b> is not on the edit screen of this issue type."),
)
WHATS = (("run", "analysis"), ("publication", "comment"), ("run", "summary"), ("publication", "xray"))
MANY = 27


class Load:
    """State of one page load."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.failures = [] if scenario in ("idle", "nobody") else [_failure(number) for number in range(MANY)]
        self.looks = 0

    def answer(self, method: str, path: str, body: Any, *, query: Json) -> Json | None:
        """None for anything else. Raises Refusal."""
        if path == "/load":
            self.looks += 1
            if self.scenario == "load-down" and self.looks > 1:
                raise Refusal(503, "database_down")
            return self._load()
        if path == "/failures":
            return self._failures(int(query.get("limit", ["50"])[0]))
        if path == "/failures/again":
            return self._again([each for each in self.failures if each["error"] == body["error"]][:5], body["error"])
        if method == "POST" and path.startswith("/failures/"):
            if self.scenario == "again-busy":
                raise Refusal(
                    409, "conflict", detail="Equal work is under way on this issue already; wait for it to end."
                )
            return self._again([each for each in self.failures if each["id"] == path.split("/")[2]], "")
        return None

    def _load(self) -> Json:
        busy = self.scenario not in ("idle", "nobody")
        waiting, working = (1240 + self.looks) * busy + 3 * (self.scenario == "nobody"), 49 * busy
        oldest_s = 192.4 * busy or 40.0
        ai = {"queue": "ai", "waiting": waiting, "later": 12 * busy, "working": working, "oldest_s": oldest_s}
        still = {"waiting": 0, "later": 0, "working": 0, "oldest_s": 0.0}
        rates = {"started_last_minute": 0, "failed_last_hour": 0}
        queues = [
            {"queue": "priority", **still, "working": busy * 1, **rates, "started_last_minute": busy * 2},
            {**ai, "started_last_minute": 117 * busy, "failed_last_hour": 9 * busy},
            {"queue": "default", **still, "waiting": busy * 1, "later": busy * 1, **rates},
            {"queue": "exports", **still, **rates},
        ]
        total = {name: sum(queue[name] for queue in queues) for name in ("waiting", "later", "working")}
        workers = 0 if self.scenario == "nobody" else 2
        return {"at": "2026-11-21T10:00:00.000Z", **total, "oldest_s": oldest_s, "queues": queues, "workers": workers}

    def _failures(self, limit: int) -> Json:
        count: dict[str, int] = {}
        for each in self.failures:
            count[each["error"]] = count.get(each["error"], 0) + 1
        codes = [
            {"error": error, "count": number, "said": remedies.of({"error": error}).said}
            for error, number in sorted(count.items())
        ]
        more = len(self.failures) > limit
        return {"failures": self.failures[:limit], "codes": codes, "next": "1.5:x" if more else None}

    def _again(self, begun: list[Json], error: str) -> Json:
        self.failures = [each for each in self.failures if each not in begun]
        return {"started": len(begun), "left": sum(each["error"] == error for each in self.failures)}


def _failure(number: int) -> Json:
    error, cause, detail = CODES[number % len(CODES)]
    what, kind = WHATS[number % len(WHATS)]
    failed_at = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=7 * number + 3)
    remedy = remedies.of({"error": error, "cause": cause or ""})
    return {
        "id": f"0199a1b2-0000-7000-8000-{number:012d}",
        "what": what,
        "kind": kind,
        "undoing": number == 5,
        "issue_id": str(10_000 + number),
        "issue_key": None if kind == "summary" else f"PAY-{number + 100}",
        "project_id": "10000",
        "created_at": failed_at.isoformat(),
        "failed_at": failed_at.isoformat(),
        "attempts": number % 9 + 1,
        "error": error,
        "cause": cause,
        "detail": detail,
        "said": remedy.said,
        "todo": remedy.todo,
    }
