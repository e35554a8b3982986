"""`jiravision top`: what waits, who works and how fast, of the whole deployment, as it changes."""

import asyncio
import json
import os
import signal
import sys
import termios
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from addon.cli.looking import database
from addon.cli.top_table import screen
from addon.cli.usage import alone, given
from addon.errors import AddonError, Misconfigured
from addon.runs.load import Loads
from addon.settings import Settings, load_settings
from addon.store.db import Database

EVERY_S = 2.0
app = typer.Typer(add_completion=False)


@app.command()
def top(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="With --json: one document a line, until Ctrl-C.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Look once and end, in a terminal too.")] = False,
    every: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            min=0.5,
            max=3600,
            show_default=f"{EVERY_S:g}",
            help="How long from one look to the next.",
        ),
    ] = None,
) -> None:
    """Show queues, sites, processes and what is due next.

    In a terminal it is refreshed until q or Ctrl-C; elsewhere, and with --json, it looks once.
    It asks the database alone, so it works from wherever that can be reached.
    """
    if watch and (once or not as_json):
        # Nothing is watched silently in another way than the one that was asked for.
        raise Misconfigured(
            "--watch goes with --json and without --once; in a terminal `jiravision top` always watches"
        )
    told = given({"--json": as_json, "--watch": watch, "--once": once, "--every": every})
    alone(told, "--once", besides=("--json",))
    live = not as_json and not once and sys.stdout.isatty()
    if every is not None and not (watch or live):
        raise Misconfigured("--every goes where it looks on: with --json --watch, or in a terminal without --json")
    settings = load_settings()
    if as_json:
        _quietly(_documents(settings, (every or EVERY_S) if watch else None))
    elif live:
        _quietly(_watch(settings, every or EVERY_S))
    else:
        _quietly(_print(settings))


def _quietly(work: Any) -> None:
    """Ends without a word at Ctrl-C, or when nobody reads any more."""
    try:
        asyncio.run(work)
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        # Else Python complains once more while it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print(settings: Settings) -> None:
    console = Console(highlight=False)
    async with database(settings) as db:
        console.print(screen(await Loads(db).of_all(), width=console.width))


async def _documents(settings: Settings, every_s: float | None) -> None:
    async with database(settings) as db:
        while True:
            print(json.dumps(await _told(db) if every_s else await Loads(db).of_all()), flush=True)
            if every_s is None:
                return
            await asyncio.sleep(every_s)


async def _told(db: Database) -> dict[str, Any]:
    """A document also when there is nothing to tell: who watches wants to see that, and what comes after it."""
    try:
        return await Loads(db).of_all()
    except AddonError as error:
        return {"error": error.code, "detail": error.detail}


async def _watch(settings: Settings, every_s: float) -> None:
    console = Console(highlight=False)
    async with database(settings) as db, _told_to_end() as end:
        with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
            shown = Group()
            while not end.is_set():
                try:
                    found = await Loads(db).of_all()
                    shown = screen(found, width=console.width, height=console.height)
                    live.update(Group(shown, Text("q ends", "dim")), refresh=True)
                except AddonError as error:
                    # What was seen last stays: it is more than nothing, and the line above says that it is old.
                    live.update(Group(Text(error.detail, "red"), shown), refresh=True)
                await _either(end, every_s)


@asynccontextmanager
async def _told_to_end() -> AsyncIterator[asyncio.Event]:
    """Set once q is pressed or the process is told to go."""
    end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    with _keys() as keyboard:
        if keyboard is not None:
            # Several keys may come at once, and arrows as sequences: only what begins with the letter is meant.
            loop.add_reader(keyboard, lambda: end.set() if os.read(keyboard, 64).lower().startswith(b"q") else None)
        try:
            yield end
        finally:
            if keyboard is not None:
                loop.remove_reader(keyboard)


@contextmanager
def _keys() -> Iterator[int | None]:
    """The keyboard, each key as it is pressed; None where there is none. Left as it was found."""
    if not sys.stdin.isatty():
        yield None
        return
    keyboard = sys.stdin.fileno()
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard)
    try:
        yield keyboard
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


async def _either(end: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await end.wait()
    except TimeoutError:
        pass
