"""Writing what a person chose from a result into Jira."""

from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from addon.errors import NotFound
from addon.policy.access import BROWSE, COMMENT, CREATE
from addon.policy.projects import storable
from addon.runs.publish import Wish
from addon.runs.view import publication_view
from addon.store.repos.runs import Run
from addon.web.api import seen
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1/jira", tags=["publications"])

Index = Annotated[int, Field(ge=0, le=999)]
IndexText = Annotated[str, StringConstraints(pattern=r"^\d{1,3}$")]


class Edit(BaseModel):
    """What a person changed of a suggested item before it is written; absent: as suggested. description: Markdown."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    title: Annotated[str, StringConstraints(max_length=255), AfterValidator(storable)] | None = None
    description: Annotated[str, StringConstraints(max_length=30_000), AfterValidator(storable)] | None = None


class Publish(BaseModel):
    """items: numbers of the result's items, empty where the target takes the whole. edits: by item number as text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    run: Annotated[str, StringConstraints(pattern=seen.RUN_PATTERN)]
    target: Literal["comment", "subtasks"]
    items: Annotated[list[Index], Field(max_length=50)] = []
    edits: Annotated[dict[IndexText, Edit], Field(max_length=50)] = {}

    @model_validator(mode="after")
    def _edits_belong_to_items(self) -> Self:
        if {int(item) for item in self.edits} - set(self.items):
            raise ValueError("edits name an item that is not to be written")
        return self


@routes.post("/publish", status_code=202)
async def publish(house: HouseDep, caller: ApiCaller, *, wish: Publish) -> dict[str, Any]:
    """Puts the items in line to be written. The caller needs the right to do in Jira what is done for them here."""
    run = await seen.run(house, caller, run_id=wish.run)
    await _require_right(house, caller, run=run, target=wish.target)
    edits = {item: edit.model_dump(exclude_none=True) for item, edit in wish.edits.items()}
    asked = await house.publisher.ask(
        caller.tenant, run, wish=Wish(wish.target, wish.items, edits), account_id=caller.account_id
    )
    return {"publications": [publication_view(publication) for publication in asked]}


async def _require_right(house: House, caller: Caller, *, run: Run, target: str) -> None:
    # Creating is a right on the project, commenting one on the issue.
    if target == "subtasks":
        try:
            await house.access.require_project(caller.tenant, caller.account_id, run.project_id, BROWSE, CREATE)
        except NotFound:
            raise seen.no_run() from None
        return
    await house.access.require_issue(caller.tenant, caller.account_id, run.issue_id, COMMENT)
