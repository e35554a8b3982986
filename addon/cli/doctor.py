"""`jiravision doctor`: says in words whether this configuration works."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from addon.cli.checkup import checkup
from addon.cli.explain import explain
from addon.cli.finding import Finding
from addon.cli.usage import given, needs
from addon.settings import load_settings

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    qsh: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--qsh",
            metavar="METHOD URL",
            help="Instead: which query hash (qsh) a token for this request to us must have.",
        ),
    ] = None,
    expected: Annotated[
        str | None, typer.Option(metavar="HASH", help="With --qsh: the hash the other side has, or its whole token.")
    ] = None,
) -> None:
    """Check BASE_URL, keys, database, model and the allowed Jira hosts, and say what to do about each.

    Ends with code 1 when something would not work, or when the hashes of --qsh and --expected differ.
    """
    needs(given({"--qsh": qsh, "--expected": expected}), "--expected", other="--qsh")
    settings = load_settings()
    console = Console(highlight=False)
    if qsh is not None:
        method, url = qsh
        explanation = explain(method, url, base_url=settings.base_url, expected=expected or "")
        console.print("\n".join(explanation.lines), markup=False, soft_wrap=True)
        raise typer.Exit(0 if explanation.agrees else 1)
    findings = asyncio.run(checkup(settings))
    console.print(_table(findings))
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


def _table(findings: list[Finding]) -> Table:
    table = Table(title="JiraVision's configuration", title_justify="left", show_lines=True)
    for name in ("", "What", "Finding", "What to do"):
        table.add_column(name, overflow="fold")
    for finding in findings:
        state = f"[{COLOURS[finding.state]}]{finding.state}[/]"
        table.add_row(state, finding.what, finding.said, finding.todo)
    return table
