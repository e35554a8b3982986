"""The pages of projects and of the site: forms that explain themselves, and tables that stay tables."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def sent(page: Page, method: str) -> object:
    """The body of the next request with this method, once `Save` is pressed."""
    async with page.expect_request(lambda request: request.method == method) as asked:
        await page.click("#save")
    return (await asked.value).post_data_json


async def test_settings_are_saved_and_only_what_changed_is_sent(visit: Visit) -> None:
    page = await visit("project-settings", width=800)
    await expect(page.locator("#save")).to_be_disabled()
    await expect(page.locator("#changed-by")).to_contain_text("Last changed by Ada Admin")
    await page.check("#auto_subtasks")
    await page.get_by_label("Bug").check()
    await page.fill("#min_quality", "70")
    await expect(page.locator("#unsaved")).to_have_text("Unsaved changes")
    assert await sent(page, "PUT") == {"auto_subtasks": True, "issue_types": ["10001", "10002"], "min_quality": 70}
    await expect(page.locator("#saved")).to_be_visible()
    await expect(page.locator("#changed-by")).to_contain_text("Bo Boss")
    await expect(page.locator("#save")).to_be_disabled()


async def test_changes_can_be_discarded(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.uncheck("#auto_analyze")
    await page.click("#discard")
    await expect(page.locator("#auto_analyze")).to_be_checked()
    await expect(page.locator("#unsaved")).to_have_text("")


async def test_mistakes_are_said_at_their_fields(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.check("#auto_criteria")
    await page.fill("#min_quality", "101")
    await page.click("#save")
    quality = page.locator("#min_quality")
    await expect(quality).to_be_focused()
    await expect(quality).to_have_attribute("aria-invalid", "true")
    await expect(quality).to_have_attribute("aria-describedby", "min_quality-help min_quality-error")
    await expect(page.locator("#min_quality-error")).to_have_text("Enter a whole number from 0 to 100, or nothing.")
    await expect(page.locator("#criteria_field-error")).to_be_visible()


async def test_what_the_server_refuses_is_said_at_its_field(visit: Visit) -> None:
    page = await visit("project-settings")
    await page.fill("#instruction", "forbidden words")
    await page.click("#save")
    await expect(page.locator("#instruction-error")).to_have_text("This instruction is not allowed.")
    await expect(page.locator("#instruction")).to_have_value("forbidden words")


async def test_settings_can_be_changed_without_the_lists_from_jira(visit: Visit) -> None:
    page = await visit("project-settings", as_="broken-options")
    await expect(page.get_by_role("alert")).to_contain_text("Jira did not answer")
    await expect(page.get_by_label("10001 (no longer available)")).to_be_checked()
    await page.uncheck("#auto_comment")
    assert await sent(page, "PUT") == {"auto_comment": False}


async def test_leaving_with_unsaved_changes_asks_first(visit: Visit) -> None:
    page = await visit("project-settings")
    leaves = "() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    assert await page.evaluate(leaves) is False
    await page.uncheck("#auto_comment")
    assert await page.evaluate(leaves) is True


async def test_project_page_lists_filters_and_averages(visit: Visit) -> None:
    page = await visit("project", width=800, xdm_e="https://site.example")
    await expect(page.locator("#average")).to_contain_text("60 average score of 2 analyses")
    await expect(page.get_by_role("row")).to_have_count(5)
    link = page.get_by_role("link", name="PAY-42").first
    await expect(link).to_have_attribute("href", "https://site.example/browse/PAY-42")
    await page.select_option("#status", "failed")
    await expect(page.get_by_role("row")).to_have_count(2)
    await expect(page.locator("#runs")).to_contain_text("The model refused the key")
    await page.select_option("#status", "queued")
    await expect(page.locator("#no-runs")).to_be_visible()


async def test_stacked_table_keeps_its_roles(visit: Visit) -> None:
    page = await visit("project", width=320)
    await expect(page.get_by_role("columnheader", name="Score")).to_have_count(1)
    await expect(page.get_by_role("rowheader")).to_have_count(4)


def choice(**changed: object) -> dict[str, object]:
    return {"provider": "openai", "model": "gpt-5-mini", "base_url": "", "fallbacks": None, **changed}


async def test_model_is_tried_as_typed_then_saved(visit: Visit) -> None:
    page = await visit("site-admin", width=800)
    await page.fill("#model", "gpt-5")
    async with page.expect_request(lambda request: request.url.endswith("/site/model/test")) as asked:
        await page.click("#test")
    assert (await asked.value).post_data_json == choice(model="gpt-5")
    await expect(page.locator("#test-result")).to_contain_text("It answered after 412 ms.")
    assert await sent(page, "PUT") == choice(model="gpt-5")
    await expect(page.locator("#saved")).to_be_visible()


async def test_key_is_write_only_and_can_be_replaced_or_removed(visit: Visit) -> None:
    page = await visit("site-admin")
    await expect(page.locator("#key-note")).to_contain_text("A key is stored.")
    await expect(page.locator("#api_key")).to_be_hidden()
    await page.click("#replace-key")
    await page.fill("#api_key", "sk-new")
    assert await sent(page, "PUT") == choice(api_key="sk-new")
    await expect(page.locator("#key-note")).to_contain_text("A key is stored.")
    await expect(page.locator("#api_key")).to_have_value("")
    await page.click("#remove-key")
    assert await sent(page, "PUT") == choice(api_key="")
    await page.click("#test")
    await expect(page.get_by_role("alert")).to_contain_text("The connection does not work")


async def test_a_key_is_never_carried_to_another_provider(visit: Visit) -> None:
    page = await visit("site-admin")
    await page.check("#provider-ollama")
    await expect(page.locator("#key-note")).to_be_empty()
    await expect(page.locator("#api_key")).to_be_visible()
    await page.check("#provider-default")
    await expect(page.locator("#model")).to_be_hidden()
    assert await sent(page, "PUT") == choice(provider=None, model="")


async def test_a_key_is_never_carried_to_another_address(visit: Visit) -> None:
    page = await visit("site-admin")
    await page.fill("#base_url", "https://llm.example.com/v1")
    await expect(page.locator("#key-note")).to_be_empty()
    await expect(page.locator("#api_key")).to_be_visible()
    await page.fill("#base_url", "")
    await expect(page.locator("#key-note")).to_contain_text("A key is stored.")
    await page.fill("#base_url", "https://169.254.169.254/v1")
    await page.click("#save")
    await expect(page.locator("#base_url-error")).to_contain_text("not a public address")
    await expect(page.locator("#base_url")).to_be_focused()


async def test_fallbacks_are_added_ordered_and_removed(visit: Visit) -> None:
    page = await visit("site-admin", width=800)
    await page.click("#add-fallback")
    first = page.locator(".fallback").first
    await expect(first).to_contain_text("Uses the address and the key of the first model.")
    await first.get_by_label("Provider").select_option("anthropic")
    await first.get_by_label("Model").fill("claude-haiku-4-5")
    await first.get_by_label("API key").fill("sk-ant")
    await page.click("#add-fallback")
    second = page.locator(".fallback").nth(1)
    await second.get_by_label("Model").fill("gpt-5-nano")
    await second.get_by_role("button", name="Move up").click()
    claude = {"provider": "anthropic", "model": "claude-haiku-4-5", "api_key": "sk-ant"}
    wanted = choice(fallbacks=[{"provider": "openai", "model": "gpt-5-nano"}, claude])
    assert await sent(page, "PUT") == wanted
    await expect(page.locator(".fallback").nth(1)).to_contain_text("A key is stored")
    await page.click("#test")
    await expect(page.locator("[data-fallback]")).to_have_count(2)
    await page.locator(".fallback").first.get_by_role("button", name="Remove this model").click()
    await expect(page.locator(".fallback")).to_have_count(1)


async def test_what_the_installation_offers_is_named(visit: Visit) -> None:
    page = await visit("site-admin", as_="offered")
    await expect(page.locator("#fallbacks-note")).to_have_text("This installation then asks: Google Gemini, pro.")


async def test_limits_are_shown_with_what_is_used_of_them(visit: Visit) -> None:
    page = await visit("site-admin", width=800)
    await expect(page.locator(".budget-bar")).to_have_count(3)
    mine = page.locator("[data-budget=tokens_per_day]")
    await expect(mine).to_contain_text("62,000 tokens of 200,000 tokens (31%)")
    await expect(mine.get_by_role("progressbar", name="Tokens a day · Your own limit")).to_have_count(1)
    await expect(page.locator("#budget-notice")).to_have_count(0)


@pytest.mark.parametrize(("scenario", "title"), [("budget-near", "nearly used up"), ("budget-spent", "is used up")])
async def test_a_budget_that_runs_out_is_said_on_top(visit: Visit, scenario: str, title: str) -> None:
    page = await visit("site-admin", as_=scenario)
    await expect(page.locator("#budget-notice")).to_contain_text(title)
    state = scenario.removeprefix("budget-")
    await expect(page.locator("[data-budget=tokens_per_day]")).to_have_attribute("data-state", state)


async def test_limits_are_changed_alone(visit: Visit) -> None:
    page = await visit("site-admin")
    await expect(page.locator("#save-budget")).to_be_disabled()
    await page.fill("#usd_per_day", "2,50")
    await page.fill("#tokens_per_day", "")
    async with page.expect_request(lambda request: request.method == "PUT") as asked:
        await page.click("#save-budget")
    assert (await asked.value).post_data_json == {"tokens_per_day": 0, "usd_per_day": 2.5}
    await expect(page.locator("#budget-saved")).to_be_visible()
    await page.fill("#tokens_per_minute", "a lot")
    await page.click("#save-budget")
    await expect(page.locator("#tokens_per_minute-error")).to_have_text("Enter a whole number, or nothing.")
    await expect(page.locator("#tokens_per_minute")).to_be_focused()


async def test_totals_chart_and_recent_changes_are_shown(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await expect(page.locator("#totals")).to_contain_text("1,740,000")
    await expect(page.locator("#totals")).to_contain_text("$0.92")
    await expect(page.get_by_role("img", name="Runs by day")).to_be_visible()
    assert await page.locator(".day").count() == 30
    await page.locator(".as-table summary").click()
    assert await page.locator("#usage-table tbody tr").count() > 15
    await expect(page.locator("#models-table")).to_contain_text("price unknown")
    await expect(page.locator("#events")).to_contain_text("Model changed")


async def test_the_chart_shows_tokens_by_provider_and_cost_over_a_chosen_time(visit: Visit) -> None:
    page = await visit("site-admin", width=900)
    await page.select_option("#usage-measure", "tokens")
    await expect(page.get_by_role("img", name="Tokens by day")).to_be_visible()
    await expect(page.locator(".legend")).to_contain_text("Google Gemini")
    await page.select_option("#usage-days", "7")
    await expect(page.locator("#usage-title")).to_have_text("The last 7 days")
    assert await page.locator(".day").count() == 7
    await page.select_option("#usage-measure", "cost")
    await expect(page.get_by_role("img", name="Cost in US dollars by day")).to_be_visible()


async def test_a_site_without_use_says_so(visit: Visit) -> None:
    page = await visit("site-admin", as_="no-use")
    await expect(page.locator("#no-models")).to_be_visible()


async def test_key_that_the_provider_refuses_is_said_at_once(visit: Visit) -> None:
    page = await visit("site-admin", as_="refused-key")
    await expect(page.locator("#trouble")).to_contain_text("The key is refused")
    await expect(page.locator("#trouble")).to_contain_text("HTTP 401")
    await page.click("#test")
    await expect(page.locator("#test-result")).to_contain_text("The connection works")
    await expect(page.locator("#trouble")).to_have_count(0)
