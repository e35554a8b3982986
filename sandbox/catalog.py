"""The projects, issue types, states and fields every pretend site starts with."""

from dataclasses import dataclass, field

from sandbox.people import default_roles


@dataclass(frozen=True, slots=True)
class IssueType:
    """level: -1 sub-task, 0 base, 1 epic."""

    id: str
    name: str
    level: int = 0

    @property
    def subtask(self) -> bool:
        return self.level < 0


TEST = IssueType("10070", "Test")
"""The type of Xray's tests: in every project, and offered to nobody who creates issues by hand."""


@dataclass(frozen=True, slots=True)
class Status:
    id: str
    name: str
    category: str  # new | indeterminate | done


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the screens. custom: last part of the custom field's type, None for a system field."""

    id: str
    name: str
    type: str
    custom: str | None = None
    rich: bool = False


@dataclass(slots=True)
class Project:
    """roles: slug -> role name; removed: slug -> permissions taken away from the role, as an admin may do."""

    id: str
    key: str
    name: str
    types: tuple[IssueType, ...]
    statuses: tuple[Status, ...]
    description: str = ""
    kind: str = "software"
    simplified: bool = False
    roles: dict[str, str] = field(default_factory=lambda: default_roles(secret=False))
    removed: dict[str, set[str]] = field(default_factory=dict)

    def type_of(self, wanted: object) -> IssueType | None:
        """The type with that id or name, None when the project has none."""
        return next((t for t in (*self.types, TEST) if wanted in (t.id, t.name)), None)


# Ids of custom fields differ from site to site; these are the ones the samples were taken with.
FIELDS = (
    Field("summary", "Summary", "string"),
    Field("description", "Description", "string", rich=True),
    Field("environment", "Environment", "string", rich=True),
    Field("issuetype", "Issue Type", "issuetype"),
    Field("project", "Project", "project"),
    Field("parent", "Parent", "issuelink"),
    Field("labels", "Labels", "array"),
    Field("priority", "Priority", "priority"),
    Field("components", "Components", "array"),
    Field("assignee", "Assignee", "user"),
    Field("reporter", "Reporter", "user"),
    Field("duedate", "Due date", "date"),
    Field("customfield_10016", "Story point estimate", "number", "jsw-story-points"),
    Field("customfield_10020", "Sprint", "array", "gh-sprint"),
    Field("customfield_10021", "Flagged", "array", "multicheckboxes"),
    Field("customfield_10058", "Acceptance criteria", "string", "textarea", rich=True),
    Field("customfield_10063", "Customer", "string", "textfield"),
)
PRIORITIES = {"1": "Highest", "2": "High", "3": "Medium", "4": "Low", "5": "Lowest"}

_CLASSIC = (
    Status("10000", "To Do", "new"),
    Status("3", "In Progress", "indeterminate"),
    Status("10006", "In Review", "indeterminate"),
    Status("10002", "Done", "done"),
)
# Team-managed projects have states, types and fields of their own, under other ids.
_TEAM = (
    Status("10020", "To do", "new"),
    Status("10021", "In progress", "indeterminate"),
    Status("10022", "Done", "done"),
)
# Names are translated on a French site, ids and categories are not.
_FRENCH = (
    Status("10000", "À faire", "new"),
    Status("3", "En cours", "indeterminate"),
    Status("10002", "Terminé", "done"),
)
_DESK = (Status("10030", "Waiting for support", "new"), Status("10031", "Resolved", "done"))
_BASE = (IssueType("10001", "Story"), IssueType("10004", "Bug"), IssueType("10005", "Task"))
_EPIC = IssueType("10000", "Epic", 1)
_SUBTASK = IssueType("10003", "Sub-task", -1)


def projects() -> list[Project]:
    """Fresh projects, one of each kind that behaves differently."""
    return [
        Project("10010", "SHOP", "Web shop", (_EPIC, *_BASE, _SUBTASK), _CLASSIC, "The online shop and its basket."),
        Project(
            "10022",
            "MOBI",
            "Mobile app",
            simplified=True,
            statuses=_TEAM,
            description="The reading app, run by its team.",
            types=(
                IssueType("10028", "Epic", 1),
                IssueType("10030", "Story"),
                IssueType("10029", "Task"),
                IssueType("10032", "Bug"),
                IssueType("10031", "Subtask", -1),
            ),
        ),
        Project(
            "10033",
            "FR",
            "Facturation",
            statuses=_FRENCH,
            description="La facturation et les avoirs.",
            types=(
                IssueType("10040", "Épopée", 1),
                IssueType("10041", "Récit"),
                IssueType("10042", "Bogue"),
                IssueType("10043", "Sous-tâche", -1),
            ),
        ),
        Project(
            "10044",
            # Comments here are visible to customers unless marked as internal.
            "DESK",
            "Help desk",
            kind="service_desk",
            statuses=_DESK,
            description="Requests of our customers.",
            types=(IssueType("10050", "Service request"), IssueType("10051", "Incident"), _SUBTASK),
        ),
        Project(
            "10055",
            # The add-on sees what most people may not: what it shows must follow the reader, not itself.
            "SECRET",
            "Acquisition",
            (*_BASE, _SUBTASK),
            _CLASSIC,
            "Closed to most people.",
            roles=default_roles(secret=True),
        ),
        # A project without a sub-task type: writing must fall back to something else.
        Project("10066", "NOSUB", "Campaigns", _BASE, _CLASSIC, "Sub-tasks are switched off here."),
    ]
