"""How REST v3 shows what a site knows."""

from typing import Any

from sandbox.catalog import FIELDS, PRIORITIES, IssueType, Project, Status
from sandbox.people import User
from sandbox.site import Comment, Issue, Json, Site, stamp

CATEGORIES = {
    "new": {"id": 2, "key": "new", "colorName": "blue-gray", "name": "To Do"},
    "indeterminate": {"id": 4, "key": "indeterminate", "colorName": "yellow", "name": "In Progress"},
    "done": {"id": 3, "key": "done", "colorName": "green", "name": "Done"},
}
CUSTOM = "com.atlassian.jira.plugin.system.customfieldtypes:"


def person(site: Site, account_id: str | None) -> Json | None:
    """An account; unknown ids show as Jira shows erased people."""
    if account_id is None:
        return None
    # Jira keeps a label of people whose accounts were erased.
    user = site.users.get(account_id) or User(account_id, "Former user")
    return {
        "self": f"{site.base_url}/rest/api/3/user?accountId={account_id}",
        "accountId": account_id,
        "accountType": user.kind,
        "displayName": user.name,
        "active": True,
        "timeZone": user.time_zone,
        "avatarUrls": {"48x48": f"{site.base_url}/sandbox/pages/avatar.svg"},
    }


def issue_type(site: Site, kind: IssueType) -> Json:
    return {
        "self": f"{site.base_url}/rest/api/3/issuetype/{kind.id}",
        "id": kind.id,
        "name": kind.name,
        "description": "",
        "iconUrl": f"{site.base_url}/sandbox/pages/type.svg",
        "subtask": kind.subtask,
        "hierarchyLevel": kind.level,
    }


def project(site: Site, shown: Project, *, whole: bool = False) -> Json:
    """whole: with the lead and the issue types, as the project resource has them."""
    answer: Json = {
        "self": f"{site.base_url}/rest/api/3/project/{shown.id}",
        "id": shown.id,
        "key": shown.key,
        "name": shown.name,
        "projectTypeKey": shown.kind,
        "simplified": shown.simplified,
        "avatarUrls": {"48x48": f"{site.base_url}/sandbox/pages/avatar.svg"},
    }
    if whole:
        lead = next((user for user in site.users.values() if shown.roles.get(user.slug) == "lead"), None)
        answer |= {
            "description": shown.description,
            "style": "next-gen" if shown.simplified else "classic",
            "isPrivate": False,
            "lead": person(site, lead.account_id if lead else None),
            "issueTypes": [issue_type(site, kind) for kind in shown.types],
            "components": [],
            "versions": [],
            "roles": {},
        }
    return answer


def status(site: Site, shown: Status) -> Json:
    category = {**CATEGORIES[shown.category], "self": f"{site.base_url}/rest/api/3/statuscategory/{shown.category}"}
    address = f"{site.base_url}/rest/api/3/status/{shown.id}"
    return {"self": address, "description": "", "id": shown.id, "name": shown.name, "statusCategory": category}


def status_of(issue: Issue) -> Status:
    statuses = issue.project.statuses
    return next((s for s in statuses if s.id == issue.status_id), statuses[0])


def type_of(issue: Issue) -> IssueType:
    return issue.project.type_of(issue.type_id) or issue.project.types[0]


def brief(site: Site, issue: Issue) -> Json:
    """An issue as parents, sub-tasks and links embed it."""
    fields = {
        "summary": issue.summary,
        "status": status(site, status_of(issue)),
        "priority": issue.fields.get("priority"),
        "issuetype": issue_type(site, type_of(issue)),
    }
    address = f"{site.base_url}/rest/api/3/issue/{issue.id}"
    return {"id": str(issue.id), "key": issue.key, "self": address, "fields": fields}


def priority(site: Site, id_: str) -> Json:
    return {"self": f"{site.base_url}/rest/api/3/priority/{id_}", "id": id_, "name": PRIORITIES.get(id_, "Medium")}


