"""What an orchestrator asks a process without a web server: whether it lives, is ready, and what it has counted."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any, Protocol

import uvicorn

from addon.errors import AddonError, Misconfigured
from addon.house.health import Checked, Readiness, verdict, waiting
from addon.observe import metrics
from addon.observe.pulse import Pulse
from addon.policy.operators import admit
from addon.settings import Settings

STOP_S = 1
JSON = "application/json"

Message = dict[str, Any]
Answer = tuple[int, str, bytes]


class Working(Protocol):
    """As much of a worker as is looked at."""

    @property
    def pulse(self) -> Pulse: ...
    def stuck(self) -> int: ...


class Watched(Checked, Protocol):
    """As much of the house as is looked at."""

    @property
    def worker(self) -> Working: ...


class Probes:
    """An ASGI application. house: None until it is open. draining: this process was told to go.

    base: the path of BASE_URL, "" or "/prefix". Below it the same is answered as at the root, so that one check fits
    every process.
    """

    def __init__(self, token: str, base: str = "") -> None:
        self.house: Watched | None = None
        self.draining = False
        self._token = token
        self._base = base
        self._readiness = Readiness()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        status, kind, body = await self._answer(scope)
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        # The length is told all the same, as for the GET it stands for.
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _answer(self, scope: Message) -> Answer:
        path, known = scope["path"], {"/health/live": self._live, "/health/ready": self._ready}
        if path.startswith(f"{self._base}/"):
            path = path[len(self._base) :]
        if scope["method"] not in ("GET", "HEAD"):
            return _json(405, {"error": "method_not_allowed", "detail": "Only GET is answered here."})
        if path in known:
            return await known[path]()
        if path == "/metrics":
            return await self._metrics(scope)
        return _json(404, {"error": "not_found", "detail": "There is nothing here."})

    async def _live(self) -> Answer:
        """503 when starting this process anew would help: a loop stands still, or a row does not end."""
        still = self.house.worker.pulse.still() if self.house else []
        stuck = self.house.worker.stuck() if self.house else 0
        bad = bool(still or stuck)
        return _json(503 if bad else 200, {"status": "failed" if bad else "ok", "still": still, "stuck": stuck})

    async def _ready(self) -> Answer:
        # Not ready is no fault: an orchestrator waits with replacing the next process, nothing more.
        if self.house is None:
            return _json(503, {"status": "draining" if self.draining else "starting", "checks": {}})
        checks = await self._readiness.checks(self.house)
        status = verdict(checks, draining=self.draining)
        states = {name: check["status"] for name, check in checks.items()}
        return _json(200 if status in ("ok", "degraded") else 503, {"status": status, "checks": states})

    async def _metrics(self, scope: Message) -> Answer:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            admit(headers, scope["client"][0] if scope.get("client") else None, token=self._token)
        except AddonError as error:
            return _json(error.status, {"error": error.code, "detail": error.detail})
        if self.house is not None:
            # What was counted is worth most when the database is away.
            with suppress(AddonError):
                await waiting(self.house.db)
        return 200, metrics.CONTENT_TYPE, metrics.exposition()


class _Server(uvicorn.Server):
    """Leaves signals to the process it is a guest in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def probed(settings: Settings) -> AsyncIterator[Probes]:
    """Answers on HOST and PROBE_PORT inside the block, unless that is 0. Raises Misconfigured when it cannot."""
    probes = Probes(settings.operator_token.get_secret_value(), settings.base_path)
    if not settings.probe_port:
        yield probes
        return
    listening = _listening(settings.host, settings.probe_port)
    server = _Server(
        uvicorn.Config(
            probes,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_S,
        )
    )
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="probes")
    try:
        yield probes
    finally:
        server.should_exit = True
        await asyncio.gather(serving, return_exceptions=True)
        listening.close()


def _listening(host: str, port: int) -> socket.socket:
    with ExitStack() as undone:
        try:
            # With the family of the address: HOST may be one of IPv6.
            family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listening = undone.enter_context(socket.socket(family, kind, proto))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            # From here on whoever asks waits for the answer; uvicorn takes a moment before it listens by itself.
            listening.listen()
        except OSError as error:
            raise Misconfigured(f"PROBE_PORT: cannot listen on {host}:{port}: {error.strerror}") from None
        undone.pop_all()
    return listening


def _json(status: int, body: Message) -> Answer:
    return status, JSON, json.dumps(body).encode()
