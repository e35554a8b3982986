"""What it costs to ask a model: the add-on's whole ask beside the least a client can do with the same stream.

The pretend model runs in a process of its own and sends an answer of 1.7 KB: token by token as models do, and in 70
pieces at once, where nothing but our own work is left to measure. A good answer is asked for on every wire, and one
that is useless at first and has to be repaired. A call of the add-on may cost twice what the bare client needs.
"""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any

import httpx2
import jiter

from addon.llm.choice import ModelChoice
from addon.llm.models import Models
from addon.llm.prompt import Prompt
from addon.results.analysis import Analysis
from bench import report
from bench.report import Stream
from bench.stage import say
from bench.wires import WIRES, Bare

AT_ONCE = 10
LATENCY_S = 0.6
MOST_RATIO = 2.0
STORY = "As a shopper I want to pay by card so that I need no cash. It should be user-friendly and fast.\n" * 20
PROMPT = Prompt("Judge the story. Fill in `scores`.", STORY, "bench.v1")

Call = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Kind:
    """One kind of call. requests: 2 when the first answer is useless and the second one good.

    step: characters in a piece. latency_s: how long an answer takes.
    """

    provider: str
    requests: int
    step: int
    latency_s: float

    @property
    def name(self) -> str:
        pace = "by token" if self.latency_s else "at once"
        return f"{self.provider}, {'repaired' if self.requests > 1 else 'streamed'} {pace}"

    @property
    def behaviour(self) -> str:
        return f"{'good' if self.requests == 1 else 'mended'}:step={self.step}"


PACES = ((4, LATENCY_S), (24, 0.0))
KINDS = [Kind(provider, requests, *pace) for pace in PACES for provider in WIRES for requests in (1, 2)]


@contextmanager
def pretend_model() -> Iterator[str]:
    """Its root address."""
    command = [sys.executable, "-m", "tests.fake_model", "--keep-alive"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().removesuffix("/v1")
        finally:
            process.terminate()


async def nothing(_: dict[str, Any]) -> None:
    """A watcher that only looks."""


def asked(models: Models, root: str, *, kind: Kind) -> Call:
    """One call as the add-on makes it: schema, deadline, partial results, checks, tokens, repair."""
    choice = ModelChoice(kind.provider, "test-model", root, "sk-bench", timeout_s=60.0)
    if kind.provider == "openai":
        choice = ModelChoice(kind.provider, "test-model", f"{root}/v1", "sk-bench", timeout_s=60.0)

    async def call() -> object:
        return await models.ask(choice, PROMPT, shape=Analysis, check=lambda value: value, on_partial=nothing)

    return call


def bare(client: httpx2.AsyncClient, root: str, *, kind: Kind, partials: bool) -> Call:
    """The same requests by the HTTP client alone: every event parsed, the text put together, nothing checked.

    partials: the text so far is parsed after every event, which is how to show it without further thought.
    """
    wire: Bare = WIRES[kind.provider]

    async def once(body: dict[str, Any]) -> str:
        text = ""
        async with client.stream("POST", root + wire.path, json=body, headers=wire.headers) as response:
            async for line in response.aiter_lines():
                data = line.removeprefix("data:").strip()
                if not data.startswith("{"):
                    continue
                text += wire.piece(json.loads(data))
                if partials and text:
                    jiter.from_json(text.encode(), partial_mode="trailing-strings")
        return text

    async def call() -> object:
        answer, body = "", wire.body(PROMPT)
        for _ in range(kind.requests):
            answer = await once(body)
            body = wire.again(body, answer)
        return json.loads(answer)

    return call


async def cpu_ms(root: str, call: Call, *, kind: Kind, calls: int) -> float:
    """CPU of this process for one call, several running at once."""
    async with httpx2.AsyncClient() as control:
        await control.post(f"{root}/control/default", json=kind.behaviour)
        await control.post(f"{root}/control/latency", json=kind.latency_s)
    began = process_time()
    for _ in range(calls // AT_ONCE):
        await asyncio.gather(*(call() for _ in range(AT_ONCE)))
    return (process_time() - began) / calls * 1000


async def measured(root: str, kind: Kind, *, rounds: int, calls: int) -> Stream:
    """The add-on and both bare clients in turn, so that whatever else the machine does meets all three."""
    models = Models()
    async with httpx2.AsyncClient(timeout=60) as client:
        three = [
            asked(models, root, kind=kind),
            bare(client, root, kind=kind, partials=False),
            bare(client, root, kind=kind, partials=True),
        ]
        # Connections are opened and schemas built before anything is measured.
        for call in three:
            await cpu_ms(root, call, kind=kind, calls=AT_ONCE)
        calls *= 1 if kind.latency_s else 10
        found = [[await cpu_ms(root, call, kind=kind, calls=calls) for call in three] for _ in range(rounds)]
    await models.close()
    return Stream(kind.name, *(statistics.median(column) for column in zip(*found, strict=True)))


def run(*, rounds: int, write: bool, calls: int = 10) -> list[str]:
    """Measures, shows and writes all of them; what was promised and not kept."""
    say("asks of a model, on four wires")
    with pretend_model() as root:
        streams = [asyncio.run(measured(root, kind, rounds=rounds, calls=calls)) for kind in KINDS]
    rows, title = [stream.row() for stream in streams], "One ask of a model"
    report.show(title, report.STREAM_HEAD, rows)
    if write:
        report.write(report.markdown(title, report.STREAM_HEAD, rows), "streams")
    dear = [stream.name for stream in streams if stream.cpu_ms > MOST_RATIO * stream.lines_ms]
    return [f"{name}: more than {MOST_RATIO:g} times the bare client's CPU" for name in dear]
