"""Search by JQL: bounded queries only, pages by token, the id alone unless fields are asked for."""

import base64
import binascii
import hashlib
import json
from functools import partial

from sandbox.jql import QueryError, run
from sandbox.rest.call import Answer, Call, RefusedError, operation
from sandbox.site import Issue
from sandbox.views import issue as view

REMOVED = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
# The server may return fewer than asked for: a short page is not the last one.
WITH_FIELDS = 100


@operation("search", "GET", path="/search/jql")
def by_query(call: Call) -> Answer:
    return _search(
        call,
        call.asked("jql"),
        size=call.number("maxResults", 50, most=5000),
        token=call.asked("nextPageToken"),
        lists={name: call.asked(name) for name in ("fields", "expand", "properties")},
    )


@operation("search", "POST", path="/search/jql")
def by_body(call: Call) -> Answer:
    body = call.document(
        {
            "jql",
            "maxResults",
            "fields",
            "expand",
            "properties",
            "fieldsByKeys",
            "nextPageToken",
            "reconcileIssues",
            "failFast",
        }
    )
    if not isinstance(body.get("expand", ""), str) or not isinstance(body.get("fields", []), list):
        raise RefusedError(
            400, "Invalid request payload. Refer to the REST API documentation and try again.", note="expand or fields"
        )
    lists = {name: ",".join(body.get(name) or ()) for name in ("fields", "properties")} | {
        "expand": body.get("expand") or ""
    }
    return _search(
        call,
        body.get("jql") or "",
        size=_size(body.get("maxResults", 50)),
        token=body.get("nextPageToken") or "",
        lists=lists,
    )


@operation("search.count", "POST", path="/search/approximate-count")
def count(call: Call) -> Answer:
    return 200, {"count": len(_found(call, call.document({"jql"}).get("jql") or ""))}


@operation("search.removed", "GET", path="/search")
def removed(_: Call) -> Answer:
    raise RefusedError(410, REMOVED)


@operation("search.removed", "POST", path="/search")
def removed_too(_: Call) -> Answer:
    raise RefusedError(410, REMOVED)


def _found(call: Call, jql: str) -> list[Issue]:
    try:
        return run(call.site, jql, account_id=call.caller.account_id, sees=partial(call.may, "BROWSE_PROJECTS"))
    except QueryError as error:
        # People write queries themselves: a wrong one is no bug of the add-on that passes it on.
        raise RefusedError(400, str(error), wrong=False) from error


def _search(call: Call, jql: str, *, size: int, token: str, lists: dict[str, str]) -> Answer:
    found = _found(call, jql)
    query = hashlib.sha256(jql.encode()).hexdigest()[:12]
    start = _start(token, query)
    if lists["fields"]:
        size = min(size, WITH_FIELDS)
    shown = [
        view(call.site, issue, wanted=lists["fields"], expand=lists["expand"], properties=lists["properties"])
        if lists["fields"] or lists["properties"]
        else {"id": str(issue.id)}
        for issue in found[start : start + size]
    ]
    if lists["properties"] and not lists["fields"]:
        shown = [{name: value for name, value in issue.items() if name != "fields"} for issue in shown]
    last = start + size >= len(found)
    answer = {"issues": shown, "isLast": last}
    return 200, answer if last else {**answer, "nextPageToken": _token(start + size, query)}


def _size(asked: object) -> int:
    # Jira refuses page sizes beyond its maximum instead of quietly using less.
    if not isinstance(asked, int) or not 0 < asked <= 5000:
        raise RefusedError(400, f"The value '{asked}' of maxResults is not allowed.")
    return asked


def _token(start: int, query: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([start, query]).encode()).decode()


def _start(token: str, query: str) -> int:
    if not token:
        return 0
    try:
        start, of = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error) as error:
        raise RefusedError(400, "The provided next page token is invalid or expired.") from error
    # A token continues its own query only.
    if of != query:
        raise RefusedError(400, "The provided next page token is invalid or expired.", note="token of another query")
    return int(start)
