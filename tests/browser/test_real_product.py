"""What people do in Jira with the add-on beside them: real processes, the pretend Jira's own pages, Chromium."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.product import CHOICES, MODEL, RULES, STORY, Browse, framed, judged
from tests.stack import JiraSite, Stack

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.asyncio(loop_scope="session")]

KEY = "sk-canary-that-no-page-may-show"


@pytest.fixture
def site(product: Stack) -> JiraSite:
    return product.site(RULES)


@pytest.fixture
def of_model(product: Stack) -> JiraSite:
    return product.site(MODEL)


@pytest.fixture
def limited(site: JiraSite) -> Iterator[Callable[..., None]]:
    """limited("nina", "MOBI", "CREATE_ISSUES"): takes rights from a person until the test ends."""
    taken: list[tuple[str, str]] = []

    def take(user: str, project: str, *rights: str) -> None:
        taken.append((user, project))
        site.ask("POST", "/permissions", {"user": user, "project": project, "remove": rights})

    yield take
    for user, project in taken:
        site.ask("POST", "/permissions", {"user": user, "project": project, "remove": []})


# The issue and its panel


async def test_a_new_issue_is_answered_while_one_looks_at_it(browse: Browse) -> None:
    page = await browse("/projects/SHOP")
    await page.click("#create")
    await page.get_by_label("Summary").fill("Let customers pay by invoice")
    await page.get_by_label("Description").fill(STORY)
    await page.get_by_role("button", name="Create", exact=True).click()
    await page.wait_for_url("**/browse/SHOP-*")
    comment = page.locator("[data-comment]")
    await expect(comment).to_contain_text("Issue review")
    await expect(comment).to_contain_text("my accounting can settle it at the end of the month")
    frame = await framed(page)
    await expect(frame.locator("#panel-analysis [data-writer]")).to_have_text(
        "Judged by built-in rules, without a model"
    )
    await expect(frame.locator("blockquote").first).to_be_visible()
    await expect(frame.locator("#panel-analysis").get_by_role("link", name="Comment")).to_be_visible()


async def test_an_analysis_is_followed_live_and_updates_the_one_comment(
    browse: Browse, of_model: JiraSite, model: Callable[..., Any]
) -> None:
    issue = judged(of_model)
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    frame = await framed(page)
    model("latency", 10)
    await frame.click("#analyse")
    await expect(frame.locator("[data-stage=thinking][aria-current=step]")).to_be_visible()
    await expect(frame.locator("[data-partial]")).to_contain_text("The issue asks for: Let customers pay by invoice.")
    await expect(frame.locator("[data-cancel]")).to_be_enabled()
    await expect(frame.locator("#panel-analysis [data-writer]")).to_contain_text("Judged by test-model")
    await expect(page.locator("[data-comment]")).to_contain_text("edited")
    assert len(of_model.comments(issue["key"])) == 1
    await frame.click("#tab-history")
    await expect(frame.locator("#runs [data-run]")).to_have_count(2)
    await expect(frame.locator("#runs [data-run]").first).to_contain_text("Asked for in the panel by Tess Marlow")


async def test_an_analysis_is_cancelled_and_writes_nothing(
    browse: Browse, of_model: JiraSite, model: Callable[..., Any]
) -> None:
    issue = of_model.create_issue(webhook=False, description=STORY)
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    frame = await framed(page)
    model("latency", 60)
    await frame.click("#analyse")
    await expect(frame.locator("[data-partial]")).not_to_be_empty()
    await frame.click("[data-cancel]")
    await expect(frame.locator("[data-code=cancelled]")).to_contain_text("Nothing was written to Jira.")
    assert of_model.comments(issue["key"]) == []


async def tab_to(page: Page, what: str, *, most: int = 40) -> None:
    """Presses Tab until the focus is on `what`, in whichever frame."""
    frame = await framed(page)
    for _ in range(most):
        await page.keyboard.press("Tab")
        if await frame.evaluate("(what) => document.activeElement.matches(what) && document.hasFocus()", what):
            return
    raise AssertionError(f"{what} is not reached by {most} times Tab")


async def test_sub_tasks_are_edited_and_created_by_keyboard_alone(browse: Browse, site: JiraSite) -> None:
    issue = judged(site)
    page = await browse(f"/browse/{issue['key']}")
    frame = await framed(page)
    count = await frame.locator("[data-items=subtasks] > li").count()
    await tab_to(page, "#tab-analysis")
    await page.keyboard.press("End")
    await page.keyboard.press("ArrowLeft")
    await tab_to(page, "#subtask-0 [data-edit]")
    await page.keyboard.press("Enter")
    await expect(frame.locator("#subtask-0").get_by_label("Title")).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Ask accounting for a sample invoice")
    await tab_to(page, "#subtask-0 [data-save]")
    await page.keyboard.press("Enter")
    await expect(frame.locator("#subtask-0 [data-edit]")).to_be_focused()
    await tab_to(page, "#subtask-1 [data-reject]")
    await page.keyboard.press("Space")
    await expect(frame.locator("#subtask-1")).to_have_attribute("data-verdict", "rejected")
    await tab_to(page, "[data-publish=subtasks]")
    await page.keyboard.press("Enter")
    await expect(frame.locator("#publish-write")).to_be_enabled()
    await tab_to(page, "#publish-write")
    await page.keyboard.press("Enter")
    await expect(frame.locator("#publish-dialog [data-status=done]")).to_have_count(count - 1)
    await expect(page.locator("#subtasks [data-key]")).to_have_count(count - 1)
    await expect(page.locator("#subtasks")).to_contain_text("Ask accounting for a sample invoice")
    await page.reload()
    frame = await framed(page)
    await frame.click("#tab-subtasks")
    await expect(frame.locator("#subtask-0 h3")).to_have_text("Ask accounting for a sample invoice")
    await expect(frame.locator("#subtask-0")).to_contain_text("Sub-task created")
    await expect(frame.locator("#subtask-1")).to_have_attribute("data-verdict", "rejected")


# When it does not work


async def test_a_refused_model_key_is_told_in_the_panel(
    browse: Browse, of_model: JiraSite, model: Callable[..., Any]
) -> None:
    issue = of_model.create_issue(webhook=False, description=STORY)
    page = await browse(f"/browse/{issue['key']}", site=MODEL)
    frame = await framed(page)
    model("script", ["status:401"])
    await frame.click("#analyse")
    await expect(frame.locator("[data-notice=model_failed]")).to_contain_text("The built-in rules answered instead.")
    # Whoever presses the button has mended something.
    assert of_model.api("POST", "/site/model/test", user="ann").json()["ok"] is True


async def test_a_viewer_reads_the_analysis_and_is_told_why_not_more(browse: Browse, site: JiraSite) -> None:
    issue = judged(site)
    page = await browse(f"/browse/{issue['key']}", user="vera")
    frame = await framed(page)
    await expect(frame.locator("#report")).to_be_visible()
    await frame.click("#analyse")
    await expect(frame.locator("[data-code=forbidden]")).to_contain_text("You may not do this")
    await expect(frame.locator("#report")).to_be_visible()


async def test_who_may_not_create_issues_keeps_the_text_of_the_sub_tasks(
    browse: Browse, site: JiraSite, limited: Callable[..., None]
) -> None:
    issue = judged(site, "MOBI")
    limited("nina", "MOBI", "CREATE_ISSUES")
    page = await browse(f"/browse/{issue['key']}", user="nina")
    frame = await framed(page)
    await frame.click("#tab-subtasks")
    await frame.click("#subtask-0 [data-edit]")
    await frame.locator("#subtask-0").get_by_label("Title").fill("My own words")
    await frame.click("#subtask-0 [data-save]")
    await frame.click("[data-publish=subtasks]")
    await expect(frame.locator("#publish-dialog [data-code=forbidden]")).to_be_visible()
    await expect(frame.locator("#publish-write")).to_be_disabled()
    await frame.click("#publish-close")
    await expect(frame.locator("#subtask-0 h3")).to_have_text("My own words")
    assert await page.locator("#subtasks [data-key]").count() == 0


async def test_an_expired_session_says_so_and_a_reload_mends_it(browse: Browse, site: JiraSite) -> None:
    issue = judged(site)
    page = await browse(f"/browse/{issue['key']}")
    frame = await framed(page)
    old = site.ask("GET", "/token", kind="context", user="tess", issue=issue["key"], age_s=3600)
    await page.route("**/sandbox/ui/token*", lambda route: route.fulfill(json=old))
    await frame.click("#analyse")
    await expect(frame.get_by_role("alert")).to_contain_text("Your session has expired")
    await page.unroute_all()
    async with page.expect_navigation():
        await frame.get_by_role("button", name="Reload the page").click()
    await expect((await framed(page)).locator("#report")).to_be_visible()


# Settings


async def test_project_settings_are_saved_with_the_name_of_who_did(browse: Browse) -> None:
    page = await browse("/projects/NOSUB/settings", user="paul")
    frame = await framed(page)
    await frame.check("#auto_subtasks")
    await frame.fill("#min_quality", "70")
    await frame.click("#save")
    await expect(frame.locator("#saved")).to_be_visible()
    await page.reload()
    frame = await framed(page)
    await expect(frame.locator("#auto_subtasks")).to_be_checked()
    await expect(frame.locator("#min_quality")).to_have_value("70")
    await expect(frame.locator("#changed-by")).to_contain_text("Last changed by Paul Verne")


async def test_project_settings_are_refused_in_words_to_everybody_else(browse: Browse) -> None:
    page = await browse("/projects/SHOP/settings", user="tess")
    refusal = page.frame_locator("iframe[data-module]")
    await expect(refusal.get_by_role("heading")).to_have_text("You may not open this page")
    await expect(refusal.locator("#error-code")).to_have_text("forbidden")


async def test_an_administrator_chooses_a_model_and_tries_it(
    browse: Browse, product: Stack, model: Callable[..., Any]
) -> None:
    page = await browse("/admin", user="ann", site=CHOICES)
    frame = await framed(page)
    await frame.check("#provider-openai")
    await frame.fill("#model", "test-model-large")
    await frame.fill("#api_key", KEY)
    await frame.click("#save")
    await expect(frame.locator("#saved")).to_be_visible()
    await frame.click("#test")
    await expect(frame.locator("#test-result")).to_have_attribute("data-ok", "true")
    asked = product.model("requests")[-1]
    assert (asked["headers"]["authorization"], asked["body"]["model"]) == (f"Bearer {KEY}", "test-model-large")
    model("script", ["status:401"])
    await frame.click("#test")
    await expect(frame.locator("#test-result")).to_have_attribute("data-ok", "false")
    await page.reload()
    frame = await framed(page)
    await expect(frame.locator("#model")).to_have_value("test-model-large")
    await expect(frame.locator("#replace-key")).to_be_visible()
    await expect(frame.locator("#api_key")).to_have_value("")
    await expect(frame.locator("#events")).to_contain_text("Ann Lee")
    assert KEY not in await frame.content()


async def test_the_project_page_lists_what_was_judged_and_leads_to_it(browse: Browse, site: JiraSite) -> None:
    issue = judged(site, "FR", type="Bogue")
    page = await browse("/projects/FR/page", user="paul")
    frame = await framed(page)
    row = frame.locator("#runs tr", has_text=issue["key"])
    await expect(row).to_contain_text("Done")
    async with page.expect_popup() as opened:
        await row.get_by_role("link").click()
    issue_page = await opened.value
    await expect(issue_page.locator("#summary")).to_have_text("Let customers pay by invoice")
    assert await issue_page.evaluate("[document.referrer, window.opener]") == ["", None]
    await issue_page.close()
