"""The panel without a mouse: one tab stop for the tabs, arrows between them, and the focus is never lost."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit

KEPT = "#panel-criteria [data-acceptance=criteria]"

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_tabs_follow_arrows_home_and_end(visit: Visit) -> None:
    page = await visit("panel")
    await page.keyboard.press("Tab")
    await expect(page.locator("#tab-analysis")).to_be_focused()
    for key, tab in (
        ("ArrowRight", "criteria"),
        ("ArrowRight", "scenarios"),
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
    await expect(page.locator("#live-analysis")).to_be_focused()
    await expect(page.locator("[data-partial]")).to_contain_text("Customers")
    await page.keyboard.press("Tab")
    await expect(page.locator("[data-cancel]")).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("[data-code=cancelled]")).to_be_visible()
    await expect(page.locator("#analyse")).to_be_focused()


async def tab_to(page: Page, what: str, *, most: int = 60) -> None:
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await page.evaluate("(what) => document.activeElement.matches(what)", what):
            return
    raise AssertionError(f"{what} is not reached by {most} times Tab")


async def test_the_whole_path_goes_without_a_mouse(visit: Visit) -> None:
    """Criteria asked for with an instruction, read, accepted, changed, rejected, written as a comment, taken back."""
    page = await visit("panel", as_="empty")
    await tab_to(page, "#tab-analysis")
    await page.keyboard.press("ArrowRight")
    await tab_to(page, "#panel-criteria .options > summary")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Think of refunds")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Shift+Tab")
    await expect(page.locator("#panel-criteria [data-start=criteria]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-items=criteria] > li")).to_have_count(3)
    await expect(page.locator("#announcer")).to_have_text("The acceptance criteria are written.")
    await tab_to(page, "#criteria-0 [data-accept]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#criteria-0")).to_have_attribute("data-verdict", "accepted")
    await expect(page.locator("#criteria-0 [data-accept]")).to_be_focused()
    await tab_to(page, "#criteria-1 [data-edit]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#criteria-1").get_by_label("Title")).to_be_focused()
    await page.keyboard.press("End")
    await page.keyboard.type(" at the desk")
    await tab_to(page, "#criteria-1 [data-save]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#criteria-1 h3")).to_contain_text("Declined card at the desk")
    await expect(page.locator("#criteria-1 [data-edit]")).to_be_focused()
    await tab_to(page, "#criteria-2 [data-reject]")
    await page.keyboard.press("Space")
    await expect(page.locator("#criteria-2")).to_have_attribute("data-verdict", "rejected")
    await expect(page.locator(KEPT)).to_have_text("Of 3: 1 accepted, 1 edited, 1 rejected.")
    await tab_to(page, "[data-publish=criteria]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#publish-title")).to_be_focused()
    await expect(page.locator("[data-preview]")).to_contain_text("Acceptance criteria")
    await tab_to(page, "#publish-write")
    await page.keyboard.press("Enter")
    await expect(page.locator("#publish-dialog [data-status=done]")).to_contain_text("Comment")
    await tab_to(page, "#publish-dialog [data-undo]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#publish-dialog [data-keep]")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#publish-dialog [data-status=undone]")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#publish-dialog")).to_have_count(0)
    await expect(page.locator("[data-publish=criteria]")).to_be_focused()


async def test_steps_are_added_moved_and_removed_without_a_mouse(visit: Visit) -> None:
    page = await visit("panel", as_="items")
    await page.locator("#tab-scenarios").click()
    await page.locator("#scenarios-0 [data-edit]").focus()
    await page.keyboard.press("Enter")
    card = page.locator("#scenarios-0")
    await tab_to(page, "#scenarios-0 [data-down]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#announcer")).to_have_text("Step 1 is now step 2.")
    await expect(card.get_by_label("Action").nth(1)).to_have_value("Open the basket")
    await expect(card.locator("[data-down]").nth(1)).to_be_focused()
    await page.keyboard.press("Enter")
    # At the end there is no further down: the focus stays in the step.
    await expect(card.locator("[data-up]").nth(2)).to_be_focused()
    await tab_to(page, "#scenarios-0 [data-remove]")
    await page.keyboard.press("Enter")
    await expect(card.get_by_label("Action")).to_have_count(2)
    await tab_to(page, "#scenarios-0 [data-add]")
    await page.keyboard.press("Enter")
    await page.keyboard.type("Read the receipt")
    await tab_to(page, "#scenarios-0 [data-save]")
    await page.keyboard.press("Enter")
    await expect(card).to_have_attribute("data-verdict", "edited")
    await expect(card.locator(".steps tbody tr")).to_have_count(3)
    await expect(card.locator(".steps tbody tr").last).to_contain_text("Read the receipt")
