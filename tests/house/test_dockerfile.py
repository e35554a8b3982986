"""What the image promises, read from the Dockerfile and .dockerignore; the health check's own code is run as well."""

import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, cast

import pytest

from addon.cli.probes import Probes, Watched, probed
from addon.observe.pulse import Pulse
from addon.settings import Settings
from tests.house.tree import ROOT
from tests.services import free_port

BESIDE = {"tests", "bench", "docs", "deploy", "data", "artefacts"}
"""Top-level folders that the running program never opens."""


@dataclass(frozen=True)
class Instruction:
    """stage: counted from 0 at the first FROM, -1 before it. word: in capitals, such as COPY. rest: on one line."""

    stage: int
    word: str
    rest: str


def instructions() -> list[Instruction]:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.M).replace("\\\n", " ").splitlines()
    found: list[Instruction] = []
    stage = -1
    for word, _, rest in (line.strip().partition(" ") for line in lines if line.strip()):
        stage += word.upper() == "FROM"
        found.append(Instruction(stage, word.upper(), rest.strip()))
    return found


STEPS = instructions()
LAST = max(step.stage for step in STEPS)


def given(word: str, *, stage: int | None = None) -> list[str]:
    return [step.rest for step in STEPS if step.word == word and stage in (None, step.stage)]


def copied() -> list[str]:
    """Every path the image takes from the checkout."""
    return [source for rest in given("COPY") if "--from=" not in rest for source in rest.split()[:-1]]


def ignored(path: str) -> bool:
    """As Docker reads .dockerignore: the last pattern that matches the path or a folder above it decides."""
    parts = path.split("/")
    above = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    verdict = False
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            wanted = re.escape(pattern.removeprefix("!")).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
            if any(re.fullmatch(wanted, candidate) for candidate in above):
                verdict = not pattern.startswith("!")
    return verdict


def test_every_builder_can_read_it() -> None:
    assert [step.rest for step in STEPS if "<<" in step.rest] == [], "older builders know no heredocs"
    assert set(given("FROM")) == {"${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"}
    assert given("ARG", stage=-1) == ["PYTHON_IMAGE=python:3.12-slim"]


def test_the_last_stage_takes_results_and_installs_nothing() -> None:
    assert LAST == 1
    assert given("COPY", stage=LAST)
    assert [rest for rest in given("COPY", stage=LAST) if not rest.startswith("--from=build ")] == []
    assert not re.search(r"\b(pip|uv|apt|apt-get|curl|wget|compileall)\b", " ".join(given("RUN", stage=LAST)))


def test_only_locked_wheels_with_known_hashes_are_installed() -> None:
    runs = [command.strip() for rest in given("RUN") for command in rest.split("&&")]
    installs = [command for command in runs if re.search(r"\binstall\b", command)]
    assert len(installs) == 1
    for wanted in ("--require-hashes", "--only-binary :all:", "-r requirements.lock"):
        assert wanted in installs[0]
    assert given("ADD") == []
    assert not re.search(r"https?://|\b(curl|wget|apt|apt-get)\b", " ".join(runs))


def test_it_runs_as_a_numbered_user_who_owns_only_the_data() -> None:
    users = given("USER")
    assert len(users) == 1
    match = re.fullmatch(r"(\d+):(\d+)", users[0])
    assert match
    assert min(map(int, match.groups())) >= 10000, "below, it may be somebody on the host"
    created = " ".join(given("RUN", stage=LAST))
    assert f"--gid {match[2]} " in created
    assert f"--uid {match[1]} " in created
    assert re.findall(r"chown \S+ (\S+)", created) == given("VOLUME") == ["/data"]
    assert not re.search(r"--chown", " ".join(given("COPY"))), "the program must not be able to change itself"


def test_its_environment_holds_settings_and_no_secret() -> None:
    names = set(re.findall(r"(\w+)=", " ".join(given("ENV", stage=LAST) + given("ARG"))))
    assert not [name for name in names if re.search(r"KEY|TOKEN|SECRET|PASSWORD", name)]
    own = {name for name in names if not name.startswith("PYTHON")} - {"PATH"}
    assert own == {"HOST", "DATABASE_URL"}
    assert {name.lower() for name in own} <= set(Settings.model_fields)
    assert "sqlite+aiosqlite:////data/" in " ".join(given("ENV", stage=LAST))


def test_it_hears_sigterm_from_its_first_moment() -> None:
    assert json.loads(given("ENTRYPOINT")[0]) == ["jiravision"], "a shell in between would keep the signal"
    assert json.loads(given("CMD", stage=LAST)[0]) == ["serve"]
    script = next(rest for rest in given("RUN") if "> /opt/venv/bin/jiravision" in rest)
    assert script.index("signal.signal(signal.SIGTERM") < script.index("from addon.cli.main import run")


