"""Programs of ours that tests start, watch and end: one by one, or the add-on as several side by side."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tests.zygote import KNOWS_ENDS, ROOT, Child, bare_environment, zygote

PATIENCE_S = 30.0
LEAVES_S = 40.0
"""Who is told to go may finish its work for 15 s and puts things in order after it; and the machine may be busy."""
LAST_LINES = 15
SOONEST_S, LATEST_S = 0.03, 0.3
"""Between two looks at what is waited for, at first and in the end."""
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
    """The first thing `look` finds; fails naming `what` when nothing turns up in time."""
    until, pause = time.monotonic() + within_s, SOONEST_S
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"no {what} within {within_s:g} s")
        time.sleep(pause)
        # Every look costs what it looks at as well: what takes long is asked for less often.
        pause = min(pause * 1.3, LATEST_S)


class Process:
    """One program of ours, its output in a file, ended by its own id.

    warm: it comes from a process that has imported it already, instead of from the command line.
    """

    def __init__(
        self, name: str, command: list[str], folder: Path, environment: Mapping[str, str], *, warm: bool = False
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = {**bare_environment(), **environment}
        self._warm = warm and KNOWS_ENDS
        self._process: subprocess.Popen[bytes] | Child | None = None
        self._struck = 0
        self._read = 0

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def code(self) -> int | None:
        """How it ended; None while it runs or before it ran."""
        return self._process.poll() if self._process is not None else None

    @property
    def struck(self) -> bool:
        """Whether the end of this one was a kill -9 of ours; the kernel's own, out of memory, looks the same."""
        return self.code == -signal.SIGKILL and self._struck == self.pid

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    @property
    def said(self) -> str:
        """What it has said since its last start."""
        return self.output[self._read :]

    def last_words(self) -> str:
        """Its name, how it is, and the end of its log."""
        state = "running" if self.running else f"ended with {self.code}"
        return "\n".join([f"--- {self.name}, {state}", *self.output.splitlines()[-LAST_LINES:]])

    def change(self, **environment: str) -> None:
        """Settings that count from the next start on."""
        self._environment = {**self._environment, **environment}

    def start(self) -> None:
        self._read = len(self.output)
        # What is loaded before the program itself cannot be loaded into one that runs already.
        if self._warm and not self._environment.get("LD_PRELOAD"):
            self._process = zygote().start(self._command[1:], log=self.log, environment=self._environment)
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def first_line(self) -> str:
        """What the program announces when it is up."""

        def look() -> str | None:
            assert self.running, f"it ended\n{self.last_words()}"
            # What is just being written has no end yet.
            whole = (line for line in self.output.splitlines(keepends=True) if line.endswith("\n"))
            return next((line.rstrip() for line in whole if line.startswith(("{", "http"))), None)

        # On a busy machine the first imports alone take half a minute.
        return eventually(look, f"line from {self.name}", within_s=2 * PATIENCE_S)

    def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        self._struck = self.pid
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(PATIENCE_S)

    def terminate(self) -> None:
        """SIGTERM, not waited for."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self, within_s: float = LEAVES_S) -> int | None:
        """SIGTERM; the exit code."""
        if self._process is None:
            return None
        self.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def cpu_s(self) -> float:
        """CPU seconds used so far, of all threads and of those that have ended. To the nanosecond."""
        # The id of another process's CPU clock, as clock_getcpuclockid(3) makes it: the ticks of /proc are 10 ms long.
        return time.clock_gettime(~self.pid << 3 | 2)


class Fleet:
    """The add-on as several processes side by side, where one would be asked the same things.

    webs, workers, schedulers: ended and started one by one by who wants to see the others go on.
    """

    def __init__(self, webs: list[Process], workers: list[Process], schedulers: list[Process]) -> None:
        self.webs, self.workers, self.schedulers = webs, workers, schedulers

    @property
    def all(self) -> list[Process]:
        return [*self.webs, *self.workers, *self.schedulers]

    @property
    def pid(self) -> int:
        return self.webs[0].pid

    @property
    def running(self) -> bool:
        return all(process.running for process in self.all)

    @property
    def output(self) -> str:
        return "\n".join(process.output for process in self.all)

    def change(self, **environment: str) -> None:
        for process in self.all:
            process.change(**environment)

    def last_words(self) -> str:
        return "\n".join(process.last_words() for process in self.all)

    def start(self) -> None:
        for process in self.all:
            if not process.running:
                process.start()

    def kill(self) -> None:
        for process in self.all:
            if process.running:
                process.kill()

    def stop(self, within_s: float = LEAVES_S) -> int | None:
        """SIGTERM to all; the first exit code that is not 0."""
        for process in self.all:
            process.terminate()
        codes = [process.stop(within_s) for process in self.all]
        return next(filter(None, codes), 0)

    def cpu_s(self) -> float:
        return sum(process.cpu_s() for process in self.all)
