"""500 people who watch analyses: how soon all of them hear of an end, and what telling each costs."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import messages
from bench.messages import NewIssue, Signer
from bench.report import quantile
from bench.stage import Databases, Figures, Table, Unmet, front, named, port, rss_kb, say, shapes, signer
from tests.stack import Stack, eventually

STREAMS = 500
SITES = 16
PER_PERSON = 8
MODEL_S = 8.0
OPTIONS = {"AI_SLOTS": "50", "SITE_STARTS_PER_MINUTE": "0"}
HEAD = (
    "database", "processes", "streams", "events", "CPU µs an event", "the end heard p50 ms", "p99 ms", "RSS KB each"
)  # fmt: skip


@dataclass
class Heard:
    """What one stream brought. ended: UTC seconds of the event that said so."""

    events: int = 0
    ended: float = 0.0


def measure(kind: str, made: Databases, folder: Path, *, streams: int = STREAMS) -> Figures:
    """kind: of the database. Every stream watches one of SITES analyses to its end."""
    found = []
    for scaled in shapes(kind):
        name = f"fanout_{scaled:d}"
        (folder / name).mkdir()
        options: dict[str, Any] = OPTIONS
        with Stack(made(name), folder / name, sites=SITES, model=MODEL_S, scaled=scaled, each=1, **options) as stack:
            say(f"streams on {kind}, processes: {named(scaled)}: {streams} people watch {SITES} analyses")
            found.append((kind, named(scaled), str(streams), *_told(stack, streams)))
    return Figures([Table("Event streams", HEAD, found)], [])


def _told(stack: Stack, streams: int) -> tuple[str, ...]:
    """What it took the process that has the streams. Raises Unmet."""
    watched = [_watched(stack, number) for number in range(SITES)]
    process = front(stack)
    used, weighed = process.cpu_s(), rss_kb(process)
    heard, weight = asyncio.run(_watch(stack, watched, streams))
    cpu_s, events = process.cpu_s() - used, sum(each.events for each in heard)
    if not all(each.ended for each in heard):
        raise Unmet(f"{sum(not each.ended for each in heard)} of {streams} streams ended without a word")
    first: dict[int, float] = {}
    for number, each in enumerate(heard):
        run = number % len(watched)
        first[run] = min(first.get(run, each.ended), each.ended)
    late = [each.ended - first[number % len(watched)] for number, each in enumerate(heard)]
    times = [f"{quantile(late, share) * 1000:,.0f}" for share in (0.5, 0.99)]
    return f"{events:,}", f"{cpu_s / events * 1e6:,.0f}", *times, f"{(weight - weighed) / streams:,.0f}"


def _watched(stack: Stack, number: int) -> tuple[list[Signer], str]:
    """An analysis under way, and who may look."""
    site = stack.site(number)
    issue = NewIssue(*(site.create_issue()[name] for name in ("id", "key", "project_id")))
    (run,) = eventually(lambda: site.runs(issue.id), "run")
    users = [name for name, account in site.ask("GET", "/state")["users"].items() if account]
    return [signer(site, name) for name in users], str(run["id"])


async def _watch(stack: Stack, watched: list[tuple[list[Signer], str]], streams: int) -> tuple[list[Heard], float]:
    heard = [Heard() for _ in range(streams)]
    opened = [0]

    async def follow(number: int) -> None:
        signers, run_id = watched[number % len(watched)]
        person = signers[number // len(watched) // PER_PERSON % len(signers)]
        await _follow(port(stack), messages.call(person, f"/api/v1/runs/{run_id}/events"), heard[number], opened)

    tasks = [asyncio.create_task(follow(number)) for number in range(streams)]
    weight = 0.0
    while not all(task.done() for task in tasks):
        weight = max(weight, rss_kb(front(stack))) if opened[0] == streams else weight
        await asyncio.sleep(0.2)
    await asyncio.gather(*tasks)
    if opened[0] != streams:
        raise Unmet(f"{streams - opened[0]} streams were not opened")
    return heard, weight


async def _follow(where: int, request: str, heard: Heard, opened: list[int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", where)
    writer.write(request.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        writer.close()
        return
    opened[0] += 1
    async with asyncio.timeout(120):
        while line := await reader.readline():
            if line.startswith(b"event:"):
                heard.events += 1
                if line.split(b":")[1].strip() in (b"done", b"failed"):
                    heard.ended = time.time()
                    break
    writer.close()
