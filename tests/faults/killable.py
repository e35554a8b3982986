"""A worker process to be killed. Arguments: database address, file that stands for Jira.

It begins at the first line it reads. Its feature and its target are slow, so that a kill finds them in the middle; the
target writes a line per effect and, as the real ones do, looks for its own mark first when an attempt was made before.
"""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

from addon.queue.lane import Pace
from addon.runs.feature import Outcome, Work, Writing, Written
from addon.runs.lanes import Size
from addon.store.db import Database
from addon.store.secrets import Seals
from tests.unit.runs.make import comment, stage

POISON = "ABC-666"
"""The issue that kills whoever begins to think about it."""
KEY = "the key of processes that are to be killed"
SIZE = Size(20, Pace(heartbeat_s=0.3, sweep_s=0.2), lease_s=3.0)


async def think(work: Work) -> Outcome:
    await work.progress.stage("reading")
    await pause()
    if work.run.issue_key == POISON:
        os.kill(os.getpid(), signal.SIGKILL)
    if work.run.facts is None:
        await work.save_facts({"sections": []}, work.run.id[:8])
    await work.progress.partial(lambda: {"so": "far"})
    await pause()
    return Outcome({"attempt": work.run.attempts}, None, (comment(work.run),))


class File:
    """Stands for Jira: keeps every effect, answers late."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def write(self, writing: Writing) -> Written:
        await pause()
        marker = writing.publication.marker
        if not (writing.repeated and marker in self._path.read_text().split("\n")):
            with self._path.open("a") as file:
                file.write(f"{marker}\n")
        await pause()
        return Written(marker, None, "")


async def pause() -> None:
    await asyncio.sleep(random.uniform(0.0, 0.15))


async def main(url: str, path: str) -> None:
    # Importing takes longer than everything else here: it is done before the word is given.
    print("waiting", flush=True)
    sys.stdin.readline()
    db = Database.open(url, exclusive=True)
    async with stage(db, Seals([KEY]), think, size=SIZE) as s:
        s.comments.write = File(Path(path)).write
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
