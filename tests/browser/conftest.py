"""One Chromium and one harness for all browser tests; every visit ends with a look at what must never happen."""

import asyncio
import importlib.resources
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Frame, Page, Route, async_playwright, expect

from tests.browser.harness import serve
from tests.browser.product import RULES, Browse, Pages, Watch, hosts
from tests.stack import Stack

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
MODEL_LATENCY_S = 0.1
PATIENCE_MS = 30_000

# Other workers share the processors: what is expected may come as late as what is clicked.
expect.set_options(timeout=PATIENCE_MS)

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
    context.set_default_timeout(PATIENCE_MS)
    yield context
    await context.close()


@pytest.fixture(scope="session")
def idle(context: BrowserContext) -> Pages:
    return Pages(context)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(idle: Pages, harness: str) -> AsyncIterator[Visit]:
    """visit("panel", as_="full", width=320, theme="dark", loc="fr_FR") -> a loaded page.

    Afterwards no page may have logged an error, broken its policy, run injected script or asked another host.
    """
    watch = Watch(harness)
    pages: list[Page] = []

    async def go(name: str, *, as_: str = "full", width: int = 360, **more: object) -> Page:
        page = await idle.take(width, 800)
        pages.append(page)
        watch.over(page)
        query = {"as": as_, "issueId": 10042, "projectId": 10000, "jwt": "page-token", **more}
        await page.goto(f"{harness}/ui/{name}?" + "&".join(f"{key}={value}" for key, value in query.items()))
        await page.wait_for_selector("html[data-ready]")
        await page.wait_for_selector(".skeleton", state="detached")
        return page

    yield go
    for page in pages:
        await watch.leave(page)
        await idle.give_back(page)
    assert watch.problems == []


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product. Its sites are shared: a test makes its own issues and leaves settings as they were."""
    folder = tmp_path_factory.mktemp("product")
    url = f"sqlite+aiosqlite:///{folder}/jiravision.db"
    with Stack(url, folder, sites=3, model=MODEL_LATENCY_S, warm=True) as stack:
        answer = stack.site(RULES).api("PUT", "/site/model", user="ann", body={"provider": "rules"})
        assert answer.status_code == 200, answer.text
        yield stack


@pytest.fixture
def model(product: Stack) -> Iterator[Callable[..., Any]]:
    """`Stack.model`; what a test scripts is gone when it ends."""
    yield product.model
    product.model("reset")
    product.model("latency", MODEL_LATENCY_S)


@pytest_asyncio.fixture(loop_scope="session")
async def watch(product: Stack) -> AsyncIterator[Watch]:
    """Over every page that `browse` opens; when the test ends there must have been no problem."""
    watch = Watch(*hosts(product))
    yield watch
    assert watch.problems == []
    assert [site.complaints() for site in product.sites] == [[]] * len(product.sites)


@pytest_asyncio.fixture(loop_scope="session")
async def browse(idle: Pages, product: Stack, watch: Watch) -> AsyncIterator[Browse]:
    """browse("/browse/SHOP-1", site=MODEL, user="paul", language="fr", theme="dark", width=320) -> a page of Jira."""
    pages: list[Page] = []

    async def go(path: str, *, site: int = RULES, width: int = 1280, height: int = 900, **reader: str) -> Page:
        page = await idle.take(width, height)
        pages.append(page)
        watch.over(page)
        query = "&".join(
            f"{name}={value}" for name, value in {"user": "tess", "theme": "light", "language": "en", **reader}.items()
        )
        await page.goto(f"{product.site(site).url}{path}?{query}")
        return page

    yield go
    for page in pages:
        await watch.leave(page)
        await idle.give_back(page)


@asynccontextmanager
async def held(page: Page, where: str) -> AsyncIterator[None]:
    """Requests there go on when the block ends: what the page shows before that is to be seen on any machine."""
    over = asyncio.Event()

    async def wait(route: Route) -> None:
        await over.wait()
        await route.continue_()

    await page.route(where, wait)
    try:
        yield
    finally:
        over.set()


async def violations(page: Page | Frame, *rules: str) -> list[str]:
    """Serious and critical findings of axe-core on the page as it stands. rules: only these, none for all."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text("utf-8"))
    # Else axe asks for the style sheets of other hosts, which the policy of the pages forbids.
    options = {
        "preload": False,
        "iframes": False,
        "resultTypes": ["violations"],
        **({"runOnly": list(rules)} if rules else {}),
    }
    found: dict[str, Any] = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
    ]


async def too_wide(page: Page | Frame) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


async def bridge_calls(page: Page, name: str) -> list[list[Any]]:
    """What the page asked of Jira by this name."""
    calls: list[list[Any]] = await page.evaluate("window.bridgeCalls")
    return [call for call in calls if call[0] == name]
