"""What a command was told: an option that could not do anything is refused, never passed over in silence."""

from collections.abc import Mapping

from addon.errors import Misconfigured


def given(options: Mapping[str, object]) -> set[str]:
    """The names ("--every") of those that stand in the call. options: by name; None and False are those that do not.

    Raises Misconfigured for one with nothing in it: the variable of a script that was never set.
    """
    if empty := [name for name, value in options.items() if value == ""]:
        raise Misconfigured(f"{empty[0]} is given without a value")
    return {name for name, value in options.items() if value is not None and value is not False}


def alone(told: set[str], option: str, *, besides: tuple[str, ...] = ()) -> None:
    """Where the option is given, no other one may be but those of `besides`. Raises Misconfigured."""
    if option in told and (idle := sorted(told - {option, *besides})):
        raise Misconfigured(f"{option} goes without {' and '.join(idle)}")


def needs(told: set[str], option: str, *, other: str) -> None:
    """Where the option is given, the other one has to be. Raises Misconfigured."""
    if option in told and other not in told:
        raise Misconfigured(f"{option} needs {other}")