def comment(site: Site, issue: Issue, *, shown: Comment, properties: bool = False) -> Json:
    answer: Json = {
        "self": f"{site.base_url}/rest/api/3/issue/{issue.id}/comment/{shown.id}",
        "id": str(shown.id),
        "author": person(site, shown.author),
        "updateAuthor": person(site, shown.author),
        "body": shown.body,
        "created": stamp(shown.created),
        "updated": stamp(shown.updated),
        "jsdPublic": not is_internal(shown),
    }
    if shown.visibility:
        answer["visibility"] = shown.visibility
    if properties:
        answer["properties"] = [{"key": key, "value": value} for key, value in shown.properties.items()]
    return answer


def is_internal(shown: Comment) -> bool:
    """True when customers of a service project do not see the comment."""
    marker = shown.properties.get("sd.public.comment")
    return isinstance(marker, dict) and marker.get("internal") is True


def issue_fields(site: Site, issue: Issue) -> Json:
    """Every field of the issue, rich text as ADF."""
    parent = site.issues.get(issue.parent) if issue.parent else None
    comments = [comment(site, issue, shown=c) for c in issue.comments]
    paged = {"maxResults": len(comments), "total": len(comments), "startAt": 0}
    own: Json = {
        "summary": issue.summary,
        "description": issue.description,
        "issuetype": issue_type(site, type_of(issue)),
        "project": project(site, issue.project),
        "status": status(site, status_of(issue)),
        "labels": issue.labels,
        "creator": person(site, issue.creator),
        "reporter": person(site, issue.reporter),
        "created": stamp(issue.created),
        "updated": stamp(issue.updated),
        "subtasks": [brief(site, child) for child in site.children(issue) if type_of(child).subtask],
        "comment": {"comments": comments, "self": f"{site.base_url}/rest/api/3/issue/{issue.id}/comment", **paged},
    }
    if parent is not None:
        own["parent"] = brief(site, parent)
    defaults: Json = {
        "assignee": None,
        "priority": priority(site, "3"),
        "components": [],
        "issuelinks": [],
        "attachment": [],
    }
    defaults["worklog"] = {"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []}
    customs: Json = {field.id: None for field in FIELDS if field.custom}
    return customs | defaults | issue.fields | own


def issue(site: Site, shown: Issue, *, wanted: str = "*all", expand: str = "", properties: str = "") -> Json:
    """An issue as GET issue answers it. wanted, expand, properties: the comma lists of the request."""
    fields = issue_fields(site, shown)
    names = [name.strip() for name in wanted.split(",") if name.strip()] or ["*all"]
    # Without a positive name in the list everything is meant, less what is excluded.
    if not any(name in ("*all", "*navigable") or name.startswith("-") for name in names):
        fields = {name: value for name, value in fields.items() if name in names}
    dropped = {name[1:] for name in names if name.startswith("-")}
    answer: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog",
        "id": str(shown.id),
        "self": f"{site.base_url}/rest/api/3/issue/{shown.id}",
        "key": shown.key,
        "fields": {name: value for name, value in fields.items() if name not in dropped},
    }
    expanded = {part.strip() for part in expand.split(",")}
    if "names" in expanded:
        answer["names"] = {field.id: field.name for field in FIELDS}
    if "schema" in expanded:
        answer["schema"] = {field.id: schema(field.id) for field in FIELDS}
    if properties:
        keys = [key.strip() for key in properties.split(",")]
        answer["properties"] = {k: v for k, v in shown.properties.items() if k in keys or "*all" in keys}
    return answer


def schema(field_id: str) -> Json:
    """The schema part of one field's metadata."""
    field = next(f for f in FIELDS if f.id == field_id)
    answer: Json = {"type": field.type}
    if field.type == "array":
        answer["items"] = "component" if field.id == "components" else "string"
    if field.custom:
        # Points and sprints come from another plugin, with another prefix; only :textarea tells that a field is rich.
        prefix = "com.pyxis.greenhopper.jira:" if field.custom.startswith(("jsw", "gh")) else CUSTOM
        return answer | {"custom": prefix + field.custom, "customId": int(field.id.rpartition("_")[2])}
    return answer | {"system": field.id}


def page(name: str, values: list[Any], *, start: int, size: int) -> Json:
    """One page of a list; name: how this resource calls its items."""
    end = start + size
    shown = {"startAt": start, "maxResults": size, "total": len(values), "isLast": end >= len(values)}
    return {name: values[start:end], **shown}
