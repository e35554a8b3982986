"""`jiravision failures`: what failed for good on any site, why in words, and another chance for it."""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from addon.cli.looking import database
from addon.cli.top_words import plain, span
from addon.errors import Misconfigured
from addon.runs import remedies
from addon.runs.failures import Failures, view
from addon.runs.load import host
from addon.settings import Settings, load_settings
from addon.store.repos.failures import Failure, Window

UNTOLD = ("detail", "quote")
"""The words of the moment may be Jira's, and quote an issue: they are for the site's own administrators."""
app = typer.Typer(add_completion=False)


@app.command()
def failures(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to show, the last ones first.")] = 50,
    again: Annotated[str, typer.Option(metavar="ID", help="Run this one again.")] = "",
    again_all: Annotated[bool, typer.Option("--again-all", help="Run all of --code again, 100 at a time.")] = False,
    code: Annotated[str, typer.Option(help="Only those that failed with this error.")] = "",
) -> None:
    """Show what failed for good on all sites: runs and writes into Jira that nobody had called off.

    Nothing of any issue but its key is shown. What is run again is worked by whoever works the queues.
    """
    settings = load_settings()
    if again or again_all:
        if again_all and (again or not code):
            # All of everything at once is how a mended fault becomes the next one.
            raise Misconfigured("--again-all needs --code, and goes without --again")
        if as_json or (again and code):
            raise Misconfigured("--again goes without --code and --json, --again-all without --json")
        typer.echo(asyncio.run(_again(settings, again, code=code)))
        return
    found, codes = asyncio.run(_look(settings, Window(limit, code=code)))
    if as_json:
        typer.echo(json.dumps({"failures": [_document(each) for each in found], "codes": codes}))
        return
    console = Console(highlight=False)
    if not found:
        console.print("Nothing has failed for good." if not code else "Nothing has failed with that error.")
        return
    console.print(_table(found))
    for line in _remedies(found, codes):
        console.print(line)


async def _look(settings: Settings, window: Window) -> tuple[list[Failure], dict[str, int]]:
    async with database(settings) as db:
        known = Failures(db)
        codes = await known.by_code(None)
        return await known.listed(None, window=window), {
            each: number for each, number in codes.items() if window.code in ("", each)
        }


async def _again(settings: Settings, failure_id: str, *, code: str) -> str:
    async with database(settings) as db:
        if failure_id:
            await Failures(db).again(None, failure_id)
            return "It is in the queue again."
        if code not in (known := await Failures(db).by_code(None)):
            there = f"there are {', '.join(sorted(known))}" if known else "nothing has"
            raise Misconfigured(f"nothing has failed with the error {plain(code)}: {there}")
        done = await Failures(db).again_all(None, code)
    left = f"; {done.left} of that error are left" if done.left else ""
    return f"{done.started} are in the queue again{left}."


def _document(failure: Failure) -> dict[str, Any]:
    shown = {name: value for name, value in view(failure).items() if name not in UNTOLD}
    return {**shown, "site": host(failure.base_url)}


def _table(found: Sequence[Failure]) -> Table:
    table = Table(title="What failed for good", title_justify="left")
    for name in ("Id", "When", "Site", "What", "Issue", "Tries", "Error"):
        table.add_column(name, overflow="fold", justify="right" if name == "Tries" else "left")
    now = time.time()
    for failure in found:
        table.add_row(
            failure.id,
            f"{span(now - failure.failed_at)} ago",
            plain(host(failure.base_url)),
            _what(failure),
            plain(failure.issue_key or "–"),
            str(failure.attempts),
            _code(failure),
        )
    return table


def _what(failure: Failure) -> str:
    if failure.what == "run":
        return failure.kind
    return f"{'undo' if failure.undoing else 'write'} {failure.kind}"


def _code(failure: Failure) -> str:
    cause = failure.error.get("cause")
    return plain(f"{failure.code} ({cause})" if cause else failure.code)


def _remedies(found: Sequence[Failure], codes: dict[str, int]) -> list[Text]:
    """Each error once: how many there are of it, what it means and what to do."""
    said: dict[str, Text] = {}
    for failure in found:
        remedy = remedies.of(failure.error)
        text = Text.assemble((_code(failure), "bold"), f": {remedy.said} {remedy.todo}")
        said.setdefault(_code(failure), text)
    total = sum(codes.values())
    return [*said.values(), Text(f"{len(found)} of {total} shown.")]
