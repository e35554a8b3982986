"""Accounts and what they may do."""

from collections.abc import Iterable
from typing import Any

from sandbox import views
from sandbox.people import GLOBAL_PERMISSIONS, PROJECT_PERMISSIONS
from sandbox.rest.call import Answer, Call, RefusedError, operation
from sandbox.site import Json


@operation("myself", "GET", path="/myself")
def myself(call: Call) -> Answer:
    return 200, _account(call, call.caller.account_id)


@operation("user.get", "GET", path="/user")
def user(call: Call) -> Answer:
    account_id = call.asked("accountId")
    if account_id not in call.site.users:
        raise RefusedError(404, "Specified user does not exist or you do not have required permissions")
    return 200, _account(call, account_id)


@operation("user.bulk", "GET", path="/user/bulk")
def users(call: Call) -> Answer:
    wanted = [value for name, value in call.query if name == "accountId"]
    if not wanted:
        raise RefusedError(400, "At least one accountId is required.")
    shown = [_account(call, account_id) for account_id in dict.fromkeys(wanted) if account_id in call.site.users]
    return 200, views.page(
        "values", shown, start=call.number("startAt", 0), size=call.number("maxResults", 10, most=200)
    )


@operation("permissions.check", "POST", path="/permissions/check")
def check(call: Call) -> Answer:
    body = call.document({"accountId", "globalPermissions", "projectPermissions"})
    account_id = body.get("accountId", call.caller.account_id)
    # Asking about others is a privilege of an add-on's server.
    if call.caller.as_user and account_id != call.caller.account_id:
        raise RefusedError(403, "You are not allowed to ask for another account.", wrong=True)
    wide = body.get("globalPermissions") or []
    _known(wide, GLOBAL_PERMISSIONS)
    granted = [permission for permission in wide if permission in call.site.global_permissions(account_id)]
    answers: list[Json] = []
    for block in body.get("projectPermissions") or []:
        answers.extend(_block(call, account_id, block=block))
    return 200, {"globalPermissions": granted, "projectPermissions": answers}


@operation("permissions.mine", "GET", path="/mypermissions")
def mine(call: Call) -> Answer:
    names = [name for name in call.asked("permissions").split(",") if name]
    if not names:
        raise RefusedError(400, "The 'permissions' query parameter is required.")
    _known(names, PROJECT_PERMISSIONS | GLOBAL_PERMISSIONS)
    project = None
    if wanted := call.asked("issueId") or call.asked("issueKey"):
        project = call.issue(wanted).project
    elif wanted := call.asked("projectId") or call.asked("projectKey"):
        project = call.project(wanted)
    has = set(call.site.global_permissions(call.caller.account_id))
    for each in [project] if project else call.site.projects.values():
        has |= call.site.permissions(call.caller.account_id, each)
    return 200, {"permissions": {n: {"id": "1", "key": n, "name": n, "havePermission": n in has} for n in names}}


def _block(call: Call, account_id: str, *, block: Any) -> list[Json]:
    if not isinstance(block, dict) or set(block) - {"permissions", "projects", "issues"}:
        raise RefusedError(
            400,
            "Invalid request payload. Refer to the REST API documentation and try again.",
            note="projectPermissions",
        )
    permissions, projects, issues = (block.get(name) or [] for name in ("permissions", "projects", "issues"))
    _known(permissions, PROJECT_PERMISSIONS)
    # Ids are strings everywhere else in REST, and numbers here.
    if not all(type(id_) is int for id_ in (*projects, *issues)) or max(len(projects), len(issues)) > 1000:
        raise RefusedError(400, "Ids must be numbers, at most 1000 of each kind.")
    site = call.site
    answers = []
    for permission in permissions:
        in_projects = [
            id_
            for id_ in projects
            if (found := site.projects.get(str(id_))) and permission in site.permissions(account_id, found)
        ]
        on_issues = [
            id_
            for id_ in issues
            if (seen := site.issues.get(id_)) and permission in site.permissions(account_id, seen.project)
        ]
        # Only what is granted comes back; absence means no.
        if in_projects or on_issues:
            answers.append({"permission": permission, "projects": in_projects, "issues": on_issues})
    return answers


def _known(names: Iterable[str], known: frozenset[str]) -> None:
    unknown = {name: "Unrecognized permission" for name in names if name not in known}
    if unknown:
        raise RefusedError(400, fields=unknown)


def _account(call: Call, account_id: str) -> Json:
    shown = views.person(call.site, account_id) or {}
    return {**shown, "locale": call.site.users[account_id].locale}
