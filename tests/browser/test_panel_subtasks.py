"""Suggested sub-tasks: ticked, edited, created, and never lost on the way."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit, bridge_calls

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_edits_survive_a_tab_switch_and_a_look_at_another_run(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.fill("#subtask-1-title", "Show cards, oldest last")
    await page.uncheck("#subtask-2-chosen")
    await page.click("#tab-history")
    await page.locator("#runs [data-run=run-4] button").click()
    await expect(page.locator("#judged-by")).to_contain_text("rules")
    await page.locator("#older button").click()
    await page.click("#tab-subtasks")
    await expect(page.locator("#subtask-1-title")).to_have_value("Show cards, oldest last")
    await expect(page.locator("#subtask-2-chosen")).not_to_be_checked()
    await expect(page.locator("#create-subtasks")).to_have_text("Create sub-tasks (2)")


async def test_created_ones_become_links_and_jira_is_told(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.uncheck("#subtask-1-chosen")
    await page.click("#create-subtasks")
    await expect(page.get_by_role("link", name="PAY-50")).to_have_attribute(
        "href", "https://site.example/browse/PAY-50"
    )
    await expect(page.locator("#subtask-2")).to_have_attribute("data-state", "done")
    await expect(page.locator("#subtask-1")).to_have_attribute("data-state", "open")
    await expect(page.locator("#announcer")).to_have_text("2 sub-tasks created.")
    assert await bridge_calls(page, "refreshIssuePage")
    assert (await bridge_calls(page, "flag"))[0][1]["type"] == "success"
    await page.click("#tab-history")
    await expect(page.locator("#runs [data-run=run-1]")).to_contain_text("Sub-task PAY-50")


async def test_a_failed_one_keeps_its_text_and_is_retried_alone(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.fill("#subtask-0-title", "Please refuse this")
    await page.click("#create-subtasks")
    failed = page.locator("#subtask-0")
    await expect(failed).to_contain_text("Not created: Jira refused this")
    await expect(failed).to_contain_text("Field Team is required.")
    await expect(page.locator("#subtask-0-title")).to_have_value("Please refuse this")
    await expect(page.locator("#create-subtasks")).to_have_text("Retry failed (1)")
    await page.click("#create-subtasks")
    await expect(page.get_by_role("link", name="PAY-50")).to_be_visible()
    await expect(page.locator("#create-subtasks")).to_be_hidden()


async def test_one_without_a_title_is_not_sent(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.fill("#subtask-1-title", "  ")
    await page.click("#create-subtasks")
    await expect(page.locator("#subtask-1-title")).to_be_focused()
    await expect(page.locator("#subtask-1-title")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#subtask-1-error")).to_be_visible()
    await expect(page.locator("#subtasks li[data-state=open]")).to_have_count(3)


async def test_a_title_stays_on_one_line(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-subtasks")
    await page.fill("#subtask-0-title", "two\nlines")
    await expect(page.locator("#subtask-0-title")).to_have_value("two lines")


async def test_history_tells_state_judge_trigger_and_what_was_written(visit: Visit) -> None:
    page = await visit("panel")
    await page.click("#tab-history")
    await expect(page.locator("#runs > li")).to_have_count(4)
    first = page.locator("#runs [data-run=run-1]")
    for words in (
        "Done",
        "Score 60",
        "Started by itself when the issue was created",
        "Judged by gpt-5-mini",
        "Shown now",
    ):
        await expect(first).to_contain_text(words)
    await expect(first.get_by_role("link", name="Comment")).to_be_visible()
    await expect(page.locator("#runs [data-run=run-2]")).to_contain_text("The model refused the key")
