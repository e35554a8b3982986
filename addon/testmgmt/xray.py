"""Xray Cloud: tests are Jira issues, made and read through its GraphQL API.

Source: docs.getxray.app (Authentication - REST v2, GraphQL API); xray.cloud.getxray.app/doc/graphql/
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from addon.observe.sending import Check
from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolDown, ToolRefused, ToolUnauthorized, short
from addon.testmgmt.wire import Call, Wire

REGIONS = {
    "global": "https://xray.cloud.getxray.app",
    "us": "https://us.xray.cloud.getxray.app",
    "eu": "https://eu.xray.cloud.getxray.app",
    "au": "https://au.xray.cloud.getxray.app",
}
TOKEN_S = 20 * 3600.0
"""Xray's tokens were seen to live for 24 hours."""
MOST_FOUND = 100
KINDS = {"Gherkin": "Cucumber", "Steps": "Manual"}
"""The kinds we make, with the name a project calls them by unless it says otherwise."""
_ABSENT = re.compile(r"not found|not exist|no such", re.IGNORECASE)

_TEST = (
    'issueId testType { name kind } gherkin steps { id action data result } jira(fields: ["key", "summary", "labels"])'
)
_CREATE = (
    "mutation($type: UpdateTestTypeInput, $steps: [CreateStepInput], $gherkin: String, $jira: JSON!) {"
    " createTest(testType: $type, steps: $steps, gherkin: $gherkin, jira: $jira) { test { " + _TEST + " } warnings } }"
)
_FIND = "query($jql: String, $limit: Int!) { getTests(jql: $jql, limit: $limit) { total results { " + _TEST + " } } }"
_BY_ID = (
    "query($ids: [String], $limit: Int!) { getTests(issueIds: $ids, limit: $limit) { total results { "
    + _TEST
    + " testRuns(limit: 1) { total } } } }"
)
_ADD_STEP = "mutation($id: String!, $step: CreateStepInput!) { addTestStep(issueId: $id, step: $step) { id action } }"
_REMOVE_STEPS = "mutation($id: String!) { removeAllTestSteps(issueId: $id) }"
_GHERKIN = (
    "mutation($id: String!, $gherkin: String!)"
    " { updateGherkinTestDefinition(issueId: $id, gherkin: $gherkin) { issueId gherkin } }"
)
_DELETE = "mutation($id: String!) { deleteTest(issueId: $id) }"
_TYPES = (
    "query($project: String!) { getProjectSettings(projectIdOrKey: $project)"
    " { projectId testTypeSettings { testTypes { id name kind } } } }"
)


