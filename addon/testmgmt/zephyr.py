"""Zephyr Scale Cloud: test cases, their steps or scripts, and their links to issues.

Nothing can be deleted there, so a case that was made half is completed and never made again.
Source: the vendor's OpenAPI description of version 2.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from addon.observe.sending import Check
from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolDown
from addon.testmgmt.wire import Call, Wire

REGIONS = {
    "global": "https://api.zephyrscale.smartbear.com/v2",
    "eu": "https://eu.api.zephyrscale.smartbear.com/v2",
}
STEPS_AT_ONCE = 100
_PAGE = 1_000
_MOST_PAGES = 100
_KEY = re.compile(r"[^/]+-T\d+")
PRIORITIES = {"high": ("high",), "medium": ("normal", "medium"), "low": ("low",)}
"""Names that a project may have given to our priorities, the likeliest first."""


@dataclass(frozen=True, slots=True)
class ZephyrAccess:
    """base_url: of the region, with the version, without a trailing slash."""

    base_url: str
    token: str = field(repr=False)

    @property
    def owner(self) -> str:
        """Stands for the credentials where they must not be kept themselves."""
        return hashlib.sha256(f"{self.base_url}\n{self.token}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ZephyrCase:
    """A test case as it stands. document: the whole of it, as it has to be sent back by an update."""

    key: str
    name: str
    objective: str
    precondition: str
    labels: tuple[str, ...]
    document: dict[str, Any] = field(repr=False)


class Zephyr:
    """One customer's Zephyr Scale. Cheap; keeps nothing.

    before_writing: called right before a write goes out, and keeps it back by raising.
    """

    def __init__(self, wire: Wire, access: ZephyrAccess, *, before_writing: Check | None = None) -> None:
        self._wire = wire
        self._access = access
        self._before_writing = before_writing

    def checked(self, before_writing: Check | None) -> "Zephyr":
        """The same one, whose writes are kept back when the check raises."""
        return Zephyr(self._wire, self._access, before_writing=before_writing)

    async def project_enabled(self, key: str) -> bool:
        """Raises ToolUnauthorized for a key that is not accepted, ToolNotFound for a project Zephyr does not know."""
        answer = await self._get("project.get", "projects", key)
        return bool(isinstance(answer, dict) and answer.get("enabled", True))

    async def priorities(self, project_key: str) -> list[str]:
        """The names of the project's priorities."""
        query = urlencode({"projectKey": project_key, "maxResults": 100})
        answer = await self._get("priority.list", "priorities", query=query)
        return [str(each.get("name")) for each in _values(answer) if each.get("name")]

    async def create(self, case: Case, *, priority: str | None) -> str:
        """The key of the new case. priority: a name of the project's. Raises ToolDown with `uncertain`."""
        body: dict[str, Any] = {"projectKey": case.project_key, "name": case.title, "labels": list(case.labels)}
        body |= {"objective": rich(case.objective), "precondition": rich(case.precondition)}
        body |= {"priorityName": priority} if priority else {}
        filled = {name: value for name, value in body.items() if value}
        answer = await self._send("case.create", "POST", "testcases", body=filled)
        key = answer.get("key") if isinstance(answer, dict) else None
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ToolDown("zephyr", uncertain=True)
        return key

    async def labelled(self, project_key: str, label: str) -> dict[str, str]:
        """Keys of the project's cases that carry the label, by their other labels; there is no search by label."""
        found: dict[str, str] = {}
        start, seen = 0, -1
        for _ in range(_MOST_PAGES):
            query = urlencode({"projectKey": project_key, "limit": _PAGE, "startAtId": start})
            answer = await self._get("case.find", "testcases", "nextgen", query=query)
            for each in map(_case, _values(answer)):
                if label in each.labels:
                    # The oldest of a kind is the one; cases come in the order of their ids.
                    for other in set(each.labels) - {label}:
                        found.setdefault(other, each.key)
            following = answer.get("nextStartAtId") if isinstance(answer, dict) else None
            if not isinstance(following, int) or following <= max(start, seen) or not _values(answer):
                break
            start = seen = following
        return found

    async def get(self, key: str) -> ZephyrCase:
        """Raises ToolNotFound."""
        return _case(await self._get("case.get", "testcases", key))

    async def rename(self, known: ZephyrCase, case: Case) -> None:
        """Sets the words of a case. An update clears what it leaves out, so everything else goes back as it came."""
        words = {"name": case.title, "objective": rich(case.objective), "precondition": rich(case.precondition)}
        body = {**known.document, **words}
        await self._send("case.update", "PUT", "testcases", known.key, body=body, repeatable=True)

    async def steps(self, key: str) -> list[Step]:
        """All steps, with their texts as they are kept: HTML."""
        found: list[Step] = []
        for _ in range(_MOST_PAGES):
            query = urlencode({"startAt": len(found), "maxResults": STEPS_AT_ONCE})
            answer = await self._get("case.steps.get", "testcases", key, "teststeps", query=query)
            page = [each.get("inline") for each in _values(answer)]
            found += [_step(inline) for inline in page if isinstance(inline, dict)]
            if not page or (isinstance(answer, dict) and answer.get("isLast", True)):
                break
        return found

    async def put_steps(self, key: str, steps: Sequence[Step]) -> None:
        """These steps and no others. Repeatable as a whole: the first batch takes the place of all there were."""
        for start in range(0, len(steps), STEPS_AT_ONCE):
            items = [{"inline": _inline(step)} for step in steps[start : start + STEPS_AT_ONCE]]
            body = {"mode": "APPEND" if start else "OVERWRITE", "items": items}
            await self._send("case.steps", "POST", "testcases", key, "teststeps", body=body, repeatable=not start)

    async def script(self, key: str) -> tuple[str, str]:
        """Kind (bdd | plain) and text of the script, both empty without one."""
        answer = await self._get("case.script.get", "testcases", key, "testscript")
        if not isinstance(answer, dict):
            return "", ""
        return str(answer.get("type") or ""), str(answer.get("text") or "")

    async def put_script(self, key: str, text: str, *, kind: str = "bdd") -> None:
        body = {"type": kind, "text": text}
        await self._send("case.script", "POST", "testcases", key, "testscript", body=body, repeatable=True)

    async def linked(self, issue_key: str) -> frozenset[str]:
        """Keys of the cases that are linked to a Jira issue."""
        answer = await self._get("case.links", "issuelinks", issue_key, "testcases")
        return frozenset(str(each.get("key")) for each in _values(answer))

    async def link(self, key: str, issue_id: int) -> None:
        body = {"issueId": issue_id}
        await self._send("case.link", "POST", "testcases", key, "links", "issues", body=body)

    async def _get(self, operation: str, *path: str, query: str = "") -> Any:
        return await self._send(operation, "GET", *path, query=query, repeatable=True)

    async def _send(
        self, operation: str, method: str, *path: str, query: str = "", body: object = None, repeatable: bool = False
    ) -> Any:
        url = "/".join((self._access.base_url, *(quote(part, safe="") for part in path)))
        whole = f"{url}?{query}" if query else url
        owner, token = self._access.owner, self._access.token
        check = None if method == "GET" else self._before_writing
        return await self._wire.send(Call("zephyr", operation, method, whole, owner, token, body, repeatable, check))


