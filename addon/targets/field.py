"""Acceptance criteria in the field the project's administrators chose, and only while that field is empty."""

from addon.adf.read import to_markdown
from addon.errors import Invalid, NothingToDo
from addon.jira import fields, issues
from addon.jira.errors import JiraForbidden
from addon.runs.feature import Writing, Written
from addon.targets.marks import issue_url, trace


class FieldNotWritable(Invalid):
    code = "field_not_writable"


class FieldNotEmpty(NothingToDo):
    code = "field_not_empty"


class FieldTarget:
    """content: {"field": id, "adf": document, "text": the same for a field without formatting}."""

    name = "field"

    async def publish(self, writing: Writing) -> Written:
        """Raises FieldNotEmpty, FieldNotWritable, JiraForbidden in words, or another JiraError."""
        content, issue_id = writing.publication.content, writing.publication.issue_id
        field_id = str(content["field"])
        done = Written(remote_id=field_id, remote_key=writing.publication.issue_key, url=issue_url(writing))
        field = (await fields.edit_meta(writing.jira, issue_id)).get(field_id)
        if field is None or not field.text or "set" not in (field.operations or ["set"]):
            raise FieldNotWritable(
                "The field chosen for acceptance criteria cannot be written on this issue:"
                " put it on the edit screen, or choose another text field in the project's settings."
            )
        value = content["adf"] if field.rich_text else content["text"]
        # Read just before the write: what a person typed since the analysis began must win.
        issue = await issues.get(writing.jira, issue_id, fields=[field_id])
        present = to_markdown(issue.fields.get(field_id)).strip()
        if present:
            # After a lost answer our own words stand there.
            if writing.repeated and present == to_markdown(value).strip():
                return done
            raise FieldNotEmpty(f"The field {field.name or field_id} already holds a text; it was left as it is.")
        try:
            await issues.edit(writing.jira, issue_id, fields={field_id: value}, trace=trace(writing))
        except JiraForbidden as error:
            raise JiraForbidden(
                "JiraVision may not edit this issue: give the add-on's account the permission Edit issues.",
                said=error.said,
            ) from error
        return done
