"""Entity properties of issues, comments and projects."""

from sandbox.rest.call import Answer, Call, RefusedError, operation, property_value
from sandbox.rest.comments import find
from sandbox.site import Issue, Json


def _issue(call: Call, permission: str = "") -> tuple[Json, Issue]:
    issue = call.issue(call.path["key"])
    if permission:
        call.needs(permission, issue.project)
    return issue.properties, issue


def _comment(call: Call, permission: str = "") -> tuple[Json, Issue]:
    found = find(call, call.path["key"])
    if found is None:
        raise RefusedError(404, f"Can not find a comment for the id: {call.path['key']}.")
    issue, comment = found
    if permission:
        call.needs(
            "EDIT_OWN_COMMENTS" if comment.author == call.caller.account_id else "EDIT_ALL_COMMENTS", issue.project
        )
    return comment.properties, issue


def _project(call: Call, permission: str = "") -> Json:
    project = call.project(call.path["key"])
    if permission:
        call.needs(permission, project)
    return call.site.project_properties.setdefault(project.id, {})


@operation("issue.property.list", "GET", path="/issue/{key}/properties")
def issue_list(call: Call) -> Answer:
    return _keys(call, _issue(call)[0])


@operation("issue.property.get", "GET", path="/issue/{key}/properties/{name}")
def issue_get(call: Call) -> Answer:
    return _get(call, _issue(call)[0])


@operation("issue.property.set", "PUT", path="/issue/{key}/properties/{name}", scope="WRITE")
def issue_set(call: Call) -> Answer:
    return _set(call, _issue(call, "EDIT_ISSUES")[0])


@operation("issue.property.delete", "DELETE", path="/issue/{key}/properties/{name}", scope="DELETE")
def issue_delete(call: Call) -> Answer:
    return _delete(call, _issue(call, "EDIT_ISSUES")[0])


@operation("comment.property.list", "GET", path="/comment/{key}/properties")
def comment_list(call: Call) -> Answer:
    return _keys(call, _comment(call)[0])


@operation("comment.property.get", "GET", path="/comment/{key}/properties/{name}")
def comment_get(call: Call) -> Answer:
    return _get(call, _comment(call)[0])


@operation("comment.property.set", "PUT", path="/comment/{key}/properties/{name}", scope="WRITE")
def comment_set(call: Call) -> Answer:
    return _set(call, _comment(call, "edit")[0])


@operation("project.property.get", "GET", path="/project/{key}/properties/{name}")
def project_get(call: Call) -> Answer:
    return _get(call, _project(call))


@operation("project.property.set", "PUT", path="/project/{key}/properties/{name}", scope="WRITE")
def project_set(call: Call) -> Answer:
    return _set(call, _project(call, "ADMINISTER_PROJECTS"))


def _keys(call: Call, properties: Json) -> Answer:
    return 200, {"keys": [{"key": key, "self": f"{call.site.base_url}/"} for key in properties]}


def _get(call: Call, properties: Json) -> Answer:
    name = call.path["name"]
    if name not in properties:
        raise RefusedError(404, f"The property {name} does not exist.")
    return 200, {"key": name, "value": properties[name]}


def _set(call: Call, properties: Json) -> Answer:
    name = call.path["name"]
    if len(name) > 255:
        raise RefusedError(400, "The property key must be at most 255 characters.")
    # Jira tells a new property from a replaced one by the status alone.
    status = 200 if name in properties else 201
    properties[name] = property_value(call.body)
    return status, None


def _delete(call: Call, properties: Json) -> Answer:
    if properties.pop(call.path["name"], None) is None:
        raise RefusedError(404, f"The property {call.path['name']} does not exist.")
    return 204, None