def rich(text: str) -> str:
    """A text as Zephyr's fields of several lines take it: HTML in which nothing of ours is a tag but the breaks."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def priority_named(names: Sequence[str], wanted: str) -> str | None:
    """The project's name for one of our priorities, None for the project's default."""
    by_name = {name.casefold(): name for name in names}
    return next((by_name[name] for name in PRIORITIES.get(wanted, ()) if name in by_name), None)


def _inline(step: Step) -> dict[str, str]:
    return {
        "description": rich(step.action),
        "testData": rich(step.data),
        "expectedResult": rich(step.expected),
    }


def _step(inline: dict[str, Any]) -> Step:
    words = (str(inline.get(name) or "") for name in ("description", "testData", "expectedResult"))
    return Step(*words)


def _case(value: object) -> ZephyrCase:
    document = value if isinstance(value, dict) else {}
    labels = document.get("labels")
    return ZephyrCase(
        key=str(document.get("key") or ""),
        name=str(document.get("name") or ""),
        objective=str(document.get("objective") or ""),
        precondition=str(document.get("precondition") or ""),
        labels=tuple(str(label) for label in labels) if isinstance(labels, list) else (),
        document=document,
    )


def _values(answer: object) -> list[dict[str, Any]]:
    found = answer.get("values") if isinstance(answer, dict) else answer
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
