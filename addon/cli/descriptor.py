"""`jiravision descriptor`: the descriptor as Jira reads it."""

import sys

import typer

from addon.settings import load_settings
from descriptor.build import build

app = typer.Typer(add_completion=False)


@app.command()
def descriptor() -> None:
    """Print the Connect descriptor for BASE_URL and ADDON_KEY, as Jira reads it at the installation."""
    settings = load_settings()
    sys.stdout.write(build(settings.base_url, settings.addon_key).body.decode())
