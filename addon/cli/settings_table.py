"""The settings as documents: the README's table, `.env.example`, and what this process would run with."""

import re

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from addon.settings import Settings

_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]+@")


def rows() -> list[tuple[str, str, str]]:
    """(NAME, default as the operator would write it, meaning), in the order of the class."""
    found = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if default is None or default is PydanticUndefined:
            text = ""
        elif isinstance(default, SecretStr):
            text = default.get_secret_value()
        elif isinstance(default, tuple):
            text = ",".join(default)
        elif isinstance(default, bool):
            text = str(default).lower()
        else:
            text = f"{default:g}" if isinstance(default, float) else str(default)
        found.append((name.upper(), text, field.description or ""))
    return found


def markdown_table() -> str:
    """The table of the README."""
    lines = ["| Variable | Default | Meaning |", "|---|---|---|"]
    lines += [f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |" for name, default, meaning in rows()]
    return "\n".join(lines)


def env_example() -> str:
    """The text of `.env.example`: every variable, commented out, at its default."""
    head = "# Copy to .env and change what you need. Every variable may also be given as NAME_FILE=/path/to/a/secret.\n"
    return head + "".join(f"\n# {meaning}\n# {name}={default}\n" for name, default, meaning in rows())


def current(settings: Settings) -> list[tuple[str, str]]:
    """(NAME, value) of a loaded configuration, secrets shown only as set or not set."""
    shown = []
    for name in Settings.model_fields:
        value = getattr(settings, name)
        # Whether there is one is what an operator looks for.
        if isinstance(value, SecretStr):
            value = "(set)" if value.get_secret_value() else "(not set)"
        text = ",".join(value) if isinstance(value, tuple) else str(value)
        # Addresses of databases carry their password in them.
        shown.append((name.upper(), _PASSWORD.sub(r"\1:(set)@", text)))
    return shown
