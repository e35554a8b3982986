"""What is wrong with a setting, in words for whoever wrote it: its name and what may stand there, never what does."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

_WHOLE, _NUMBER, _SWITCH = "must be a whole number", "must be a number", "must be true or false"
_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "int_parsing": lambda _: _WHOLE,
    "int_parsing_size": lambda _: _WHOLE,
    "int_from_float": lambda _: _WHOLE,
    "int_type": lambda _: _WHOLE,
    "float_parsing": lambda _: _NUMBER,
    "float_type": lambda _: _NUMBER,
    "finite_number": lambda _: _NUMBER,
    "bool_parsing": lambda _: _SWITCH,
    "bool_type": lambda _: _SWITCH,
    "literal_error": lambda about: f"must be one of {about['expected'].replace(chr(39), '').replace(' or ', ', ')}",
    "greater_than": lambda about: f"must be more than {about['gt']:g}",
    "greater_than_equal": lambda about: f"must be at least {about['ge']:,}",
    "less_than_equal": lambda about: f"must be at most {about['le']:,}",
    # A sentence of one of our own checks.
    "value_error": lambda about: str(about["error"]),
}
_OTHERWISE = "cannot be that; `jiravision settings --env` says what each variable means"
"""The validator's own words would name its insides, and some of them the value."""


def in_words(error: ValidationError) -> str:
    """One line for all that is wrong."""
    return "; ".join(_line(found["type"], found["loc"], about=found.get("ctx", {})) for found in error.errors())


def _line(kind: str, place: tuple[int | str, ...], *, about: Mapping[str, Any]) -> str:
    # What stands deeper is a part of the value.
    name = str(place[0]).upper() if place else "settings"
    said = _SAID.get(kind)
    return f"{name}: {said(about) if said else _OTHERWISE}"
