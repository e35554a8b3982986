"""Which issue types and fields a project takes."""

from collections.abc import Sequence

from pydantic import Field as Named

from addon.jira.issue import IssueType
from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, parts

_PAGE = 200  # Jira answers 400 above
_MOST_PAGES = 10  # 150 types and 700 fields are Jira's own limits per project
_GIVEN = frozenset(("summary", "project", "issuetype", "parent", "reporter"))


class Field(Lenient):
    """A field as createmeta, editmeta or the list of fields describes it. schema: Jira's `schema` object."""

    id: str = ""
    key: str = ""
    name: str = ""
    required: bool = False
    has_default: bool = Named(False, alias="hasDefaultValue")
    shape: dict[str, object] = Named(default_factory=dict, alias="schema")
    operations: list[str] = Named(default_factory=list)
    scope: dict[str, object] = Named(default_factory=dict)

    @property
    def rich_text(self) -> bool:
        return is_rich_text(self.shape)

    @property
    def text(self) -> bool:
        """True for fields that take free text, rich or plain."""
        return self.rich_text or str(self.shape.get("custom", "")).endswith(":textfield")


class _CreateField(Field):
    field_id: str = Named("", alias="fieldId")


async def create_types(session: Session, project: str) -> list[IssueType]:
    """The issue types the session may create in a project; [] without the right to create issues."""
    where = path("issue", "createmeta", project, "issuetypes")
    return parts(IssueType, await _paged(session, where, operation="createmeta.types", names=("issueTypes", "values")))


def subtask_type(types: Sequence[IssueType], wanted: str | None = None) -> IssueType | None:
    """The type for sub-tasks, None when the project has none. wanted: id or name from the settings.

    Jira calls it "Sub-task", team-managed projects "Subtask", other languages otherwise, and a project may have
    several: the wanted one, else the one with the standard name, else the first.
    """
    candidates = [one for one in types if one.subtask or one.hierarchy_level == -1]
    chosen = [one for one in candidates if wanted and (one.id == wanted or _folded(one.name) == _folded(wanted))]
    standard = [one for one in candidates if _folded(one.name) == "subtask"]
    return next(iter((*chosen, *standard, *candidates)), None)


async def create_fields(session: Session, project: str, *, type_id: str) -> list[Field]:
    """The fields on the create screen of an issue type."""
    where = path("issue", "createmeta", project, "issuetypes", type_id)
    # The description of this operation names its list twice and differently; real answers were seen with either.
    found = parts(
        _CreateField, await _paged(session, where, operation="createmeta.fields", names=("fields", "results", "values"))
    )
    return [one.model_copy(update={"id": one.field_id or one.id or one.key}) for one in found]


async def required_fields(session: Session, project: str, *, type_id: str) -> list[Field]:
    """The fields an issue of this type cannot be created without and which only an administrator can fill in."""
    fields = await create_fields(session, project, type_id=type_id)
    return [one for one in fields if one.required and not one.has_default and one.id not in _GIVEN]


async def edit_meta(session: Session, issue: str) -> dict[str, Field]:
    """The fields that can be set on the issue now, by id; a field that is not there cannot be written."""
    answer = await session.get(path("issue", issue, "editmeta"), operation="issue.editmeta")
    fields = answer.get("fields") if isinstance(answer, dict) else None
    if not isinstance(fields, dict):
        return {}
    found = parts(Field, [{**one, "id": name} for name, one in fields.items() if isinstance(one, dict)])
    return {one.id: one for one in found}


async def all_fields(session: Session) -> list[Field]:
    """Every field of the site; names are not unique."""
    return parts(Field, await session.get(path("field"), operation="field.list"))


def is_rich_text(schema: object) -> bool:
    """True when a field with this `schema` takes an ADF document; the type is `string` for plain text as well."""
    if not isinstance(schema, dict):
        return False
    return str(schema.get("custom", "")).endswith(":textarea") or schema.get("system") in ("description", "environment")


async def _paged(session: Session, where: str, *, operation: str, names: Sequence[str]) -> list[object]:
    """All items of a paged list; names: keys under which the items may stand."""
    found: list[object] = []
    for _ in range(_MOST_PAGES):
        query = [("startAt", str(len(found))), ("maxResults", str(_PAGE))]
        answer = await session.get(where, operation=operation, query=query)
        if not isinstance(answer, dict):
            break
        items = next((value for name in names if isinstance(value := answer.get(name), list)), [])
        found += items
        total = answer.get("total")
        if not items or not isinstance(total, int) or len(found) >= total:
            break
    return found


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
