"""Asking for acceptance criteria, for test scenarios, or for both and their writing in one go."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from addon.errors import Invalid
from addon.policy.projects import storable
from addon.results.part import Kind
from addon.runs.publish import NoField
from addon.runs.start import Ask, IssueRef
from addon.store.repos.runs import Run
from addon.web.api import rights, seen
from addon.web.api.people import named
from addon.web.api.watching import EVENT_STREAM, Stream, Streams, StreamsDep, watched
from addon.web.security import ApiCaller, Caller
from addon.web.state import House, HouseDep

routes = APIRouter(prefix="/api/v1/generate", tags=["generation"])

Target = Literal["comment", "description", "subtasks", "field", "xray", "zephyr"]
Targets = Annotated[list[Target], Field(max_length=6)]
BASES = ("criteria", "pipeline")
"""Kinds of runs that scenarios can be written for."""


class Generate(BaseModel):
    """issue: id or key. instruction: what the person adds for the model. force: write anew although nothing changed.

    publish: where the result is written as soon as it is there.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    issue: Annotated[str, StringConstraints(pattern=seen.ISSUE_PATTERN)]
    instruction: Annotated[str, StringConstraints(max_length=1000), AfterValidator(storable)] = ""
    force: bool = False
    publish: Targets = []

    @property
    def params(self) -> dict[str, Any]:
        """As the run keeps them: only what was really asked for, so that equal wishes are equal."""
        said = {"instruction": self.instruction.strip(), "publish": sorted(set(self.publish))}
        return {"force": self.force, **{name: value for name, value in said.items() if value}}


class GenerateScenarios(Generate):
    """count: exactly so many scenarios. kinds: only these. None and empty leave it to what the issue needs."""

    count: Annotated[int, Field(ge=1, le=30)] | None = None
    kinds: Annotated[list[Kind], Field(max_length=5)] = []

    @property
    def params(self) -> dict[str, Any]:
        said = {"count": self.count, "kinds": sorted(set(self.kinds))}
        return {**super().params, **{name: value for name, value in said.items() if value}}


class GenerateFrom(GenerateScenarios):
    """based_on: the run whose criteria are tested; without it the latest on this issue, if there is one."""

    based_on: Annotated[str, StringConstraints(pattern=seen.RUN_PATTERN)] | None = None


@routes.post("/acceptance-criteria", status_code=202)
async def acceptance_criteria(house: HouseDep, caller: ApiCaller, *, wish: Generate) -> dict[str, Any]:
    """Starts a run, or joins the same one at work. For whoever may comment on the issue or edit it."""
    return await _started(house, caller, wish=wish, kind="criteria")


@routes.post("/acceptance-criteria/stream", **EVENT_STREAM)
async def acceptance_criteria_stream(
    house: HouseDep, caller: ApiCaller, *, wish: Generate, streams: StreamsDep
) -> Stream:
    """The same, answered by the run's event stream at once."""
    return await _streamed(house, caller, streams=streams, wish=wish, kind="criteria")


@routes.post("/test-scenarios", status_code=202)
async def test_scenarios(house: HouseDep, caller: ApiCaller, *, wish: GenerateFrom) -> dict[str, Any]:
    """Starts a run, or joins the same one at work. For whoever may comment on the issue or edit it."""
    return await _started(house, caller, wish=wish, kind="scenarios")


@routes.post("/test-scenarios/stream", **EVENT_STREAM)
async def test_scenarios_stream(
    house: HouseDep, caller: ApiCaller, *, wish: GenerateFrom, streams: StreamsDep
) -> Stream:
    """The same, answered by the run's event stream at once."""
    return await _streamed(house, caller, streams=streams, wish=wish, kind="scenarios")


@routes.post("/full-pipeline", status_code=202)
async def full_pipeline(house: HouseDep, caller: ApiCaller, *, wish: GenerateScenarios) -> dict[str, Any]:
    """Starts a run, or joins the same one at work. For whoever may comment on the issue or edit it."""
    return await _started(house, caller, wish=wish, kind="pipeline")


@routes.post("/full-pipeline/stream", **EVENT_STREAM)
async def full_pipeline_stream(
    house: HouseDep, caller: ApiCaller, *, wish: GenerateScenarios, streams: StreamsDep
) -> Stream:
    """The same, answered by the run's event stream at once."""
    return await _streamed(house, caller, streams=streams, wish=wish, kind="pipeline")


async def _started(house: House, caller: Caller, *, wish: Generate, kind: str) -> dict[str, Any]:
    run = await _asked(house, caller, wish=wish, kind=kind)
    # With names as this caller may see them, which a list of runs looks up all at once.
    (shown,) = await named(house.jira, caller.tenant, runs=[await house.runs.shown(run)])
    return {"run": shown}


async def _streamed(house: House, caller: Caller, *, streams: Streams, wish: Generate, kind: str) -> Stream:
    # Before the run is started: nobody should pay for one whose stream is refused.
    async with streams.slot(caller):
        run = await _asked(house, caller, wish=wish, kind=kind)
    return await watched(house, caller, streams=streams, run=run)


async def _asked(house: House, caller: Caller, *, wish: Generate, kind: str) -> Run:
    issue = await seen.issue(house, caller, id_or_key=wish.issue)
    await seen.require_take_part(house, caller, issue_id=issue.id)
    await _may_publish(house, caller, issue=issue, targets=wish.publish)
    params = dict(wish.params)
    # Found here and not when the run works: what it stands on belongs to what was asked for.
    if isinstance(wish, GenerateFrom):
        base = await _base(house, caller, issue=issue, based_on=wish.based_on)
        params |= {"based_on": base} if base else {}
    return await house.starts.asked(caller.tenant, issue, account_id=caller.account_id, ask=Ask(kind, params))


async def _may_publish(house: House, caller: Caller, *, issue: IssueRef, targets: Targets) -> None:
    """At the door: nobody should wait for a result that may then not be written. Raises Forbidden, Invalid."""
    for target in dict.fromkeys(targets):
        await rights.to_write(house, caller, at=_Place(issue), target=target)
    # A person who publishes from the panel can name a field; with the run there is only the project's own.
    if "field" in targets:
        settings = await house.projects.get(caller.tenant.id, issue.project_id or "")
        if not settings.criteria_field:
            raise NoField("Choose the field for acceptance criteria in the project's settings first.")


async def _base(house: House, caller: Caller, *, issue: IssueRef, based_on: str | None) -> str | None:
    """Raises NotFound or Invalid for a run that is none to write scenarios for."""
    if based_on is None:
        return await house.runs.latest(caller.tenant.id, issue.id, kinds=BASES)
    run = await seen.run(house, caller, run_id=based_on)
    if run.issue_id != issue.id or run.kind not in BASES or run.result is None:
        raise Invalid("Scenarios are written for the acceptance criteria of the same issue; this run has none.")
    return run.id


class _Place:
    """An issue, as the rights to write there are asked for."""

    def __init__(self, issue: IssueRef) -> None:
        self.issue_id: str | None = issue.id
        self.project_id = issue.project_id
