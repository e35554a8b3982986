"""One request to the REST side: who asks for what, how it is refused, and the table of operations."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.catalog import Project
from sandbox.site import Issue, Json, Site


class RefusedError(Exception):
    """A refusal in Jira's shape. note: more than Jira would say, for the list of complaints only.

    wrong: the request was at fault; False for a missing right or a missing thing, which every client must expect.
    """

    def __init__(
        self,
        status: int,
        *messages: str,
        fields: Mapping[str, str] | None = None,
        note: str = "",
        wrong: bool | None = None,
    ) -> None:
        super().__init__(status, messages)
        self.status = status
        self.body: Json = {"errorMessages": list(messages), "errors": dict(fields or {})}
        self.note = note or "; ".join([*messages, *(f"{name}: {text}" for name, text in (fields or {}).items())])
        # A missing right or thing is everyday life for an add-on; a bad request is a bug in it.
        self.wrong = status not in (403, 404, 409) if wrong is None else wrong


class UnauthorizedError(RefusedError):
    def __init__(self, note: str) -> None:
        super().__init__(401, note=note)
        # The gateway before Jira answers these, in a shape of its own.
        self.body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who the token speaks for. account_id: the add-on's own account unless it acts as a user."""

    account_id: str
    scopes: frozenset[str]
    as_user: bool = False


@dataclass(slots=True)
class Call:
    """One authenticated request. query: pairs in order. path: its named parts. trace: what webhooks echo."""

    site: Site
    caller: Caller
    path: Mapping[str, str]
    query: list[tuple[str, str]]
    body: Any = None
    trace: str | None = None
    events: list[tuple[str, Any]] = field(default_factory=list)

    def asked(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)

    def number(self, name: str, default: int, *, most: int | None = None) -> int:
        text = self.asked(name) or str(default)
        # Jira refuses page sizes beyond its maximum instead of quietly using less.
        if not text.isdigit() or (most is not None and int(text) > most):
            raise RefusedError(400, f"The value '{text}' of {name} is not allowed.")
        return int(text)

    def document(self, allowed: set[str]) -> Json:
        """The body as an object holding known names only."""
        if not isinstance(self.body, dict):
            raise RefusedError(400, "Invalid request payload. Refer to the REST API documentation and try again.")
        # Jira ignores some unknown names; refusing them all finds misspelt ones.
        unknown = sorted(set(self.body) - allowed)
        if unknown:
            raise RefusedError(
                400,
                "Invalid request payload. Refer to the REST API documentation and try again.",
                note=f"unknown {unknown}",
            )
        return self.body

    def may(self, permission: str, project: Project) -> bool:
        return permission in self.site.permissions(self.caller.account_id, project)

    def issue(self, id_or_key: object) -> Issue:
        """The issue, when the caller may see it; otherwise nobody learns whether it exists."""
        found = self.site.issue(id_or_key)
        # One answer for both: nobody learns from it what exists.
        if found is None or not self.may("BROWSE_PROJECTS", found.project):
            raise RefusedError(
                404, "Issue does not exist or you do not have permission to see it.", note=f"issue {id_or_key}"
            )
        return found

    def project(self, id_or_key: object) -> Project:
        found = self.site.project(id_or_key)
        if found is None or not self.may("BROWSE_PROJECTS", found):
            raise RefusedError(404, f"No project could be found with key '{id_or_key}'.")
        return found

    def needs(self, permission: str, project: Project, *, status: int = 403, text: str = "") -> None:
        if not self.may(permission, project):
            raise RefusedError(
                status, text or "You do not have permission to perform this operation.", note=permission, wrong=False
            )


Answer = tuple[int, Any]
Handler = Callable[[Call], Answer]


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    method: str
    pattern: re.Pattern[str]
    scope: str
    handler: Handler


OPERATIONS: list[Operation] = []


def operation(name: str, method: str, *, path: str, scope: str = "READ") -> Callable[[Handler], Handler]:
    """Puts a handler into the table. path: below /rest/api/3, names in braces. scope: what the descriptor must ask."""
    pattern = re.compile("/rest/api/3" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

    def keep(handler: Handler) -> Handler:
        OPERATIONS.append(Operation(name, method, pattern, scope, handler))
        return handler

    return keep


def find(method: str, path: str) -> tuple[Operation | None, Mapping[str, str], bool]:
    """The operation for a decoded path, its named parts, and whether the path exists with another method."""
    known = False
    for entry in OPERATIONS:
        match = entry.pattern.fullmatch(path)
        if match:
            known = True
            if entry.method == method:
                return entry, match.groupdict(), True
    return None, {}, known


def property_value(value: Any) -> Any:
    """Checks an entity property the way Jira limits it."""
    if value is None or len(json.dumps(value, separators=(",", ":"))) > 32_768:
        raise RefusedError(400, "The property value must be a valid, non-empty JSON of at most 32768 characters.")
    return value


def property_list(value: Any) -> Json:
    """The `properties` of a create or edit request as a mapping."""
    if value is None:
        return {}
    if not isinstance(value, list) or not all(isinstance(v, dict) and set(v) == {"key", "value"} for v in value):
        raise RefusedError(
            400, "Invalid request payload. Refer to the REST API documentation and try again.", note="properties"
        )
    if any(not isinstance(v["key"], str) or not 0 < len(v["key"]) <= 255 for v in value):
        raise RefusedError(400, "The property key must be at most 255 characters.")
    return {v["key"]: property_value(v["value"]) for v in value}
