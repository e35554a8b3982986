"""Writing what a person chose from a result into Jira and beside it, seeing it first, and taking it back."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from addon.errors import NotFound
from addon.results.edits import Line, Lines, StepEdit, Text, Title
from addon.results.scenarios import Priority
from addon.runs.chosen import Wish
from addon.runs.feature import Preview
from addon.runs.view import publication_view
from addon.store.repos.publications import Publication
from addon.web.api import rights, seen
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1", tags=["publications"])

Index = Annotated[int, Field(ge=0, le=999)]
IndexText = Annotated[str, StringConstraints(pattern=r"^\d{1,3}$")]
PublicationId = Annotated[str, Path(pattern=seen.RUN_PATTERN)]
TargetName = Literal["comment", "description", "subtasks", "field", "xray", "zephyr", "questions"]


class Edit(BaseModel):
    """What a person changed of an item; which of it an item has, its kind decides. Clauses may be one or several."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Title | None = None
    description: Text | None = None
    text: Line | None = None
    given: Line | Lines | None = None
    when: Line | None = None
    then: Line | Lines | None = None
    priority: Priority | None = None
    preconditions: Lines | None = None
    steps: Annotated[list[StepEdit], Field(min_length=1, max_length=40)] | None = None


class Publish(BaseModel):
    """items: numbers of the result's items, empty for all of them. edits: changed fields by item number as text.

    field: id of the field to write into, by default the project's own. replace: even when it holds something else.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    run: Annotated[str, StringConstraints(pattern=seen.RUN_PATTERN)]
    target: TargetName
    items: Annotated[list[Index], Field(max_length=50)] = []
    edits: Annotated[dict[IndexText, Edit], Field(max_length=50)] = {}
    field: Annotated[str, StringConstraints(pattern=r"^(customfield_\d{1,12}|environment)$")] | None = None
    replace: bool = False

    @model_validator(mode="after")
    def _edits_belong_to_items(self) -> Self:
        if self.items and {int(item) for item in self.edits} - set(self.items):
            raise ValueError("edits name an item that is not to be written")
        return self

    @property
    def wish(self) -> Wish:
        edits = {str(int(item)): edit.model_dump(exclude_none=True) for item, edit in self.edits.items()}
        return Wish(self.target, self.items, edits, self.field, self.replace)


@routes.post("/jira/publish", status_code=202)
async def publish(house: HouseDep, caller: ApiCaller, *, wish: Publish) -> dict[str, Any]:
    """Puts the items in line to be written. The caller needs the right to do in Jira what is done for them here."""
    run = await seen.run(house, caller, run_id=wish.run)
    await rights.to_write(house, caller, at=run, target=wish.target)
    asked = await house.publisher.ask(caller.tenant, run, wish=wish.wish, account_id=caller.account_id)
    return {"publications": [publication_view(publication) for publication in asked]}


@routes.post("/jira/publish/preview")
async def preview(house: HouseDep, caller: ApiCaller, *, wish: Publish) -> dict[str, Any]:
    """What the same request to /publish would write, item by item. Nothing is written."""
    run = await seen.run(house, caller, run_id=wish.run)
    await rights.to_write(house, caller, at=run, target=wish.target)
    return _preview_view(wish.target, await house.publisher.preview(caller.tenant, run, wish=wish.wish))


@routes.post("/publications/{publication_id}/retry", status_code=202)
async def retry(house: HouseDep, caller: ApiCaller, *, publication_id: PublicationId) -> dict[str, Any]:
    """Starts a failed one over, with the words it had; any other stays as it is."""
    publication = await _publication(house, caller, publication_id=publication_id)
    await rights.to_write(house, caller, at=publication, target=publication.target)
    return {"publication": publication_view(await house.publisher.retry(publication, account_id=caller.account_id))}


@routes.post("/publications/{publication_id}/undo", status_code=202)
async def undo(house: HouseDep, caller: ApiCaller, *, publication_id: PublicationId) -> dict[str, Any]:
    """Takes back what was written, where its place allows that and nobody changed it since.

    The publication is `undone` in the end, or done as before with an error that says why.
    """
    publication = await _publication(house, caller, publication_id=publication_id)
    await rights.to_undo(house, caller, publication=publication)
    return {"publication": publication_view(await house.publisher.undo(publication, account_id=caller.account_id))}


async def _publication(house: House, caller: Caller, *, publication_id: str) -> Publication:
    """A publication of a run the caller may see. Raises NotFound."""
    found = await house.publisher.get(caller.tenant.id, publication_id)
    try:
        await seen.run(house, caller, run_id=found.run_id)
    except NotFound:
        raise NotFound("There is no such publication, or you may not see it.") from None
    return found


def _preview_view(target: str, shown: Preview) -> dict[str, Any]:
    """where, warnings and problems are sentences of ours in English, which the pages translate."""
    return {
        "target": target,
        "where": shown.where,
        "place": shown.place,
        "items": [
            {
                "item": item.item,
                "title": item.title,
                "kind": item.form,
                "adf": dict(item.adf) if item.adf is not None else None,
                "markdown": item.markdown,
                "problems": list(item.problems),
            }
            for item in shown.items
        ],
        "warnings": list(shown.warnings),
    }
