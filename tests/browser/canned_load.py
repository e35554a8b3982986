"""What waits and what failed on a site, canned; what is run again is gone from the list."""

import time
from typing import Any, Literal

from addon.errors import AddonError
from addon.jira.errors import JiraDown, JiraForbidden, failure
from addon.jira.search import JqlRefused
from addon.llm import faults
from addon.llm.errors import ModelNonsense
from addon.runs import remedies
from addon.runs.endings import ENDINGS, UNKNOWN_KIND
from addon.runs.failures import NOT_FAILED, UNDER_WAY, view
from addon.runs.setbacks import gave_up
from addon.store.leases import WORKER_LOST
from addon.store.repos.failures import Failure
from addon.targets.field import UNWRITABLE, FieldNotWritable, FieldTooShort
from addon.testmgmt.errors import ToolBusy, ToolRefused, ToolUnauthorized
from tests.browser.canned_panel import Refusal

Json = dict[str, Any]
Error = dict[str, str]
What = Literal["run", "publication"]


def _error(error: AddonError) -> Error:
    """As the row that failed with it has it."""
    return {"error": error.code, "detail": error.detail}


FEW: tuple[Error, ...] = (
    dict(gave_up(JiraDown(), 16)),
    WORKER_LOST,
    _error(FieldTooShort("The field <b>customfield_10058</b> holds one line of 255 characters.")),
)
XRAY_SAYS = "Der Testtyp „Manual“ fehlt"
JIRA_SAYS = "Le champ « equipe » n’existe pas."
EVERY: tuple[Error, ...] = (
    *FEW,
    *(dict(ending.error or {}) for ending in (ENDINGS["timed_out"], ENDINGS["crashed"], UNKNOWN_KIND)),
    dict(gave_up(ToolBusy("xray", 60.0), 40)),
    _error(ToolRefused("xray", XRAY_SAYS)),
    _error(ToolUnauthorized("zephyr")),
    _error(JqlRefused(JIRA_SAYS)),
    _error(failure(400, b'{"errors": {"customfield_10001": "Team is required.", "priority": "No."}}')),
    _error(failure(403, b"")),
    _error(JiraForbidden("Jira does not permit this; a permission or scope is missing.")),
    _error(FieldNotWritable(UNWRITABLE)),
    _error(faults.of_status(429, {}, body="insufficient_quota", now=0.0).error),
    _error(faults.of_status(418, {}, body="", now=0.0).error),
    _error(ModelNonsense("The model gave no usable answer, not even when its mistakes were named.")),
    {"error": "of_a_newer_release", "detail": "Something that this release has never heard of."},
)
"""Details as they are stored; in XRAY_SAYS and JIRA_SAYS stands what others said."""
WHATS: tuple[tuple[What, str], ...] = (
    ("run", "analysis"),
    ("publication", "comment"),
    ("run", "summary"),
    ("publication", "xray"),
)
MANY = 27
CONFLICTS = {"again-busy": UNDER_WAY, "again-late": NOT_FAILED}


class Load:
    """State of one page load."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        errors = EVERY if scenario == "every-failure" else FEW
        many = len(EVERY) if scenario == "every-failure" else MANY
        many = 0 if scenario in ("idle", "nobody") else many
        self.failures = [_failure(number, errors[number % len(errors)]) for number in range(many)]
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
            if detail := CONFLICTS.get(self.scenario):
                raise Refusal(409, "conflict", detail=detail)
            return self._again([each for each in self.failures if each["id"] == path.split("/")[2]], "")
        return None

    def _load(self) -> Json:
        busy = self.scenario not in ("idle", "nobody")
        waiting, working = (1240 + self.looks) * busy + 3 * (self.scenario == "nobody"), 49 * busy
        oldest_s = 192.4 * busy or 40.0
        ai = {"queue": "ai", "waiting": waiting, "later": 12 * busy, "working": working, "oldest_s": oldest_s}
        still = {"waiting": 0, "later": 0, "working": 0, "oldest_s": 0.0}
        rates = {"started_last_minute": 0, "failed_last_hour": 0}
        queues: list[Json] = [
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


def _failure(number: int, error: Error) -> Json:
    what, kind = WHATS[number % len(WHATS)]
    failed_at = time.time() - 60.0 * (7 * number + 3)
    return view(
        Failure(
            what=what,
            id=f"0199a1b2-0000-7000-8000-{number:012d}",
            tenant_id="t-1",
            base_url="https://acme.atlassian.net",
            kind=kind,
            issue_id=str(10_000 + number),
            issue_key=None if kind == "summary" else f"PAY-{number + 100}",
            project_id="10000",
            created_at=failed_at,
            failed_at=failed_at,
            attempts=number % 9 + 1,
            error=error,
            undoing=number == 5,
        )
    )
