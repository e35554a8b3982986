"""Whether a result is still fresh, what changed since the last one, and issues like this one."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit, held
from tests.browser.harness import sent

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_changed_issue_is_told_quietly_with_a_way_to_do_it_again(visit: Visit) -> None:
    page = await visit("panel", as_="items")
    await expect(page.locator("[data-stale]")).to_have_count(0)
    await page.click("#tab-criteria")
    stale = page.locator("#panel-criteria [data-stale]")
    await expect(stale).to_contain_text("The issue changed since: description, comments.")
    async with held(page, "**/events"):
        await stale.locator("[data-again]").click()
        await expect(page.locator("#live-criteria")).to_be_focused()
    assert ("POST /generate/acceptance-criteria", {"issue": "10042", "force": True}) in await sent(page)


async def test_freshness_is_asked_for_once_and_only_for_the_tab_in_view(visit: Visit) -> None:
    page = await visit("panel", as_="items")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/freshness" in request.url else None)
    await page.click("#tab-criteria")
    await expect(page.locator("[data-stale]")).to_be_visible()
    await page.click("#tab-analysis")
    await page.click("#tab-criteria")
    await expect(page.locator("[data-stale]")).to_be_visible()
    assert [url.rpartition("=")[2] for url in asked if "criteria" in url] == ["criteria"]


async def test_what_changed_since_the_last_time_is_shown_as_a_difference(visit: Visit) -> None:
    page = await visit("panel")
    show = page.locator("[data-changes]")
    await show.click()
    changes = page.locator(".changes")
    await expect(changes.locator("del").first).to_contain_text("should be fast.")
    await expect(changes.locator("ins").first).to_contain_text("takes at most 5 seconds.")
    for words in ("New A card of somebody else", "Gone Colour of the button", "Changed Pay with a saved card"):
        await expect(changes).to_contain_text(words)
    await expect(changes).to_contain_text("Overall score50 → 60better")
    await expect(changes).to_contain_text("Small– → 3")
    await expect(show).to_have_attribute("aria-expanded", "true")
    await show.click()
    await expect(changes).to_have_count(0)
    await expect(show).to_be_focused()


async def test_texts_are_compared_word_by_word(visit: Visit) -> None:
    page = await visit("panel", as_="empty")
    compare = """async ([before, after]) => (await import("/static/panel/diff.js")).compare(before, after)"""
    assert await page.evaluate(compare, ["a b c", "a x c"]) == [
        ["same", "a "],
        ["gone", "b "],
        ["new", "x "],
        ["same", "c"],
    ]
    assert await page.evaluate(compare, ["", "new"]) == [["new", "new"]]
    assert await page.evaluate(compare, ["same", "same"]) == [["same", "same"]]
    long = "word " * 2000
    assert [kind for kind, _ in await page.evaluate(compare, [long, f"{long}more"])] == ["gone", "new"]


async def test_issues_like_this_one_are_listed_with_reasons_and_twins_stand_out(visit: Visit) -> None:
    page = await visit("panel")
    first = page.locator("[data-similar=PAY-12]")
    await expect(first).to_contain_text("Nearly the same (91%)")
    await expect(first).to_contain_text("Nearly the same title · Same words: card, pay")
    await expect(first.get_by_role("link", name="PAY-12")).to_have_attribute(
        "href", "https://site.example/browse/PAY-12"
    )
    await expect(page.locator("[data-similar=PAY-30]")).to_contain_text("Somewhat alike (41%)")
    await expect(page.locator(".similar-duplicate")).to_have_count(1)
    await expect(page.locator("[data-fold=similar]")).to_have_attribute("open", "")


async def test_nothing_similar_is_one_line_and_a_failure_is_silent(visit: Visit) -> None:
    page = await visit("panel", as_="fallback")
    await expect(page.locator("[data-similar-none]")).to_have_text("No similar issues were found in this project.")
    page = await visit("panel", as_="rules")
    await expect(page.locator("#report")).to_be_visible()
    await page.wait_for_timeout(200)
    await expect(page.locator("[data-similar-none], #similar, [role=alert]")).to_have_count(0)
