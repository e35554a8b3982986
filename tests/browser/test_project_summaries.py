"""The tab of summaries on the page of a project: asking, watching, reading, exporting, and what goes wrong."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, too_wide, violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def opened(visit: Visit, as_: str = "full", **more: object) -> Page:
    page = await visit("project", as_=as_, width=more.pop("width", 900), xdm_e="https://site.example", **more)
    await page.get_by_role("tab", name="Summaries").click()
    await page.wait_for_selector("#past-title")
    return page


async def test_an_example_fills_the_query_and_the_answer_arrives_in_steps(visit: Visit) -> None:
    page = await opened(visit, "empty", projectKey="PAY")
    await expect(page.locator("#no-past")).to_be_visible()
    await page.get_by_role("button", name="Everything unresolved").click()
    await expect(page.locator("#jql")).to_have_value("project = PAY AND statusCategory != Done ORDER BY updated DESC")
    await expect(page.locator("#jql")).to_be_focused()
    await page.locator("#question").fill("What is late?")
    await page.get_by_role("button", name="Summarise").click()
    await expect(page.locator("#summary-title")).to_have_text("Summary")
    await expect(page.locator("#answer")).to_contain_text("Refunds are late")
    await expect(page.locator('[data-part="themes"] h3')).to_have_text(["Saved cards", "Refunds"])
    await expect(page.locator("#announcer")).to_have_text("The summary is ready.")
    await expect(page.locator("#past li")).to_have_count(1)


async def test_the_bar_names_its_stage_and_a_partial_answer_can_be_read(visit: Visit) -> None:
    page = await opened(visit, "slow", projectKey="PAY")
    await page.locator("#jql").fill("project = PAY")
    await page.locator("#jql").press("Control+Enter")
    await expect(page.locator("#stage-label")).to_contain_text("(2 / 3)")
    await expect(page.locator("#progress")).to_have_attribute("value", "2")
    await expect(page.locator("#partial")).to_contain_text("Saved cards")
    await expect(page.locator("#summarise")).to_be_disabled()
    assert await violations(page) == []
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#ended")).to_contain_text("cancelled")
    await expect(page.locator("#summarise")).to_be_enabled()


async def test_every_key_leads_to_its_issue(visit: Visit) -> None:
    page = await opened(visit)
    await page.locator(".open-run").first.click()
    first = page.locator('[data-part="themes"] .key a').first
    await expect(first).to_have_attribute("href", "https://site.example/browse/PAY-1")
    await expect(page.locator('[data-part="themes"] .more-keys summary').first).to_have_text("5 more issues")
    await expect(page.locator("#truncated")).to_contain_text("38 of about 42")
    await expect(page.locator("#dropped")).to_contain_text("2 keys were left out")
    await expect(page.locator("#summary-title")).to_be_focused()


async def test_a_query_jira_does_not_take_is_explained_at_its_field(visit: Visit) -> None:
    page = await opened(visit)
    await page.get_by_role("button", name="Summarise").click()
    await expect(page.locator("#jql-error")).to_contain_text("Enter a query")
    await page.locator("#jql").fill("colour = red")
    await page.get_by_role("button", name="Summarise").click()
    await expect(page.locator("#jql-error")).to_contain_text("Field 'colour' does not exist.")
    await expect(page.locator("#jql")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#jql")).to_be_focused()
    await page.locator("#jql").fill("color = red")
    await expect(page.locator("#jql-error")).to_be_hidden()


async def test_a_query_from_words_is_shown_before_it_is_used(visit: Visit) -> None:
    page = await opened(visit)
    await page.locator("#writer summary").click()
    await page.locator("#words").fill("all the bugs")
    await page.locator("#words").press("Enter")
    await expect(page.locator("#written code")).to_have_text("project = PAY AND type = Bug")
    await expect(page.locator("#written")).to_contain_text("Nothing has been run yet")
    assert await page.locator("#jql").input_value() == ""
    assert await violations(page) == []
    await page.get_by_role("button", name="Use this query").click()
    await expect(page.locator("#jql")).to_have_value("project = PAY AND type = Bug")
    await page.locator("#words").fill("everything red")
    await page.get_by_role("button", name="Write the query").click()
    await expect(page.locator("#written")).to_contain_text("Field 'colour' does not exist.")


async def test_without_a_model_the_writer_says_what_is_missing(visit: Visit) -> None:
    page = await opened(visit, "rules")
    await page.locator("#writer summary").click()
    await page.locator("#words").fill("all the bugs")
    await page.get_by_role("button", name="Write the query").click()
    await expect(page.locator("#written")).to_contain_text("needs a language model")
    await page.locator(".open-run").first.click()
    await expect(page.locator("#no-model")).to_be_visible()


async def test_earlier_summaries_open_again_and_can_be_asked_again(visit: Visit) -> None:
    page = await opened(visit)
    await page.locator('[data-run="summary-2"] .open-run').click()
    await expect(page.locator("#answer-title")).to_have_text("What is late?")
    await expect(page.locator('[data-run="summary-2"] .open-run')).to_have_attribute("aria-pressed", "true")
    await page.locator("#again").click()
    await expect(page.locator("#question")).to_have_value("What is late?")
    await page.locator('[data-run="summary-3"] .open-run').click()
    await expect(page.locator("#ended")).to_contain_text("Unbounded JQL queries")


async def test_the_answer_is_saved_as_a_file(visit: Visit, tmp_path: Path) -> None:
    page = await opened(visit)
    await page.locator(".open-run").first.click()
    async with page.expect_download() as waiting:
        await page.get_by_role("button", name="Export as Markdown").click()
    file = await waiting.value
    assert file.suggested_filename == "summary.md"
    await file.save_as(tmp_path / "summary.md")
    assert (tmp_path / "summary.md").read_text("utf-8").startswith("# Summary")


async def test_an_empty_set_is_a_clear_state(visit: Visit) -> None:
    page = await opened(visit, "none-found")
    await page.locator(".open-run").first.click()
    await expect(page.locator("#summary-title")).to_have_text("No issues found")
    await expect(page.locator("#no-issues")).to_contain_text("finds no issue that you may see")


async def test_hostile_texts_stay_texts(visit: Visit) -> None:
    page = await opened(visit, "hostile")
    await page.locator(".open-run").first.click()
    await expect(page.locator("#result")).to_contain_text("<script>")
    assert await page.locator("#result script, #result img").count() == 0
    assert await page.locator('#result a[href^="javascript"]').count() == 0


async def test_refusals_are_told_in_words(visit: Visit) -> None:
    page = await opened(visit, "deny-429-too_many_requests")
    await page.locator("#jql").fill("project = PAY")
    await page.get_by_role("button", name="Summarise").click()
    await expect(page.locator("#ask-message [role=alert]")).to_contain_text("That was a lot at once")
    await expect(page.locator("#summarise")).to_be_enabled()


async def test_all_of_it_works_by_keyboard(visit: Visit) -> None:
    page = await visit("project", as_="empty", width=900, projectKey="PAY")
    await page.locator("#tab-analyses").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#tab-summaries")).to_be_focused()
    await page.wait_for_selector("#past-title")
    await page.keyboard.press("Tab")  # the panel itself
    await page.keyboard.press("Tab")
    await expect(page.locator("#jql")).to_be_focused()
    await page.keyboard.type("project = PAY")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#summary-title")).to_be_visible()


async def test_it_is_accessible_in_both_themes_and_narrow(visit: Visit) -> None:
    for theme in ("light", "dark"):
        page = await opened(visit, theme=theme)
        await page.locator('[data-run="summary-2"] .open-run').click()
        await page.locator('[data-fold="issues"] summary').click()
        assert await violations(page) == []
    narrow = await opened(visit, width=320)
    await narrow.locator(".open-run").first.click()
    assert not await too_wide(narrow)


async def test_it_speaks_french(visit: Visit) -> None:
    page = await visit("project", as_="empty", width=900, loc="fr_FR", projectKey="PAY")
    await page.get_by_role("tab", name="Synthèses").click()
    await expect(page.locator("#summarise")).to_have_text("Résumer")
    await expect(page.locator("html")).to_have_attribute("lang", "fr")
