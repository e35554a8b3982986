"""What one pretend Jira site knows, in memory: people, projects, issues, the add-on's installation and the logs."""

import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.catalog import Project, projects
from sandbox.people import GLOBAL_PERMISSIONS, ROLES, User, cast

Json = dict[str, Any]
# A load test of some thousand issues fits; a sandbox left running for weeks does not grow for ever.
LOG_LIMIT = 20_000


@dataclass(slots=True)
class Comment:
    """body: ADF. author: account id."""

    id: int
    author: str
    body: Json
    created: float
    updated: float
    properties: Json = field(default_factory=dict)
    visibility: Json | None = None


@dataclass(slots=True)
class Issue:
    """fields: raw values of all other fields, as REST answers them. parent: issue id. version: of the last change."""

    id: int
    key: str
    project: Project
    type_id: str
    summary: str
    creator: str
    reporter: str | None
    created: float
    updated: float
    status_id: str
    description: Json | None = None
    parent: int | None = None
    labels: list[str] = field(default_factory=list)
    fields: Json = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    properties: Json = field(default_factory=dict)
    version: int = 0


@dataclass(slots=True)
class Installation:
    """The add-on as this site installed it. state: enabled, disabled or uninstalled.

    replaces: the secret before it, until the add-on has taken this one.
    """

    addon: str
    descriptor: Json
    client_key: str
    shared_secret: str
    oauth_client_id: str
    app_account: str
    state: str = "enabled"
    translations: dict[str, dict[str, str]] = field(default_factory=dict)
    replaces: str | None = None

    @property
    def signing_secret(self) -> str:
        """What this site's tokens are signed with at present."""
        return self.replaces or self.shared_secret

    @property
    def key(self) -> str:
        return str(self.descriptor["key"])

    @property
    def base_url(self) -> str:
        return str(self.descriptor["baseUrl"]).rstrip("/")

    @property
    def scopes(self) -> set[str]:
        """Granted scopes, each with those it implies."""
        ladder = ["READ", "WRITE", "DELETE", "PROJECT_ADMIN", "ADMIN"]
        asked = {str(s).upper() for s in self.descriptor.get("scopes", [])}
        top = max((ladder.index(s) for s in asked if s in ladder), default=-1)
        return asked | set(ladder[: top + 1])


@dataclass(slots=True)
class Site:
    """One pretend site. base_url: its address without a trailing slash. base: the server with keys and tokens.

    tests, cases: what Xray and Zephyr Scale know, by issue id and by key. xray_drops_steps: Xray loses the steps a test
    is made with, as it was seen to do.
    """

    name: str
    base_url: str
    base: str
    users: dict[str, User] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    project_properties: dict[str, Json] = field(default_factory=dict)
    tests: dict[int, Any] = field(default_factory=dict)
    cases: dict[str, Any] = field(default_factory=dict)
    xray_client_id: str = field(default_factory=lambda: secrets.token_hex(16).upper())
    xray_secret: str = field(default_factory=lambda: secrets.token_hex(32))
    zephyr_token: str = field(default_factory=lambda: f"eyJ0eXAiOiJKV1QifQ.{secrets.token_urlsafe(48)}")
    installation: Installation | None = None
    client_key: str = field(default_factory=lambda: str(uuid.uuid4()))
    complaints: list[Json] = field(default_factory=list)
    requests: list[Json] = field(default_factory=list)
    deliveries: list[Any] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    webhook_retry_s: float = 1.0
    webhook_timeout_s: float = 10.0
    webhook_retries: int = 5
    xray_drops_steps: bool = False
    version: int = 1
    last_id: int = 11_000

    def __post_init__(self) -> None:
        self.users = {user.account_id: user for user in cast()}
        self.projects = {project.id: project for project in projects()}

    @property
    def installed(self) -> Installation:
        """The installation. Raises LookupError when there is none."""
        if self.installation is None:
            raise LookupError("no add-on is installed")
        return self.installation

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def add(self, issue: Issue) -> Issue:
        if issue.key in self.keys or issue.id in self.issues:
            raise ValueError(f"there is an issue {issue.key} already")
        self.issues[issue.id] = issue
        self.keys[issue.key] = issue.id
        self.touch(issue)
        return issue

    def remove(self, issue: Issue) -> None:
        del self.issues[issue.id]
        del self.keys[issue.key]
        self.version += 1

    def touch(self, issue: Issue) -> None:
        """Says that watchers of the issue, and of its parent, have something new to show."""
        self.version += 1
        issue.version = self.version
        # A page shows its sub-tasks, so their changes are news there too.
        if issue.parent in self.issues:
            self.issues[issue.parent].version = self.version

    def next_key(self, project: Project) -> str:
        # Numbers are never used twice while an issue lives; keys come from several sources.
        taken = (int(key.rpartition("-")[2]) for key in self.keys if key.startswith(f"{project.key}-"))
        return f"{project.key}-{max(taken, default=0) + 1}"

    def issue(self, id_or_key: object) -> Issue | None:
        wanted = str(id_or_key)
        # Keys are found in any case; digits beyond ASCII would pass isdigit alone.
        number = int(wanted) if wanted.isascii() and wanted.isdigit() else self.keys.get(wanted.upper(), 0)
        return self.issues.get(number)

    def project(self, id_or_key: object) -> Project | None:
        wanted = str(id_or_key)
        return self.projects.get(wanted) or next((p for p in self.projects.values() if p.key == wanted), None)

    def children(self, issue: Issue) -> Iterator[Issue]:
        return (other for other in self.issues.values() if other.parent == issue.id)

    def user(self, slug_or_id: str | None) -> User | None:
        """An account by its id or by its short name; "app" is the add-on's own account."""
        if slug_or_id is None:
            return None
        return self.users.get(slug_or_id) or next((u for u in self.users.values() if u.slug == slug_or_id), None)

    def permissions(self, account_id: str, project: Project) -> frozenset[str]:
        """What the account may do in the project."""
        user = self.users.get(account_id)
        slug = user.slug if user else ""
        return ROLES.get(project.roles.get(slug, ""), frozenset()) - project.removed.get(slug, set())

    def global_permissions(self, account_id: str) -> frozenset[str]:
        user = self.users.get(account_id)
        return GLOBAL_PERMISSIONS if user and user.site_admin else frozenset()

    def complain(self, operation: str, what: str, *, status: int, wrong: bool = True) -> None:
        """Keeps a refusal. wrong: the request itself was at fault, it did not merely lack a right or its object."""
        entry = {"when": stamp(time.time()), "operation": operation, "what": what, "status": status, "wrong": wrong}
        self.complaints.append(entry)
        del self.complaints[:-LOG_LIMIT]


def stamp(moment: float) -> str:
    """The way Jira writes times: 2026-10-02T09:14:03.120+0000."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{whole}.{int(moment * 1000) % 1000:03d}+0000"
