"""The port of a process without a web server: who answers at it, and from when on."""

import asyncio
import socket

import pytest

from addon.cli.probes import probed
from addon.errors import Misconfigured
from addon.settings import Settings
from tests.services import free_port


def settings_with(port: int) -> Settings:
    return Settings(_env_file=None, host="127.0.0.1", probe_port=port)


async def test_who_asks_before_the_server_runs_is_answered_when_it_does() -> None:
    port = free_port()
    async with probed(settings_with(port)):
        # Not one step of the loop in between: nothing but the listening port is there yet.
        with socket.create_connection(("127.0.0.1", port), timeout=60) as asking:
            asking.sendall(b"GET /health/live HTTP/1.1\r\nHost: probes\r\nConnection: close\r\n\r\n")
            assert (await asyncio.to_thread(asking.recv, 64)).startswith(b"HTTP/1.1 200 ")


async def test_a_port_that_somebody_has_is_told_by_its_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=rf"PROBE_PORT: cannot listen on 127\.0\.0\.1:{port}"):
            async with probed(settings_with(port)):
                pass
