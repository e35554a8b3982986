"""The whole product as real processes: pretend Jira sites, an OpenAI-compatible test model, and the add-on itself.

with Stack(database_url, folder, model=True) as stack:
    issue = stack.site().create_issue("SHOP", "As a buyer …")
    comment = stack.site().comment_on(issue["key"])
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx2

from tests.services import RedisServer, free_port

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 30.0
JIRAVISION = ("-m", "addon.cli.main")
EACH = 2
T = TypeVar("T")


def eventually(look: Callable[[], T | None], what: str, within_s: float = PATIENCE_S) -> T:
    """The first thing `look` finds; fails naming `what` when nothing turns up in time."""
    until = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > until:
            raise AssertionError(f"no {what} within {within_s:g} s")
        time.sleep(0.05)


class Process:
    """One program of ours, its output in a file, ended by its own id."""

    def __init__(self, name: str, command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._environment = {**_bare_environment(), **environment}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def first_line(self) -> str:
        """What the program announces when it is up."""

        def look() -> str | None:
            assert self.running, f"{self.name} ended: {self.output[-2000:]}"
            return next((line for line in self.output.splitlines() if line.startswith(("{", "http"))), None)

        return eventually(look, f"line from {self.name}")

    def kill(self) -> None:
        """kill -9: no chance to tidy up."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(10)

    def terminate(self) -> None:
        """SIGTERM, not waited for."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self, within_s: float = 20.0) -> int | None:
        """SIGTERM; the exit code."""
        if self._process is None:
            return None
        self.terminate()
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def cpu_s(self) -> float:
        """CPU seconds used so far, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Fleet:
    """The add-on as several processes side by side, where one would be asked the same things.

    webs, workers, schedulers: ended and started one by one by who wants to see the others go on.
    """

    def __init__(self, webs: list[Process], workers: list[Process], schedulers: list[Process]) -> None:
        self.webs, self.workers, self.schedulers = webs, workers, schedulers

    @property
    def all(self) -> list[Process]:
        return [*self.webs, *self.workers, *self.schedulers]

    @property
    def pid(self) -> int:
        return self.webs[0].pid

    @property
    def running(self) -> bool:
        return all(process.running for process in self.all)

    @property
    def output(self) -> str:
        return "\n".join(process.output for process in self.all)

    def start(self) -> None:
        for process in self.all:
            if not process.running:
                process.start()

    def kill(self) -> None:
        for process in self.all:
            if process.running:
                process.kill()

    def stop(self, within_s: float = 40.0) -> int | None:
        """SIGTERM to all; the first exit code that is not 0."""
        for process in self.all:
            process.terminate()
        return next((code for process in self.all if (code := process.stop(within_s))), 0)

    def cpu_s(self) -> float:
        return sum(process.cpu_s() for process in self.all)


class Refusal(AssertionError):
    """The control API of the pretend Jira did not do what the test asked."""


class JiraSite:
    """One pretend site, through its control API."""

    def __init__(self, url: str, client: httpx2.Client, addon: Callable[[], str]) -> None:
        self.url = url
        self._client = client
        self._addon = addon

    def ask(self, method: str, path: str, /, body: Any = None, **query: Any) -> Any:
        answer = self._client.request(method, f"{self.url}/sandbox{path}", json=body, params=query)
        if answer.status_code != 200:
            raise Refusal(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()

    def install(self) -> None:
        self.ask("POST", "/install", {"addon": self._addon()})

    def create_issue(
        self, project: str = "SHOP", summary: str = "As a buyer I want to pay by card", **more: Any
    ) -> Any:
        more.setdefault("description", "I want to pay quickly so that I get my book.\n\nIt should be user-friendly.")
        return self.ask("POST", "/issues", {"project": project, "summary": summary, **more})

    def comments(self, key: str, *, ours: bool = True) -> list[Any]:
        """The comments of an issue, by default only those the add-on wrote."""
        found = self.ask("GET", f"/issues/{key}/comments")["comments"]
        return [c for c in found if c["author"].get("accountType") == "app"] if ours else list(found)

    def comment_on(self, key: str, within_s: float = PATIENCE_S) -> Any:
        """The add-on's one comment, as soon as there is one."""
        return eventually(lambda: self.comments(key), f"comment on {key}", within_s)[0]

    def complaints(self) -> list[Any]:
        """What Jira would have refused in our requests."""
        return list(self.ask("GET", "/complaints")["complaints"])

    def requests(self, operation: str) -> list[Any]:
        return list(self.ask("GET", "/requests", operation=operation)["requests"])

    def fault(self, operation: str, **trouble: Any) -> None:
        self.ask("POST", "/faults", {"operation": operation, **trouble})

    def token(self, user: str, **where: Any) -> str:
        """A context token, as the bridge would hand it to a page of ours."""
        return str(self.ask("GET", "/token", kind="context", user=user, **where)["token"])

    def page_url(self, path: str, user: str) -> str:
        return str(self.ask("GET", "/token", kind="page", user=user, path=path)["url"])

    def api(
        self, method: str, path: str, *, user: str, body: Any = None, issue: str = "", project: str = ""
    ) -> httpx2.Response:
        """A call of a page of ours, made for a person."""
        where = {name: value for name, value in (("issue", issue), ("project", project)) if value}
        headers = {"Authorization": f"JWT {self.token(user, **where)}"}
        return self._client.request(method, f"{self._addon()}/api/v1{path}", json=body, headers=headers)

    def runs(self, issue_id: str, user: str = "tess") -> list[Any]:
        answer = self.api("GET", f"/issues/{issue_id}/runs", user=user)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["runs"])

    def ended_run(self, issue_id: str, within_s: float = PATIENCE_S) -> Any:
        """The newest run of an issue, once it has ended."""

        def look() -> Any:
            runs = self.runs(issue_id)
            return runs[0] if runs and runs[0]["status"] in ("succeeded", "failed", "cancelled") else None

        return eventually(look, f"ended run of {issue_id}", within_s)


