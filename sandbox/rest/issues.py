"""Issues: read, create, edit, delete, read in bulk."""

import time
from typing import Any

from sandbox.catalog import IssueType, Project
from sandbox.changelog import changed, photo
from sandbox.rest.call import Answer, Call, RefusedError, operation, property_list
from sandbox.rest.fields import checked, creatable, editable
from sandbox.site import Issue, Json
from sandbox.views import issue as view
from sandbox.views import type_of

OWN = ("summary", "description", "labels")
MANAGED = ("project", "issuetype", "parent")


@operation("issue.get", "GET", path="/issue/{key}")
def get(call: Call) -> Answer:
    return 200, _shown(call, call.issue(call.path["key"]))


@operation("issue.bulkfetch", "POST", path="/issue/bulkfetch", scope="WRITE")
def bulkfetch(call: Call) -> Answer:
    body = call.document({"issueIdsOrKeys", "fields", "expand", "properties", "fieldsByKeys"})
    wanted = body.get("issueIdsOrKeys")
    if not isinstance(wanted, list) or not 0 < len(wanted) <= 100:
        raise RefusedError(400, "issueIdsOrKeys must hold between 1 and 100 issues.")
    found = {issue.id: issue for w in wanted if (issue := _visible(call, w)) is not None}
    lists = {name: ",".join(body.get(name) or ()) for name in ("fields", "expand", "properties")}
    shown = [
        view(
            call.site,
            found[id_],
            wanted=lists["fields"] or "*all",
            expand=lists["expand"],
            properties=lists["properties"],
        )
        for id_ in sorted(found)
    ]
    missing = [
        {"id": str(w), "errorMessage": "Issue does not exist or you do not have permission to see it."}
        for w in wanted
        if _visible(call, w) is None
    ]
    return 200, {"issues": shown, "issueErrors": missing}


@operation("issue.create", "POST", path="/issue", scope="WRITE")
def create(call: Call) -> Answer:
    body = call.document({"fields", "update", "properties", "historyMetadata", "transition"})
    fields: Json = body["fields"] if isinstance(body.get("fields"), dict) else {}
    project = _project(call, fields.get("project"))
    kind = _kind(project, fields.get("issuetype"))
    call.needs("CREATE_ISSUES", project, text="You do not have permission to create issues in this project.")
    # Project and type are settled first: they decide which fields there are.
    values = checked(call, fields, allowed=creatable(project, kind))
    if "summary" not in values:
        raise RefusedError(400, fields={"summary": "You must specify a summary of the issue."})
    parent = _parent(call, project, kind=kind, value=fields.get("parent"))
    issue = made(call, project, kind=kind, values=values)
    issue.parent = parent.id if parent else None
    # Properties set in the create request are how a writer finds its own issue again after a lost answer.
    issue.properties = property_list(body.get("properties"))
    _update(call, issue, update=body.get("update"))
    call.site.add(issue)
    call.site.touch(issue)
    call.events.append(("jira:issue_created", issue))
    return 201, {"id": str(issue.id), "key": issue.key, "self": f"{call.site.base_url}/rest/api/3/issue/{issue.id}"}


def made(call: Call, project: Project, *, kind: IssueType, values: Json) -> Issue:
    """A new issue of checked values, not yet on the site."""
    now = time.time()
    reporter = (values.get("reporter") or {}).get("accountId") or call.caller.account_id
    # Fields without a place of their own are kept as REST will answer them.
    rest = {name: value for name, value in values.items() if name not in (*OWN, *MANAGED, "reporter")}
    return Issue(
        call.site.next_id(),
        call.site.next_key(project),
        project,
        kind.id,
        values["summary"],
        call.caller.account_id,
        reporter,
        now,
        now,
        project.statuses[0].id,
        values.get("description"),
        labels=values.get("labels", []),
        fields=rest,
    )


