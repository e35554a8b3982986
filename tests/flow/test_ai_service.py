"""Host, AI service and model as three processes: the same analyses, and none lost when the service dies."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from addon.llm.choice import ModelChoice
from addon.llm.prompt import Prompt
from addon.llm.remote_tokens import Envelope, Sent, signed
from addon.llm.remote_wire import Asked
from addon.results.analysis import Analysis
from tests.flow import acts
from tests.services import free_port
from tests.stack import JiraSite, Process, Stack, eventually

pytestmark = pytest.mark.process

SECRET = "a secret of host and service: canary-of-the-service"
KEY = "sk-canary-of-the-tests"
ROOM = "/ai/analyze-issue"


class Service(Process):
    """The AI service on a port of its own."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "addon.cli.main", "ai-service", "--port", str(self.port)]
        settings = {"AI_SHARED_SECRET": SECRET, "LOG_FORMAT": "json", **environment}
        super().__init__("ai-service", command, folder, settings, warm=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        super().start()

        def look() -> bool:
            assert self.running, self.output[-2000:]
            try:
                return httpx2.get(f"{self.url}/health/ready", trust_env=False).status_code == 200
            except httpx2.TransportError:
                return False

        eventually(look, "ready AI service")

    def asked(self) -> int:
        """Requests to models that it has made."""
        text = httpx2.get(f"{self.url}/metrics", trust_env=False).text
        counted = [line for line in text.splitlines() if line.startswith('llm_requests_total{outcome="ok"')]
        return int(sum(float(line.rpartition(" ")[2]) for line in counted))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    process = Service(tmp_path)
    process.start()
    yield process
    if process.running:
        process.stop()
    assert "Traceback" not in process.output
    assert KEY not in process.output
    assert SECRET not in process.output


@pytest.fixture
def host(fresh_stack: Callable[..., Stack], service: Service) -> Stack:
    return fresh_stack(model=0.05, AI_SERVICE_URL=service.url, AI_SHARED_SECRET=SECRET)


def judged(site: JiraSite) -> Any:
    run = acts.first_run(site, site.create_issue(description=acts.STORY))
    assert run["status"] == "succeeded", run
    return run


def test_the_service_asks_and_nobody_sees_a_difference(host: Stack, service: Service) -> None:
    run = judged(host.site())
    assert (run["result"]["author"], run["usage"]["requests"], service.asked()) == ("model", 1, 1)
    host.model("script", ["bad_schema", "good"])
    assert judged(host.site())["usage"]["requests"] == 2
    # What the host alone can see, a quote that stands nowhere, is repaired through the service as well.
    host.model("script", ["invented_quote", "good"])
    repaired = judged(host.site())
    assert (repaired["result"]["author"], repaired["usage"]["requests"], service.asked()) == ("model", 2, 5)
    assert all(score["quote"] for score in repaired["result"]["analysis"]["scores"])
    host.model("script", ["status:404"])
    assert judged(host.site())["result"]["notice"] == "model_failed"


def test_watchers_see_the_answer_grow(host: Stack, service: Service) -> None:
    host.model("latency", 3.0)
    site = host.site()
    issue = site.create_issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    events = list(acts.follow(host, site, f"/runs/{run['id']}/events"))
    assert [event.name for event in events if event.name != "stage"].count("token") >= 2
    assert events[-1].name == "done"
    assert service.asked() == 1


def test_an_ask_that_is_called_off_lets_go_of_service_and_model(host: Stack, service: Service) -> None:
    host.model("script", ["hang"])
    site = host.site()
    issue = site.create_issue(webhook=False)
    run = acts.analyse(site, issue["id"])
    eventually(lambda: host.model("requests"), "request to the model")
    assert site.api("DELETE", f"/runs/{run['id']}", user="tess").status_code == 200
    eventually(lambda: not host.model("requests")[0]["open"], "closed connection", 10)
    assert acts.over(site, run["id"])["status"] == "cancelled"
    host.model("script", ["good"])
    assert judged(site)["result"]["author"] == "model"


def test_a_service_killed_in_the_middle_costs_nobody_their_answer(host: Stack, service: Service) -> None:
    host.model("script", ["hang"])
    site = host.site()
    issue = site.create_issue(description=acts.STORY)
    eventually(lambda: host.model("requests"), "request to the model")
    service.kill()
    run = acts.first_run(site, issue)
    assert (run["status"], run["result"]["author"]) == ("succeeded", "model")
    assert len(site.comments(issue["key"])) == 1
    # And while it is down everything goes on from here; once it is back, it asks again.
    assert judged(site)["result"]["author"] == "model"
    service.start()
    eventually(lambda: judged(site) and service.asked(), "ask through the service", 60)


def test_without_fallback_the_run_waits_for_the_service(fresh_stack: Callable[..., Stack], service: Service) -> None:
    host = fresh_stack(model=0.05, AI_SERVICE_URL=service.url, AI_SHARED_SECRET=SECRET, AI_SERVICE_FALLBACK="false")
    service.kill()
    site = host.site()
    issue = site.create_issue(description=acts.STORY)

    def put_off() -> Any:
        runs = site.runs(issue["id"])
        return runs[0] if runs and (runs[0]["error"] or {}).get("error") == "model_service_down" else None

    waiting = eventually(put_off, "run put off")
    service.start()
    acts.time_passes(host, 60)
    assert acts.over(site, waiting["id"])["result"]["author"] == "model"


def test_another_secret_is_never_believed(fresh_stack: Callable[..., Stack], service: Service) -> None:
    host = fresh_stack(model=0.05, AI_SERVICE_URL=service.url, AI_SHARED_SECRET="x" * 40)
    run = judged(host.site())
    assert (run["result"]["author"], service.asked()) == ("model", 0)
    assert "AI service refuses" in host.addon.output


def test_forged_expired_and_used_tokens_are_refused_at_its_door(host: Stack, service: Service) -> None:
    choice = ModelChoice("openai", "test-model", f"{host.model_root}/v1", KEY, 20.0)
    asked = Asked.of(choice, Prompt("Judge.", "As a reader I want", "t"), shape=Analysis, envelope=Envelope([SECRET]))
    body = asked.model_dump_json().encode()
    sent, now = Sent("POST", ROOM, body), time.time()
    good = signed([SECRET], sent, ttl_s=60, now=now)

    def post(token: str, path: str = ROOM, content: bytes = body) -> int:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return httpx2.post(f"{service.url}{path}", content=content, headers=headers, trust_env=False).status_code

    assert post("x") == post("nonsense.of.three") == post(signed(["y" * 40], sent, ttl_s=60, now=now)) == 401
    assert post(signed([SECRET], sent, ttl_s=60, now=now - 600)) == 401
    assert post(good, f"{ROOM}/stream") == post(good, ROOM, body.replace(b"reader", b"writer")) == 401
    assert host.model("requests") == []
    assert post(good) == 200
    assert post(good) == 401
    assert len(host.model("requests")) == 1


def test_a_door_that_stands_open_is_refused_at_start(tmp_path: Path) -> None:
    for name, environment in (("short", {"AI_SHARED_SECRET": "short"}), ("open", {"AI_AUTH_ENABLED": "false"})):
        folder = tmp_path / name
        folder.mkdir()
        process = Service(folder, **environment)
        process._command += ["--host", "0.0.0.0"]
        Process.start(process)
        eventually(lambda process=process: not process.running, "refusal")  # type: ignore[misc]
        assert process.stop() == 2
        assert process.output.strip().startswith("jiravision: AI_")
