"""T19, T22, T23: bodies without measure, callers without haste and watchers without number keep nobody else waiting."""

import gzip
import json
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from addon.cli.protocol import Protocol
from addon.web.middleware import BODY_S
from tests.faults.ground import Ground
from tests.flow import acts
from tests.processes import Process
from tests.services import free_port
from tests.stack import JIRAVISION, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

MB = 1_000_000
FLAT = 60 * MB
CALLERS = 200
STREAMS = 500
PER_PERSON = 8
FEW_FILES = 256
PROMPT_S = 4.0
"""Whoever is held up is so until the others are hung up on, three times as long at least."""


def rss(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


# T22


def request(token: str, path: str, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: addon", f"Authorization: JWT {token}", "Content-Type: application/json"]
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def head_of(wire: socket.socket) -> int:
    """The status of an answer, 0 when the connection ended without one."""
    with suppress(OSError):
        answer = wire.recv(65_536)
        return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0
    return 0


def two_mb(send: Callable[[bytes], None], token: str) -> None:
    send(request(token, "/api/v1/ai/analyze-issue", f"Content-Length: {2 * MB}") + b'{"issue": "' + b"x" * (2 * MB))


def one_gb_declared(send: Callable[[bytes], None], token: str) -> None:
    send(request(token, "/api/v1/ai/analyze-issue", "Content-Length: 1000000000") + b"{")


def chunks_without_end(send: Callable[[bytes], None], token: str) -> None:
    send(request(token, "/api/v1/ai/analyze-issue", "Transfer-Encoding: chunked"))
    for _ in range(200):
        send(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


def gzip_bomb(send: Callable[[bytes], None], token: str) -> None:
    bomb = gzip.compress(b"0" * (100 * MB))
    headers = ("Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    send(request(token, "/api/v1/ai/analyze-issue", *headers) + bomb)


def two_lengths(send: Callable[[bytes], None], token: str) -> None:
    send(request(token, "/api/v1/ai/analyze-issue", "Content-Length: 5", "Content-Length: 500") + b"{}   ")


@pytest.mark.parametrize(
    "attack", [two_mb, one_gb_declared, chunks_without_end, gzip_bomb, two_lengths], ids=lambda a: str(a.__name__)
)
def test_body_without_measure_is_refused_and_takes_no_memory(
    faulty: Ground, attack: Callable[[Callable[[bytes], None], str], None]
) -> None:
    token = faulty.site().token("tess")
    web = faulty.fleet.webs[0]
    before = rss(web.pid)
    began = time.monotonic()
    with connected(faulty) as wire:
        # Who is refused before the end may be hung up on while still sending.
        with suppress(OSError):
            attack(wire.sendall, token)
        status = head_of(wire)
    assert status in (0, 400, 408, 413, 415, 422), status
    assert status or attack in (chunks_without_end, two_mb)
    assert time.monotonic() - began < 10
    assert rss(web.pid) - before < FLAT
    assert promptly(faulty) < PROMPT_S


@contextmanager
def connected(ground: Ground, web: int = 0) -> Iterator[socket.socket]:
    parts = urlsplit(ground.address(web))
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=15) as wire:
        yield wire


def promptly(ground: Ground) -> float:
    """Seconds a call of the API takes at the process that is under attack."""
    headers = {"Authorization": f"JWT {ground.site().token('ann')}"}
    began = time.monotonic()
    answer = ground.stack.client.get(f"{ground.address(0)}/api/v1/usage", headers=headers)
    assert answer.status_code == 200, answer.text
    return time.monotonic() - began


# T23


def slow_headers(wire: socket.socket, turn: int) -> None:
    wire.sendall(b"POST /api/v1/usage HTTP/1.1\r\nHost: addon\r\n" if turn == 0 else b"X-More: and more\r\n")


def slow_body(wire: socket.socket, turn: int) -> None:
    head = b"POST /webhooks/issue-created HTTP/1.1\r\nHost: addon\r\nContent-Type: application/json\r\n"
    wire.sendall(head + b"Content-Length: 100000\r\n\r\n{" if turn == 0 else b" ")


def slow_read(wire: socket.socket, turn: int) -> None:
    if turn == 0:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    wire.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: addon\r\n\r\n")


@pytest.mark.parametrize("attack", [slow_headers, slow_body, slow_read], ids=lambda a: str(a.__name__))
def test_callers_without_haste_hold_nobody_up(faulty: Ground, attack: Callable[[socket.socket, int], None]) -> None:
    web = faulty.fleet.webs[0]
    before = rss(web.pid)
    with ExitStack() as lines:
        wires = [lines.enter_context(connected(faulty)) for _ in range(CALLERS)]
        waited = []
        for turn in range(4):
            for wire in wires:
                wire.settimeout(0.2)
                # One that was hung up on has had what it deserves.
                with suppress(OSError):
                    attack(wire, turn)
            waited.append(statistics.median(promptly(faulty) for _ in range(3)))
            time.sleep(0.5)
        issue = faulty.issue()
        eventually(lambda: faulty.site().comments(issue["key"]), "comment meanwhile")
    assert max(waited) < PROMPT_S
    assert rss(web.pid) - before < FLAT


def test_who_does_not_finish_the_headers_is_hung_up_on(faulty: Ground) -> None:
    with ExitStack() as lines:
        wires = [lines.enter_context(connected(faulty)) for _ in range(CALLERS)]
        began = time.monotonic()
        for turn in range(3):
            for wire in wires:
                slow_headers(wire, turn)
        left = still_open(wires, began + Protocol.HEAD_S + 5)
        assert left == 0, f"{left} of {len(wires)} still open after {time.monotonic() - began:.0f} s"
        assert time.monotonic() - began > Protocol.HEAD_S / 2
    assert promptly(faulty) < PROMPT_S


def test_who_does_not_finish_the_body_is_told_and_hung_up_on(faulty: Ground) -> None:
    head = request(faulty.site().token("tess"), "/api/v1/ai/analyze-issue", "Content-Length: 1000")
    with ExitStack() as lines:
        wires = [lines.enter_context(connected(faulty)) for _ in range(20)]
        began = time.monotonic()
        for wire in wires:
            wire.sendall(head + b"{")
        wires[0].settimeout(BODY_S + 10)
        assert head_of(wires[0]) == 408
        assert time.monotonic() - began > BODY_S / 2
        left = still_open(wires, began + BODY_S + 10)
        assert left == 0, f"{left} of {len(wires)} still open after {time.monotonic() - began:.0f} s"
    assert promptly(faulty) < PROMPT_S


def still_open(wires: list[socket.socket], until: float) -> int:
    """How many are open still at that moment of the monotonic clock, or 0 as soon as none is."""
    left = list(wires)
    while left and time.monotonic() < until:
        left = [wire for wire in left if is_open(wire)]
        time.sleep(0.1)
    return len(left)


def is_open(wire: socket.socket) -> bool:
    wire.settimeout(0)
    try:
        return wire.recv(65_536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def test_more_callers_than_files_keep_nobody_out(tmp_path: Path) -> None:
    port = free_port()
    here = f"http://127.0.0.1:{port}"
    database_url = f"sqlite+aiosqlite:///{tmp_path / 'few.db'}"
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "BASE_URL": here, "DATABASE_URL": database_url}
    limited = ["/bin/sh", "-c", f'ulimit -n {FEW_FILES}; exec "$0" "$@"', sys.executable, *JIRAVISION, "serve"]
    web = Process("few-files", limited, tmp_path, environment)

    def answers() -> bool:
        with suppress(httpx2.TransportError):
            return httpx2.get(f"{here}/health/live", timeout=PROMPT_S, trust_env=False).status_code == 200
        return False

    web.start()
    try:
        eventually(answers, f"start of a server\n{web.last_words()}", 60)
        with ExitStack() as lines:
            wires = []
            for _ in range(2):
                for _ in range(FEW_FILES):
                    wires.append(lines.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5)))
                    with suppress(OSError):
                        slow_headers(wires[-1], 0)
                for _ in range(5):
                    assert answers(), web.last_words()
            assert sum(map(is_open, wires)) <= FEW_FILES
        assert web.output.count("connections: ") == 1
        assert "Too many open files" not in web.output
    finally:
        web.stop()


# T19


def test_watchers_without_number_are_refused_and_hold_no_connection_to_the_database(faulty: Ground) -> None:
    faulty.stack.model("script", ["hang"])
    site = faulty.site()
    issue = faulty.issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    people = sorted(site.ask("GET", "/state")["users"])
    tokens = {person: site.token(person) for person in people if may_see(faulty, person, run["id"])}
    url = f"{faulty.address(0)}/api/v1/runs/{run['id']}/events"
    before = rss(faulty.fleet.webs[0].pid)
    with (
        ExitStack() as opened,
        httpx2.Client(timeout=30, trust_env=False, limits=httpx2.Limits(max_connections=STREAMS + 10)) as client,
    ):

        def watch(n: int) -> int:
            token = list(tokens.values())[n % len(tokens)]
            answer = opened.enter_context(client.stream("GET", url, headers={"Authorization": f"JWT {token}"}))
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) >= 1
                assert set(json.loads(answer.read())) >= {"error", "detail"}
            return int(answer.status_code)

        with ThreadPoolExecutor(20) as watchers:
            told = list(watchers.map(watch, range(STREAMS)))
        assert told.count(200) == PER_PERSON * len(tokens)
        assert told.count(429) == STREAMS - told.count(200)
        waited = sorted(promptly(faulty) for _ in range(40))
        assert statistics.quantiles(waited, n=20)[-1] < 2
        busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'jiravision' AND state <> 'idle'"
        eventually(lambda: acts.rows(faulty.stack, busy)[0][0] <= 2, "connections that nobody holds", 15)
        assert rss(faulty.fleet.webs[0].pid) - before < FLAT
    assert site.api("DELETE", f"/runs/{run['id']}", user="tess").status_code == 200
    acts.over(site, run["id"])
    faulty.made.remove((site, issue))


def may_see(ground: Ground, person: str, run_id: str) -> bool:
    return ground.site().api("GET", f"/runs/{run_id}", user=person).status_code == 200
