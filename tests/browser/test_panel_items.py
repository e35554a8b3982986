"""Criteria and scenarios: read, accepted, changed, rejected, made anew; asked for with knobs and instructions."""

import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import Visit
from tests.browser.harness import sent

KEPT = "#panel-criteria [data-acceptance=criteria]"

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def open_tab(visit: Visit, tab: str, scenario: str = "items", **more: Any) -> Page:
    page = await visit("panel", as_=scenario, **more)
    await page.click(f"#tab-{tab}")
    return page


async def test_a_criterion_shows_its_clauses_its_kind_and_what_it_rests_on(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    first, second = page.locator("#criteria-0"), page.locator("#criteria-1")
    await expect(first.get_by_role("heading")).to_have_text("AC-1 Pay with a saved card")
    assert await first.locator(".clause").all_inner_texts() == [
        "Given a customer with one saved card", "And a basket of 40 €", "When they choose the card and confirm",
        "Then the order is paid", "And a receipt is shown within 5 seconds",
    ]  # fmt: skip
    await expect(first.locator("blockquote")).to_have_text("pay with a saved card")
    await expect(first).to_contain_text("Happy path")
    await expect(second).to_contain_text("Assumption The basket is kept when the bank declines.")
    await expect(second.locator(".remark")).to_contain_text("names no text")
    await expect(page.locator("#panel-criteria .notice-warning")).to_contain_text("No criterion says how fast")
    await expect(page.locator("#panel-criteria [data-writer]")).to_have_text(
        "Written by gpt-5-mini · prompt criteria.v1+p3 · 2,510 tokens · $0.0013"
    )
    await expect(page.locator("#criteria-count")).to_have_text("3")


async def test_the_whole_feature_can_be_copied(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.locator("[data-fold=gherkin] > summary").click()
    await expect(page.locator(".gherkin")).to_contain_text("Feature: Saved cards")
    await page.click("[data-copy]")
    await expect(page.locator("#announcer")).to_have_text("Copied.")
    assert "@AC-1 @happy" in await page.evaluate("navigator.clipboard.readText()")
    await page.context.clear_permissions()


async def test_without_the_clipboard_the_feature_is_selected(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    await page.locator("[data-fold=gherkin] > summary").click()
    await page.click("[data-copy]")
    await expect(page.locator("#announcer")).to_have_text("Selected: copy it with your keyboard.")
    assert "Scenario: Pay with a saved card" in await page.evaluate("String(getSelection())")


async def test_an_edited_criterion_shows_the_words_of_the_person_and_goes_back(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-0")
    await card.locator("[data-edit]").click()
    await card.get_by_label("Given").fill("a customer\n\n  two saved cards ")
    await card.locator("[data-save]").click()
    await expect(card.locator(".clause").nth(1)).to_have_text("And two saved cards")
    await expect(card).to_contain_text("Edited")
    # The quote stood behind other words.
    await expect(card.locator("blockquote")).to_have_count(0)
    (edit,) = [body["edit"] for _, body in await sent(page) if body.get("edit")]
    assert edit == {
        "title": "Pay with a saved card",
        "given": ["a customer", "two saved cards"],
        "when": "they choose the card and confirm",
        "then": ["the order is paid", "a receipt is shown within 5 seconds"],
    }
    await card.locator("[data-restore]").click()
    await expect(card.locator("blockquote")).to_be_visible()
    await expect(card.locator("[data-edit]")).to_be_focused()


async def test_an_edit_that_is_refused_stays_in_its_form(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-0")
    await card.locator("[data-edit]").click()
    await card.get_by_label("Title").fill("refuse")
    await card.locator("[data-save]").click()
    await expect(card.get_by_role("alert")).to_contain_text("This title is not allowed.")
    await expect(card.get_by_label("Title")).to_have_value("refuse")
    await expect(card).to_have_attribute("data-verdict", "")


async def test_a_new_version_stands_beside_the_old_until_one_is_chosen(visit: Visit) -> None:
    page = await open_tab(visit, "criteria")
    card = page.locator("#criteria-1")
    await card.locator("[data-renew]").click()
    await card.get_by_label("What should be different?").fill("Name the reason")
    await page.keyboard.press("Enter")
    await expect(card.locator("[data-old]")).to_contain_text("Declined card")
    await expect(card.locator("[data-new]")).to_contain_text("An expired card")
    await expect(card.locator("[data-use]")).to_be_focused()
    assert ("POST /runs/criteria-1/items/criteria/1/regenerate", {"instruction": "Name the reason"}) in await sent(page)
    await card.locator("[data-keep]").click()
    await expect(card.get_by_role("heading")).to_have_text("AC-2 Declined card")
    await card.locator("[data-renew]").click()
    await card.locator("[data-make]").click()
    await card.locator("[data-use]").click()
    await expect(page.locator("#criteria-1-name")).to_have_text("AC-2 An expired card")
    await expect(page.locator("#announcer")).to_have_text("AC-2 replaced by the new version.")
    # The run that made it is no result of its own.
    await expect(page.locator("#older-criteria")).to_have_count(0)
    await page.click("#tab-history")
    await expect(page.locator("#runs > li").first).to_contain_text("New version of one item")


async def test_no_test_of_the_kinds_asked_for_is_said_in_words(visit: Visit) -> None:
    page = await open_tab(visit, "scenarios")
    await expect(page.locator("[data-none]")).to_have_count(0)

    async def without_tests(route: Route) -> None:
        answer = await route.fetch()
        found = await answer.json()
        for run in found.get("runs", [found]):
            if run["id"] == "scenarios-1" and run.get("result"):
                run["result"]["scenarios"]["scenarios"] = []
        await route.fulfill(response=answer, json=found)

    await page.route(re.compile(r"/api/v1/(issues/\d+/runs|runs/scenarios-1)\b"), without_tests)
    await page.reload()
    await page.click("#tab-scenarios")
    await expect(page.locator("[data-none]")).to_contain_text("a test of the kinds asked for")


async def test_coverage_is_told_first_and_names_what_is_not_covered(visit: Visit) -> None:
    page = await open_tab(visit, "scenarios")
    await expect(page.locator("#coverage-title")).to_have_text("2 of 3 criteria are covered")
    await expect(page.locator("[data-uncovered]")).to_have_text("Without a test: AC-3 A card of somebody else.")
    await page.locator("[data-fold=coverage] > summary").click()
    await expect(page.locator("[data-fold=coverage] li").first).to_contain_text("tested by TS-1, TS-2")
    card = page.locator("#scenarios-0")
    for words in ("TS-1", "Priority: high", "Covers AC-1", "A customer with one saved card is signed in"):
        await expect(card).to_contain_text(words)
    table = card.get_by_role("table", name="Steps of Paying with the one saved card")
    await expect(table.get_by_role("row")).to_have_count(4)
    await expect(table.get_by_role("row").nth(2)).to_contain_text("card ending in 4242")
    # A column that nothing stands in is left out.
    headers = page.locator("#scenarios-1").get_by_role("columnheader")
    assert [text.strip() for text in await headers.all_text_contents()] == ["Step", "Action", "Expected"]


async def test_scenarios_are_asked_for_by_number_kind_and_instruction(visit: Visit) -> None:
    page = await open_tab(visit, "scenarios", "empty")
    await page.locator("#panel-scenarios .options > summary").click()
    await page.get_by_label("How many").fill("99")
    await page.get_by_label("Boundary").check()
    await page.locator("#panel-scenarios").get_by_label("Instruction for this time").fill(" Only refunds ")
    await page.click("#panel-scenarios [data-start=scenarios]")
    await expect(page.locator("#panel-scenarios .field-error", has_text="from 1 to 30")).to_be_visible()
    await expect(page.get_by_label("How many")).to_be_focused()
    assert await sent(page, 0) == []
    await page.get_by_label("How many").fill("4")
    await page.click("#panel-scenarios [data-start=scenarios]")
    await expect(page.locator("[data-items=scenarios] > li")).to_have_count(2)
    wish = {"issue": "10042", "instruction": "Only refunds", "count": 4, "kinds": ["boundary"]}
    assert await sent(page) == [("POST /generate/test-scenarios", wish)]


async def test_one_button_writes_criteria_and_tests_with_its_stages(visit: Visit) -> None:
    page = await open_tab(visit, "criteria", "slow")
    await page.click("#panel-criteria [data-start=pipeline]")
    live = page.locator("#panel-criteria [data-live=pipeline]")
    await expect(live.locator("[data-partial]")).to_contain_text("AC-1 Pay")
    assert [" ".join(text.split()) for text in await live.locator(".stage").all_inner_texts()] == [
        "Waiting for its turn (done)", "Reading the issue (done)", "Writing acceptance criteria (in progress)",
        "Writing test scenarios (to come)", "Saving and writing to Jira (to come)",
    ]  # fmt: skip
    # The other tab watches the same run.
    await page.click("#tab-scenarios")
    await expect(page.locator("#panel-scenarios [data-live=pipeline]")).to_be_visible()
    await page.locator("#panel-scenarios [data-cancel]").click()
    await expect(page.locator("#panel-scenarios [data-code=cancelled]")).to_contain_text("Nothing was written to Jira.")
    await page.click("#tab-criteria")
    await expect(page.locator("#panel-criteria [data-code=cancelled]")).to_be_visible()


async def test_criteria_and_tests_are_written_at_once_where_one_ticked(visit: Visit) -> None:
    page = await open_tab(visit, "criteria", "empty")
    await page.locator("#panel-criteria .options > summary").click()
    places = page.locator("#panel-criteria").get_by_role("group", name="Write at once to")
    for name in ("Comment", "Zephyr test case"):
        await places.get_by_label(name).check()
    await page.click("#panel-criteria [data-start=pipeline]")
    await expect(page.locator("[data-items=criteria] > li")).to_have_count(3)
    wish = {"issue": "10042", "publish": ["comment", "zephyr"]}
    assert await sent(page) == [("POST /generate/full-pipeline", wish)]


async def test_a_pipeline_fills_both_tabs(visit: Visit) -> None:
    page = await open_tab(visit, "criteria", "empty")
    await page.click("#panel-criteria [data-start=pipeline]")
    await expect(page.locator("[data-items=criteria] > li")).to_have_count(3)
    await page.click("#tab-scenarios")
    await expect(page.locator("[data-items=scenarios] > li")).to_have_count(2)
    await page.click("#tab-history")
    await expect(page.locator("#runs > li")).to_have_count(1)
    await expect(page.locator("#runs > li")).to_contain_text("Criteria and tests")


NOTICES = {
    "no_model": "No model is set up, so built-in rules answered.",
    "model_failed": "The model did not answer",
    "budget_spent": "The budget for the model is spent",
}


@pytest.mark.parametrize("notice", NOTICES)
async def test_rules_that_stand_in_say_why(visit: Visit, notice: str) -> None:
    page = await open_tab(visit, "criteria", f"notice-{notice}")
    await expect(page.locator(f"[data-notice={notice}]")).to_contain_text(NOTICES[notice])
    await expect(page.locator("#panel-criteria [data-writer]")).to_have_text(
        re.compile("^Written by built-in rules, without a model")
    )


async def test_what_needs_a_model_says_who_can_connect_one(visit: Visit) -> None:
    page = await open_tab(visit, "scenarios", "deny-409-model_needed")
    await page.click("#panel-scenarios [data-start=scenarios]")
    await expect(page.get_by_role("alert")).to_contain_text("A language model is needed for this")
    await expect(page.locator("#panel-scenarios [data-start=scenarios]")).to_be_visible()


async def test_only_one_stream_is_open_and_it_follows_the_tab(visit: Visit) -> None:
    page = await visit("panel", as_="slow")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/events") else None)
    await page.click("#analyse")
    await expect(page.locator("#panel-analysis [data-partial]")).to_contain_text("Customers")
    await page.click("#tab-criteria")
    await page.click("#panel-criteria [data-start=criteria]")
    await expect(page.locator("#panel-criteria [data-partial]")).to_contain_text("Saved cards")
    assert [url.split("/")[-2] for url in asked] == ["new-0", "new-1"]
    async with page.expect_request("**/new-0/events"):
        await page.click("#tab-analysis")
    await expect(page.locator("#panel-analysis [data-live]")).to_be_visible()
    await expect(page.locator("#panel-analysis [data-partial]")).to_contain_text("Customers")
    assert [url.split("/")[-2] for url in asked] == ["new-0", "new-1", "new-0"]


@pytest.mark.parametrize("tab", ["criteria", "scenarios"])
async def test_hostile_items_are_text_wherever_they_are_shown(visit: Visit, tab: str) -> None:
    page = await open_tab(visit, tab, "hostile-items")
    await page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    await expect(page.locator(f"#{tab}-0 h3")).to_contain_text("<script>window.pwned = 1</script>")
    assert "\u202e" not in str(await page.locator(f"#panel-{tab}").text_content())
    await page.click(f"#{tab}-0 [data-edit]")
    assert "onerror" in await page.locator(f"#{tab}-0").get_by_label("Title").input_value()
    await page.click(f"[data-publish={tab}]")
    await expect(page.locator("[data-preview]")).to_contain_text("onerror")
    await page.click("#publish-close")
    await page.click("#tab-history")
    await expect(page.locator("#runs [data-publication]").first).to_contain_text("<b>PAY-1</b>")
    alive = "#content img, #content script, #content b, a[href^='javascript' i], [onerror], [srcdoc]"
    assert await page.locator(alive).count() == 0
