"""Suggested sub-tasks: changed, left out, created, and never lost on the way."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, bridge_calls

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def changed(page: Page, number: int, title: str) -> None:
    card = page.locator(f"#subtask-{number}")
    await card.locator("[data-edit]").click()
    await card.get_by_label("Title").fill(title)
    await card.locator("[data-save]").click()


async def created(page: Page) -> None:
    await page.click("[data-publish=subtasks]")
    await expect(page.locator("#publish-write")).to_be_enabled()
    await page.click("#publish-write")


async def test_what_is_being_typed_survives_a_tab_switch_and_a_look_at_another_run(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.click("#subtask-1 [data-edit]")
    await page.locator("#subtask-1").get_by_label("Title").fill("Show cards, oldest last")
    await page.click("#tab-history")
    await page.locator("#runs [data-run=run-4] button", has_text="Open").click()
    await expect(page.locator("#panel-analysis [data-writer]")).to_contain_text("rules")
    await page.locator("#older-analysis button").click()
    await page.click("#tab-subtasks")
    await expect(page.locator("#subtask-1").get_by_label("Title")).to_have_value("Show cards, oldest last")


async def test_a_page_with_unsaved_changes_asks_before_it_is_left(visit: Visit) -> None:
    page = await visit("panel")
    leaves = "!window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    await page.click("#tab-subtasks")
    assert await page.evaluate(leaves) is False
    await page.click("#subtask-1 [data-edit]")
    await page.locator("#subtask-1").get_by_label("Title").fill("Show cards, oldest last")
    assert await page.evaluate(leaves) is True
    await page.click("#subtask-1 [data-discard]")
    assert await page.evaluate(leaves) is False


async def test_created_ones_become_links_and_jira_is_told(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.click("#subtask-1 [data-reject]")
    await page.click("[data-publish=subtasks]")
    dialog = page.locator("#publish-dialog")
    assert [await box.is_checked() for box in await dialog.get_by_role("checkbox").all()] == [True, False, True]
    await page.click("#publish-write")
    await expect(dialog.get_by_role("link", name="Sub-task: Item 0 (PAY-50)")).to_have_attribute(
        "href", "https://site.example/browse/PAY-50"
    )
    await expect(page.locator("#announcer")).to_have_text("2 parts are written.")
    await page.locator("#publish-close").click()
    await expect(page.locator("#subtask-2")).to_contain_text("Sub-task created: PAY-52")
    await expect(page.locator("#subtask-1")).not_to_contain_text("created")
    assert await bridge_calls(page, "refreshIssuePage")
    await page.click("#tab-history")
    await expect(page.locator("#runs [data-run=run-1]")).to_contain_text("PAY-50")


async def test_failed_ones_say_why_and_are_retried_alone(visit: Visit) -> None:
    page = await visit("panel", as_="refusing")
    await page.click("#tab-subtasks")
    await page.click("#subtask-2 [data-reject]")
    await created(page)
    failed = page.locator("#publish-dialog [data-status=failed]")
    await expect(failed).to_have_count(2)
    await expect(failed.first).to_contain_text("not written (Jira refused this)")
    await expect(failed.first).to_contain_text("Field Team is required.")
    await failed.first.locator("[data-retry]").click()
    await expect(page.locator("#publish-dialog [data-status=done]")).to_have_count(1)
    await expect(failed).to_have_count(1)
    await failed.locator("[data-retry]").click()
    await expect(page.locator("#publish-dialog [data-status=done]")).to_have_count(2)


async def test_all_that_failed_are_retried_at_once(visit: Visit) -> None:
    page = await visit("panel", as_="refusing")
    await page.click("#tab-subtasks")
    await created(page)
    await expect(page.locator("#publish-dialog [data-status=failed]")).to_have_count(3)
    await page.locator("#publish-dialog [data-retry-all]").click()
    await expect(page.locator("#publish-dialog [data-status=done]")).to_have_count(3)
    await expect(page.locator("#publish-dialog [data-retry-all]")).to_be_hidden()


async def test_one_without_a_title_is_not_saved(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await changed(page, 1, "  ")
    title = page.locator("#subtask-1").get_by_label("Title")
    await expect(title).to_be_focused()
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#subtask-1")).to_contain_text("This is needed.")
    await expect(page.locator("#subtask-1")).to_have_attribute("data-verdict", "")


async def test_history_tells_state_judge_trigger_and_what_was_written(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-history")
    await expect(page.locator("#runs > li")).to_have_count(4)
    first = page.locator("#runs [data-run=run-1]")
    for words in (
        "Analysis", "Done", "Score 60", "Started by itself when the issue was created", "Judged by gpt-5-mini",
        "Shown now",
    ):  # fmt: skip
        await expect(first).to_contain_text(words)
    await expect(first.get_by_role("link", name="Comment")).to_be_visible()
    await expect(page.locator("#runs [data-run=run-2]")).to_contain_text("The model refused the key")
