"""Jira's JSON to models, leniently: Jira sends null, numbers and new keys where its own description says otherwise."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator

from addon.jira.errors import JiraDown


class Lenient(BaseModel):
    """Base of what we read: unknown keys are ignored, null counts as missing, numbers may stand for text."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _null_is_missing(cls, data: object) -> object:
        return {name: value for name, value in data.items() if value is not None} if isinstance(data, dict) else data


M = TypeVar("M", bound=BaseModel)


def shaped(model: type[M], answer: object, *, uncertain: bool = False) -> M:
    """The answer as a model. Raises JiraDown when it is something else. uncertain: the answer belongs to a write."""
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        raise JiraDown(uncertain=uncertain) from error


def parts(model: type[M], items: object) -> list[M]:
    """Those of a list's items that have the shape of the model; the others are left out."""
    found: list[M] = []
    for item in items if isinstance(items, list) else []:
        try:
            found.append(model.model_validate(item))
        except ValidationError:
            continue
    return found


def part(model: type[M], item: object) -> M | None:
    return next(iter(parts(model, [item])), None)


def listed(properties: Mapping[str, object] | None) -> list[dict[str, object]]:
    """Entity properties in the form Jira takes them."""
    return [{"key": key, "value": value} for key, value in (properties or {}).items()]


def epoch(value: object) -> float:
    """UTC epoch seconds of Jira's time stamp (`2026-10-02T09:14:03.120+0100`); 0.0 when it is none."""
    if isinstance(value, (int, float)):
        return float(value)
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


Time = Annotated[float, BeforeValidator(epoch)]
"""UTC epoch seconds; 0.0 when unknown."""
