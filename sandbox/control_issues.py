"""Control API: issues and comments as users make them, and what people may do."""

import time
from typing import Any

from starlette.requests import Request

from sandbox import views
from sandbox.catalog import Project
from sandbox.changelog import changed, photo
from sandbox.desk import Body, ControlError, Desk, rich
from sandbox.people import ROLES
from sandbox.site import Comment, Issue, Json


class IssueControl(Desk):
    """Issues, comments and roles of one site."""

    async def create_issue(self, body: Body, _: Request) -> Any:
        return self.create(body)

    def create(self, body: Body) -> Json:
        """{"project", "type", "summary", "description": text or ADF, "user", "labels", "parent", "fields", "status"}

        "days_old": since when nobody has touched it. "webhook": false keeps the add-on from hearing of it.
        """
        site, project, user = (
            self.site,
            self.project_named(body.get("project", "SHOP")),
            self.user_named(body.get("user", "tess")),
        )
        kind = project.type_of(body["type"]) if body.get("type") else next(t for t in project.types if t.level == 0)
        if kind is None:
            raise ControlError(f"{project.key} has no issue type {body['type']!r}")
        if "CREATE_ISSUES" not in site.permissions(user.account_id, project):
            raise ControlError(f"{user.name} may not create issues in {project.key}")
        now = time.time() - 86_400 * float(body.get("days_old", 0))
        issue = Issue(
            site.next_id(),
            site.next_key(project),
            project,
            kind.id,
            str(body.get("summary") or "Untitled")[:255],
            user.account_id,
            user.account_id,
            now,
            now,
            _status(project, body.get("status")),
            rich(body.get("description")),
            labels=list(body.get("labels", [])),
            parent=self.issue_named(body["parent"]).id if body.get("parent") else None,
            fields=dict(body.get("fields", {})),
        )
        site.add(issue)
        # The page of the parent learns of its new sub-task by this.
        site.touch(issue)
        if body.get("webhook", True):
            self.place.webhooks.fire("jira:issue_created", issue, account_id=user.account_id, trace=body.get("trace"))
        return {
            "id": str(issue.id),
            "key": issue.key,
            "project_id": project.id,
            "url": f"{site.base_url}/browse/{issue.key}",
        }

    async def issues(self, _: Body, request: Request) -> Any:
        wanted = request.query_params.get("project")
        found = [i for i in self.site.issues.values() if wanted in (None, i.project.key, i.project.id)]
        return {
            "issues": [
                {"id": str(i.id), "key": i.key, "summary": i.summary, "type": views.type_of(i).name} for i in found
            ]
        }

    async def issue(self, _: Body, request: Request) -> Any:
        issue = self.issue_named(request.path_params["key"])
        shown = views.issue(self.site, issue, properties="*all")
        children = [views.issue(self.site, child, properties="*all") for child in self.site.children(issue)]
        return {**shown, "children": children, "comments": self.comments_of(issue)}

    async def edit_issue(self, body: Body, request: Request) -> Any:
        """Changes an issue as a user would: summary, description, labels, type, and any other field by its id."""
        issue = self.issue_named(request.path_params["key"])
        user = self.user_named(body.pop("user", "tess"))
        before = photo(self.site, issue)
        for name in ("summary", "labels"):
            if name in body:
                setattr(issue, name, body.pop(name))
        if "description" in body:
            issue.description = rich(body.pop("description"))
        # What is left of the request names other fields by their ids.
        issue.fields |= body
        issue.updated = time.time()
        self.site.touch(issue)
        told = changed(self.site, issue, before=before)
        self.place.webhooks.fire("jira:issue_updated", told, account_id=user.account_id, trace=None)
        return {"key": issue.key}

    async def delete_issue(self, _: Body, request: Request) -> Any:
        self.site.remove(self.issue_named(request.path_params["key"]))
        return {}

    async def comments(self, _: Body, request: Request) -> Any:
        return {"comments": self.comments_of(self.issue_named(request.path_params["key"]))}

    async def create_comment(self, body: Body, request: Request) -> Any:
        issue, user, now = (
            self.issue_named(request.path_params["key"]),
            self.user_named(body.get("user", "tess")),
            time.time(),
        )
        text = rich(body.get("text"))
        if text is None:
            raise ControlError("a comment needs a text")
        comment = Comment(self.site.next_id(), user.account_id, text, now, now)
        issue.comments.append(comment)
        self.site.touch(issue)
        self.place.webhooks.fire("comment_created", (issue, comment), account_id=user.account_id, trace=None)
        return {"id": str(comment.id)}

    async def delete_comment(self, _: Body, request: Request) -> Any:
        issue = self.issue_named(request.path_params["key"])
        issue.comments = [c for c in issue.comments if str(c.id) != request.path_params["comment"]]
        self.site.touch(issue)
        return {}

    async def permissions(self, body: Body, _: Request) -> Any:
        """{"user", "project", "role": viewer|developer|lead|null, "remove": [permissions]}; "app" is the add-on."""
        project, slug = self.project_named(body["project"]), str(body["user"])
        if "role" in body:
            if body["role"] not in (*ROLES, None):
                raise ControlError(f"there is no role {body['role']!r}")
            project.roles[slug] = body["role"] or ""
        if "remove" in body:
            project.removed[slug] = set(body["remove"])
        return {"roles": project.roles, "removed": {who: sorted(what) for who, what in project.removed.items()}}


def _status(project: Project, wanted: object) -> str:
    """Id of the status with this id or name; the first one when none is wanted."""
    found = [status.id for status in project.statuses if wanted in (None, status.id, status.name)]
    if not found:
        raise ControlError(f"{project.key} has no status {wanted!r}")
    return found[0]