def test_everything_the_program_opens_is_copied() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    folders = {line.split("/")[0] for line in listing.stdout.splitlines() if "/" in line and not line.startswith(".")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert packages | {"templates", "static"} <= folders - BESIDE
    assert folders - BESIDE <= set(copied())
    assert "atlassian-connect.json" in copied()


def test_what_is_copied_exists_and_is_let_in() -> None:
    sources = copied()
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if ignored(source)] == []
    kept = ("addon/analysis/prompts/analysis.v1.txt", "addon/i18n/fr/base.po", "sandbox/seed/stories.json")
    assert [path for path in kept if ignored(path)] == []


@pytest.mark.parametrize(
    "path",
    [
        *(".env", ".env.local", "addon/.env", "sandbox/pages/.env.production"),
        *(".git/config", ".venv/bin/python", "tests/conftest.py", "bench/webhooks.py", "docs/adr/x.md"),
        *("data/jiravision.db", "data/jiravision.db.key", "addon/jiravision.db", "addon/tls/server.pem"),
        *("artefacts/panel.png", "addon/__pycache__/house.cpython-311.pyc", "sandbox/node_modules/x/index.js"),
        *("README.md", "requirements-dev.lock", "dump.sql", "notes/secret.txt"),
    ],
)
def test_it_stays_out_of_the_image(path: str) -> None:
    assert ignored(path)


class Worked:
    """As much of a house as its life shows in."""

    def __init__(self, *, stuck: bool) -> None:
        self.worker = self
        self.pulse = Pulse()
        self._stuck = stuck

    def stuck(self) -> int:
        return int(self._stuck)


@contextmanager
def answering(path: str, status: int) -> Iterator[int]:
    """The port of a server that has one address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == path else 404)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Quiet."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def asked_by_the_health_check(**given_settings: str) -> subprocess.CompletedProcess[bytes]:
    """The code of the image's own check, run with these settings and no others."""
    options, _, command = given("HEALTHCHECK", stage=LAST)[0].partition(" CMD ")
    assert {"--interval", "--timeout", "--start-period", "--retries"} == set(re.findall(r"--[a-z-]+", options))
    python, *arguments = json.loads(command)
    assert python == "python"
    inherited = {name: value for name, value in os.environ.items() if name not in ("BASE_URL", "PORT", "PROBE_PORT")}
    # A proxy that nobody answers at: the check must not ask it.
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
    environment = {**inherited, **proxies, **given_settings}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)


@pytest.mark.parametrize(
    ("base_url", "path", "status", "healthy"),
    [
        (None, "/health/live", 200, True),
        ("https://addon.example.org/", "/health/live", 200, True),
        ("https://example.org/jira/vision", "/jira/vision/health/live", 200, True),
        ("https://example.org/jira/vision", "/health/live", 200, False),
        (None, "/health/live", 503, False),
    ],
)
def test_the_health_check_asks_the_program_itself(base_url: str | None, path: str, status: int, healthy: bool) -> None:
    with answering(path, status) as port:
        done = asked_by_the_health_check(PORT=str(port), **({"BASE_URL": base_url} if base_url else {}))
    assert (done.returncode == 0) is healthy, done.stderr.decode()


@pytest.mark.parametrize("base_url", ["https://addon.example.org", "https://example.org/jira/vision"])
@pytest.mark.parametrize(("house", "status"), [(True, 200), (False, 200), (True, 503)])
async def test_the_health_check_asks_the_probes_of_a_worker(base_url: str, house: bool, status: int) -> None:
    port = free_port()
    settings = Settings(_env_file=None, base_url=base_url, host="127.0.0.1", probe_port=port)
    async with probed(settings) as probes:
        probes.house = cast("Watched", Worked(stuck=status != 200)) if house else None
        # As in the image: HOST and PORT are there besides, and nobody listens at the latter.
        values = {"BASE_URL": base_url, "PORT": str(free_port()), "PROBE_PORT": str(port)}
        done = await asyncio.to_thread(asked_by_the_health_check, **values)
    assert (done.returncode == 0) is (status == 200), done.stderr.decode()


@pytest.mark.parametrize("probe_port", ["", "0", "nobody"])
def test_the_health_check_of_a_serve_with_the_settings_of_all_asks_its_port(probe_port: str) -> None:
    with answering("/health/live", 200) as port:
        number = str(free_port()) if probe_port == "nobody" else probe_port
        done = asked_by_the_health_check(PORT=str(port), PROBE_PORT=number)
    assert done.returncode == 0, done.stderr.decode()


def test_the_health_check_fails_where_nobody_listens() -> None:
    assert asked_by_the_health_check(PORT=str(free_port()), PROBE_PORT=str(free_port())).returncode != 0


@pytest.mark.parametrize("base", ["", "/jira/vision"])
async def test_probes_answer_below_the_base_path_and_at_the_root_alone(base: str) -> None:
    probes = Probes("", base)

    async def status(path: str) -> int:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            raise AssertionError

        await probes({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)
        return int(sent[0]["status"])

    for path in ("/health/live", f"{base}/health/live"):
        assert await status(path) == 200
    for path in ("/health/ready", f"{base}/health/ready"):
        assert await status(path) == 503
    for path in ("/other/health/live", f"{base}x/health/live", f"{base}{base}/other", base or "/"):
        assert await status(path) == 404