@dataclass(frozen=True, slots=True)
class XrayAccess:
    """base_url: of the region, without a trailing slash."""

    base_url: str
    client_id: str
    secret: str = field(repr=False)

    @property
    def owner(self) -> str:
        """Stands for the credentials where they must not be kept themselves."""
        return hashlib.sha256(f"{self.base_url}\n{self.client_id}\n{self.secret}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class XrayTest:
    """A test as it stands. runs: executions known of, None when not asked for. warnings: Xray's own, on creation."""

    issue_id: str
    key: str
    summary: str
    labels: tuple[str, ...]
    kind: str
    gherkin: str
    steps: tuple[Step, ...]
    runs: int | None = None
    warnings: tuple[str, ...] = ()


class Tokens:
    """Tokens by the hash of the credentials they were got for, in memory only."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[float, str]] = {}
        self.locks: dict[str, asyncio.Lock] = {}
        self.types: dict[tuple[str, str], tuple[float, Mapping[str, str]]] = {}


class Xray:
    """One customer's Xray. Cheap; what is worth keeping stands in `tokens`.

    before_writing: called right before a write goes out, and keeps it back by raising.
    """

    def __init__(self, wire: Wire, access: XrayAccess, *, tokens: Tokens, before_writing: Check | None = None) -> None:
        self._wire = wire
        self._access = access
        self._tokens = tokens
        self._before_writing = before_writing

    def checked(self, before_writing: Check | None) -> "Xray":
        """The same one, whose writes are kept back when the check raises."""
        return Xray(self._wire, self._access, tokens=self._tokens, before_writing=before_writing)

    async def authenticate(self) -> None:
        """Raises ToolUnauthorized for credentials that are not accepted, or another ToolError."""
        await self._token(refused=self._tokens.known.get(self._access.owner, (0.0, ""))[1])

    async def test_types(self, project: str) -> Mapping[str, str]:
        """The project's names for the kinds of tests it takes, by kind; Xray's own names where it does not say."""
        place, now = (self._access.owner, project), time.monotonic()
        known = self._tokens.types.get(place)
        if known and known[0] > now:
            return known[1]
        data = await self._query("types.list", _TYPES, variables={"project": project})
        settings = _mapping(_mapping(data.get("getProjectSettings")).get("testTypeSettings"))
        offered = [_mapping(each) for each in _list(settings.get("testTypes"))]
        # The first of a kind is the one the project's administrators put on top.
        names = {str(each.get("kind")): str(each.get("name")) for each in reversed(offered)}
        types = {kind: names.get(kind, name) for kind, name in KINDS.items()}
        self._tokens.types[place] = (now + 300.0, types)
        return types

    async def create(self, case: Case, *, type_name: str) -> XrayTest:
        """Raises ToolDown with `uncertain` when it may exist although no answer came."""
        # The fields are those of Jira's REST v2: a text here is plain, never a document.
        fields = {
            "project": {"key": case.project_key},
            "summary": case.title,
            "labels": list(case.labels),
            "description": "\n\n".join(part for part in (case.objective, case.precondition) if part),
        }
        variables: dict[str, Any] = {"type": {"name": type_name}, "jira": {"fields": fields}}
        variables |= {"gherkin": case.gherkin} if case.gherkin else {"steps": [_step(step) for step in case.steps]}
        data = await self._mutate("test.create", _CREATE, variables=variables)
        made = _mapping(data.get("createTest"))
        warnings = tuple(short(str(each)) for each in _list(made.get("warnings")))
        test = _test(made.get("test"), warnings=warnings)
        if test is None:
            raise ToolDown("xray", uncertain=True)
        return test

    async def labelled(self, label: str) -> list[XrayTest]:
        """The tests with a label, the oldest first; of a label made by us, which needs no quoting."""
        data = await self._query("test.find", _FIND, variables={"jql": f'labels = "{label}"', "limit": MOST_FOUND})
        return _tests(data)

    async def get(self, issue_id: str) -> XrayTest | None:
        """A test with the number of its executions, None when there is none with this id."""
        try:
            data = await self._query("test.find", _BY_ID, variables={"ids": [issue_id], "limit": 1})
        except ToolRefused as error:
            # Any other refusal says nothing about the test: taken for its absence, it would be made a second time.
            if not _ABSENT.search(error.words):
                raise
            return None
        return next((test for test in _tests(data) if test.issue_id == issue_id), None)

    async def add_step(self, issue_id: str, step: Step) -> None:
        await self._mutate("test.steps", _ADD_STEP, variables={"id": issue_id, "step": _step(step)})

    async def replace_steps(self, issue_id: str, steps: Sequence[Step]) -> None:
        await self._mutate("test.steps", _REMOVE_STEPS, variables={"id": issue_id}, repeatable=True)
        for step in steps:
            await self.add_step(issue_id, step)

    async def set_gherkin(self, issue_id: str, gherkin: str) -> None:
        await self._mutate("test.update", _GHERKIN, variables={"id": issue_id, "gherkin": gherkin}, repeatable=True)

    async def delete(self, issue_id: str) -> None:
        await self._mutate("test.delete", _DELETE, variables={"id": issue_id}, repeatable=True)

    async def _query(self, operation: str, document: str, *, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        call = self._call(operation, "graphql", body=_question(document, variables), repeatable=True)
        return await self._graphql(call)

    async def _mutate(
        self, operation: str, document: str, *, variables: Mapping[str, Any], repeatable: bool = False
    ) -> Mapping[str, Any]:
        call = self._call(operation, "graphql", body=_question(document, variables), repeatable=repeatable)
        return await self._graphql(replace(call, before_sending=self._before_writing))

    async def _graphql(self, call: Call) -> Mapping[str, Any]:
        """The data. Raises ToolRefused with Xray's first message when there is none: failures come with status 200."""
        token = await self._token()
        try:
            answer = await self._wire.send(replace(call, token=token))
        except ToolUnauthorized:
            # A token may be revoked early; nothing was done with it.
            token = await self._token(refused=token)
            answer = await self._wire.send(replace(call, token=token))
        document_of = _mapping(answer)
        data = {name: value for name, value in _mapping(document_of.get("data")).items() if value is not None}
        errors = _list(document_of.get("errors"))
        if errors and not data:
            raise ToolRefused("xray", short(str(_mapping(errors[0]).get("message") or "")))
        return data

    async def _token(self, refused: str = "") -> str:
        """A token that is not the refused one. Raises ToolError."""
        owner = self._access.owner
        async with self._tokens.locks.setdefault(owner, asyncio.Lock()):
            until, token = self._tokens.known.get(owner, (0.0, ""))
            if token and token != refused and until > time.monotonic():
                return token
            self._tokens.known.pop(owner, None)
            body = {"client_id": self._access.client_id, "client_secret": self._access.secret}
            answer = await self._wire.send(self._call("authenticate", "authenticate", body=body, repeatable=True))
            if not isinstance(answer, str) or not answer:
                raise ToolDown("xray")
            self._tokens.known[owner] = (time.monotonic() + TOKEN_S, answer)
            return answer

    def _call(self, operation: str, path: str, *, body: object, repeatable: bool) -> Call:
        url = f"{self._access.base_url}/api/v2/{path}"
        return Call("xray", operation, "POST", url, self._access.owner, body=body, repeatable=repeatable)


def _question(document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": document, "variables": dict(variables)}


def _step(step: Step) -> dict[str, str]:
    return {"action": step.action, "data": step.data, "result": step.expected}


def _tests(data: Mapping[str, Any]) -> list[XrayTest]:
    results = _list(_mapping(data.get("getTests")).get("results"))
    found = [test for each in results if (test := _test(each)) is not None]
    return sorted(found, key=lambda test: int(test.issue_id) if test.issue_id.isdecimal() else 0)


def _test(value: object, *, warnings: tuple[str, ...] = ()) -> XrayTest | None:
    test = _mapping(value)
    issue_id = str(test.get("issueId") or "")
    if not issue_id:
        return None
    jira = _mapping(test.get("jira"))
    runs = _mapping(test.get("testRuns")).get("total")
    steps = tuple(
        Step(str(s.get("action") or ""), str(s.get("data") or ""), str(s.get("result") or ""))
        for s in map(_mapping, _list(test.get("steps")))
    )
    return XrayTest(
        issue_id=issue_id,
        key=str(jira.get("key") or ""),
        summary=str(jira.get("summary") or ""),
        labels=tuple(str(label) for label in _list(jira.get("labels"))),
        kind=str(_mapping(test.get("testType")).get("kind") or ""),
        gherkin=str(test.get("gherkin") or ""),
        steps=steps,
        runs=runs if isinstance(runs, int) else None,
        warnings=warnings,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
