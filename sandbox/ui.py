"""What the pages of the pretend Jira ask for: one shell for every address, and JSON as one person may see it."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from sandbox import frames, views
from sandbox.catalog import Project
from sandbox.control import endpoint
from sandbox.desk import Body, ControlError, Desk
from sandbox.people import User
from sandbox.site import Issue, Json
from sandbox.world import Place

SHELL = Path(__file__).parent / "pages" / "host.html"
ADDRESSES = (
    "/",
    "/browse/{key}",
    "/projects/{key}",
    "/projects/{key}/settings",
    "/projects/{key}/page",
    "/admin",
    "/log",
)
LOG_ROWS = 200


class Pages(Desk):
    """JSON for the pages of one site."""

    async def home(self, _: Body, request: Request) -> Any:
        """The site, its people, and the projects and issues this person may see."""
        user = self._reader(request)
        seen = [p for p in self.site.projects.values() if self._may(user, "BROWSE_PROJECTS", project=p)]
        return {
            "site": self.site.name,
            "user": {"slug": user.slug, "name": user.name, "admin": user.site_admin},
            "users": [{"slug": u.slug, "name": u.name} for u in self.site.users.values() if u.slug and u.kind != "app"],
            "projects": [self._project(user, project) for project in seen],
            "addon": self._addon(request),
            "version": self.site.version,
        }

    async def issues(self, _: Body, request: Request) -> Any:
        """The issues of one project, newest first."""
        project = self._seen(self._reader(request), self.project_named(request.path_params["key"]))
        found = [issue for issue in self.site.issues.values() if issue.project is project]
        # By number: as text SHOP-99 would come after SHOP-405.
        found.sort(key=lambda issue: int(issue.key.rpartition("-")[2]), reverse=True)
        return {"issues": [self._row(issue) for issue in found], "version": self.site.version}

    async def issue(self, _: Body, request: Request) -> Any:
        """One issue with comments and sub-tasks; {"version"} alone when nothing changed since the page's."""
        user, issue = self._reader(request), self.issue_named(request.path_params["key"])
        project = self._seen(user, issue.project)
        # Pages ask every second; most answers are this short.
        if request.query_params.get("since") == str(issue.version):
            return {"version": issue.version}
        parent = self.site.issues.get(issue.parent) if issue.parent else None
        shown = views.issue_fields(self.site, issue)
        names = (
            "summary",
            "description",
            "labels",
            "status",
            "issuetype",
            "reporter",
            "created",
            "updated",
            "customfield_10058",
        )
        return {
            "version": issue.version,
            "id": str(issue.id),
            "key": issue.key,
            "project": self._project(user, project),
            "fields": {name: shown[name] for name in names} | {"priority": shown.get("priority")},
            "parent": self._row(parent) if parent else None,
            "subtasks": [self._row(child) for child in self.site.children(issue)],
            "comments": self.comments_of(issue),
            "may": {"comment": self._may(user, "ADD_COMMENTS", project=project)},
        }

    async def frame(self, _: Body, request: Request) -> Any:
        """A module's iframe address for this person. module: its key, or place: the first module there."""
        installed, asked, user = self.installed(), request.query_params, self._reader(request)
        shown = next(iter(frames.modules(installed, asked["place"])), None) if "place" in asked else None
        shown = shown or frames.module(installed, asked.get("module", ""))
        if shown is None or installed.state != "enabled":
            raise ControlError("the add-on has no such module, or is not enabled")
        where = self._where(request)
        url = frames.address(self.site, shown, account_id=user.account_id, where=where)
        name = frames.label(installed, shown.get("name"), language=asked.get("language", "en"))
        origin = "/".join(url.split("/")[:3])
        return {"url": url, "key": shown["key"], "name": name, "origin": origin, "context": where.context()}

    async def token(self, _: Body, request: Request) -> Any:
        """A fresh context token, as AP.context.getToken hands it out."""
        self.installed()
        return {"token": frames.context_token(self.site, self._reader(request).account_id, where=self._where(request))}

    async def log(self, _: Body, __: Request) -> Any:
        """The latest of every log, newest first."""
        site = self.site
        return {
            "complaints": [c for c in site.complaints if c["wrong"]][: -LOG_ROWS - 1 : -1],
            "requests": site.requests[: -LOG_ROWS - 1 : -1],
            "deliveries": [d.shown() for d in site.deliveries[: -LOG_ROWS - 1 : -1]],
        }

    def _reader(self, request: Request) -> User:
        return self.user_named(request.query_params.get("user") or "tess")

    def _may(self, user: User, permission: str, *, project: Project) -> bool:
        return permission in self.site.permissions(user.account_id, project)

    def _seen(self, user: User, project: Project) -> Project:
        if not self._may(user, "BROWSE_PROJECTS", project=project):
            raise ControlError("You cannot see this, or it does not exist.")
        return project

    def _where(self, request: Request) -> frames.Where:
        asked, user = request.query_params, self._reader(request)
        issue = self.issue_named(asked["issue"]) if asked.get("issue") else None
        project = issue.project if issue else self.project_named(asked["project"]) if asked.get("project") else None
        return frames.Where(issue, self._seen(user, project) if project else None)

    def _project(self, user: User, project: Project) -> Json:
        return {
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "description": project.description,
            "kind": "service" if project.kind == "service_desk" else "team" if project.simplified else "company",
            "types": [kind.name for kind in project.types if kind.level == 0],
            "issues": sum(1 for issue in self.site.issues.values() if issue.project is project),
            "may": {
                "create": self._may(user, "CREATE_ISSUES", project=project),
                "administer": self._may(user, "ADMINISTER_PROJECTS", project=project),
            },
        }

    def _row(self, issue: Issue) -> Json:
        status = views.status_of(issue)
        return {
            "id": str(issue.id),
            "key": issue.key,
            "summary": issue.summary,
            "type": views.type_of(issue).name,
            "status": {"name": status.name, "category": status.category},
            "created": issue.created,
        }

    def _addon(self, request: Request) -> Json | None:
        installed = self.site.installation
        if installed is None:
            return None
        language = request.query_params.get("language", "en")
        places = {
            place: [
                {"key": m["key"], "name": frames.label(installed, m.get("name"), language=language)}
                for m in frames.modules(installed, place)
            ]
            for place in frames.PLACES
        }
        return {
            "key": installed.key,
            "name": installed.descriptor.get("name"),
            "state": installed.state,
            "url": installed.addon,
            "places": places,
        }


def routes(place: Place) -> list[Route]:
    """The pages and their JSON."""
    pages = Pages(place)

    async def shell(_: Request) -> Response:
        return FileResponse(SHELL, media_type="text/html", headers={"Cache-Control": "no-cache"})

    answers = {
        "/home": pages.home,
        "/projects/{key}/issues": pages.issues,
        "/issues/{key}": pages.issue,
        "/frame": pages.frame,
        "/token": pages.token,
        "/log": pages.log,
    }
    return [
        *(Route(address, shell) for address in ADDRESSES),
        *(Route(f"/sandbox/ui{path}", endpoint(handler)) for path, handler in answers.items()),
    ]
