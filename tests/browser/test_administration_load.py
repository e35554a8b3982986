"""What waits and what failed, on the administration page: fresh without flicker, and run again from the keyboard."""

import pytest
from playwright.async_api import Page, expect

from addon.i18n.catalog import Texts
from bench.eval import words
from tests.browser.canned_load import EVERY, JIRA_SAYS, XRAY_SAYS
from tests.browser.conftest import Visit, too_wide, violations
from tests.unit.i18n.extract import everything

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HURRY = (
    "(ms) => { const wait = window.setTimeout; window.setTimeout = (f, d, ...a) => wait(f, Math.min(d, ms), ...a); }"
)


LINES = """(selector) => [...document.querySelector(selector).querySelectorAll("*")]
    .filter((one) => !one.closest("[data-quote]") && [...one.childNodes].some((node) => node.nodeType === 3))
    .map((one) => [...one.childNodes].map((node) => (node.nodeType === 3 ? node.data : "")).join("").trim())"""
"""What the elements below say themselves, without what is quoted of others."""


def english() -> set[str]:
    """Our own sentences that are others in French."""
    french = Texts().of("fr")
    return {text for text in everything() if isinstance(text, str) and " " in text and french(text) != text}


async def hurried(visit: Visit, scenario: str, **more: object) -> Page:
    """The page, asking anew every 200 ms from now on."""
    page = await visit("site-admin", as_=scenario, width=900, **more)
    await page.evaluate(HURRY, 200)
    # The timer that runs already knows nothing of the hurry; coming back to the tab asks at once.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    return page


