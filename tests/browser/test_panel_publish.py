"""Writing into Jira from the panel: where to, seen before, item by item, taken back; and asking the author."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Visit, bridge_calls
from tests.browser.harness import sent

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def dialog(visit: Visit, tab: str = "criteria", scenario: str = "items") -> Page:
    page = await visit("panel", as_=scenario)
    await page.click(f"#tab-{tab}")
    await page.click(f"[data-publish={tab}]")
    return page


async def test_the_preview_shows_exactly_what_would_be_written(visit: Visit) -> None:
    page = await dialog(visit)
    preview = page.locator("[data-preview]")
    await expect(page.locator("[data-where]")).to_have_text("A comment on the issue: PAY-42")
    await expect(preview.locator(".mention")).to_have_text("@Ada Author")
    await expect(preview.locator("table th")).to_have_text("Aspect")
    await expect(preview.locator("pre")).to_have_text("Given a customer")
    await expect(preview).to_contain_text("Read all the same")
    # An address that is none of the web's is no link.
    await expect(preview.locator("a")).to_have_count(0)
    assert [call for call, _ in await sent(page)] == ["POST /jira/publish/preview"]


async def test_a_criteria_run_offers_six_places_and_a_pipeline_its_own(visit: Visit) -> None:
    page = await dialog(visit)
    choices = page.locator("#publish-target [type=radio]")
    names = "(all) => all.map((one) => one.id.split('-').pop())"
    assert await choices.evaluate_all(names) == ["comment", "description", "field", "subtasks", "xray", "zephyr"]
    for tab, places in (
        ("criteria", ["comment", "description", "field"]),
        ("scenarios", ["comment", "subtasks", "xray", "zephyr"]),
    ):
        page = await dialog(visit, tab, "pipeline")
        assert await page.locator("#publish-target [type=radio]").evaluate_all(names) == places


async def test_a_place_that_cannot_be_used_says_why_and_what_to_do(visit: Visit) -> None:
    page = await dialog(visit)
    await page.get_by_role("radio", name="Xray test").check()
    alert = page.locator("#publish-dialog").get_by_role("alert")
    await expect(alert).to_contain_text("This tool is not connected to the project")
    await expect(alert).to_contain_text("A project administrator enters its key")
    await expect(page.locator("#publish-write")).to_be_disabled()
    await page.get_by_role("radio", name="Zephyr test case").check()
    await expect(page.locator("[data-preview]").first).to_contain_text("Given a basket of 40 €")
    await expect(page.locator("#publish-write")).to_be_enabled()


async def test_a_field_is_chosen_and_replaced_only_on_demand(visit: Visit) -> None:
    page = await dialog(visit)
    await expect(page.get_by_label("Replace what stands in the field")).to_be_hidden()
    await page.locator("#publish-target-field").check()
    await expect(page.locator("#publish-dialog .notice-warning")).to_have_text("The field is not empty.")
    await expect(page.locator("#publish-field")).to_have_value("customfield_10050")
    await page.get_by_label("Replace what stands in the field").check()
    await expect(page.locator("#publish-dialog .notice-warning")).to_have_count(0)
    await page.click("#publish-write")
    await expect(page.locator("#publish-dialog [data-status=done]")).to_be_visible()
    wish = {"run": "criteria-1", "target": "field", "field": "customfield_10050", "replace": True}
    assert (await sent(page))[-1] == ("POST /jira/publish", wish)


async def test_the_field_of_the_project_is_offered_before_all_others(visit: Visit) -> None:
    page = await dialog(visit)
    fields = [{"id": f"customfield_{n}", "name": f"Notes {n}"} for n in (10048, 10049, 10050)]
    await page.route("**/api/v1/projects/*/options*", lambda route: route.fulfill(json={"fields": fields}))
    await page.route(
        "**/api/v1/projects/*/settings*", lambda route: route.fulfill(json={"criteria_field": "customfield_10050"})
    )
    await page.locator("#publish-target-field").check()
    await expect(page.locator("#publish-field")).to_have_value("customfield_10050")
    assert await page.locator("#publish-field option").all_inner_texts() == [
        "Notes 10050",
        "Notes 10048",
        "Notes 10049",
    ]


async def test_items_are_chosen_and_nothing_chosen_is_not_sent(visit: Visit) -> None:
    page = await dialog(visit)
    await page.locator("#publish-target-zephyr").check()
    await page.get_by_role("checkbox", name="AC-1").uncheck()
    await expect(page.locator("[data-preview]")).to_have_count(2)
    for name in ("AC-2", "AC-3"):
        await page.get_by_role("checkbox", name=name).uncheck()
    await expect(page.locator("#publish-items-error")).to_have_text("Choose at least one.")
    await expect(page.locator("#publish-write")).to_be_disabled()
    await page.get_by_role("checkbox", name="AC-3").check()
    await expect(page.locator("#publish-write")).to_be_enabled()
    await page.click("#publish-write")
    await expect(page.locator("#publish-dialog [data-status=done]")).to_have_count(1)
    wish = {"run": "criteria-1", "target": "zephyr", "items": [2]}
    assert (await sent(page))[-1] == ("POST /jira/publish", wish)
    await page.click("#publish-close")
    await expect(page.locator("#criteria-2")).to_contain_text("Zephyr test case created: PAY-52")


async def test_what_was_written_is_taken_back_after_a_question(visit: Visit) -> None:
    page = await dialog(visit)
    await page.click("#publish-write")
    await page.click("#publish-close")
    line = page.locator("#panel-criteria [data-publication]")
    await expect(line.get_by_role("link", name="Comment")).to_be_visible()
    await line.locator("[data-undo]").click()
    await expect(line).to_contain_text("Take back what was written to Jira?")
    await line.locator("[data-keep]").click()
    await expect(line.locator("[data-undo]")).to_be_focused()
    await line.locator("[data-undo]").click()
    await line.locator("[data-sure]").click()
    await expect(line).to_have_attribute("data-status", "undone")
    await expect(line).to_contain_text("Comment: taken back")
    await expect(page.locator("#announcer")).to_have_text("Comment: taken back")
    assert await bridge_calls(page, "refreshIssuePage")


async def test_the_author_is_asked_after_seeing_whom_the_comment_mentions(visit: Visit) -> None:
    page = await visit("panel", as_="items")
    await page.click("#panel-analysis [data-ask]")
    await expect(page.locator("#publish-title")).to_have_text("Ask the author")
    await expect(page.locator("#publish-target")).to_have_count(0)
    await expect(page.locator("[data-preview] .mention")).to_have_text("@Ada Author")
    await page.get_by_role("checkbox", name="Which card providers").uncheck()
    await expect(page.locator("#publish-write")).to_be_enabled()
    await page.click("#publish-write")
    await expect(page.locator("#publish-dialog [data-status=done]")).to_contain_text("Questions to the author")
    wish = {"run": "run-1", "target": "questions", "items": [1]}
    assert (await sent(page))[-1] == ("POST /jira/publish", wish)


async def test_escape_and_the_cross_close_the_dialog_and_nothing_is_written(visit: Visit) -> None:
    page = await dialog(visit)
    await expect(page.locator("#publish-title")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#publish-dialog")).to_have_count(0)
    await expect(page.locator("[data-publish=criteria]")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.locator("#publish-dialog .dialog-x").click()
    await expect(page.locator("#publish-dialog")).to_have_count(0)
    assert "POST /jira/publish" not in [call for call, _ in await sent(page, 0)]


async def test_the_dialog_stands_where_the_reader_is_and_the_page_is_tall_enough(visit: Visit) -> None:
    page = await visit("panel", as_="pipeline")
    await page.set_viewport_size({"width": 360, "height": 4000})
    await page.click("#tab-scenarios")
    await page.click("[data-publish=scenarios]")
    await expect(page.locator("[data-preview]")).to_be_visible()
    box = await page.locator("#publish-dialog").bounding_box()
    content = await page.locator("#content").bounding_box()
    assert box
    assert content
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= content["y"] + content["height"]
