"""An issue as REST v3 gives it, read leniently: every accessor has an answer for a field that is missing or odd."""

from pydantic import Field

from addon.jira.shape import Lenient, Time, epoch, part, parts

DEFAULT_FIELDS = (
    "summary", "description", "issuetype", "project", "status", "labels", "components", "parent", "issuelinks",
    "subtasks", "comment", "reporter", "creator", "created", "updated",
)  # fmt: skip
"""The fields which the accessors of Issue read."""


class Person(Lenient):
    """account_type: atlassian, app, customer or unknown."""

    account_id: str = Field("", alias="accountId")
    name: str = Field("", alias="displayName")
    account_type: str = Field("", alias="accountType")


class IssueType(Lenient):
    """hierarchy_level: -1 sub-task, 0 base, 1 epic. Names are localised: compare ids or the level."""

    id: str
    name: str = ""
    subtask: bool = False
    hierarchy_level: int = Field(0, alias="hierarchyLevel")


class ProjectRef(Lenient):
    """type_key: software, service_desk or business. simplified: team-managed."""

    id: str
    key: str = ""
    name: str = ""
    type_key: str = Field("", alias="projectTypeKey")
    simplified: bool = False

    @property
    def service_desk(self) -> bool:
        return self.type_key == "service_desk"


class Status(Lenient):
    """category: new, indeterminate or done."""

    id: str = ""
    name: str = ""
    category_of: dict[str, object] = Field(default_factory=dict, alias="statusCategory")

    @property
    def category(self) -> str:
        return str(self.category_of.get("key", ""))


class Linked(Lenient):
    """Another issue as it is embedded in this one."""

    id: str = ""
    key: str = ""
    fields: dict[str, object] = Field(default_factory=dict)

    @property
    def summary(self) -> str:
        return _text(self.fields.get("summary"))

    @property
    def issue_type(self) -> IssueType | None:
        return part(IssueType, self.fields.get("issuetype"))

    @property
    def status(self) -> Status:
        return part(Status, self.fields.get("status")) or Status()


class Link(Lenient):
    """relation: how this issue stands to the other, in the site's words ("is blocked by")."""

    relation: str
    issue: Linked


class Comment(Lenient):
    """body: ADF. restricted: only a role or group may read it. public: False for an internal note of a service desk."""

    id: str
    author: Person = Field(default_factory=Person)
    body: object = None
    created: Time = 0.0
    updated: Time = 0.0
    visibility: dict[str, object] = Field(default_factory=dict)
    public: bool = Field(True, alias="jsdPublic")
    property_list: list[dict[str, object]] = Field(default_factory=list, alias="properties")

    @property
    def restricted(self) -> bool:
        return bool(self.visibility)

    @property
    def properties(self) -> dict[str, object]:
        return {str(item.get("key")): item.get("value") for item in self.property_list}


class Issue(Lenient):
    """fields: as Jira sent them, custom fields included; the accessors read from there."""

    id: str
    key: str
    fields: dict[str, object] = Field(default_factory=dict)
    properties: dict[str, object] = Field(default_factory=dict)

    @property
    def summary(self) -> str:
        return _text(self.fields.get("summary"))

    @property
    def description(self) -> object:
        """An ADF document, or None."""
        return self.fields.get("description")

    @property
    def issue_type(self) -> IssueType:
        return part(IssueType, self.fields.get("issuetype")) or IssueType(id="")

    @property
    def project(self) -> ProjectRef:
        return part(ProjectRef, self.fields.get("project")) or ProjectRef(id="")

    @property
    def status(self) -> Status:
        return part(Status, self.fields.get("status")) or Status()

    @property
    def labels(self) -> list[str]:
        labels = self.fields.get("labels")
        return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []

    @property
    def components(self) -> list[str]:
        return [item.name for item in parts(_Named, self.fields.get("components")) if item.name]

    @property
    def parent(self) -> Linked | None:
        return part(Linked, self.fields.get("parent"))

    @property
    def subtasks(self) -> list[Linked]:
        return parts(Linked, self.fields.get("subtasks"))

    @property
    def links(self) -> list[Link]:
        found: list[Link] = []
        for raw in parts(_RawLink, self.fields.get("issuelinks")):
            # The side that is present is the other issue; the phrase of that side says how this one stands to it.
            if raw.outward_issue is not None:
                found.append(Link(relation=_text(raw.type.get("outward")), issue=raw.outward_issue))
            elif raw.inward_issue is not None:
                found.append(Link(relation=_text(raw.type.get("inward")), issue=raw.inward_issue))
        return found

    @property
    def comments(self) -> list[Comment]:
        """The comments that came with the issue, maybe only some of them; `comments.latest` reads the newest."""
        page = self.fields.get("comment")
        return parts(Comment, page.get("comments")) if isinstance(page, dict) else []

    @property
    def reporter(self) -> Person | None:
        return part(Person, self.fields.get("reporter"))

    @property
    def creator(self) -> Person | None:
        return part(Person, self.fields.get("creator"))

    @property
    def reporter_id(self) -> str | None:
        return self.reporter.account_id or None if self.reporter else None

    @property
    def creator_id(self) -> str | None:
        return self.creator.account_id or None if self.creator else None

    @property
    def created(self) -> float:
        """UTC epoch seconds, 0.0 when not read."""
        return epoch(self.fields.get("created"))

    @property
    def updated(self) -> float:
        """UTC epoch seconds, 0.0 when not read."""
        return epoch(self.fields.get("updated"))


class _Named(Lenient):
    name: str = ""


class _RawLink(Lenient):
    type: dict[str, object] = Field(default_factory=dict)
    inward_issue: Linked | None = Field(None, alias="inwardIssue")
    outward_issue: Linked | None = Field(None, alias="outwardIssue")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
