"""The real product in Chromium: pages of the pretend Jira with the add-on's pages in their frames."""

from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Dialog, Frame, Page, Request

from tests.stack import JiraSite, Stack

RULES, MODEL, CHOICES = 0, 1, 2
"""Sites by who judges there: the rules, the test model, and whoever a test chooses."""

STORY = (
    "As a business customer, I want to pay by invoice and download a copy later so that my accounting can settle it"
    " at the end of the month.\n\nThe invoice should be sent quickly and be easy to understand.\n\n"
    "- only for customers with a verified VAT number\n- the limit is 2,000 € for open invoices"
)

REFUSED = "Failed to load resource: the server responded with a status of"

Browse = Callable[..., Awaitable[Page]]


class Watch:
    """What no page may do, whatever it shows: log an error, break a policy, run injected script, ask another host."""

    def __init__(self, *hosts: str) -> None:
        self.problems: list[str] = []
        self.requests: list[Request] = []
        self._hosts = (*hosts, "data:", "about:")
        self._listeners: dict[str, Callable[[Any], Any]] = {
            "console": self._heard,
            "pageerror": lambda error: self.problems.append(str(error)),
            "request": self._asked,
            "dialog": self._asked_aloud,
        }

    def over(self, page: Page) -> None:
        for event, listener in self._listeners.items():
            page.on(event, listener)  # type: ignore[call-overload]

    async def leave(self, page: Page) -> None:
        """Looks into every frame of the page once more."""
        for frame in page.frames:
            if frame.url.startswith(self._hosts):
                self.problems += await frame.evaluate("window.policyViolations")
                if await frame.evaluate("window.pwned") is not None:
                    self.problems.append(f"injected script ran in {frame.url}")
        for event, listener in self._listeners.items():
            page.remove_listener(event, listener)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            self.problems.append(message.text)

    def _asked(self, request: Request) -> None:
        self.requests.append(request)
        if not request.url.startswith(self._hosts):
            self.problems.append(request.url)

    async def _asked_aloud(self, dialog: Dialog) -> None:
        self.problems.append(f"{dialog.type}: {dialog.message}")
        await dialog.dismiss()


class Pages:
    """Pages of one context, each used by many tests in turn: a new one costs Chromium a fifth of a second."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._idle: list[Page] = []

    async def take(self, width: int, height: int) -> Page:
        page = self._idle.pop() if self._idle else await self._context.new_page()
        # One behind another page is drawn once a second, and every click waits for that.
        await page.bring_to_front()
        await page.set_viewport_size({"width": width, "height": height})
        return page

    async def give_back(self, page: Page) -> None:
        """As new, but for what the origin stores."""

        async def leave(dialog: Dialog) -> None:
            await dialog.accept()

        # A form with unsaved changes asks before it is left.
        page.on("dialog", leave)
        await page.goto("about:blank")
        page.remove_listener("dialog", leave)
        await page.unroute_all()
        await page.emulate_media(color_scheme="null")
        self._idle.append(page)


async def framed(page: Page) -> Frame:
    """The add-on's page in its frame, once it has something to show."""
    element = await page.wait_for_selector("iframe[data-module]")
    frame = await element.content_frame() if element else None
    assert frame is not None
    await frame.wait_for_selector("html[data-ready]")
    await frame.wait_for_selector(".skeleton", state="detached")
    return frame


def judged(site: JiraSite, project: str = "SHOP", summary: str = "Let customers pay by invoice", **more: Any) -> Any:
    """A new issue that already has its comment."""
    issue = site.create_issue(project, summary, **{"description": STORY, **more})
    site.comment_on(issue["key"])
    return issue


class Elsewhere:
    """A host that is neither Jira nor the add-on. page: what it serves. asked: the headers of every request to it."""

    def __init__(self) -> None:
        self.page = ""
        self.asked: list[dict[str, str]] = []
        elsewhere = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                elsewhere.asked.append({name.lower(): value for name, value in self.headers.items()})
                body = elsewhere.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing to say to the console."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def hosts(stack: Stack) -> list[str]:
    return [stack.url, *(site.url for site in stack.sites)]
