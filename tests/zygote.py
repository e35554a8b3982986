"""Our programs from a process that has imported them already: processes of their own, without the seconds that takes.

zygote().start(["-m", "addon.cli.main", "serve"], log=file, environment={…}) -> a Child, which is used like a Popen

Only Linux tells about the end of processes that somebody else started; elsewhere each program is started for itself.
"""

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, Self

from addon.i18n.catalog import Texts

ROOT = Path(__file__).resolve().parents[1]
IMPORTED = (
    "addon.cli.serve",
    "addon.cli.worker",
    "addon.cli.scheduler",
    "addon.cli.ai_service",
    "addon.web.ai_service.app",
    "addon.web.app",
    "sandbox.server",
    "tests.fake_model",
)
_SETTLED_S = "TESTS_JIRA_SETTLED_S"
SETTLED_SOON: Mapping[str, Any] = {_SETTLED_S: "6"}
"""For the environment of our programs: how many seconds they wait for what Jira was sent without an answer."""
KNOWS_ENDS = hasattr(os, "pidfd_open")
NOBODY = str(ROOT / "tests" / "data")
"""A folder without certificates: tests trust no one outside. Reading the system's costs 40 ms for every client made."""


class Child:
    """What tests use of a Popen, of a process that is a child of the zygote."""

    def __init__(self, parent: "Zygote", pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None
        self._end = os.pidfd_open(pid)
        self._once = Lock()

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            signal.pidfd_send_signal(self._end, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self, within_s: float | None) -> int | None:
        if self.returncode is None:
            end = select.poll()
            end.register(self._end, select.POLLIN)
            if end.poll(None if within_s is None else within_s * 1000):
                # One thread may wait for what another one looks after: its end is asked for once.
                with self._once:
                    if self.returncode is None:
                        self.returncode = self._parent.ask({"code": self.pid})
                        os.close(self._end)
        return self.returncode


class Zygote:
    """The process all others come from. Ends, and its children with it, when this process does."""

    def __init__(self) -> None:
        self._wire, theirs = socket.socketpair()
        self._turn = Lock()
        command = [sys.executable, "-m", "tests.zygote", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(command, cwd=ROOT, env=bare_environment(), pass_fds=[theirs.fileno()])
        self._answers = self._wire.makefile("rb")

    def wait_until_ready(self) -> None:
        """Raises RuntimeError when it ended instead."""
        if not self._answers.readline():
            raise RuntimeError("the zygote ended at its imports: what it said is among the output of this test")

    def start(self, arguments: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> Child:
        """arguments: of python, "-m" first."""
        order = {"module": arguments[1], "arguments": list(arguments[2:]), "log": str(log)}
        return Child(self, self.ask({**order, "environment": dict(environment)}))

    def ask(self, order: Mapping[str, Any]) -> int:
        with self._turn:
            self._wire.sendall(json.dumps(order).encode() + b"\n")
            answer = self._answers.readline()
        assert answer, "the zygote has ended"
        return int(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._answers.close()
        self._wire.close()
        self._process.wait(30)


@cache
def zygote() -> Zygote:
    """The one of this process, from its first use on. Raises RuntimeError when our programs cannot be imported."""
    with ExitStack() as running:
        new = running.enter_context(Zygote())
        new.wait_until_ready()
        atexit.register(running.pop_all().close)
    return new


def bare_environment() -> dict[str, str]:
    """The variables a program needs to run, none that would configure it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1", "SSL_CERT_DIR": NOBODY}


def _orders(wire: socket.socket) -> dict[str, Any] | None:
    """Does what it is told; returns in every child, with what that is to be, and at the end, with None."""
    children: set[int] = set()
    wire.sendall(b"ready\n")
    with wire, wire.makefile("rb") as lines:
        for line in lines:
            order = json.loads(line)
            if "code" in order:
                children.discard(order["code"])
                answer = os.waitstatus_to_exitcode(os.waitpid(order["code"], 0)[1])
            elif answer := os.fork():
                children.add(answer)
            else:
                return dict(order)
            wire.sendall(b"%d\n" % answer)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    return None


def _become(order: Mapping[str, Any]) -> None:
    """As if the interpreter had been started with these arguments."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["environment"])
    if _SETTLED_S in os.environ:
        settling = import_module("addon.targets.settling")
        settling.JIRA_SETTLED_S = float(os.environ.pop(_SETTLED_S))  # type: ignore[attr-defined]
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    for number in (1, 2):
        os.dup2(log, number)
    os.close(log)
    sys.argv = [order["module"], *order["arguments"]]
    sys.modules.pop(order["module"], None)
    runpy.run_module(order["module"], run_name="__main__", alter_sys=True)


def main() -> None:
    # Ctrl-C is for the tests: they end what they started.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in IMPORTED:
        import_module(name)
    Texts()
    gc.collect()
    gc.freeze()
    order = _orders(socket.socket(fileno=int(sys.argv[1])))
    if order is not None:
        _become(order)


if __name__ == "__main__":
    main()
