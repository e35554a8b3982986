"""The whole product as real processes: pretend Jira sites, an OpenAI-compatible test model, and the add-on itself.

with Stack(database_url, folder, model=True) as stack:
    issue = stack.site().create_issue("SHOP", "As a buyer …")
    comment = stack.site().comment_on(issue["key"])
"""

import contextlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

import httpx2

from tests.processes import PATIENCE_S, Fleet, Process, eventually
from tests.services import RedisServer, free_port
from tests.zygote import ROOT

__all__ = ["PATIENCE_S", "ROOT", "Fleet", "JiraSite", "Process", "Refusal", "Stack", "eventually"]

JIRAVISION = ("-m", "addon.cli.main")
EACH = 2


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

    scaled: `each` processes of every kind on a Redis of their own instead of one that does everything.
    warm: programs come from a process that has imported them already; not for who measures a start or memory.
    """

    standing: WeakSet["Stack"] = WeakSet()

    def __init__(
        self,
        database_url: str,
        folder: Path,
        *,
        sites: int = 1,
        model: float | None = None,
        scaled: bool = False,
        each: int = EACH,
        warm: bool = False,
        **environment: str,
    ) -> None:
        self.database_url = database_url
        self.redis = RedisServer() if scaled else None
        self.folder = folder
        self._port = free_port()
        self._sites = sites
        self._each = each
        self._latency_s = model
        self._warm = warm
        self._exit = contextlib.ExitStack()
        # Tests look twenty times a second for what they wait for: more than any person is granted.
        unbounded = {"PERSON_CALLS_PER_MINUTE": "0", "SITE_CALLS_PER_MINUTE": "0"}
        told = {"DATABASE_URL": database_url, "LOG_FORMAT": "json", "LOG_LEVEL": "INFO"}
        self._environment = told | unbounded | environment
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
        Stack.standing.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        Stack.standing.discard(self)
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
        if self.redis is not None:
            self._exit.callback(self.redis.remove)
            self.redis.start()
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
            self.addon = self._fleet(environment | {"REDIS_URL": self.redis.url})
        else:
            self.addon = self._run("addon", [*JIRAVISION, "serve"], environment)
        # All of them leave at once, before those they talk to.
        self._exit.callback(self.addon.stop)
        self._wait_until_ready()
        for site in self.sites:
            site.install()

    def _fleet(self, environment: Mapping[str, str]) -> Fleet:
        # One alone needs nobody to stand before it.
        ports = [free_port() for _ in range(self._each)] if self._each > 1 else [self._port]
        webs = [self._run(f"web-{port}", [*JIRAVISION, "serve"], {**environment, "PORT": str(port)}) for port in ports]
        workers = [self._run(f"worker-{n}", [*JIRAVISION, "worker"], environment) for n in range(self._each)]
        schedulers = [self._run(f"scheduler-{n}", [*JIRAVISION, "scheduler"], environment) for n in range(self._each)]
        if self._each > 1:
            self._run("balancer", ["-m", "tests.balancer", str(self._port), *map(str, ports)], {})
        return Fleet(webs, workers, schedulers)

    def _run(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> Process:
        process = Process(name, [sys.executable, *arguments], self.folder, environment, warm=self._warm)
        process.start()
        self._exit.callback(process.stop)
        return process

    def _wait_until_ready(self) -> None:
        webs = self.addon.webs if isinstance(self.addon, Fleet) else []
        unready = [*(f"http://127.0.0.1:{web.name.rpartition('-')[2]}" for web in webs), self.url]

        def look() -> bool:
            assert self.addon.running, f"the add-on ended:\n{self.addon.last_words()}"
            with contextlib.suppress(httpx2.TransportError):
                while unready and self.client.get(f"{unready[0]}/health/ready").status_code == 200:
                    del unready[0]
            return not unready

        # On a busy machine the first imports alone take half a minute.
        eventually(look, "ready add-on", within_s=2 * PATIENCE_S)
