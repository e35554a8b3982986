"""What may be created and edited, the projects, and the site's own facts."""

import time

from sandbox import views
from sandbox.catalog import FIELDS, PRIORITIES, IssueType, Project
from sandbox.rest.call import Answer, Call, RefusedError, operation
from sandbox.rest.fields import creatable, editable
from sandbox.site import Json, stamp

ACTIONS = {"": "BROWSE_PROJECTS", "view": "BROWSE_PROJECTS", "browse": "BROWSE_PROJECTS", "edit": "ADMINISTER_PROJECTS"}


@operation("createmeta.types", "GET", path="/issue/createmeta/{project}/issuetypes")
def create_types(call: Call) -> Answer:
    project = call.project(call.path["project"])
    # An empty list, not an error, says that the caller may not create here.
    types = project.types if call.may("CREATE_ISSUES", project) else ()
    shown = [views.issue_type(call.site, kind) for kind in types]
    return 200, views.page(
        "issueTypes", shown, start=call.number("startAt", 0), size=call.number("maxResults", 50, most=200)
    )


@operation("createmeta.fields", "GET", path="/issue/createmeta/{project}/issuetypes/{type}")
def create_fields(call: Call) -> Answer:
    project = call.project(call.path["project"])
    kind = next((t for t in project.types if t.id == call.path["type"]), None)
    if kind is None:
        raise RefusedError(404, "Issue type is not valid.")
    on_screen = creatable(project, kind) if call.may("CREATE_ISSUES", project) else set()
    shown = [
        {**_field(call, name, project=project, kind=kind), "fieldId": name, "key": name} for name in _ordered(on_screen)
    ]
    return 200, views.page(
        "fields", shown, start=call.number("startAt", 0), size=call.number("maxResults", 50, most=200)
    )


@operation("issue.editmeta", "GET", path="/issue/{key}/editmeta")
def edit_meta(call: Call) -> Answer:
    issue = call.issue(call.path["key"])
    kind = views.type_of(issue)
    # Fields without the right to edit are absent, not marked.
    on_screen = editable(issue.project, kind) if call.may("EDIT_ISSUES", issue.project) else set()
    return 200, {"fields": {name: _field(call, name, project=issue.project, kind=kind) for name in _ordered(on_screen)}}


@operation("field.list", "GET", path="/field")
def fields(call: Call) -> Answer:
    return 200, [
        {
            "id": f.id,
            "key": f.id,
            "name": f.name,
            "custom": bool(f.custom),
            "searchable": True,
            "clauseNames": [f.id],
            "schema": views.schema(f.id),
        }
        for f in FIELDS
    ]


@operation("project.search", "GET", path="/project/search")
def search(call: Call) -> Answer:
    permission = ACTIONS.get(call.asked("action"))
    if permission is None:
        raise RefusedError(400, "The action is not valid.")
    wanted = call.asked("query").casefold()
    found = [
        p for p in call.site.projects.values() if call.may(permission, p) and wanted in f"{p.key} {p.name}".casefold()
    ]
    shown = [views.project(call.site, project, whole=bool(call.asked("expand"))) for project in found]
    return 200, views.page(
        "values", shown, start=call.number("startAt", 0), size=call.number("maxResults", 50, most=100)
    )


@operation("project.get", "GET", path="/project/{project}")
def project(call: Call) -> Answer:
    return 200, views.project(call.site, call.project(call.path["project"]), whole=True)


@operation("project.statuses", "GET", path="/project/{project}/statuses")
def statuses(call: Call) -> Answer:
    shown = call.project(call.path["project"])
    states = [views.status(call.site, status) for status in shown.statuses]
    return 200, [{**views.issue_type(call.site, kind), "statuses": states} for kind in shown.types]


@operation("server.info", "GET", path="/serverInfo")
def server_info(call: Call) -> Answer:
    facts = {
        "baseUrl": call.site.base_url,
        "version": "1001.0.0-SNAPSHOT",
        "buildNumber": 100300,
        "deploymentType": "Cloud",
    }
    return 200, facts | {"serverTime": stamp(time.time()), "serverTitle": f"{call.site.name} (pretend Jira)"}


@operation("configuration", "GET", path="/configuration")
def configuration(call: Call) -> Answer:
    return 200, {
        "subTasksEnabled": True,
        "issueLinkingEnabled": True,
        "attachmentsEnabled": True,
        "timeTrackingEnabled": True,
        "votingEnabled": True,
        "watchingEnabled": True,
        "unassignedIssuesAllowed": True,
    }


@operation("issue.changelog", "GET", path="/issue/{key}/changelog")
def changelog(call: Call) -> Answer:
    call.issue(call.path["key"])
    return 200, views.page("values", [], start=call.number("startAt", 0), size=call.number("maxResults", 100))


@operation("issue.remotelinks", "GET", path="/issue/{key}/remotelink")
def remote_links(call: Call) -> Answer:
    call.issue(call.path["key"])
    return 200, []


def _ordered(names: set[str]) -> list[str]:
    return [field.id for field in FIELDS if field.id in names]


def _field(call: Call, name: str, *, project: Project, kind: IssueType) -> Json:
    shown = next(field for field in FIELDS if field.id == name)
    required = name in ("summary", "issuetype", "project") or (name == "parent" and kind.subtask)
    answer: Json = {
        "required": required,
        "hasDefaultValue": False,
        "schema": views.schema(name),
        "name": shown.name,
        "operations": ["add", "set", "remove"] if shown.type == "array" else ["set"],
    }
    if name == "priority":
        answer["allowedValues"] = [views.priority(call.site, id_) for id_ in PRIORITIES]
    if name == "issuetype":
        answer["allowedValues"] = [views.issue_type(call.site, kind)]
    return answer
