"""What the panel shows and does when an analysis is asked for, runs, ends, fails or cannot be had."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit, bridge_calls, held

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_first_analysis_is_asked_for_watched_and_shown(visit: Visit) -> None:
    page = await visit("panel", as_="empty")
    await expect(page.locator("#empty h2")).to_have_text("Is this issue ready to start?")
    async with held(page, "**/events"):
        await page.click("#analyse")
        await expect(page.locator("[data-live] .stages li")).to_have_count(5)
    await expect(page.locator("#report #summary")).to_contain_text("pay a basket")
    await expect(page.locator("#panel-analysis [data-writer]")).to_contain_text(
        "Judged by gpt-5-mini · prompt 1 · 2,100 tokens"
    )
    await expect(page.get_by_role("meter", name="Overall score")).to_have_attribute(
        "aria-valuetext", "60 of 100: Nearly there"
    )
    await expect(page.locator("#announcer")).to_have_text("Analysis finished: 60%, Nearly there.")
    assert await bridge_calls(page, "refreshIssuePage")


async def test_partial_text_and_stages_are_shown_while_it_runs(visit: Visit) -> None:
    page = await visit("panel", as_="slow")
    await page.click("#analyse")
    await expect(page.locator("[data-partial]")).to_contain_text("Customers want to pay")
    await expect(page.locator("[data-partial]")).to_contain_text("Independent 4/5")
    await expect(page.locator("[data-stage=thinking]")).to_have_attribute("aria-current", "step")
    await expect(page.locator("#announcer")).to_have_text("Judging what it says…")


async def test_running_analysis_can_be_cancelled(visit: Visit) -> None:
    page = await visit("panel", as_="slow")
    await page.click("#analyse")
    await expect(page.locator("[data-partial]")).to_contain_text("Customers")
    await page.click("[data-cancel]")
    await expect(page.locator("[data-code=cancelled]")).to_contain_text("This was cancelled")
    await expect(page.locator("#analyse")).to_be_focused()


async def test_a_cut_stream_is_taken_up_where_it_ended(visit: Visit) -> None:
    page = await visit("panel", as_="cut")
    await page.click("#analyse")
    await expect(page.locator("#report")).to_be_visible()
    await expect(page.locator("[role=alert]")).to_have_count(0)


REFUSED = {
    ("forbidden", "en_US"): ("You may not do this", "A project administrator can."),
    ("forbidden", "fr_FR"): ("Vous n’en avez pas le droit", "Un administrateur du projet peut vous l’accorder."),
    ("not_found", "fr_FR"): ("Introuvable", "vous ne pouvez plus le voir dans Jira"),
    ("unauthenticated", "fr_FR"): ("Votre session a expiré", "Rechargez la page pour continuer"),
}


@pytest.mark.parametrize(("code", "loc"), REFUSED)
async def test_a_stream_that_ends_with_a_refusal_says_why(visit: Visit, code: str, loc: str) -> None:
    page = await visit("panel", as_=f"stream-{code}", loc=loc)
    await page.click("#analyse")
    # One and no other: the run goes on, so that nothing is said of how it ended.
    alert = page.get_by_role("alert")
    for words in REFUSED[code, loc]:
        await expect(alert).to_contain_text(words)
    await expect(page.locator("[data-live]")).to_have_count(0)
    await expect(page.locator("#analyse")).to_be_enabled()


async def test_an_ended_run_shows_every_section_of_the_analysis(visit: Visit) -> None:
    page = await visit("panel")
    folds = page.locator("#panel-analysis .fold > summary")
    await expect(folds).to_have_count(7)
    assert [" ".join(text.split()) for text in await folds.all_inner_texts()] == [
        "Quality of the story (INVEST)", "Missing information 2", "Questions for the author 2", "Risks 3",
        "Suggested acceptance criteria 2", "Suggested labels 3", "Similar issues 2",
    ]  # fmt: skip
    await expect(page.locator("blockquote").first).to_have_text("uses the token of PAY-12")
    await expect(page.get_by_role("meter", name="Testable")).to_have_attribute("aria-valuetext", "1 out of 5")
    await page.locator("[data-fold=risks] > summary").click()
    await expect(page.locator("[data-fold=risks] li").first).to_contain_text("Severity: high")
    await expect(page.locator("#panel-analysis").get_by_role("link", name="Comment")).to_have_attribute(
        "target", "_blank"
    )


async def test_rules_always_say_that_no_model_was_asked(visit: Visit) -> None:
    page = await visit("panel", as_="rules")
    await expect(page.locator("#panel-analysis [data-writer]")).to_contain_text(
        "Judged by built-in rules, without a model"
    )
    await expect(page.locator("[data-notice=no_model]")).to_contain_text("No model is set up")


async def test_an_analysis_without_scores_shows_no_mark(visit: Visit) -> None:
    page = await visit("panel", as_="unscored")
    await expect(page.locator(".score-word")).to_have_text("Not scored")
    await expect(page.locator(".score-head [role=meter]")).to_have_count(0)
    await page.click("#tab-history")
    await expect(page.locator("#runs [data-run]").first).to_be_visible()
    await expect(page.locator(".run-score")).to_have_count(0)


async def test_rules_that_stand_in_for_a_failed_model_say_so(visit: Visit) -> None:
    page = await visit("panel", as_="fallback")
    await expect(page.locator("[data-notice=model_failed]")).to_contain_text("The model did not answer")
    await expect(page.locator("[data-dropped]")).to_contain_text("2 quotes were dropped")


ERRORS = {
    "deny-403-forbidden": ("You may not do this", ""),
    "deny-404-not_found": ("This is not there", ""),
    "deny-409-conflict": ("Somebody was faster", "Reload the page"),
    "deny-429-too_many_requests": ("Possible again in 30 seconds.", "Try again"),
    "deny-503-database_down": ("JiraVision is not available right now", "Try again"),
    "deny-502-jira_down": ("Jira did not answer", "Try again"),
    "deny-500-never_heard_of": ("Something went wrong", "Try again"),
    "failed-model_unauthorized": ("The model refused the key", ""),
    "failed-model_busy": ("The model is busy", ""),
}


@pytest.mark.parametrize("scenario", ERRORS)
async def test_an_error_says_what_happened_and_what_to_do_next(visit: Visit, scenario: str) -> None:
    said, offered = ERRORS[scenario]
    page = await visit("panel", as_=scenario)
    if scenario.startswith("deny"):
        await page.click("#analyse")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(said)
    if offered:
        await expect(alert.get_by_role("button", name=offered)).to_be_visible()
    await expect(page.locator("#analyse")).to_be_enabled()


async def test_an_ended_session_offers_to_reload_the_jira_page(visit: Visit) -> None:
    page = await visit("panel", as_="expired")
    await expect(page.get_by_role("alert")).to_contain_text("Your session has expired")
    await expect(page.get_by_role("alert")).to_contain_text("ref-123")
    await page.get_by_role("button", name="Reload the page").click()
    assert await bridge_calls(page, "reload")


async def test_a_refused_token_is_replaced_once(visit: Visit) -> None:
    page = await visit("panel", as_="expired-once")
    await expect(page.locator("#report")).to_be_visible()


async def test_a_late_bridge_is_waited_for(visit: Visit) -> None:
    page = await visit("panel", late=400)
    await expect(page.locator("#report")).to_be_visible()


async def test_the_page_token_leaves_the_address(visit: Visit) -> None:
    page = await visit("panel", as_="empty")
    assert "jwt" not in page.url
    assert "page-token" not in await page.content()
    assert "issueId=10042" in page.url


async def test_hostile_text_is_shown_as_text(visit: Visit) -> None:
    page = await visit("panel", as_="hostile")
    await expect(page.locator("#summary")).to_contain_text("<script>window.pwned = 1</script>")
    await expect(page.locator("#summary")).to_contain_text("gnp.exe")
    assert "\u202e" not in str(await page.locator("#report").text_content())
    assert await page.locator("#content img, #content script, #content a").count() == 0
    await page.click("#tab-subtasks")
    await page.click("#subtask-0 [data-edit]")
    assert "onerror" in await page.get_by_label("Title").input_value()
    await page.click("#tab-history")
    await expect(page.locator("#runs .written").first).to_contain_text("Comment")
    assert await page.locator("a[href^='javascript' i]").count() == 0


async def test_french_page_speaks_french_throughout(visit: Visit) -> None:
    page = await visit("panel", as_="full", loc="fr_FR")
    assert await page.evaluate("document.documentElement.lang") == "fr"
    await expect(page.get_by_role("tab")).to_have_text(["Analyse", "Critères", "Tests", "Sous-tâches3", "Historique4"])
    await expect(page.locator(".score-word")).to_have_text("Presque prêt")
    await expect(page.locator("#analyse")).to_have_text("Relancer l’analyse")
    await expect(page.locator("#panel-analysis .report-foot")).to_contain_text(
        "Éléments lus\u00a0: résumé, description, commentaires."
    )
