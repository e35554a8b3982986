"""The modules behind the pages, by themselves: builder, stream reader, retry header, texts."""

import pytest
import pytest_asyncio
from playwright.async_api import Page

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Visit) -> Page:
    return await visit("panel", as_="empty")


async def test_events_are_read_whatever_the_borders_of_the_pieces(page: Page) -> None:
    stream = ": beat\r\n\r\nid: 1\nevent: stage\ndata: {\ndata: }\n\nid: 2\r\nevent: done\r\ndata: é\r\n\r\ndata: cut"
    read = """async ([stream, size]) => {
        const found = [];
        const feed = (await import("/static/stream.js")).parser((event) => found.push(event));
        for (let at = 0; at < stream.length; at += size) feed(stream.slice(at, at + size));
        return found;
    }"""
    for size in (1, 2, 3, 7, 1000):
        assert await page.evaluate(read, [stream, size]) == [
            {"id": "1", "event": "stage", "data": "{\n}"},
            {"id": "2", "event": "done", "data": "é"},
        ], size


async def test_retry_after_is_read_as_seconds_or_as_a_date(page: Page) -> None:
    read = """async () => {
        const { retryAfter } = await import("/static/api.js");
        const now = Date.parse("2026-11-21T10:00:00Z");
        const texts = ["30", "Sat, 21 Nov 2026 10:00:05 GMT", "soon", null, "Sat, 21 Nov 2026 09:00:00 GMT"];
        return texts.map((text) => retryAfter(text, now));
    }"""
    assert await page.evaluate(read) == [30, 5, None, None, 0]


async def test_attributes_that_run_or_load_cannot_be_set(page: Page) -> None:
    read = """async (names) => {
        const { h } = await import("/static/dom.js");
        const set = (name) => { try { h("a", { [name]: "x" }); return true; } catch { return false; } };
        return names.filter(set);
    }"""
    assert await page.evaluate(read, ["onclick", "style", "srcdoc", "href", "src", "OnLoad"]) == []


async def test_only_http_addresses_become_links(page: Page) -> None:
    read = """async (addresses) => {
        const { link } = await import("/static/dom.js");
        return addresses.map((address) => link(address, "text").outerHTML);
    }"""
    bad = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//x", "", None, " java\tscript:1"]
    assert await page.evaluate(read, bad) == ["<span>text</span>"] * len(bad)
    good = await page.evaluate(read, ['https://x.example/a?b="c"'])
    assert good == ['<a target="_blank" rel="noopener noreferrer" href="https://x.example/a?b=%22c%22">text</a>']


async def test_counts_and_times_are_said_in_the_language(page: Page) -> None:
    read = """async () => {
        const texts = await import("/static/texts.js");
        const now = Date.parse("2026-11-21T10:00:00Z");
        const count = (n) => texts.plural(n, "{n} token", "{n} tokens");
        const say = () => [count(0), count(1200),
            texts.ago("2026-11-21T09:55:00Z", now), texts.ago("2026-11-21T09:59:50Z", now), texts.languageName("fr")];
        const english = say();
        texts.useLanguage("fr_CA");
        const french = say();
        texts.useLanguage("xx");
        return [english, french, document.documentElement.lang];
    }"""
    english, french, unknown = await page.evaluate(read)
    assert english == ["0 tokens", "1,200 tokens", "5 minutes ago", "just now", "French"]
    assert french == ["0 jeton", "1\u202f200 jetons", "il y a 5 minutes", "à l’instant", "Français"]
    assert unknown == "en"