async def test_load_is_told_by_kind_of_work(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await expect(page.locator("[data-figure=waiting]")).to_have_text("1,242")
    await expect(page.locator("[data-figure=oldest]")).to_have_text("3 minutes")
    await expect(page.locator("[data-figure=workers]")).to_have_text("2")
    row = page.locator("#load-table").get_by_role("row", name="Started by itself")
    await expect(row).to_contain_text("1,241")
    await expect(row).to_contain_text("117")
    # What only waits for a later try has not been waiting for us.
    await expect(page.locator("#load-table").get_by_role("row", name="Writing to Jira")).to_contain_text("–")
    await expect(page.locator("#nobody-works")).to_be_empty()


async def test_figures_change_in_place(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await page.evaluate("window.kept = document.querySelector('#load-table')")
    await page.evaluate(HURRY, 200)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    figure = page.locator("[data-figure=waiting]")
    await expect(figure).not_to_have_text("1,242")
    was = await figure.text_content()
    await expect(figure).not_to_have_text(str(was))
    assert await page.evaluate("window.kept === document.querySelector('#load-table')")
    assert await page.locator("#announcer").text_content() == ""


async def test_a_tab_nobody_looks_at_asks_nothing(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.away ?? false })")
    await page.evaluate(HURRY, 200)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.evaluate("window.away = true")
    # What was begun before is finished first.
    await page.wait_for_timeout(1_500)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.wait_for_timeout(900)
    assert asked == []
    await page.evaluate("window.away = false")
    async with page.expect_request(lambda request: request.url.endswith("/load")):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


async def test_without_anybody_at_work_the_page_says_so(visit: Visit) -> None:
    page = await visit("site-admin", as_="nobody", width=900)
    await expect(page.locator("#nobody-works")).to_contain_text("Nobody works at the moment")
    await expect(page.locator("#nobody-works")).to_contain_text("nothing is lost")
    await expect(page.locator("[data-figure=oldest]")).to_have_text("40 seconds")


async def test_where_nothing_waits_and_nothing_failed_both_say_so(visit: Visit) -> None:
    page = await visit("site-admin", as_="idle", width=900)
    await expect(page.locator("#no-load")).to_have_text("Nothing waits, and nothing is at work.")
    await expect(page.locator("#load-table")).to_be_hidden()
    await expect(page.locator("#no-failures")).to_have_text("Nothing has failed for good.")
    await expect(page.locator("#failures-table")).to_have_count(0)


async def test_load_that_cannot_be_told_any_more_stays_and_says_so(visit: Visit) -> None:
    page = await visit("site-admin", as_="load-down", width=900)
    await page.evaluate(HURRY, 200)
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#load-stale")).to_contain_text("JiraVision is not available right now")
    await expect(page.locator("#load-stale")).to_contain_text("As it was at")
    await expect(page.locator("[data-figure=waiting]")).to_have_text("1,242")


async def test_failures_say_what_why_and_what_to_do(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await expect(page.locator("#failures-table tbody").get_by_role("row")).to_have_count(20)
    first, third = (page.locator("#failures-table tbody").get_by_role("row").nth(at) for at in (0, 2))
    await expect(first).to_contain_text("PAY-100")
    await expect(first).to_contain_text("Jira did not answer, try after try, so this was given up.")
    await expect(first).to_contain_text("Run it again once Jira answers.")
    await expect(third).to_contain_text("<b>customfield_10058</b>")
    await expect(page.locator("#failures-table")).to_contain_text("Taking back: Comment")
    await expect(page.locator("#failures-body")).to_contain_text("20 of 27 are shown.")
    await page.click("#more-failures")
    await expect(page.locator("#failures-table tbody").get_by_role("row")).to_have_count(27)
    await expect(page.locator("#more-failures")).to_have_count(0)


async def test_one_is_run_again_and_the_keyboard_goes_on(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    again = page.get_by_role("button", name="Run again: Analysis, PAY-100")
    await again.focus()
    async with page.expect_request(lambda request: request.method == "POST") as asked:
        await page.keyboard.press("Enter")
    assert (await asked.value).url.endswith("/failures/0199a1b2-0000-7000-8000-000000000000/again")
    await expect(page.locator("#failures-done")).to_have_text("It is in the queue again.")
    await expect(page.locator("#announcer")).to_have_text("It is in the queue again.")
    await expect(again).to_have_count(0)
    await expect(page.get_by_role("button", name="Run again: Writing: Comment, PAY-101")).to_be_focused()


async def test_all_of_an_error_are_run_again_as_far_as_one_call_goes(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    lost = page.locator("[data-code=worker_lost]")
    async with page.expect_request(lambda request: request.method == "POST") as asked:
        await lost.get_by_role("button", name="Run all 9 again").click()
    assert (await asked.value).post_data_json == {"error": "worker_lost"}
    await expect(page.locator("#failures-done")).to_contain_text("5 are in the queue again.")
    await expect(page.locator("#failures-done")).to_contain_text("4 are left")
    await expect(lost).to_contain_text("Run all 4 again")


async def test_equal_work_under_way_is_said_in_words_and_changes_nothing(visit: Visit) -> None:
    page = await visit("site-admin", as_="again-busy", width=900)
    again = page.get_by_role("button", name="Run again: Analysis, PAY-100")
    await again.click()
    await expect(page.locator("#failures-message").get_by_role("alert")).to_contain_text("Somebody was faster")
    await expect(again).to_be_focused()
    await expect(again).to_be_enabled()


async def test_what_is_being_read_is_not_replaced_while_nothing_changes(visit: Visit) -> None:
    page = await hurried(visit, "full")
    await page.evaluate("window.kept = document.querySelector('#failures-table')")
    for _ in range(2):
        async with page.expect_response(lambda response: "/failures?" in response.url):
            pass
    assert await page.evaluate("window.kept === document.querySelector('#failures-table')")


@pytest.mark.parametrize("scenario", ["full", "every-failure"])
async def test_on_the_french_page_no_english_sentence_of_ours_stands(visit: Visit, scenario: str) -> None:
    page = await visit("site-admin", as_=scenario, width=900, loc="fr_FR")
    await expect(page.locator("#failures-title")).to_have_text("Échecs")
    ours = english()
    assert [line for line in await page.evaluate(LINES, "body") if line in ours] == []
    lines = [line for line in await page.evaluate(LINES, "#failures-section") if len(line.split()) > 3]
    assert len(lines) > 10
    assert [line for line in lines if words.language([line]) not in ("fr", "")] == []
    told = await page.locator("#failures-section").inner_text()
    assert [each["detail"] for each in EVERY if each["detail"] != JIRA_SAYS and each["detail"] in told] == []


async def test_what_jira_or_a_tool_said_is_shown_as_theirs(visit: Visit) -> None:
    page = await visit("site-admin", as_="every-failure", width=900, loc="fr_FR")
    for heading, said in (
        ("Xray dit :", XRAY_SAYS),
        ("Jira dit :", JIRA_SAYS),
        ("Il s’agit de :", "customfield_10001, priority"),
        ("Il s’agit de :", "<b>customfield_10058</b>"),
    ):
        quote = page.locator("#failures-table [data-quote]", has_text=said)
        await expect(quote).to_have_count(1)
        # In whatever language and direction they wrote it.
        assert await quote.evaluate("(q) => [q.lang, q.dir, q.hasAttribute('lang')]") == ["", "auto", True]
        await expect(quote.locator("..")).to_contain_text(heading)
    await expect(page.locator("#failures-table [data-quote]")).to_have_count(4)


async def test_in_english_nothing_is_said_twice(visit: Visit) -> None:
    page = await visit("site-admin", as_="every-failure", width=900)
    rows = page.locator("#failures-table .why")
    await expect(rows).to_have_count(len(EVERY))
    told = await page.locator("#failures-section").inner_text()
    assert [each["detail"] for each in EVERY if each["detail"] != JIRA_SAYS and each["detail"] in told] == []
    for row in await rows.all():
        # What happened, what to do, and what others said where they said anything.
        lines = await row.locator("p").all_inner_texts()
        assert len(set(lines)) == len(lines) == 2 + await row.locator("[data-quote]").count(), lines
    await expect(page.locator("#failures-table")).to_contain_text(f"Xray says: {XRAY_SAYS}")


@pytest.mark.parametrize(
    ("scenario", "said"),
    [
        ("again-busy", "Un travail identique est déjà en cours sur ce ticket\xa0; attendez qu’il se termine."),
        ("again-late", "Cela n’a pas échoué, ou quelqu’un l’a déjà relancé."),
    ],
)
async def test_why_it_cannot_be_run_again_now_is_said_in_french_too(visit: Visit, scenario: str, said: str) -> None:
    page = await visit("site-admin", as_=scenario, width=900, loc="fr_FR")
    await page.get_by_role("button", name="Relancer : Analyse, PAY-100").click()
    alert = page.locator("#failures-message").get_by_role("alert")
    await expect(alert).to_contain_text(said)
    assert await alert.locator("p").all_inner_texts() == ["Quelqu’un a été plus rapide", said]


@pytest.mark.parametrize("scenario", ["full", "nobody", "idle", "every-failure"])
async def test_load_and_failures_are_accessible_and_fit(visit: Visit, scenario: str) -> None:
    page = await visit("site-admin", as_=scenario, width=320, loc="fr_FR")
    await expect(page.locator("#load-title")).to_have_text("Charge")
    assert await violations(page) == []
    await page.evaluate("document.documentElement.dataset.colorMode = 'dark'")
    assert await violations(page, "color-contrast") == []
    assert not await too_wide(page)
