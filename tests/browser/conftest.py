"""One Chromium and one harness for all browser tests; every visit ends with a look at what must never happen."""

import importlib.resources
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.browser.harness import serve

AXE = importlib.resources.files("axe_playwright_python") / "axe.min.js"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
WATCH_POLICY = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) => {
    window.policyViolations.push(event.blockedURI || event.violatedDirective);
});
"""
REFUSED = "Failed to load resource: the server responded with a status of"

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        program = next(filter(None, map(shutil.which, BROWSERS)), None)
        assert program, "The browser tests need Chromium: make services"
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
def harness() -> Iterator[str]:
    """Address of the pages with canned API answers."""
    server = serve()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def context(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """One for all visits, so that scripts and styles come from its cache; the pages keep nothing in it."""
    context = await chromium.new_context(reduced_motion="reduce")
    await context.add_init_script(WATCH_POLICY)
    yield context
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(context: BrowserContext, harness: str) -> AsyncIterator[Visit]:
    """visit("panel", as_="full", width=320, theme="dark", loc="fr_FR") -> a loaded page.

    Afterwards no page may have logged an error, broken its policy, run injected script or asked another host.
    """
    problems: list[str] = []
    pages: list[Page] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
            problems.append(message.text)

    async def go(name: str, *, as_: str = "full", width: int = 360, **more: object) -> Page:
        page = await context.new_page()
        await page.set_viewport_size({"width": width, "height": 800})
        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request", lambda asked: None if asked.url.startswith((harness, "data:")) else problems.append(asked.url)
        )
        query = {"as": as_, "issueId": 10042, "projectId": 10000, "jwt": "page-token", **more}
        await page.goto(f"{harness}/ui/{name}?" + "&".join(f"{key}={value}" for key, value in query.items()))
        await page.wait_for_selector("html[data-ready]")
        await page.wait_for_selector(".skeleton", state="detached")
        pages.append(page)
        return page

    yield go
    for page in pages:
        problems += await page.evaluate("window.policyViolations")
        assert await page.evaluate("window.pwned") is None
        await page.close()
    assert problems == []


async def violations(page: Page, *rules: str) -> list[str]:
    """Serious and critical findings of axe-core on the page as it stands. rules: only these, none for all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text("utf-8"))
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


async def too_wide(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


async def bridge_calls(page: Page, name: str) -> list[list[Any]]:
    """What the page asked of Jira by this name."""
    calls: list[list[Any]] = await page.evaluate("window.bridgeCalls")
    return [call for call in calls if call[0] == name]
