"""The panel without a mouse: one tab stop for the tabs, arrows between them, and the focus is never lost."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_tabs_follow_arrows_home_and_end(visit: Visit) -> None:
    page = await visit("panel")
    await page.keyboard.press("Tab")
    await expect(page.locator("#tab-analysis")).to_be_focused()
    for key, tab in (
        ("ArrowRight", "subtasks"),
        ("End", "history"),
        ("ArrowRight", "analysis"),
        ("ArrowLeft", "history"),
        ("Home", "analysis"),
    ):
        await page.keyboard.press(key)
        await expect(page.locator(f"#tab-{tab}")).to_be_focused()
        await expect(page.locator(f"#panel-{tab}")).to_be_visible()
    assert await page.locator('[role=tab][tabindex="0"], [role=tab]:not([tabindex])').count() == 1
    await page.keyboard.press("Tab")
    await expect(page.locator("#panel-analysis")).to_be_focused()


async def test_an_analysis_is_started_and_cancelled_by_keyboard(visit: Visit) -> None:
    page = await visit("panel", as_="slow")
    await page.locator("#analyse").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#live-title")).to_be_focused()
    await expect(page.locator("#partial")).to_contain_text("Customers")
    await page.keyboard.press("Tab")
    await expect(page.locator("#cancel")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("#cancelled")).to_be_visible()
    await expect(page.locator("#analyse")).to_be_focused()


async def test_sub_tasks_are_chosen_and_created_by_keyboard(visit: Visit) -> None:
    page = await visit("panel")
    await page.locator("#tab-analysis").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Tab")
    await expect(page.locator("#subtask-0-chosen")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("#create-subtasks")).to_have_text("Create sub-tasks (2)")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Home")
    await page.keyboard.type("Changed: ")
    assert (await page.locator("#subtask-0-title").input_value()).startswith("Changed: ")
    await page.locator("#create-subtasks").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#subtasks li[data-state=done]")).to_have_count(2)
