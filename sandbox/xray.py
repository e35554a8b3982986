"""A pretend Xray Cloud: keys for tokens, and a GraphQL API whose tests are issues of the pretend Jira.

Built from the vendor's published API: fields and arguments that are not there are refused in GraphQL's own words.
"""

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox import views
from sandbox.catalog import TEST
from sandbox.graphql import Operation, QueryError, Schema, Selection, check, filled, parse
from sandbox.prose import document
from sandbox.site import Issue, Json, Site
from sandbox.tools import ToolCall, ToolRefusal
from sandbox.webhooks import Webhooks

TYPES = (
    {"id": "1", "name": "Manual", "kind": "Steps"},
    {"id": "2", "name": "Cucumber", "kind": "Gherkin"},
    {"id": "3", "name": "Generic", "kind": "Unstructured"},
)
OWNER = "paul"
"""Whose key it is: what Xray does in Jira, it does as that person."""
_NONE: Mapping[str, str] = {}
_ID = {"issueId": "String!"}
SCHEMA: Schema = {
    "Query": {
        "getTests": ("TestResults", {"jql": "String", "issueIds": "[String]", "limit": "Int!", "start": "Int"}),
        "getTest": ("Test", {"issueId": "String"}),
        "getProjectSettings": ("ProjectSettings", {"projectIdOrKey": "String!"}),
    },
    "Mutation": {
        "createTest": (
            "CreateTestResult",
            {
                "testType": "UpdateTestTypeInput",
                "steps": "[CreateStepInput]",
                "unstructured": "String",
                "gherkin": "String",
                "preconditionIssueIds": "[String]",
                "folderPath": "String",
                "jira": "JSON!",
            },
        ),
        "addTestStep": ("Step", {**_ID, "step": "CreateStepInput!"}),
        "removeAllTestSteps": ("String", _ID),
        "updateGherkinTestDefinition": ("Test", {**_ID, "gherkin": "String!"}),
        "deleteTest": ("String", _ID),
    },
    "TestResults": {
        "total": ("Int", _NONE),
        "start": ("Int", _NONE),
        "limit": ("Int", _NONE),
        "results": ("Test", _NONE),
    },
    "CreateTestResult": {"test": ("Test", _NONE), "warnings": ("String", _NONE)},
    "Test": {
        "issueId": ("String", _NONE),
        "projectId": ("String", _NONE),
        "testType": ("TestType", _NONE),
        "steps": ("Step", _NONE),
        "unstructured": ("String", _NONE),
        "gherkin": ("String", _NONE),
        "scenarioType": ("String", _NONE),
        "testRuns": ("TestRunResults", {"limit": "Int!", "start": "Int"}),
        "jira": ("JSON", {"fields": "[String]"}),
    },
    "TestRunResults": {"total": ("Int", _NONE), "start": ("Int", _NONE), "limit": ("Int", _NONE)},
    "TestType": {"id": ("String", _NONE), "name": ("String", _NONE), "kind": ("String", _NONE)},
    "Step": dict.fromkeys(("id", "action", "data", "result"), ("String", _NONE)),
    "ProjectSettings": {"projectId": ("String", _NONE), "testTypeSettings": ("ProjectTestTypes", _NONE)},
    "ProjectTestTypes": {"testTypes": ("TestType", _NONE), "defaultTestTypeId": ("String", _NONE)},
}


class XrayError(Exception):
    """What Xray answers as an error of GraphQL, with status 200."""


@dataclass(slots=True)
class XTest:
    """What Xray adds to an issue. runs: how often it was executed."""

    issue: Issue
    kind: Json
    gherkin: str = ""
    steps: list[Json] = field(default_factory=list)
    runs: int = 0


