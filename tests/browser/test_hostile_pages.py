"""What strangers try on the pages: markup in every text, a frame on another site, tokens that travel along."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.product import MODEL, RULES, Browse, Elsewhere, Watch, framed, judged
from tests.payloads import ELSEWHERE, PAYLOADS
from tests.stack import JiraSite, Stack

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.asyncio(loop_scope="session")]

ALIVE = "a[href^='javascript:'], a[href^='data:'], [onerror], [onload], [ontoggle], [srcdoc], base, svg script, math"
"""What the payloads would have left in a page that took them for markup."""
FOLDS_OPEN = "document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"


@pytest.fixture
def site(product: Stack) -> JiraSite:
    return product.site(MODEL)


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.close()


def rich() -> dict[str, Any]:
    """A description that has the payloads as text, as addresses of links and cards, and as names of pictures."""
    texts = [{"type": "paragraph", "content": [{"type": "text", "text": payload}]} for payload in PAYLOADS]
    address = "javascript:window.pwned=1"
    linked = {"type": "text", "text": "click", "marks": [{"type": "link", "attrs": {"href": address}}]}
    card = {"type": "inlineCard", "attrs": {"url": f"{ELSEWHERE}/card"}}
    emoji = {"type": "emoji", "attrs": {"shortName": PAYLOADS[1], "text": PAYLOADS[1]}}
    coded = {
        "type": "codeBlock",
        "attrs": {"language": PAYLOADS[0]},
        "content": [{"type": "text", "text": PAYLOADS[0]}],
    }
    blocks = [{"type": "paragraph", "content": [linked, card, emoji]}, coded]
    return {"type": "doc", "version": 1, "content": [*texts, *blocks]}


async def read_all(page: Page) -> str:
    """Every part of the panel opened and looked at; the words that stand in it and in the issue."""
    frame = await framed(page)
    await frame.evaluate(FOLDS_OPEN)
    seen = [await frame.inner_text("#panel-analysis")]
    await frame.click("#tab-subtasks")
    seen.append(await frame.inner_text("#panel-subtasks"))
    await frame.click("#tab-history")
    seen.append(await frame.inner_text("#panel-history"))
    await page.evaluate(FOLDS_OPEN)
    return "\n".join([*seen, await page.inner_text("#main")])


async def test_markup_in_an_issue_and_in_an_answer_stays_text_everywhere(
    browse: Browse, site: JiraSite, model: Callable[..., Any]
) -> None:
    model("script", ["markup"])
    issue = judged(site, summary=" ".join(PAYLOADS)[:255], description=rich())
    for payload in PAYLOADS[:3]:
        site.ask("POST", f"/issues/{issue['key']}/comments", {"user": "tess", "text": payload})
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    text = await read_all(page)
    # A payload that nobody shows proves nothing.
    assert [payload for payload in PAYLOADS if payload not in text] == []
    frame = await framed(page)
    assert (await frame.inner_text("#panel-history") + text).count("window.pwned=1") > len(PAYLOADS)
    for shown in (page, frame):
        assert await shown.locator(ALIVE).count() == 0
    project = await browse("/projects/SHOP/page", site=MODEL)
    await expect((await framed(project)).locator("#runs")).to_contain_text(issue["key"])


async def test_sub_tasks_with_markup_are_created_as_text(
    browse: Browse, site: JiraSite, model: Callable[..., Any]
) -> None:
    model("script", ["markup"])
    issue = judged(site)
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    frame = await framed(page)
    await frame.click("#tab-subtasks")
    await frame.click("#subtask-0 [data-edit]")
    await frame.locator("#subtask-0").get_by_label("Title").fill(PAYLOADS[0])
    await frame.click("#subtask-0 [data-save]")
    await frame.click("[data-publish=subtasks]")
    await expect(frame.locator("#publish-write")).to_be_enabled()
    await frame.click("#publish-write")
    await expect(page.locator("#subtasks")).to_contain_text(PAYLOADS[0])


async def test_only_the_site_of_the_tenant_may_frame_a_page(
    context: BrowserContext, product: Stack, site: JiraSite, elsewhere: Elsewhere
) -> None:
    issue = judged(site)
    path = f"/ui/issue-panel?issueId={issue['id']}&projectId={issue['project_id']}"
    page = await context.new_page()
    elsewhere.page = f'<iframe src="{site.page_url(path, "tess")}"></iframe>'
    async with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        await page.goto(elsewhere.url)
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]
    # The same page, framed by the site it was made for; and nobody else's site, though it has the add-on too.
    for host, url in ((site.url, f"{product.url}/ui/"), (product.site(RULES).url, "chrome-error:")):
        await page.goto(f"{host}/log")
        async with page.expect_event("framenavigated", lambda frame: frame.parent_frame is not None):
            await page.evaluate(
                "(src) => document.body.append(Object.assign(document.createElement('iframe'), { src }))",
                site.page_url(path, "tess"),
            )
        assert [frame.url.startswith(url) for frame in page.frames[1:]] == [True]
    await page.close()


async def test_the_token_leaves_the_address_and_travels_nowhere(
    browse: Browse, product: Stack, site: JiraSite, watch: Watch, elsewhere: Elsewhere
) -> None:
    issue = judged(site)
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    frame = await framed(page)
    assert "jwt" not in frame.url
    assert (
        await frame.evaluate("location.href + document.referrer + JSON.stringify(history.state)") == f"{frame.url}null"
    )
    tokens = [request for request in watch.requests if "jwt=" in request.url]
    assert [request.frame.name for request in tokens] == [frame.name]
    own = [request for request in watch.requests if request.frame == frame]
    assert len(own) > 5
    assert {(await request.all_headers()).get("referer", "") for request in own} == {""}
    elsewhere.page = "<title>elsewhere</title>"
    async with page.expect_popup() as opened:
        await frame.evaluate(
            "(href) => Object.assign(document.createElement('a'), { href, target: '_blank' }).click()", elsewhere.url
        )
    other = await opened.value
    await other.wait_for_load_state()
    assert await other.evaluate("[document.referrer, window.opener]") == ["", None]
    # The first request only: with the next one Chromium asks for the icon of that page itself.
    assert "referer" not in elsewhere.asked[0]
    await other.close()
    assert "jwt=" not in product.addon.output
