"""The nginx of docs/operate.md as it is written, where nginx is installed: two web hosts, and one busy address."""

import asyncio
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from addon.cli.protocol import Protocol
from addon.web.api.events import PER_TENANT
from addon.web.middleware import BODY_S
from tests.processes import eventually
from tests.services import free_port
from tests.zygote import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
PROXY = re.compile(r"<!-- proxy -->\n```\n(.*?)```\n<!-- end of proxy -->", re.S)
CAP = 3
"""In the place of the documented number: nobody needs hundreds of connections to see that it is kept."""
AROUND = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
{example}
}}
"""


def written() -> str:
    found = PROXY.search((ROOT / "docs" / "operate.md").read_text("utf-8"))
    assert found is not None
    return found[1]


def number(pattern: str) -> float:
    found = re.search(pattern, written())
    assert found is not None, pattern
    return float(found[1])


def test_the_numbers_of_the_proxy_fit_those_of_the_add_on() -> None:
    assert number(r"client_header_timeout (\d+)s") <= Protocol.HEAD_S
    assert number(r"client_body_timeout (\d+)s") <= BODY_S
    # A site may have all its streams from one office, and its people look at pages beside them.
    assert number(r"limit_conn addresses (\d+);") == 2 * PER_TENANT


@dataclass(slots=True)
class Web:
    """A web host that counts, and holds what asks for events until it is let go."""

    asked: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(path)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-Accel-Buffering: no\r\n\r\ndata: {}\n\n")
        if path.endswith("/events"):
            await self.go.wait()
        writer.close()


@dataclass(frozen=True, slots=True)
class Proxy:
    """nginx in front of two web hosts."""

    port: int
    webs: tuple[Web, Web]
    trust: ssl.SSLContext

    async def ask(self, path: str) -> tuple[int, asyncio.StreamWriter]:
        """The status of the answer, which stays open until the writer is closed."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: jiravision.example.org\r\n\r\n".encode())
        status = int((await reader.readline()).split()[1])
        return status, writer

    async def status(self, path: str) -> int:
        status, writer = await self.ask(path)
        writer.close()
        return status


def certificate(folder: Path) -> tuple[Path, Path]:
    key, made = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=jiravision.example.org", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key


def configured(folder: Path, ports: dict[str, int]) -> Path:
    """The example with nothing changed but files, ports and how many are too many."""
    made, key = certificate(folder)
    example = written()
    for old, new in {
        "/etc/ssl/jiravision.pem": str(made),
        "/etc/ssl/jiravision.key": str(key),
        "listen 443 ": f"listen 127.0.0.1:{ports['443']} ",
        "127.0.0.1:8081;": f"127.0.0.1:{ports['8081']};",
        "127.0.0.1:8082;": f"127.0.0.1:{ports['8082']};",
    }.items():
        assert example.count(old) == 1, old
        example = example.replace(old, new)
    example = re.sub(r"limit_conn addresses \d+;", f"limit_conn addresses {CAP};", example, count=1)
    file = folder / "nginx.conf"
    file.write_text(AROUND.format(folder=folder, example=example))
    return file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    if NGINX is None:
        pytest.skip("nginx is not installed here")
    return tmp_path


@asynccontextmanager
async def proxied(folder: Path) -> AsyncIterator[Proxy]:
    webs = (Web(), Web())
    servers = [await asyncio.start_server(web, "127.0.0.1", 0) for web in webs]
    upstreams = [str(server.sockets[0].getsockname()[1]) for server in servers]
    port = free_port()
    file = configured(folder, {"443": port, "8081": int(upstreams[0]), "8082": int(upstreams[1])})
    trust = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    trust.check_hostname = False
    nginx = await asyncio.create_subprocess_exec(str(NGINX), "-c", str(file), "-p", str(folder))
    try:
        await asyncio.to_thread(eventually, lambda: listening(port), "nginx that listens")
        yield Proxy(port, webs, trust)
    finally:
        for web in webs:
            web.go.set()
        if nginx.returncode is None:
            nginx.terminate()
        await nginx.wait()
        for server in servers:
            server.close()
            await server.wait_closed()


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.process
def test_nginx_takes_the_example_as_it_is_written(folder: Path) -> None:
    file = configured(folder, {"443": free_port(), "8081": free_port(), "8082": free_port()})
    command = [str(NGINX), "-t", "-c", str(file), "-p", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.process
async def test_one_address_has_so_many_streams_and_webhooks_come_all_the_same(folder: Path) -> None:
    async with proxied(folder) as proxy:
        held = [await proxy.ask(f"/api/v1/runs/{number}/events") for number in range(CAP)]
        assert [status for status, _ in held] == [200] * CAP
        assert all(web.asked for web in proxy.webs)
        assert await proxy.status("/api/v1/runs/9/events") == 429
        assert await proxy.status("/ui/panel") == 429
        for path in ("/webhooks/issue-created", "/jira/webhooks/issue-created", "/lifecycle/installed"):
            assert await proxy.status(path) == 200
        for web in proxy.webs:
            web.go.set()
        # nginx forgets a stream once its web host has ended it.
        async with asyncio.timeout(60):
            while await proxy.status("/ui/panel") != 200:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        for _, writer in held:
            writer.close()
