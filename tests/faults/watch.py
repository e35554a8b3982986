"""Whoever stands by while things break: one that starts the dead again, one that feels whether the living answer."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import httpx2

from tests.stack import Process

LOOK_S = 0.2
SILENT_S = 5.0
"""A process that says nothing for so long is not living, whatever the machine has to do."""
LEAVES_S = 20.0
"""One that was told to go listens no more, and finishes what it has begun."""


class Watcher:
    """A thread that does `look` again and again while the block lasts."""

    def __init__(self) -> None:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(30)

    def look(self) -> None:
        raise NotImplementedError

    def _run(self) -> None:
        while not self._end.wait(LOOK_S):
            self.look()


class Supervisor(Watcher):
    """Starts again what has ended, as an orchestrator would; `resting` are left alone.

    ended: name and exit code of everything that was found dead. fallen: of what neither left well nor was killed by a
    test.
    """

    def __init__(self, processes: Sequence[Process]) -> None:
        super().__init__()
        self._processes = processes
        self._lock = threading.Lock()
        self.resting: set[str] = set()
        self.ended: list[tuple[str, int | None]] = []
        self.fallen: list[tuple[str, int | None]] = []

    def look(self) -> None:
        with self._lock:
            for process in self._processes:
                if not process.running and process.name not in self.resting:
                    self.ended.append((process.name, process.code))
                    if process.code != 0 and not process.struck:
                        self.fallen.append((process.name, process.code))
                    process.start()

    def rest(self, *processes: Process) -> None:
        """From now on these stay as they are."""
        with self._lock:
            self.resting.update(process.name for process in processes)

    def mind(self) -> None:
        """Everybody is looked after again."""
        with self._lock:
            self.resting.clear()


@dataclass
class _Beat:
    """What is known of one web process. pid: of the process that has answered; since: silent for how long."""

    pid: int = 0
    since: float | None = None


@dataclass
class Complaint:
    name: str
    what: str
    at: float = field(default_factory=time.monotonic)


class Pulse(Watcher):
    """Asks /health/live of every web process. complaints: answers other than 200, and silence of who has answered."""

    def __init__(self, webs: Mapping[str, Process]) -> None:
        super().__init__()
        self._webs = webs
        self._beats = {address: _Beat() for address in webs}
        self._client = httpx2.Client(timeout=SILENT_S, trust_env=False)
        # It lives as long as the tests of this worker: others read what is logged while they run.
        logging.getLogger("httpx2").addFilter(lambda record: record.threadName != self._thread.name)
        self.complaints: list[Complaint] = []

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self._client.close()

    def look(self) -> None:
        for address, process in self._webs.items():
            self._feel(address, process, self._beats[address])

    def _feel(self, address: str, process: Process, beat: _Beat) -> None:
        try:
            answer = self._client.get(f"{address}/health/live")
        except httpx2.TransportError as error:
            # One that is just being started or killed has not said anything yet, or any more.
            if not process.running or process.pid != beat.pid:
                beat.since = None
                return
            beat.since = beat.since or time.monotonic()
            patience_s = LEAVES_S if isinstance(error, httpx2.ConnectError) else SILENT_S
            if time.monotonic() - beat.since > patience_s:
                self.complaints.append(Complaint(process.name, type(error).__name__))
                beat.since = None
        else:
            beat.pid, beat.since = process.pid, None
            if answer.status_code != 200:
                self.complaints.append(Complaint(process.name, str(answer.status_code)))
