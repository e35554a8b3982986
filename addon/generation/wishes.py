"""What the person who asked for a run wants of it, read from the parameters of its row."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from addon.errors import Invalid
from addon.results.part import Kind
from addon.store.repos.runs import Run


class Wishes(BaseModel):
    """Rows outlive releases: unknown names are let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Anew(Wishes):
    """One item is to be written anew, the others stay. item: its place in the list of the part, from 0."""

    part: Literal["criteria", "scenarios"]
    item: int = Field(ge=0, le=999)
    instruction: str = ""


class RunWishes(Wishes):
    """publish: names of targets. count, kinds: of scenarios; None and empty leave it to what the issue needs."""

    force: bool = False
    instruction: str = ""
    publish: list[str] = []
    count: int | None = Field(None, ge=1, le=30)
    kinds: list[Kind] = []
    regenerate: Anew | None = None

    @property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(self.publish))

    @property
    def said(self) -> str:
        """The words of the person, for the model."""
        return self.regenerate.instruction if self.regenerate else self.instruction


def wishes(run: Run) -> RunWishes:
    """Raises Invalid for parameters that this release cannot read."""
    try:
        return RunWishes.model_validate(dict(run.params))
    except ValidationError as error:
        # The row may come from a newer release: say which part, not that something is broken.
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise Invalid(f"This run was asked for with something unknown: {where}: {first['msg']}"[:300]) from None
