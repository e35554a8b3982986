"""The add-on as a child process beside a pretend Jira that runs in this one."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from addon.errors import Unavailable
from addon.settings import ROOT

HOST = "127.0.0.1"
START_S = 60.0
STOP_S = 15.0
LAST_LINES = 12


@dataclass(frozen=True, slots=True)
class Child:
    """url: its BASE_URL. log: the file its output goes to."""

    url: str
    log: Path
    process: asyncio.subprocess.Process


@asynccontextmanager
async def addon(environment: Mapping[str, str], folder: Path, *, port: int = 0) -> AsyncIterator[Child]:
    """The add-on serving on loopback until the block ends.

    environment: what the pretend Jira announces. folder: for the SQLite file and the log, made when missing.
    Raises Unavailable, with the add-on's last lines, when it does not come up.
    """
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    port = port or _free_port()
    url = f"http://{HOST}:{port}"
    log = folder / "addon.log"
    # Put last into the environment: an operator's own .env cannot point the sandbox at a real database.
    own = {
        "BASE_URL": url,
        "HOST": HOST,
        "PORT": str(port),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'addon.db'}",
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "addon.cli.main", "serve",
            env={**os.environ, "LOG_FORMAT": "text", **environment, **own, "PYTHONPATH": path},
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    child = Child(url, log, process)
    try:
        await _up(child)
        yield child
    finally:
        await _stop(process)


async def _up(child: Child) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        for _ in range(int(START_S / 0.05)):
            if child.process.returncode is not None:
                break
            with suppress(httpx2.HTTPError):
                if (await client.get(f"{child.url}/health/live", timeout=2)).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise Unavailable(f"the add-on did not start; its last lines (of {child.log}):\n{last_lines(child.log)}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        # The add-on ends its streams and commits what it has; killing is for one that hangs.
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_S)
    except TimeoutError:
        process.kill()
        await process.wait()


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:])


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port