class Stack:
    """sites: how many pretend sites, all with the add-on installed. model: None, or seconds its answers take.

    scaled: two processes of each kind on a Redis of their own instead of one that does everything.
    """

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        sites: int = 1,
        model: float | None = None,
        scaled: bool = False,
        **environment: str,
    ) -> None:
        self.database_url = database_url
        self.redis = RedisServer() if scaled else None
        self._folder = folder
        self._port = free_port()
        self._sites = sites
        self._latency_s = model
        self._exit = contextlib.ExitStack()
        self._environment = {"DATABASE_URL": database_url, "LOG_FORMAT": "json", "LOG_LEVEL": "INFO"} | environment
        if database_url.startswith("postgresql"):
            self._environment.setdefault("APP_SECRET_KEY", "a key of the tests that is long enough to be one")
        self.client = httpx2.Client(timeout=30, trust_env=False)
        self.model_root = ""
        self.sites: list[JiraSite] = []
        self.addon: Process | Fleet

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def site(self, number: int = 0) -> JiraSite:
        return self.sites[number]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._exit.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._exit.close()

    def restart(self) -> None:
        """Starts the add-on again after it was killed or stopped."""
        self.addon.start()
        self._wait_until_ready()

    def model(self, path: str, body: Any = None) -> Any:
        """The control endpoints of the test model."""
        method = "GET" if path == "requests" else "POST"
        answer = self.client.request(method, f"{self.model_root}/control/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _start(self) -> None:
        self._exit.callback(self.client.close)
        jira = self._run("jira", ["-m", "sandbox", "--sites", str(self._sites), "--announce"], {})
        model = None
        if self._latency_s is not None:
            model = self._run("model", ["-m", "tests.fake_model", "--latency", str(self._latency_s)], {})
        announced = json.loads(jira.first_line())
        environment = {"HOST": "127.0.0.1", "PORT": str(self._port), "BASE_URL": self.url} | announced["environment"]
        # Real sites stay allowed beside the pretend ones, so that refusing what merely looks like one means something.
        environment["JIRA_ALLOWED_HOSTS"] += ",*.atlassian.net,*.jira.com"
        if model is not None:
            self.model_root = model.first_line().removesuffix("/v1")
            environment |= {
                "LLM_PROVIDER": "openai",
                "LLM_MODEL": "test-model",
                "LLM_BASE_URL": f"{self.model_root}/v1",
                "LLM_API_KEY": "sk-canary-of-the-tests",
            }
        self.sites = [JiraSite(site["url"], self.client, lambda: self.url) for site in announced["sites"]]
        environment |= self._environment
        if self.redis is not None:
            self._exit.callback(self.redis.remove)
            self.redis.start()
            self.addon = self._fleet(environment | {"REDIS_URL": self.redis.url})
        else:
            self.addon = self._run("addon", [*JIRAVISION, "serve"], environment)
        self._wait_until_ready()
        for site in self.sites:
            site.install()

    def _fleet(self, environment: Mapping[str, str]) -> Fleet:
        ports = [free_port() for _ in range(EACH)]
        webs = [self._run(f"web-{port}", [*JIRAVISION, "serve"], {**environment, "PORT": str(port)}) for port in ports]
        workers = [self._run(f"worker-{n}", [*JIRAVISION, "worker"], environment) for n in range(EACH)]
        schedulers = [self._run(f"scheduler-{n}", [*JIRAVISION, "scheduler"], environment) for n in range(EACH)]
        self._run("balancer", ["-m", "tests.balancer", str(self._port), *map(str, ports)], {})
        return Fleet(webs, workers, schedulers)

    def _run(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> Process:
        process = Process(name, [sys.executable, *arguments], self._folder, environment)
        process.start()
        self._exit.callback(process.stop)
        return process

    def _wait_until_ready(self) -> None:
        def look() -> bool | None:
            assert self.addon.running, f"the add-on ended: {self.addon.output[-3000:]}"
            with contextlib.suppress(httpx2.TransportError):
                return all(self.client.get(f"{url}/health/ready").status_code == 200 for url in (*behind, self.url))
            return None

        webs = self.addon.webs if isinstance(self.addon, Fleet) else []
        behind = [f"http://127.0.0.1:{web.name.rpartition('-')[2]}" for web in webs]

        # On a busy machine the first imports alone take half a minute.
        eventually(look, "ready add-on", within_s=2 * PATIENCE_S)


def _bare_environment() -> dict[str, str]:
    """The variables a program needs to run, none that would configure it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONUNBUFFERED": "1"}
