"""`jiravision settings`: what this process would run with, and the documents made from the settings."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from addon.cli.settings_table import current, env_example, markdown_table
from addon.cli.usage import alone, given
from addon.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def settings(
    markdown: Annotated[
        bool,
        typer.Option(
            "--markdown", help="Instead: every variable, its default and its meaning, as the table of the README."
        ),
    ] = False,
    env: Annotated[
        bool, typer.Option("--env", help="Instead: the same as the text of .env.example, to fill in.")
    ] = False,
) -> None:
    """Print the configuration in force, secrets only as set or not set."""
    alone(given({"--markdown": markdown, "--env": env}), "--markdown")
    if markdown or env:
        typer.echo(markdown_table() if markdown else env_example(), nl=markdown)
        return
    table = Table("Variable", "Value", title="JiraVision's settings", title_justify="left")
    for name, value in current(load_settings()):
        table.add_row(name, value)
    Console(highlight=False).print(table, markup=False)