class Xray:
    """All sites behind one address; the key says which. places: each site with its webhooks."""

    name = "xray"

    def __init__(self, places: Sequence[tuple[Site, Webhooks]]) -> None:
        self._places = places
        self._tokens: dict[str, Site] = {}

    def understand(self, call: ToolCall) -> None:
        if (call.method, call.path) == ("POST", "/api/v2/authenticate"):
            call.operation = "authenticate"
            self._authenticate(call)
        elif (call.method, call.path) == ("POST", "/api/v2/graphql"):
            call.operation = "graphql"
            self._graphql(call)
        else:
            raise ToolRefusal(404, {"error": "Not found."}, note=f"{call.method} {call.path}")

    def _authenticate(self, call: ToolCall) -> None:
        body = call.body if isinstance(call.body, dict) else {}
        if set(body) != {"client_id", "client_secret"}:
            raise ToolRefusal(400, {"error": "Bad request."}, note="authenticate: client_id and client_secret")
        call.site = next((s for s, _ in self._places if s.xray_client_id == body["client_id"]), None)
        if call.site is None or body["client_secret"] != call.site.xray_secret:
            raise ToolRefusal(
                401, {"error": "Authentication failed. Invalid client credentials!"}, note="", wrong=False
            )
        site = call.site

        def answer() -> tuple[int, Any]:
            token = f"eyJ{secrets.token_urlsafe(60)}"
            self._tokens[token] = site
            return 200, token

        call.answer = answer

    def _graphql(self, call: ToolCall) -> None:
        call.site = self._tokens.get(call.token)
        if call.site is None:
            raise ToolRefusal(401, {"error": "Invalid or expired token."}, note="", wrong=False)
        call.webhooks = next(hooks for site, hooks in self._places if site is call.site)
        body = call.body if isinstance(call.body, dict) else {}
        variables = body.get("variables") or {}
        try:
            operation = parse(str(body.get("query", "")))
            call.operation = operation.selections[0].name
            check(operation, SCHEMA)
        except QueryError as error:
            raise ToolRefusal(400, {"errors": [{"message": str(error)}]}, note=str(error)) from error
        call.answer = lambda: self._run(call, operation, variables=variables)

    def _run(self, call: ToolCall, operation: Operation, *, variables: Mapping[str, Any]) -> tuple[int, Any]:
        assert call.site is not None
        assert call.webhooks is not None
        room = _Room(call.site, call.webhooks)
        data: Json = {}
        try:
            for selection in operation.selections:
                arguments = {name: filled(value, variables) for name, value in selection.arguments.items()}
                data[selection.alias] = _projected(ROOTS[selection.name](room, arguments), selection, room=room)
        except XrayError as error:
            call.site.complain(f"xray.{call.operation}", str(error), status=200, wrong=True)
            return 200, {"errors": [{"message": str(error)}], "data": None}
        return 200, {"data": data}


@dataclass(slots=True)
class _Room:
    site: Site
    webhooks: Webhooks

    def test(self, issue_id: object) -> XTest:
        found = self.site.tests.get(int(str(issue_id))) if str(issue_id).isdecimal() else None
        if not isinstance(found, XTest) or found.issue.id not in self.site.issues:
            raise XrayError(f"test with id {issue_id} not found!")
        return found


def _get_tests(room: _Room, arguments: Json) -> Json:
    limit = arguments.get("limit")
    if not isinstance(limit, int) or not 1 <= limit <= 100:
        raise XrayError("limit must be between 1 and 100")
    tests = [test for test in room.site.tests.values() if test.issue.id in room.site.issues]
    wanted = arguments.get("issueIds")
    if wanted is not None:
        tests = [test for test in tests if str(test.issue.id) in wanted]
    if arguments.get("jql"):
        label = re.fullmatch(r'labels = "([^"]+)"', str(arguments["jql"]))
        if label is None:
            raise XrayError("the pretend Xray searches by one label only")
        tests = [test for test in tests if label.group(1) in test.issue.labels]
    # Not in the order of their ids: nothing is promised.
    return {"total": len(tests), "start": 0, "limit": limit, "results": tests[:limit][::-1]}


def _settings(room: _Room, arguments: Json) -> Json:
    project = room.site.project(arguments.get("projectIdOrKey"))
    if project is None:
        raise XrayError(f"Project with id or key {arguments.get('projectIdOrKey')} not found")
    return {"projectId": project.id, "testTypeSettings": {"testTypes": list(TYPES), "defaultTestTypeId": "1"}}


def _create(room: _Room, arguments: Json) -> Json:
    wanted = arguments.get("testType") or {"name": "Manual"}
    kind = next((each for each in TYPES if wanted.get("name") == each["name"] or wanted.get("id") == each["id"]), None)
    if kind is None:
        raise XrayError(f"Test Type {wanted} not found")
    if arguments.get("gherkin") and kind["kind"] != "Gherkin":
        raise XrayError("gherkin is for tests of a Gherkin type only")
    steps = [_step(each) for each in arguments.get("steps") or []]
    if steps and kind["kind"] != "Steps":
        raise XrayError("steps are for tests of a Steps type only")
    issue = _issue(room, arguments["jira"])
    test = XTest(issue, dict(kind), str(arguments.get("gherkin") or ""), [] if room.site.xray_drops_steps else steps)
    room.site.tests[issue.id] = test
    return {"test": test, "warnings": []}


