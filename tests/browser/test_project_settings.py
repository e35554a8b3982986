"""The page of a project's settings beyond its form: prompts in versions, tried out first; how suggestions fare."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BUILT_IN = "The built-in prompt alone is in force."


async def posted(page: Page, button: str) -> tuple[str, object]:
    """Path and body of the next POST, once the button is pressed."""
    async with page.expect_request(lambda request: request.method == "POST") as asked:
        await page.click(button)
    request = await asked.value
    return request.url.split("/api/v1")[1], request.post_data_json


async def test_the_text_in_force_can_be_changed_and_is_saved_as_a_new_version(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    await expect(page.locator("#prompt-active")).to_contain_text("Version 2 by Ada Admin is in force.")
    await expect(page.locator("#prompt-text")).to_have_value("Ask for the card provider.")
    await expect(page.locator("#save-prompt")).to_be_disabled()
    await page.fill("#prompt-text", "Ask for refunds.")
    await page.fill("#prompt-note", "Refunds")
    path, body = await posted(page, "#save-prompt")
    assert path == "/projects/10000/prompts/analysis"
    assert body == {"text": "Ask for refunds.", "note": "Refunds"}
    await expect(page.locator("#prompt-saved")).to_be_visible()
    await expect(page.locator("#prompt-active")).to_contain_text("Version 3")
    await expect(page.locator("#prompt-table").get_by_role("row")).to_have_count(5)
    await expect(page.locator("#save-prompt")).to_be_disabled()


async def test_an_older_version_can_be_read_and_taken_back_into_force(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    await page.get_by_role("button", name="Open version 1 in the editor").click()
    await expect(page.locator("#prompt-text")).to_have_value("Ask for the currency.")
    await page.click("#discard-prompt")
    await expect(page.locator("#prompt-text")).to_have_value("Ask for the card provider.")
    path, body = await posted(page, "[data-use='1']")
    assert (path, body) == ("/projects/10000/prompts/analysis/activate", {"version": 1})
    await expect(page.locator("#prompt-active")).to_contain_text("Version 1")
    assert (await posted(page, "[data-use='0']"))[1] == {"version": None}
    await expect(page.locator("#prompt-active")).to_have_text(BUILT_IN)
    await expect(page.locator("#prompt-text")).to_have_value("")


async def test_each_kind_has_a_text_of_its_own_and_a_summary_concerns_no_single_issue(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.select_option("#prompt-kind", "criteria")
    await expect(page.locator("#prompt-active")).to_have_text(BUILT_IN)
    await expect(page.locator("#prompt-table")).to_have_count(0)
    await expect(page.locator("#tryout")).to_be_visible()
    await page.select_option("#prompt-kind", "summary")
    await expect(page.locator("#tryout")).to_be_hidden()


async def test_a_refused_text_stays_where_it_was_typed(visit: Visit) -> None:
    page = await visit("project-settings", as_="refused-prompt")
    await page.fill("#prompt-text", "Something else")
    await page.click("#save-prompt")
    await expect(page.locator("#prompt-text-error")).to_have_text("This text is not allowed.")
    await expect(page.locator("#prompt-text")).to_have_value("Something else")
    await expect(page.locator("#save-prompt")).to_be_enabled()


async def test_a_draft_is_tried_out_on_an_issue_and_shown_beside_what_is_known(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    await page.fill("#prompt-text", "A draft")
    await page.fill("#tryout-issue", "PAY 42")
    await page.click("#tryout")
    await expect(page.locator("#tryout-issue-error")).to_have_text("Enter the key of an issue, such as ABC-1.")
    await page.fill("#tryout-issue", "PAY-42")
    path, body = await posted(page, "#tryout")
    assert (path, body) == ("/projects/10000/prompts/analysis/preview", {"text": "A draft", "issue": "PAY-42"})
    await expect(page.locator("[data-draft]")).to_contain_text("Suggested sub-tasks")
    await expect(page.locator("[data-draft]")).to_contain_text("Score 60")
    await expect(page.locator("[data-now]")).to_contain_text("Which card providers")
    await expect(page.locator("#announcer")).to_have_text("The result of the draft is there.")
    # The draft is still only a draft.
    await expect(page.locator("#prompt-active")).to_contain_text("Version 2")


async def test_the_draft_of_another_kind_is_shown_in_its_own_way(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    await page.select_option("#prompt-kind", "criteria")
    await page.fill("#prompt-text", "A draft")
    await page.fill("#tryout-issue", "PAY-42")
    await page.press("#tryout-issue", "Enter")
    await expect(page.locator("[data-draft]")).to_contain_text("Given")
    await expect(page.locator("[data-now]")).to_contain_text("There is no result of this kind")
    await page.select_option("#prompt-kind", "scenarios")
    await expect(page.locator("[data-draft]")).to_have_count(0)


async def test_leaving_with_an_unsaved_prompt_asks_first(visit: Visit) -> None:
    page = await visit("project-settings")
    leaves = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert await page.evaluate(leaves) is False
    await page.fill("#prompt-text", "Unsaved")
    assert await page.evaluate(leaves) is True


async def test_prompts_that_cannot_be_read_hide_nothing_else(visit: Visit) -> None:
    page = await visit("project-settings", as_="broken-prompts")
    await expect(page.locator("#more [data-code=database_down]")).to_be_visible()
    await expect(page.locator("#acceptance-table")).to_be_visible()
    await page.uncheck("#auto_comment")
    await expect(page.locator("#save")).to_be_enabled()


async def test_how_suggestions_are_received_is_shown_by_prompt(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    rows = page.locator("#acceptance-table tbody").get_by_role("row")
    await expect(rows).to_have_count(3)
    await expect(rows.nth(1)).to_contain_text("analysis.v1 with your version 2")
    await expect(rows.nth(1)).to_contain_text("96%")
    await expect(rows.nth(2)).to_contain_text("Built-in rules")
    await expect(rows.nth(2)).to_contain_text("–")


async def test_without_decisions_and_prompts_the_page_says_so(visit: Visit) -> None:
    page = await visit("project-settings", as_="no-prompts")
    await expect(page.locator("#no-acceptance")).to_be_visible()
    await expect(page.locator("#prompt-active")).to_have_text(BUILT_IN)


async def test_a_new_analysis_of_changed_issues_is_switched_on_with_its_pause(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.check("#rerun_on_update")
    await page.fill("#rerun_cooldown_minutes", "0")
    await page.click("#save")
    await expect(page.locator("#rerun_cooldown_minutes-error")).to_have_text("Enter a whole number from 1 to 1,440.")
    await expect(page.locator("#rerun_cooldown_minutes")).to_be_focused()
    await page.fill("#rerun_cooldown_minutes", "5")
    async with page.expect_request(lambda request: request.method == "PUT") as asked:
        await page.click("#save")
    assert (await asked.value).post_data_json == {"rerun_on_update": True, "rerun_cooldown_minutes": 5}


async def test_the_whole_way_of_a_prompt_works_by_keyboard(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.focus("#prompt-kind")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Typed")
    await page.keyboard.press("Enter")
    await expect(page.locator("#prompt-saved")).to_be_visible()
    await expect(page.locator("#prompt-text")).to_be_focused()
    await expect(page.locator("#prompt-text")).to_have_value("By keyboard")


@pytest.mark.parametrize("scenario", ["full", "hostile", "no-prompts"])
async def test_it_is_accessible_in_french_light_and_dark_and_fits_320_pixels(visit: Visit, scenario: str) -> None:
    page = await visit("project-settings", as_=scenario, width=320, loc="fr_FR")
    await page.fill("#prompt-text", "Un brouillon")
    await page.fill("#tryout-issue", "PAY-42")
    await page.click("#tryout")
    await expect(page.locator("[data-draft] .outcome")).to_be_visible()
    await page.wait_for_timeout(300)
    assert await violations(page) == []
    await page.evaluate("document.documentElement.dataset.colorMode = 'dark'")
    assert await violations(page, "color-contrast") == []
    assert not await too_wide(page)
