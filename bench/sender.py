"""Sends prepared requests over kept-alive connections and times every answer: a process of its own.

Reads one JSON object from standard input, writes one to standard output; see Job and Sent. It speaks HTTP/1.1 by hand
because a client library would spend more of the machine than the server under test.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Job:
    """requests: each a whole HTTP/1.1 request. at_once: connections, each with one request under way.

    per_s: no more leave in a second; 0 for as many as are answered.
    """

    port: int
    at_once: int
    requests: Sequence[str]
    per_s: float = 0.0


@dataclass(frozen=True)
class Sent:
    """began, ended: UTC seconds. statuses and seconds: one of each per request, in no particular order."""

    began: float
    ended: float
    statuses: list[int]
    seconds: list[float]


def send(port: int, requests: Sequence[str], *, at_once: int, per_s: float = 0.0) -> Sent:
    """Runs the sender as a child and returns what it saw. Raises CalledProcessError."""
    job = json.dumps(asdict(Job(port, at_once, requests, per_s)))
    command = [sys.executable, "-m", "bench.sender"]
    child = subprocess.run(command, input=job, capture_output=True, text=True, cwd=ROOT, check=True, timeout=PATIENCE_S)
    return Sent(**json.loads(child.stdout))


async def deliver(job: Job) -> Sent:
    waiting = deque(request.encode() for request in job.requests)
    statuses: list[int] = []
    seconds: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
        while waiting:
            due = opened + (len(job.requests) - len(waiting)) / job.per_s if job.per_s else 0.0
            request = waiting.popleft()
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            started = time.perf_counter()
            writer.write(request)
            statuses.append(await answered(reader))
            seconds.append(time.perf_counter() - started)
        writer.close()

    began, opened = time.time(), time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(job.at_once)))
    return Sent(began, time.time(), statuses, seconds)


async def answered(reader: asyncio.StreamReader) -> int:
    """The status of one answer, its body read to the end."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = next((line.split(":")[1] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
    await reader.readexactly(int(length))
    return int(head.split(" ", 2)[1])


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(deliver(Job(**json.load(sys.stdin)))))))
