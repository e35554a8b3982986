"""`jiravision`: one command per file of this room, loaded when it is called."""

import logging
import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from addon.cli.loading import loading
from addon.errors import AddonError, Misconfigured

COMMANDS = (
    "serve",
    "worker",
    "scheduler",
    "ai-service",
    "migrate",
    "descriptor",
    "top",
    "failures",
    "doctor",
    "settings",
    "sandbox",
    "demo",
)


class Commands(TyperGroup):
    """Loads a command's file only when needed: the sandbox must not wait for what the server imports."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        # What a server imports takes seconds; the pretend Jira is up in a fraction of one.
        with loading():
            command = get_command(import_module(f"addon.cli.{cmd_name.replace('-', '_')}").app)
        command.name = cmd_name
        return command


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """JiraVision: the AI analyst for Jira that you host yourself.

    Settings come from the environment and from .env; `jiravision doctor` says whether they work.
    """


def run() -> None:
    """The console script. Exit code 1: it failed; 2: a setting has to be mended. Never a traceback for either."""
    # What a command has to say it says itself; those that stay send the log where the settings want it.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        app()
    except Misconfigured as error:
        print(f"jiravision: {error.detail}", file=sys.stderr)
        sys.exit(2)
    except AddonError as error:
        print(f"jiravision: {error.for_operator}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    run()
