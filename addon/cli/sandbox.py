"""`jiravision sandbox`: a pretend Jira with the add-on installed in it."""

import asyncio
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from addon.cli.child import Child, addon, last_lines
from addon.cli.connecting import PROJECT, connect
from addon.errors import Misconfigured, Unavailable, Upstream
from sandbox.lifecycle import HookError
from sandbox.server import running
from sandbox.world import World

app = typer.Typer(add_completion=False)
DataOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", file_okay=False, help="Keep the add-on's database and log here; else nothing is kept."
    ),
]
MOST_PORTS = 65_535


@dataclass(frozen=True, slots=True)
class Plan:
    """Where things run. port, addon_port: 0 takes a free one. data: None keeps nothing."""

    sites: int = 1
    port: int = 0
    addon_port: int = 0
    data: Path | None = None


@app.command()
def sandbox(
    sites: Annotated[int, typer.Option(metavar="N", min=1, max=5, help="How many pretend Jira sites.")] = 1,
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT",
            min=0,
            max=MOST_PORTS,
            help="Port of the first site, the others behind it; 0 takes free ones.",
        ),
    ] = 8090,
    *,
    addon_port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=MOST_PORTS, help="Port of the add-on; 0 takes a free one.")
    ] = 0,
    data: DataOption = None,
) -> None:
    """Run a pretend Jira Cloud on this machine with the add-on installed, until Ctrl-C.

    Nothing leaves the machine unless LLM_* settings name a model elsewhere.
    """
    if port and port + sites - 1 > MOST_PORTS:
        raise Misconfigured(f"--port leaves no room for {sites} sites: the last port there is is {MOST_PORTS}")
    if port and port <= addon_port < port + sites:
        raise Misconfigured(f"--addon-port {addon_port} is the port of a site; take another one")
    asyncio.run(_until_stopped(Plan(sites, port, addon_port, data)))


async def _until_stopped(plan: Plan) -> None:
    console = Console()
    stop = stopper()
    async with stage(plan) as (world, child):
        for place in world.places:
            console.print(f"[bold]{place.site.name}[/bold]  {place.site.base_url}")
        console.print(
            f"Xray and Zephyr Scale, as pretended here, are connected to {PROJECT}; their keys: /sandbox/keys."
        )
        console.print(f"Add-on at {child.url}, its log in {child.log}. Ctrl-C ends both.")
        await until_stopped(stop, child)


@asynccontextmanager
async def stage(plan: Plan) -> AsyncIterator[tuple[World, Child]]:
    """Sites and add-on up and the add-on installed everywhere. Raises Unavailable, Upstream."""
    # Removed at the end, also after Ctrl-C; with --data it stays empty.
    with tempfile.TemporaryDirectory(prefix="jiravision-", ignore_cleanup_errors=True) as scratch:
        folder = (plan.data or Path(scratch)).resolve()
        try:
            async with running(plan.sites, plan.port) as world, _beside(world, folder, port=plan.addon_port) as child:
                yield world, child
        except OSError as error:
            if plan.data is not None and error.filename is not None:
                raise Misconfigured(f"--data: {error.filename}: {error.strerror}") from error
            raise Unavailable(f"cannot listen on port {plan.port}: {error.strerror}") from error


@asynccontextmanager
async def _beside(world: World, folder: Path, *, port: int) -> AsyncIterator[Child]:
    async with addon(world.announcement()["environment"], folder, port=port) as child:
        for place in world.places:
            try:
                await place.lifecycle.install(child.url)
            except HookError as error:
                raise Upstream(f"the pretend Jira could not install the add-on: {error}") from error
            await connect(place.site, child.url)
        yield child


def stopper() -> asyncio.Event:
    """Set at SIGTERM and Ctrl-C."""
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    return stop


async def until_stopped(stop: asyncio.Event, child: Child) -> None:
    """Returns when told to stop. Raises Unavailable when the add-on ends by itself."""
    waiting = asyncio.create_task(stop.wait())
    gone = asyncio.create_task(child.process.wait())
    await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
    # Ctrl-C reaches both processes; the add-on may be the first to go.
    ended_alone = not stop.is_set()
    waiting.cancel()
    gone.cancel()
    if ended_alone:
        raise Unavailable(
            f"the add-on ended by itself with code {child.process.returncode}; its last lines:\n{last_lines(child.log)}"
        )
