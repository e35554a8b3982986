"""`jiravision`: one command per file of this room, loaded when it is called."""

import logging
import os
import signal
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
STAYING = ("serve", "worker", "scheduler", "ai-service")
"""They stay until they are told to go."""


class Commands(TyperGroup):
    """Loads a command's file only when needed: the sandbox must not wait for what the server imports."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_help_option(self, ctx: Any) -> Any:
        return _valueless(super().get_help_option(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        # What a server imports takes seconds; the pretend Jira is up in a fraction of one.
        with loading():
            command = get_command(import_module(f"addon.cli.{cmd_name.replace('-', '_')}").app)
        command.name = cmd_name
        for option in (*command.params, command.get_help_option(ctx)):
            _valueless(option)
        return command


def _valueless(option: Any) -> Any:
    """A flag without a type beside it in the help: it would look as if it took a value."""
    if getattr(option, "is_flag", False):
        option.metavar = ""
    return option


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """JiraVision: the AI analyst for Jira that you host yourself.

    `jiravision demo` shows it at work without a Jira; `jiravision serve` is the add-on itself.

    Settings come from the environment and from .env; `jiravision doctor` says whether they work.

    Exit codes: 0 done, 1 it failed, 2 an option or a setting is wrong; one line says which.
    """


def run() -> None:
    """The console script. Exit code 1: it failed; 2: an option or a setting has to be mended. Never a traceback."""
    # What a command has to say it says itself; those that stay send the log where the settings want it.
    logging.getLogger().addHandler(logging.NullHandler())
    stays = any(command in STAYING for command in sys.argv[1:2])
    if stays:
        # Loading takes seconds. Who is told to go meanwhile has nothing to tidy up and has not failed; and as process 1
        # of a container it would not even hear of it.
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        app()
    except Misconfigured as error:
        print(f"jiravision: {error.detail}", file=sys.stderr)
        sys.exit(2)
    except AddonError as error:
        print(f"jiravision: {error.for_operator}", file=sys.stderr)
        sys.exit(1)
    finally:
        if stays:
            # The interpreter takes handlers away at its end: told once more, who has left in order would look killed.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    run()
