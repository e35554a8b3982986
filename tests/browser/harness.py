"""Serves the pages with canned API answers, so that they can be seen and tested without Jira, database or model.

    python -m tests.browser.harness [port]     then open  /ui/panel?as=full  (also &theme=dark &loc=fr_FR)

The scenario stands in the address (`as`), travels in the stub bridge's tokens and comes back with every API call:
full, items, pipeline, hostile-items, refusing, notice-<code>, empty, rules, fallback, hostile, slow, cut, expired,
expired-once, broken-options, deny-<status>-<code>, failed-<code>, stream-<code>.
"""

import asyncio
import contextlib
import copy
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from playwright.async_api import Page

from addon.i18n.catalog import Texts
from tests.browser import canned, canned_items, canned_panel
from tests.browser.canned_panel import Panel, Refusal
from tests.browser.canned_settings import ProjectPrompts
from tests.browser.canned_site import Site
from tests.browser.canned_summaries import Summaries

ROOT = Path(__file__).resolve().parents[2]
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
CSP = (
    "default-src 'none'; script-src 'self' https://connect-cdn.atl-paas.net; style-src 'self' https://connect-cdn.atl-paas.net"
    " https://ds-cdn.prod-east.frontend.public.atl-paas.net; font-src 'self' https://ds-cdn.prod-east.frontend.public.atl-paas.net;"
    " img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; object-src 'none';"
    " frame-ancestors https://*.atlassian.net https://*.jira.com"
)
STAGES = ("reading", "thinking", "checking", "writing")
PIPELINE = ("reading", "criteria", "scenarios", "writing")
Json = dict[str, Any]