def _issue(room: _Room, jira: Any) -> Issue:
    """The issue behind a test, made with the rules of Jira's REST v2."""
    fields = jira.get("fields") if isinstance(jira, dict) else None
    if not isinstance(fields, dict) or set(jira) != {"fields"}:
        raise XrayError("jira: fields are missing")
    unknown = sorted(set(fields) - {"project", "summary", "labels", "description"})
    if unknown:
        raise XrayError(f"Field '{unknown[0]}' cannot be set. It is not on the appropriate screen, or unknown.")
    site, project = room.site, room.site.project((fields.get("project") or {}).get("key"))
    owner = site.user(OWNER)
    assert owner is not None
    if project is None or "CREATE_ISSUES" not in site.permissions(owner.account_id, project):
        raise XrayError("project: valid project is required")
    summary, labels, words = fields.get("summary"), fields.get("labels") or [], fields.get("description")
    if not isinstance(summary, str) or not summary.strip() or "\n" in summary or len(summary) > 255:
        raise XrayError("summary: You must specify a summary of the issue.")
    if not all(isinstance(label, str) and label and not re.search(r"\s", label) for label in labels):
        raise XrayError("labels: The label contains spaces which is invalid.")
    if words is not None and not isinstance(words, str):
        raise XrayError("description: Operation value must be a string")
    now = time.time()
    issue = Issue(
        site.next_id(), site.next_key(project), project, TEST.id, summary, owner.account_id, owner.account_id,
        now, now, project.statuses[0].id, document(words) if words else None, labels=list(labels),
    )  # fmt: skip
    site.add(issue)
    room.webhooks.fire("jira:issue_created", issue, account_id=owner.account_id, trace=None)
    return issue


def _step(value: Any) -> Json:
    if not isinstance(value, dict) or set(value) - {"action", "data", "result", "customFields"}:
        raise XrayError("steps: Field is not defined by type CreateStepInput.")
    if not value.get("action"):
        raise XrayError("steps: action is mandatory")
    return {"id": secrets.token_hex(6), "action": "", "data": "", "result": "", **value}


def _add_step(room: _Room, arguments: Json) -> Json:
    step = _step(arguments["step"])
    room.test(arguments["issueId"]).steps.append(step)
    return step


def _remove_steps(room: _Room, arguments: Json) -> str:
    room.test(arguments["issueId"]).steps.clear()
    return "Removed all steps"


def _set_gherkin(room: _Room, arguments: Json) -> XTest:
    test = room.test(arguments["issueId"])
    test.gherkin = str(arguments["gherkin"])
    return test


def _delete(room: _Room, arguments: Json) -> str:
    test = room.test(arguments["issueId"])
    del room.site.tests[test.issue.id]
    room.site.remove(test.issue)
    return "Test deleted"


ROOTS: Mapping[str, Callable[[_Room, Json], Any]] = {
    "getTests": _get_tests,
    "getTest": lambda room, arguments: room.test(arguments.get("issueId")),
    "getProjectSettings": _settings,
    "createTest": _create,
    "addTestStep": _add_step,
    "removeAllTestSteps": _remove_steps,
    "updateGherkinTestDefinition": _set_gherkin,
    "deleteTest": _delete,
}


def _projected(value: Any, selection: Selection, *, room: _Room) -> Any:
    """What was asked for of a value, under the names it was asked for."""
    if isinstance(value, list):
        return [_projected(each, selection, room=room) for each in value]
    if not selection.selections or value is None:
        return value
    return {
        inner.alias: _projected(_field(value, inner, room=room), inner, room=room) for inner in selection.selections
    }


def _field(value: Any, selection: Selection, *, room: _Room) -> Any:
    if not isinstance(value, XTest):
        return value.get(selection.name)
    shown: Json = {
        "issueId": str(value.issue.id),
        "projectId": value.issue.project.id,
        "testType": value.kind,
        "steps": value.steps if value.kind["kind"] == "Steps" else None,
        "unstructured": None,
        "gherkin": value.gherkin or None,
        "scenarioType": "scenario" if value.gherkin else None,
        "testRuns": {"total": value.runs, "start": 0, "limit": 1},
    }
    if selection.name != "jira":
        return shown[selection.name]
    names = selection.arguments.get("fields") or []
    fields = {**views.issue_fields(room.site, value.issue), "key": value.issue.key}
    return {name: fields.get(name) for name in names}
