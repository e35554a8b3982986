"""A pretend Zephyr Scale Cloud: test cases with steps or a script, and their links to issues. Nothing is deleted.

Built from the vendor's OpenAPI description, version 2.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sandbox.site import Json, Site
from sandbox.tools import ToolCall, ToolRefusal
from sandbox.webhooks import Webhooks

PRIORITIES = ("High", "Normal", "Low")
INPUT = {
    "projectKey", "name", "objective", "precondition", "estimatedTime", "componentId", "priorityName", "statusName",
    "folderId", "ownerId", "labels", "customFields",
}  # fmt: skip
STEPS_AT_ONCE = 100
HOME = "https://zephyr.test/v2"


@dataclass(slots=True)
class ZCase:
    """fields: as TestCase shows them. script: {"type", "text"}, None with steps. links: ids of issues, each once."""

    id: int
    key: str
    project: str
    fields: Json
    steps: list[Json] = field(default_factory=list)
    script: Json | None = None
    links: list[int] = field(default_factory=list)


Handler = Callable[[Site, ToolCall], tuple[int, Any]]
ROUTES: list[tuple[str, str, re.Pattern[str], Handler]] = []


def route(name: str, method: str, *, path: str) -> Callable[[Handler], Handler]:
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def keep(handler: Handler) -> Handler:
        ROUTES.append((name, method, pattern, handler))
        return handler

    return keep


class Zephyr:
    """All sites behind one address; the token says which."""

    name = "zephyr"

    def __init__(self, places: Sequence[tuple[Site, Webhooks]]) -> None:
        self._places = places

    def understand(self, call: ToolCall) -> None:
        call.site = next((site for site, _ in self._places if call.token and site.zephyr_token == call.token), None)
        if call.site is None:
            raise refused(401, "Unauthorized.", wrong=False)
        for name, method, pattern, handler in ROUTES:
            match = pattern.fullmatch(call.path)
            if match and method == call.method:
                call.operation = name
                call.named = match.groupdict()
                call.answer = partial(handler, call.site, call)
                return
        raise refused(404, "Resource not found.", note=f"{call.method} {call.path}")


def refused(status: int, message: str, *, note: str = "", wrong: bool | None = None) -> ToolRefusal:
    body = {"errorCode": status, "message": message}
    return ToolRefusal(status, body, note=note or message, wrong=status != 404 if wrong is None else wrong)


def case_named(site: Site, key: str) -> ZCase:
    found = site.cases.get(key)
    if not isinstance(found, ZCase):
        raise refused(404, f"Test case with key {key} was not found.")
    return found


@route("project.get", "GET", path="/projects/{key}")
def project(site: Site, call: ToolCall) -> tuple[int, Any]:
    found = site.project(call.named["key"])
    # Where Zephyr was never switched on, there is no such project to it.
    if found is None or found.key == "NOSUB":
        raise refused(404, f"Project {call.named['key']} was not found.")
    return 200, {"id": int(found.id), "jiraProjectId": int(found.id), "key": found.key, "enabled": True}


@route("priority.list", "GET", path="/priorities")
def priorities(site: Site, call: ToolCall) -> tuple[int, Any]:
    values = [
        {
            "id": number,
            "name": name,
            "index": number,
            "project": {"id": 1, "self": f"{HOME}/projects/1"},
            "default": name == "Normal",
        }
        for number, name in enumerate(PRIORITIES, 1)
    ]
    return 200, page(call, values)


@route("case.create", "POST", path="/testcases")
def create(site: Site, call: ToolCall) -> tuple[int, Any]:
    body = known(call, INPUT)
    wanted = body.get("projectKey")
    if not isinstance(wanted, str) or not re.fullmatch(r"[A-Z][A-Z_0-9]+", wanted):
        raise refused(400, "projectKey must not be null")
    owner = site.project(wanted)
    if owner is None or owner.key == "NOSUB":
        raise refused(404, f"Project {wanted} was not found.")
    name = body.get("name")
    if not isinstance(name, str) or not name.strip() or len(name) > 255:
        raise refused(400, "name must not be blank")
    if body.get("priorityName", "Normal") not in PRIORITIES:
        raise refused(400, f"Priority {body['priorityName']} was not found.")
    labels = body.get("labels", [])
    if not isinstance(labels, list) or not all(isinstance(label, str) and " " not in label for label in labels):
        raise refused(400, "labels must not contain blanks")
    number = sum(case.project == wanted for case in site.cases.values()) + 1
    made = ZCase(site.next_id(), f"{wanted}-T{number}", wanted, shown_fields(body))
    site.cases[made.key] = made
    return 201, {"id": made.id, "self": f"{HOME}/testcases/{made.key}", "key": made.key}


@route("case.find", "GET", path="/testcases/nextgen")
def nextgen(site: Site, call: ToolCall) -> tuple[int, Any]:
    limit, start = number_of(call, "limit", default=10), number_of(call, "startAtId", default=0)
    if not 1 <= limit <= 1000:
        raise refused(400, "limit must be between 1 and 1000")
    wanted = call.query.get("projectKey")
    cases = sorted((c for c in site.cases.values() if wanted in (None, c.project)), key=lambda c: c.id)
    # As the real one may do, it gives fewer than it is asked for.
    rest = [case for case in cases if case.id >= start]
    some, following = rest[: min(limit, 20)], rest[min(limit, 20) :]
    next_id = following[0].id if following else None
    return 200, {"values": [shown(case) for case in some], "limit": len(some), "nextStartAtId": next_id, "next": None}


@route("case.get", "GET", path="/testcases/{key}")
def get(site: Site, call: ToolCall) -> tuple[int, Any]:
    return 200, shown(case_named(site, call.named["key"]))


@route("case.update", "PUT", path="/testcases/{key}")
def update(site: Site, call: ToolCall) -> tuple[int, Any]:
    case = case_named(site, call.named["key"])
    body = call.body if isinstance(call.body, dict) else {}
    missing = {"id", "key", "name", "priority", "project", "status"} - set(body)
    if missing or not str(body.get("name")).strip():
        raise refused(400, f"{sorted(missing) or 'name'} must not be null")
    # What an update leaves out is cleared.
    case.fields = {name: body.get(name) for name in case.fields} | {"name": body["name"]}
    return 200, None


@route("case.steps.get", "GET", path="/testcases/{key}/teststeps")
def steps(site: Site, call: ToolCall) -> tuple[int, Any]:
    return 200, page(call, case_named(site, call.named["key"]).steps)


@route("case.steps", "POST", path="/testcases/{key}/teststeps")
def put_steps(site: Site, call: ToolCall) -> tuple[int, Any]:
    case, body = case_named(site, call.named["key"]), known(call, {"mode", "items"})
    items = body.get("items")
    if body.get("mode") not in ("OVERWRITE", "APPEND") or not isinstance(items, list):
        raise refused(400, "mode must be OVERWRITE or APPEND")
    if len(items) > STEPS_AT_ONCE:
        raise refused(400, f"A maximum of {STEPS_AT_ONCE} steps can be posted per request")
    for item in items:
        inline = item.get("inline") if isinstance(item, dict) else None
        if not isinstance(inline, dict) or set(inline) - {"description", "testData", "expectedResult", "customFields"}:
            raise refused(400, "Each step must be an object containing inline or testCase")
        if not all(isinstance(words, str) for words in inline.values()):
            raise refused(400, "The texts of a step must be strings")
    case.steps = [*(case.steps if body["mode"] == "APPEND" else []), *items]
    case.script = None
    return 201, {"id": case.id, "self": f"{HOME}/testcases/{case.key}/teststeps"}


@route("case.script.get", "GET", path="/testcases/{key}/testscript")
def script(site: Site, call: ToolCall) -> tuple[int, Any]:
    case = case_named(site, call.named["key"])
    if case.script is None:
        raise refused(404, f"Test script of {case.key} was not found.")
    return 200, {"id": case.id, **case.script}


@route("case.script", "POST", path="/testcases/{key}/testscript")
def put_script(site: Site, call: ToolCall) -> tuple[int, Any]:
    case, body = case_named(site, call.named["key"]), known(call, {"type", "text"})
    if body.get("type") not in ("plain", "bdd") or not isinstance(body.get("text"), str) or not body["text"]:
        raise refused(400, "text must not be empty")
    case.script, case.steps = dict(body), []
    return 201, {"id": case.id, "self": f"{HOME}/testcases/{case.key}/testscript"}


@route("case.link", "POST", path="/testcases/{key}/links/issues")
def link(site: Site, call: ToolCall) -> tuple[int, Any]:
    case, body = case_named(site, call.named["key"]), known(call, {"issueId"})
    issue_id = body.get("issueId")
    if not isinstance(issue_id, int) or issue_id not in site.issues:
        raise refused(400, "issueId must be the id of an issue")
    # The real one makes a second link of it; a careful client looks before.
    if issue_id in case.links:
        raise refused(400, f"{case.key} is linked to {issue_id} already")
    case.links.append(issue_id)
    return 201, {"id": site.next_id(), "self": f"{HOME}/testcases/{case.key}/links"}


@route("case.links", "GET", path="/issuelinks/{key}/testcases")
def links(site: Site, call: ToolCall) -> tuple[int, Any]:
    issue = site.issue(call.named["key"])
    found = [case for case in site.cases.values() if issue is not None and issue.id in case.links]
    return 200, [{"key": case.key, "version": 1, "self": f"{HOME}/testcases/{case.key}/versions/1"} for case in found]


def known(call: ToolCall, names: set[str]) -> Json:
    """The body, an object of known names. Raises ToolRefusal."""
    if not isinstance(call.body, dict):
        raise refused(400, "The request body is not valid JSON.")
    unknown = sorted(set(call.body) - names)
    if unknown:
        raise refused(400, f"Unrecognized field {unknown[0]}")
    return call.body


def shown_fields(body: Json) -> Json:
    return {
        "name": body["name"],
        "objective": body.get("objective"),
        "precondition": body.get("precondition"),
        "labels": list(body.get("labels", [])),
        "priority": {"id": PRIORITIES.index(body.get("priorityName", "Normal")) + 1, "self": f"{HOME}/priorities/1"},
        "status": {"id": 1, "self": f"{HOME}/statuses/1"},
    }


def shown(case: ZCase) -> Json:
    linked = [{"issueId": issue_id, "id": issue_id, "type": "COVERAGE"} for issue_id in case.links]
    return {
        "id": case.id,
        "key": case.key,
        "project": {"id": 1, "self": f"{HOME}/projects/1"},
        **case.fields,
        "links": {"self": f"{HOME}/testcases/{case.key}/links", "issues": linked, "webLinks": []},
    }


def page(call: ToolCall, values: Sequence[Any]) -> Json:
    start, size = number_of(call, "startAt", default=0), number_of(call, "maxResults", default=10)
    some = list(values[start : start + size])
    last = start + len(some) >= len(values)
    return {"values": some, "startAt": start, "maxResults": size, "total": len(values), "isLast": last, "next": None}


def number_of(call: ToolCall, name: str, *, default: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdecimal():
        raise refused(400, f"{name} must be a number")
    return int(text)
