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
from addon.cli.usage import alone, given, needs
from addon.errors import Misconfigured
from addon.runs import remedies
from addon.runs.failures import Failures, view
from addon.runs.load import host
from addon.settings import Settings, load_settings
from addon.store.repos.failures import Failure, Window

UNTOLD = ("detail", "quote")
"""The words of the moment may be Jira's, and quote an issue: they are for the site's own administrators."""
SHOWN = 50
WIDE = 120
"""Characters of a terminal in which everything has a column of its own; an id stays in one piece to be copied."""
ID_WIDTH = 36
app = typer.Typer(add_completion=False)


@app.command()
def failures(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, max=1000, show_default=str(SHOWN), help="How many to show, the last ones first."
        ),
    ] = None,
    code: Annotated[
        str | None,
        typer.Option(
            metavar="ERROR", help="Show those alone that failed with this error, or run them with --again-all."
        ),
    ] = None,
    again: Annotated[str | None, typer.Option(metavar="ID", help="Show nothing, and run this one again.")] = None,
    again_all: Annotated[
        bool,
        typer.Option("--again-all", help="Show nothing, and run those of --code again, 100 at a time. Needs --code."),
    ] = False,
) -> None:
    """Show what failed for good on all sites: runs and writes into Jira that nobody had called off.

    Nothing of any issue but its key is shown. What is run again is worked by whoever works the queues.
    """
    told = given({"--json": as_json, "--limit": limit, "--code": code, "--again": again, "--again-all": again_all})
    alone(told, "--again")
    alone(told, "--again-all", besides=("--code",))
    # All of everything at once is how a mended fault becomes the next one.
    needs(told, "--again-all", other="--code")
    settings = load_settings()
    if again or again_all:
        typer.echo(asyncio.run(_again(settings, again, code=code or "")))
        return
    found, codes = asyncio.run(_look(settings, Window(limit or SHOWN, code=code or "")))
    if as_json:
        typer.echo(json.dumps({"failures": [_document(each) for each in found], "codes": codes}))
        return
    console = Console(highlight=False)
    if not found:
        console.print("Nothing has failed for good." if not code else "Nothing has failed with that error.")
        return
    console.print(_table(found, wide=console.width >= WIDE))
    for line in _remedies(found, codes):
        console.print(line)


async def _look(settings: Settings, window: Window) -> tuple[list[Failure], dict[str, int]]:
    async with database(settings) as db:
        known = Failures(db)
        codes = await known.by_code(None)
        return await known.listed(None, window=window), {
            each: number for each, number in codes.items() if window.code in ("", each)
        }


async def _again(settings: Settings, failure_id: str | None, *, code: str) -> str:
    async with database(settings) as db:
        if failure_id:
            await Failures(db).again(None, failure_id)
            return "It is in the queue again."
        if code not in (known := await Failures(db).by_code(None)):
            if not known:
                raise Misconfigured(f"nothing has failed for good, so nothing of {plain(code)} can be run again")
            raise Misconfigured(f"nothing has failed with {plain(code)}, only with {', '.join(sorted(known))}")
        done = await Failures(db).again_all(None, code)
    left = f"; {done.left} of that error are left" if done.left else ""
    return f"{done.started} are in the queue again{left}."


def _document(failure: Failure) -> dict[str, Any]:
    shown = {name: value for name, value in view(failure).items() if name not in UNTOLD}
    return {**shown, "site": host(failure.base_url)}


def _table(found: Sequence[Failure], *, wide: bool) -> Table:
    table = Table(title="What failed for good", title_justify="left")
    table.add_column("Id", overflow="fold", min_width=ID_WIDTH)
    for name in ("When", "Site", "What", "Issue", "Tries", "Error") if wide else ("What failed",):
        table.add_column(name, overflow="fold", justify="right" if name == "Tries" else "left")
    now = time.time()
    for failure in found:
        when, site = f"{span(now - failure.failed_at)} ago", plain(host(failure.base_url))
        what, issue, tries = _what(failure), plain(failure.issue_key or "–"), str(failure.attempts)
        if wide:
            table.add_row(failure.id, when, site, what, issue, tries, _code(failure))
        else:
            table.add_row(failure.id, f"{what} {issue}\n{site}\n{when}, tries: {tries}\n{_code(failure)}")
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
