"""What people decide about items: shown at once, kept in the order it was made in, and never only pretended."""

import asyncio
import re
from typing import Self

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.harness import sent
from tests.browser.test_panel_items import KEPT, open_tab

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_decisions_are_kept_by_the_server_and_can_be_taken_back(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    accept, reject = page.locator("#criteria-0 [data-accept]"), page.locator("#criteria-0 [data-reject]")
    await accept.click()
    await expect(accept).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("#announcer")).to_have_text("AC-1 accepted.")
    await reject.click()
    await expect(page.locator("#criteria-0")).to_contain_text("Left out of what is written to Jira.")
    await expect(accept).to_have_attribute("aria-pressed", "false")
    await expect(page.locator(KEPT)).to_have_text("Of 3: 0 accepted, 0 edited, 1 rejected.")
    await reject.click()
    await expect(page.locator("#criteria-0")).to_contain_text("Given a customer")
    await expect(page.locator("#announcer")).to_have_text("AC-1: decision taken back.")
    await expect(page.locator(KEPT)).to_be_hidden()
    path = "PUT /runs/criteria-1/items/criteria/0"
    assert [body for call, body in await sent(page, 3) if call == path] == [
        {"verdict": "accepted"}, {"verdict": "rejected"}, {"verdict": None},
    ]  # fmt: skip


async def test_decisions_about_one_item_are_kept_in_the_order_they_were_made_in(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-0")
    asked = 0
    first = asyncio.Event()

    async def count(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await first.wait()
        await route.continue_()

    await page.route(re.compile(r"/items/criteria/0$"), count)
    async with page.expect_request("**/items/criteria/0"):
        await card.locator("[data-accept]").click()
    await card.locator("[data-reject]").click()
    await expect(card).to_have_attribute("data-verdict", "rejected")
    await card.locator("[data-reject]").click()
    await expect(card.locator("[data-reject]")).to_have_attribute("aria-pressed", "false")
    # Time enough for what does not wait to be sent.
    await page.wait_for_timeout(200)
    assert asked == 1
    first.set()
    assert [body for _, body in await sent(page, 3)] == [
        {"verdict": "accepted"}, {"verdict": "rejected"}, {"verdict": None},
    ]  # fmt: skip
    await expect(page.locator("#announcer")).to_have_text("AC-1: decision taken back.")
    await expect(card).to_have_attribute("data-verdict", "")
    await expect(page.locator(KEPT)).to_be_hidden()


async def test_a_double_click_takes_no_decision_back(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    button = page.locator("#criteria-0 [data-accept]")
    await button.click()
    # Its second half, wherever the first one has moved the button to.
    await button.dispatch_event("click", {"detail": 2})
    await expect(page.locator("#announcer")).to_have_text("AC-1 accepted.")
    # Time enough for one more to be sent.
    await page.wait_for_timeout(200)
    assert await decided(page) == [(0, "accepted")]
    await expect(button).to_have_attribute("aria-pressed", "true")


async def test_a_key_held_down_decides_once(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    await page.locator("#criteria-0 [data-accept]").focus()
    for _ in range(6):
        await page.keyboard.down("Enter")
    await page.keyboard.up("Enter")
    await expect(page.locator("#announcer")).to_have_text("AC-1 accepted.")
    await page.wait_for_timeout(200)
    assert await decided(page) == [(0, "accepted")]


async def decided(page: Page) -> list[tuple[int, str | None]]:
    path = "PUT /runs/criteria-1/items/criteria/"
    return [(int(call[-1]), body["verdict"]) for call, body in await sent(page) if call.startswith(path)]


class Answers:
    """What the server says to decisions comes when the test lets it: every one waits for `next`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._asked: asyncio.Queue[Route] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        await self._page.route(re.compile(r"/items/criteria/\d$"), self._asked.put)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._asked.empty()

    async def next(self, *, refused: bool = False) -> None:
        """The next one is answered, and the page has heard it."""
        route = await asyncio.wait_for(self._asked.get(), 30)
        async with self._page.expect_response(route.request.url):
            if refused:
                await route.fulfill(status=403, json={"error": "forbidden", "detail": ""})
            else:
                await route.continue_()


async def test_an_answer_takes_no_decision_away_that_came_after_its_question(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    first, second = page.locator("#criteria-0"), page.locator("#criteria-1")
    async with Answers(page) as answers:
        await first.locator("[data-accept]").click()
        await first.locator("[data-reject]").click()
        await second.locator("[data-reject]").click()
        for _ in range(3):
            await expect(first).to_have_attribute("data-verdict", "rejected")
            await expect(second).to_have_attribute("data-verdict", "rejected")
            await answers.next()
    assert await decided(page) == [(0, "accepted"), (0, "rejected"), (1, "rejected")]
    await expect(first).to_have_attribute("data-verdict", "rejected")
    await expect(second).to_have_attribute("data-verdict", "rejected")


@pytest.mark.parametrize(
    ("refused", "shown"), [((True, True), ""), ((True, False), "rejected"), ((False, True), "accepted")]
)
async def test_what_was_refused_is_not_shown_as_decided(visit: Visit, refused: tuple[bool, bool], shown: str) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-0")
    async with Answers(page) as answers:
        await card.locator("[data-accept]").click()
        await card.locator("[data-reject]").click()
        for each in refused:
            await answers.next(refused=each)
    await expect(card).to_have_attribute("data-verdict", shown)
    # Whoever sees that it holds now is not told that it does not.
    await expect(card.get_by_role("alert")).to_have_count(int(refused[-1]))


async def test_a_refused_decision_leaves_alone_what_is_open_by_now(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-0")
    async with Answers(page) as answers:
        await card.locator("[data-accept]").click()
        await card.locator("[data-renew]").click()
        words = card.get_by_label("What should be different?")
        await words.fill("Shorter")
        await answers.next(refused=True)
    await expect(card.get_by_role("alert")).to_be_visible()
    await expect(words).to_have_value("Shorter")
    await expect(words).to_be_focused()


async def test_what_is_written_waits_for_what_was_just_decided(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    async with Answers(page) as answers:
        await page.locator("#criteria-0 [data-reject]").click()
        await page.click("[data-publish=criteria]")
        await expect(page.locator("#publish-title")).to_be_visible()
        # The preview is asked for a quarter of a second after the last choice.
        await page.wait_for_timeout(500)
        assert await sent(page, 0) == []
        await answers.next()
    await expect(page.locator("#publish-write")).to_be_enabled()
    assert [call.partition(" ")[2].partition("/items")[0] for call, _ in await sent(page, 2)] == [
        "/runs/criteria-1", "/jira/publish/preview",
    ]  # fmt: skip
