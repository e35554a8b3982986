"""Suggested sub-tasks as issues of the right type, each published by itself; where that cannot be, as a comment."""

from collections.abc import Callable, Sequence

from addon.adf.clean import one_line
from addon.errors import Conflict
from addon.i18n.catalog import N_, Texts
from addon.jira import issues
from addon.jira.errors import JiraForbidden, JiraRefused
from addon.jira.issue import Issue, IssueType
from addon.runs.feature import Preview, Writing, Written
from addon.targets.instead import Instead, Reason
from addon.targets.kinds import Kinds, Settings
from addon.targets.looks import Looks
from addon.targets.making import made_before, make, shown, unmake
from addon.targets.settling import Doubt, first_known

MAY_NOT = "JiraVision may not create issues in this project: give the add-on's account the permission Create issues."
OFF = N_("Sub-tasks are switched off in this project.")
NESTED = N_("This issue is a sub-task itself and cannot have any.")
TOO_HIGH = N_("Issues of this level cannot have sub-tasks.")
NEEDS = N_("Sub-tasks of this project need these fields, and only an administrator can give them a default: {fields}.")
REFUSED = N_("Jira refused to create the sub-task.")
WHERE = N_("Sub-tasks of the issue")
IN_COMMENT_INSTEAD = N_("The suggestions will stand in a comment on the issue instead.")
IN_COMMENT = "The suggestion stands in a comment on the issue instead."
_OURS = frozenset(("project", "issuetype", "parent", "summary", "description"))


class NoSubtasks(Conflict):
    """No sub-task came into being; the detail says why, and where the suggestion stands instead."""

    code = "no_subtasks"


class SubtasksTarget:
    """content: SubtaskContent."""

    name = "subtasks"

    def __init__(self, projects: Settings, texts: Texts, *, now: Callable[[], float]) -> None:
        self._projects = projects
        self._kinds = Kinds()
        self._instead = Instead(texts)
        self._parents: Looks[Issue] = Looks(now)

    async def publish(self, writing: Writing) -> Written:
        """Raises NoSubtasks once the suggestion stands in a comment, JiraForbidden in words, or another JiraError.

        Raises Unsettled while what an earlier attempt sent may still turn up.
        """
        async with first_known(writing):
            doubt = Doubt.of(writing)
            if writing.repeated and (found := await made_before(writing)):
                return found
            parent = await self._parent(writing)
            outcome: IssueType | Reason | Written = await self._type(writing, parent)
            if isinstance(outcome, IssueType):
                await doubt.require_over()
                outcome = await self._create(writing, parent, kind=outcome)
            if isinstance(outcome, Written):
                return outcome
            await self._instead.suggest(doubt, parent, reason=outcome)
            raise NoSubtasks(f"{outcome.english()} {IN_COMMENT}")

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        kind = await self._type(writings[0], await self._parent(writings[0]))
        warnings = (kind.english(), IN_COMMENT_INSTEAD) if isinstance(kind, Reason) else ()
        return Preview(WHERE, tuple(shown(writing) for writing in writings), warnings=warnings)

    async def undo(self, writing: Writing) -> None:
        """Deletes the sub-task. Raises CannotUndo once somebody has worked on it, JiraForbidden in words, JiraError."""
        await unmake(writing)

    async def _parent(self, writing: Writing) -> Issue:
        """Read once for all the items of a result."""
        publication = writing.publication

        async def ask() -> Issue:
            return await issues.get(writing.jira, publication.issue_id, fields=["summary", "issuetype", "project"])

        return await self._parents.at((writing.tenant.id, publication.issue_id), ask, since=publication.run_at)

    async def _type(self, writing: Writing, parent: Issue) -> IssueType | Reason:
        """The type to create, or why there can be none."""
        level = parent.issue_type
        if level.subtask or level.hierarchy_level < 0:
            return Reason(NESTED)
        if level.hierarchy_level > 0:
            return Reason(TOO_HIGH)
        settings = await self._projects.get(writing.tenant.id, parent.project.id)
        kind = await self._kinds.of(writing.jira, parent.project.id, wanted=settings.subtask_type)
        # An empty list does not mean that sub-tasks are off: Jira hides all types from whoever may not create issues.
        if not kind.may_create:
            raise JiraForbidden(MAY_NOT)
        if kind.type is None:
            return Reason(OFF)
        return Reason(NEEDS, ", ".join(kind.required)) if kind.required else kind.type

    async def _create(self, writing: Writing, parent: Issue, *, kind: IssueType) -> Written | Reason:
        try:
            return await make(writing, parent, kind=kind)
        except JiraForbidden as error:
            raise JiraForbidden(MAY_NOT, said=error.said) from error
        except JiraRefused as error:
            # The project was changed since we asked how it takes sub-tasks.
            self._kinds.forget(writing.jira, parent.project.id)
            named = [one_line(name) for name in error.said.fields if name not in _OURS]
            return Reason(NEEDS, ", ".join(named)) if named else Reason(REFUSED)
