"""One sub-task coming into being, being found again, and taken away."""

from addon.adf.clean import one_line
from addon.adf.markdown import from_markdown
from addon.adf.nodes import doc, plain
from addon.adf.read import to_markdown
from addon.i18n.catalog import N_
from addon.jira import issues
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.jira.issue import Issue, IssueType
from addon.runs.contents import SubtaskContent
from addon.runs.feature import CannotUndo, Shown, Writing, Written
from addon.targets.marks import issue_url, mark, trace
from addon.targets.settling import sending

KIND = "subtask"
LONGEST_TITLE = 255
TITLE_CUT = N_("The title is longer than Jira takes, and is cut.")
SETTLED_S = 10.0
"""Within this time after its creation an issue is changed by automation, if at all, and not by people."""
_WORKED_ON = ["summary", "description", "status", "created", "updated", "comment", "subtasks", "attachment", "worklog"]
MAY_NOT_DELETE = "JiraVision may not delete issues here: give the add-on's account the permission Delete issues."


async def made_before(writing: Writing) -> Written | None:
    """What an earlier attempt made although no answer came."""
    children = await issues.children_with_property(
        writing.jira, writing.publication.issue_id, property_key=writing.addon_key
    )
    for child in children:
        if isinstance(child.value, dict) and child.value.get("publication") == writing.publication.marker:
            return Written(remote_id=child.id, remote_key=child.key, url=issue_url(writing, child.key))
    return None


async def make(writing: Writing, parent: Issue, *, kind: IssueType) -> Written:
    """Raises JiraRefused, JiraForbidden or another JiraError; after JiraDown it may exist all the same."""
    title, description = words_of(writing)
    fields: dict[str, object] = {
        "project": {"id": parent.project.id},
        "issuetype": {"id": kind.id},
        "parent": {"id": parent.id},
        "summary": title,
    }
    if description["content"]:
        fields["description"] = description
    async with sending(writing):
        made = await _send(writing, fields)
    return Written(remote_id=made.id, remote_key=made.key, url=issue_url(writing, made.key))


async def _send(writing: Writing, fields: dict[str, object]) -> issues.Created:
    # The mark comes into being with the issue: were it written afterwards, a crash in between would hide the issue.
    properties = mark(writing, KIND)
    try:
        return await issues.create(writing.jira, fields, properties=properties, trace=trace(writing))
    except JiraRefused as error:
        rich = fields.get("description")
        # Jira's own checks are stricter than its schema at times; the words matter more than their form.
        if rich is None or not error.said.about_rich_text:
            raise
        bare = {**fields, "description": plain(to_markdown(rich))}
        return await issues.create(writing.jira, bare, properties=properties, trace=trace(writing))


def words_of(writing: Writing) -> tuple[str, dict[str, object]]:
    """Title and description of the new issue, as Jira gets them."""
    content = SubtaskContent.model_validate({"description": "", **writing.publication.content})
    return one_line(content.title)[:LONGEST_TITLE], doc(*from_markdown(content.description))


def shown(writing: Writing) -> Shown:
    """The sub-task as it will be."""
    title, description = words_of(writing)
    cut = len(one_line(str(writing.publication.content["title"]))) > LONGEST_TITLE
    number = writing.publication.item
    return Shown(number, title, "adf", to_markdown(description), description, (TITLE_CUT,) if cut else ())


async def unmake(writing: Writing) -> None:
    """Deletes what `make` made; done when it is gone. Raises CannotUndo, JiraForbidden in words, another JiraError."""
    issue_id = writing.publication.remote_id
    if issue_id is None:
        raise CannotUndo("Which issue this became is not known; delete it in Jira.")
    try:
        issue = await issues.get(writing.jira, issue_id, fields=_WORKED_ON, properties=[writing.addon_key])
        _require_untouched(writing, issue)
        await issues.delete(writing.jira, issue_id, trace=trace(writing))
    except JiraNotFound:
        return
    except JiraForbidden as error:
        raise JiraForbidden(MAY_NOT_DELETE, said=error.said) from error


def _require_untouched(writing: Writing, issue: Issue) -> None:
    value = issue.properties.get(writing.addon_key)
    if not isinstance(value, dict) or value.get("publication") != writing.publication.marker:
        raise CannotUndo("The issue does not carry our mark any more; delete it in Jira.")
    title, description = words_of(writing)
    words = issue.summary == title and to_markdown(issue.description).strip() == to_markdown(description).strip()
    used = issue.comments or issue.subtasks or issue.fields.get("attachment")
    if not words or used or issue.updated - issue.created > SETTLED_S:
        raise CannotUndo(f"Somebody has worked on {issue.key} since it was made; it was left as it is.")
