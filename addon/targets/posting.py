"""Putting a document into a comment, and saying in words when that is not permitted."""

from collections.abc import Mapping

from addon.i18n.catalog import N_
from addon.jira import comments, issues, projects
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.jira.issue import Comment
from addon.runs.feature import Writing
from addon.targets.marks import mark, marked, trace
from addon.targets.settling import sending

MAY_NOT = (
    "JiraVision may not comment here: give the add-on's account the permissions Add comments and Edit own comments."
)

MAY_NOT_DELETE = "JiraVision may not delete its comment: give the add-on's account the permission Delete own comments."
TOO_LONG = N_("This is longer than Jira takes.")
MOST = 32_767
"""Characters of compact JSON; what exactly Jira counts is not published, and this is the strictest reading."""


async def post(writing: Writing, document: Mapping[str, object], *, kind: str, internal: bool) -> Comment:
    """A new comment with our mark. internal: hidden from the customers of a service desk."""
    properties = {**mark(writing, kind), **(comments.INTERNAL if internal else {})}
    issue = writing.publication.issue_id
    try:
        async with sending(writing):
            return await comments.create(
                writing.jira, issue, body_adf=document, properties=properties, trace=trace(writing)
            )
    except JiraNotFound as error:
        # Jira answers the same when the issue is there and only the right to comment is not.
        await issues.get(writing.jira, issue, fields=["project"])
        raise JiraForbidden(MAY_NOT, said=error.said) from error
    except JiraForbidden as error:
        raise JiraForbidden(MAY_NOT, said=error.said) from error


async def replace(writing: Writing, comment_id: str, *, document: Mapping[str, object]) -> Comment:
    """The comment with a new body. Raises JiraNotFound when somebody deleted it."""
    # No properties here: an update keeps what it does not name, so an internal comment stays internal.
    issue = writing.publication.issue_id
    try:
        return await comments.update(
            writing.jira, issue, comment_id=comment_id, body_adf=document, trace=trace(writing)
        )
    except (JiraForbidden, JiraRefused) as error:
        if isinstance(error, JiraRefused) and not error.said.about_rights:
            raise
        raise JiraForbidden(MAY_NOT, said=error.said) from error


async def remove(writing: Writing, **wanted: str) -> None:
    """Deletes our comment on the issue whose mark says all that is wanted; done when there is none."""
    issue = writing.publication.issue_id
    found = await comments.with_property(writing.jira, issue, property_key=writing.addon_key)
    ours = marked(found, writing.addon_key, issue=issue, **wanted)
    if ours is None:
        return
    try:
        await comments.delete(writing.jira, issue, comment_id=ours.id, trace=trace(writing))
    except JiraNotFound:
        # Gone since we looked, which is what was wanted.
        return
    except (JiraForbidden, JiraRefused) as error:
        if isinstance(error, JiraRefused) and not error.said.about_rights:
            raise
        raise JiraForbidden(MAY_NOT_DELETE, said=error.said) from error


async def internal(writing: Writing, known: object) -> bool:
    """Whether customers must not see a comment. known: what the draft says; Jira is asked when it says nothing."""
    if isinstance(known, bool):
        return known
    project = await projects.get(writing.jira, str(writing.publication.project_id or ""))
    return project.service_desk