class Session:
    """The state of one page load: scenarios change it, tests never share it."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        bare = scenario in ("empty", "slow", "cut", "two") or scenario.startswith(("deny-", "stream-"))
        known = canned_panel.runs("items" if scenario == "refusing" else scenario)
        self.runs: list[Json] = [] if bare else known if known is not None else self._runs()
        self.panel = Panel(scenario, self.runs)
        self.summaries = Summaries(scenario)
        self.settings = copy.deepcopy(canned.SETTINGS)
        self.prompts = ProjectPrompts(scenario)
        self.site = Site(scenario)
        self.cancelled = threading.Event()
        self.calls: list[str] = []

    def _runs(self) -> list[Json]:
        analysis = canned.english()
        made = {
            "rules": canned.result(analysis, author="rules", notice="no_model"),
            "unscored": canned.result({**analysis, "scores": []}, author="rules", notice="no_model"),
            "fallback": canned.result(analysis, author="rules", notice="model_failed", dropped=2),
            "hostile": canned.result(canned.hostile()),
        }
        if self.scenario.startswith("failed-"):
            error = {"error": self.scenario.removeprefix("failed-"), "detail": "The server's own words."}
            return [canned.run(1, "failed", error=error)]
        if self.scenario in made:
            links = [canned.publication("comment", 0, "done", url="javascript:window.pwned=1")]
            found = canned.run(1, "succeeded", result=made[self.scenario], publications=links)
            return [found if self.scenario == "hostile" else {**found, "publications": []}]
        return canned.history()

    def find(self, run_id: str) -> Json:
        return next(run for run in self.runs if run["id"] == run_id)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sessions: ClassVar[dict[str, Session]] = {}
    pages = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=select_autoescape(), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    texts = Texts()

    def log_message(self, *_: object) -> None:
        return

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/ui/"):
            self._page(path.removeprefix("/ui/").replace("-", "_"))
        elif path.startswith("/static/"):
            self._file(ROOT / path.lstrip("/").replace("/v-1/", "/"))
        elif path == "/bridge/all.js":
            self._file(ROOT / "tests/browser/bridge_stub.js")
        else:
            self._api("GET", path)

    def do_POST(self) -> None:
        self._api("POST", urlsplit(self.path).path)

    def do_PUT(self) -> None:
        self._api("PUT", urlsplit(self.path).path)

    def do_DELETE(self) -> None:
        self._api("DELETE", urlsplit(self.path).path)

    def _send(self, status: int, body: bytes, media_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _page(self, name: str) -> None:
        shared = {
            "base": "",
            "bridge_url": "/bridge/all.js",
            "version": "1",
            "messages_json": self.texts.messages_json(),
            "modules": (),
        }
        refused = {"language": "en", "title": "JiraVision could not open this page", "detail": "Reload the Jira page."}
        html = self.pages.get_template(f"{name}.html").render(shared, **refused)
        self._send(200, html.encode(), "text/html", Content_Security_Policy=CSP, Referrer_Policy="no-referrer")

    def _file(self, path: Path) -> None:
        if path.is_file():
            self._send(200, path.read_bytes(), TYPES[path.suffix], Cache_Control="max-age=600")
        else:
            self._send(404, b"", "text/plain")

    def _api(self, method: str, path: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"null")
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        scenario, key, number = token.split(".") if scheme == "JWT" else ("expired", "", "0")
        session = self.sessions.setdefault(key, Session(scenario))
        session.calls.append(f"{method} {path}")
        try:
            if scenario == "expired" or (scenario == "expired-once" and number == "0"):
                raise Refusal(401, "unauthenticated", reference="ref-123")
            if self._summaries(session, method, path.removeprefix("/api/v1"), body):
                return
            if path.endswith("/events"):
                # A page may leave a stream at any time.
                with contextlib.suppress(ConnectionError):
                    self._stream(session, path.split("/")[-2])
                return
            answer = self._answer(session, method, path.removeprefix("/api/v1"), body)
            self._send(202 if method == "POST" else 200, json.dumps(answer).encode(), "application/json")
        except Refusal as refusal:
            wait = {"Retry_After": "30"} if refusal.status == 429 else {}
            self._send(refusal.status, json.dumps(refusal.body).encode(), "application/json", **wait)

    def _summaries(self, session: Session, method: str, path: str, body: Any) -> bool:
        """Answers what concerns summaries of a project; False for anything else."""
        found = session.summaries.answer(method, path, body)
        if isinstance(found, str):
            self._send(200, found.encode(), "text/markdown", Content_Disposition='attachment; filename="summary.md"')
        elif isinstance(found, dict):
            self._send(202 if method == "POST" else 200, json.dumps(found).encode(), "application/json")
        elif found is not None:
            self._begin_stream()
            for text in found:
                self.wfile.write(text.encode())
                self.wfile.flush()
        return found is not None

    def _begin_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def _answer(self, session: Session, method: str, path: str, body: Any) -> Json:
        last = path.rsplit("/", 1)[-1]
        if (found := session.panel.answer(method, path, body, urlsplit(self.path).query)) is not None:
            return found
        if path.startswith("/runs/"):
            run = session.find(last)
            if method == "DELETE":
                session.cancelled.set()
            session.panel.settle(run)
            return run
        return self._administration(session, method, path, body)

    def _administration(self, session: Session, method: str, path: str, body: Any) -> Json:
        if path.endswith("/settings"):
            if method == "PUT":
                if "forbidden words" in body.get("instruction", ""):
                    raise Refusal(422, "invalid", detail="instruction: This instruction is not allowed.")
                session.settings |= {**body, "updated_by": {"account_id": "a-2", "name": "Bo Boss"}}
            return session.settings
        if path.endswith("/options"):
            if session.scenario == "broken-options":
                raise Refusal(502, "jira_down")
            return canned.OPTIONS
        if (found := session.prompts.answer(method, path, body)) is not None:
            session.runs += [found["run"]] if "run" in found else []
            return found
        if path.startswith("/projects/"):
            wanted = parse_qs(urlsplit(self.path).query).get("status", [""])[0]
            listed = [{**run, "result": None, "overall": (run["result"] or {}).get("overall")} for run in session.runs]
            return {"runs": [run for run in listed if wanted in ("", run["status"])]}
        query = parse_qs(urlsplit(self.path).query)
        return session.site.answer(method, path, body, query=query) or {}

    def _stream(self, session: Session, run_id: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        seen = int(self.headers.get("Last-Event-ID") or 0)
        run = session.find(run_id)
        events = self._events(session, run)
        for number, (event, data) in enumerate(events, 1):
            if number <= seen:
                continue
            if event == "done":
                run |= data
            text = f": beat\nid: {number}\nevent: {event}\ndata: {json.dumps(data)}\n\n"
            self.wfile.write(text.encode())
            self.wfile.flush()
            if session.scenario == "cut" and number == 2 and not seen:
                return
            if session.scenario.startswith("stream-") and number == 2:
                said = {"error": session.scenario.removeprefix("stream-"), "detail": "The server's own words."}
                self.wfile.write(f"event: refused\ndata: {json.dumps(said)}\n\n".encode())
                return
            is_last = number == len(events) or events[number][0] != "token"
            if event == "token" and is_last and session.scenario in ("slow", "waits"):
                session.cancelled.wait(60)
                run |= {"status": "cancelled", "error": {"error": "cancelled", "detail": ""}}
                self.wfile.write(f"id: 99\nevent: failed\ndata: {json.dumps(run)}\n\n".encode())
                return
            time.sleep(0.03)

    def _events(self, session: Session, run: Json) -> list[tuple[str, Json]]:
        kind = run["kind"]
        names = PIPELINE if kind == "pipeline" else STAGES
        stages: list[tuple[str, Json]] = [("stage", {"stage": stage, "done": 0, "total": 0}) for stage in names]
        partials: list[tuple[str, Json]] = [("token", piece) for piece in self._partials(kind)]
        if session.scenario == "waits":
            stages.insert(1, ("stage", {"stage": "queued", "done": 0, "total": 0, **canned.WAITS}))
            return [*stages[:2], *partials]
        result = self._result(session, run)
        written = [canned.COMMENT] if kind == "analysis" else []
        ended = run | {"status": "succeeded", "result": result, "publications": written}
        return [*stages[:2], *partials, *stages[2:], ("done", ended)]

    def _partials(self, kind: str) -> list[Json]:
        analysis = canned.english()
        if kind != "analysis":
            return canned_items.partial(kind)
        return [
            *canned_items.partial(kind),
            {
                "nature": "story",
                "language": "en",
                "summary": analysis["summary"][:90],
                "scores": analysis["scores"][:2],
            },
        ]

    def _result(self, session: Session, run: Json) -> Json:
        if "regenerate" in run.get("params", {}):
            return session.panel.renewed(run)
        if run["kind"] == "analysis":
            return canned.result(canned.english())
        return canned_items.RESULTS[run["kind"]]()


async def sent(page: Page, least: int = 1) -> list[tuple[str, Any]]:
    """What the page asked for beyond reading, with the bodies, in order; waits until there are so many.

    A page shows what was pressed before its request has come here. Raises TimeoutError after 30 s.
    """
    key = await page.evaluate("window.bridgeSession")
    async with asyncio.timeout(30):
        while len(calls := asked_by(key)) < least:  # noqa: ASYNC110 - the server's thread knows nothing of this loop
            await asyncio.sleep(0.01)
    return calls


def asked_by(key: str) -> list[tuple[str, Any]]:
    return Handler.sessions[key].panel.calls if key in Handler.sessions else []


def serve(port: int = 0) -> ThreadingHTTPServer:
    """A server on loopback, running in a thread of its own until `shutdown()`."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    running = serve(int(sys.argv[1]) if len(sys.argv) > 1 else 8099)
    print(f"http://127.0.0.1:{running.server_port}/ui/panel?as=full", flush=True)
    threading.Event().wait()