@operation("issue.edit", "PUT", path="/issue/{key}", scope="WRITE")
def edit(call: Call) -> Answer:
    issue = call.issue(call.path["key"])
    body = call.document({"fields", "update", "properties", "historyMetadata", "transition"})
    call.needs("EDIT_ISSUES", issue.project, text="You do not have permission to edit issues in this project.")
    values = checked(call, body.get("fields") or {}, allowed=editable(issue.project, type_of(issue)))
    # Jira does not guess which of the two is meant.
    both = set(values) & set(body.get("update") or {})
    if both:
        raise RefusedError(400, fields=dict.fromkeys(both, "Field is in both fields and update."))
    properties = property_list(body.get("properties"))
    before = photo(call.site, issue)
    _update(call, issue, update=body.get("update"))
    for name in OWN:
        if name in values:
            setattr(issue, name, values.pop(name))
    issue.fields |= {name: value for name, value in values.items() if name not in MANAGED}
    issue.properties |= properties
    issue.updated = time.time()
    call.site.touch(issue)
    call.events.append(("jira:issue_updated", changed(call.site, issue, before=before)))
    return (200, _shown(call, issue)) if call.asked("returnIssue") == "true" else (204, None)


@operation("issue.delete", "DELETE", path="/issue/{key}", scope="DELETE")
def delete(call: Call) -> Answer:
    issue = call.issue(call.path["key"])
    call.needs("DELETE_ISSUES", issue.project)
    children = list(call.site.children(issue))
    if children and call.asked("deleteSubtasks") != "true":
        raise RefusedError(
            400, "The issue has sub-tasks. You must specify the 'deleteSubtasks' parameter to delete them."
        )
    for gone in (*children, issue):
        call.site.remove(gone)
    return 204, None


def _shown(call: Call, issue: Issue) -> Json:
    return view(
        call.site,
        issue,
        wanted=call.asked("fields", "*all"),
        expand=call.asked("expand"),
        properties=call.asked("properties"),
    )


def _visible(call: Call, id_or_key: object) -> Issue | None:
    found = call.site.issue(id_or_key)
    return found if found is not None and call.may("BROWSE_PROJECTS", found.project) else None


def _named(value: Any) -> object:
    """What a reference such as {"id": "1"} or {"key": "A"} names."""
    return (value.get("id") or value.get("key")) if isinstance(value, dict) else None


def _project(call: Call, value: Any) -> Project:
    found = call.site.project(_named(value))
    if found is None or not call.may("BROWSE_PROJECTS", found):
        raise RefusedError(400, fields={"project": "valid project is required"}, wrong=found is None)
    return found


def _kind(project: Project, value: Any) -> IssueType:
    wanted = (value.get("id") or value.get("name")) if isinstance(value, dict) else None
    if wanted is None:
        raise RefusedError(400, fields={"issuetype": "issue type is required"})
    kind = project.type_of(wanted)
    if kind is None:
        raise RefusedError(400, fields={"issuetype": "The issue type selected is invalid."})
    return kind


def _parent(call: Call, project: Project, *, kind: IssueType, value: Any) -> Issue | None:
    if value is None:
        if kind.subtask:
            raise RefusedError(
                400, fields={"parent": "Issue type is a sub-task but parent issue key or id not specified."}
            )
        return None
    parent = _visible(call, _named(value))
    if parent is None:
        raise RefusedError(400, fields={"parent": "Could not find issue by id or key."}, wrong=False)
    # Epics may reach across projects, sub-tasks may not.
    if kind.subtask and parent.project is not project:
        raise RefusedError(400, fields={"parent": "Sub-tasks must be created in the same project as the parent."})
    # Sub-tasks go under base types and base types under epics; nothing goes two levels down.
    if type_of(parent).level != kind.level + 1:
        raise RefusedError(400, fields={"parentId": "Given parent work item does not belong to appropriate hierarchy."})
    return parent


def _update(call: Call, issue: Issue, *, update: Any) -> None:
    """The `update` part: labels and issue links, which is what an add-on like ours may send."""
    for name, steps in (update or {}).items():
        if name == "labels":
            added = [step["add"] for step in steps if "add" in step]
            removed = {step["remove"] for step in steps if "remove" in step}
            checked(call, {"labels": added}, allowed={"labels"})
            issue.labels = [label for label in dict.fromkeys([*issue.labels, *added]) if label not in removed]
        elif name == "issuelinks":
            issue.fields["issuelinks"] = [*issue.fields.get("issuelinks", []), *(step["add"] for step in steps)]
        else:
            raise RefusedError(400, fields={name: f"Field '{name}' cannot be updated here."})
