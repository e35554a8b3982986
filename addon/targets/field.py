"""A result in a field of the issue; over what people wrote there only when somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from addon.adf.clean import one_line
from addon.adf.read import to_markdown
from addon.errors import Invalid, NothingToDo
from addon.i18n.catalog import N_
from addon.jira import fields, issues
from addon.jira.errors import JiraForbidden, JiraRefused
from addon.jira.fields import Field
from addon.runs.contents import FieldContent
from addon.runs.feature import CannotUndo, Preview, Shown, Writing, Written
from addon.targets.marks import issue_url, trace

WHERE = N_("A field of the issue")
HOLDS = N_("The field already holds a text; it is written over only when you say so.")
REPLACED = N_("The text that stands in the field is replaced.")
NOT_THERE = N_("The field cannot be written on this issue.")
ONE_LINE = N_("The field holds one line of 255 characters, and this is longer.")
LINE = 255
UNWRITABLE = (
    "The field chosen for acceptance criteria cannot be written on this issue:"
    " put it on the edit screen, or choose another text field in the project's settings."
)


class FieldNotWritable(Invalid):
    code = "field_not_writable"


class FieldTooShort(Invalid):
    code = "field_too_short"


class FieldNotEmpty(NothingToDo):
    code = "field_not_empty"


@dataclass(frozen=True, slots=True)
class _Place:
    """field: None when it cannot be written. value: what we write, as the field takes it. present: its words now."""

    field: Field | None
    value: Any
    before: object
    present: str

    @property
    def wanted(self) -> str:
        return to_markdown(self.value).strip()

    @property
    def too_long(self) -> bool:
        return isinstance(self.value, str) and len(self.value) > LINE


class FieldTarget:
    """content: FieldContent."""

    name = "field"

    async def publish(self, writing: Writing) -> Written:
        """Raises FieldNotEmpty, FieldNotWritable, FieldTooShort, JiraForbidden in words, or another JiraError."""
        content = _content(writing)
        place = await _read(writing, content)
        kept = {"before": place.before, "wrote": place.wanted}
        if place.field is None:
            raise FieldNotWritable(UNWRITABLE)
        if place.present == place.wanted:
            # Our own words stand there already: the answer of an earlier attempt was lost, or nothing changed.
            return _written(writing, content, kept=writing.kept or kept)
        if place.too_long:
            raise FieldTooShort(f"The field {place.field.name or content.field} holds one line of {LINE} characters.")
        if place.present and not _may_replace(writing, content, place=place):
            raise FieldNotEmpty(f"The field {place.field.name or content.field} already holds a text; it was left.")
        # Before the write: after a crash nobody else would know what stood there.
        await writing.keep(kept)
        await _write(writing, content, value=place.value)
        return _written(writing, content, kept=kept)

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        writing = writings[0]
        content = _content(writing)
        place = await _read(writing, content)
        problems = [] if place.field else [NOT_THERE]
        problems += [ONE_LINE] if place.too_long else []
        warnings = []
        if place.present and place.present != place.wanted:
            problems += [] if content.replace else [HOLDS]
            warnings += [REPLACED] if content.replace else []
        rich = place.value if isinstance(place.value, dict) else None
        words = to_markdown(place.value)
        shown = Shown(0, "", "adf" if rich else "text", words, rich, tuple(problems))
        return Preview(WHERE, (shown,), place.field.name if place.field else content.field, tuple(warnings))

    async def undo(self, writing: Writing) -> None:
        """Puts back what stood there. Raises CannotUndo when somebody changed it since, JiraError."""
        content, kept = _content(writing), writing.kept
        if "wrote" not in kept:
            raise CannotUndo("What stood in the field before is not known; empty it by hand.")
        place = await _read(writing, content)
        if place.present == to_markdown(kept["before"]).strip():
            return
        if place.present != kept["wrote"]:
            raise CannotUndo("Somebody changed the field since it was written; it was left as it is.")
        await _write(writing, content, value=kept["before"])


async def _read(writing: Writing, content: FieldContent) -> _Place:
    """Just before the write: what a person typed since the result was made must win."""
    issue_id = writing.publication.issue_id
    field = (await fields.edit_meta(writing.jira, issue_id)).get(content.field)
    if field is not None and (not field.text or "set" not in (field.operations or ["set"])):
        field = None
    issue = await issues.get(writing.jira, issue_id, fields=[content.field])
    before = issue.fields.get(content.field)
    value: Any = content.adf if field is None or field.rich_text else one_line(content.text)
    return _Place(field, value, before, to_markdown(before).strip())


def _may_replace(writing: Writing, content: FieldContent, *, place: _Place) -> bool:
    if content.replace:
        return True
    # What we wrote ourselves and nobody touched may be brought up to date by whoever asks for it.
    before = [writing.kept.get("wrote")]
    before += [(writing.previous.kept or {}).get("wrote")] if writing.previous else []
    return writing.publication.account_id is not None and place.present in before


async def _write(writing: Writing, content: FieldContent, *, value: Any) -> None:
    try:
        await issues.edit(
            writing.jira, writing.publication.issue_id, fields={content.field: value}, trace=trace(writing)
        )
    except JiraForbidden as error:
        raise JiraForbidden(
            "JiraVision may not edit this issue: give the add-on's account the permission Edit issues.",
            said=error.said,
        ) from error
    except JiraRefused as error:
        if error.said.about_length:
            raise FieldTooShort("The text is longer than the field takes.") from error
        raise


def _written(writing: Writing, content: FieldContent, *, kept: dict[str, Any]) -> Written:
    return Written(content.field, writing.publication.issue_key, issue_url(writing), kept)


def _content(writing: Writing) -> FieldContent:
    return FieldContent.model_validate(writing.publication.content)
