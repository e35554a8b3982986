"""One sub-task coming into being, and finding it again."""

from addon.adf.clean import one_line
from addon.adf.markdown import from_markdown
from addon.adf.nodes import doc, plain
from addon.adf.read import to_markdown
from addon.jira import issues
from addon.jira.errors import JiraRefused
from addon.jira.issue import Issue, IssueType
from addon.runs.feature import Writing, Written
from addon.targets.marks import issue_url, mark, trace

KIND = "subtask"
LONGEST_TITLE = 255


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
    content = writing.publication.content
    description = doc(*from_markdown(str(content.get("description") or "")))
    fields: dict[str, object] = {
        "project": {"id": parent.project.id},
        "issuetype": {"id": kind.id},
        "parent": {"id": parent.id},
        "summary": one_line(str(content["title"]))[:LONGEST_TITLE],
    }
    if description["content"]:
        fields["description"] = description
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
