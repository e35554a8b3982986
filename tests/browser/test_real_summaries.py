"""Summaries in the real product: a project's page in Jira's frame, the real worker, the pretend Jira and model."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Frame, expect

from tests.browser.conftest import violations
from tests.browser.product import MODEL, RULES, Browse, framed
from tests.stack import JiraSite, Stack

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.asyncio(loop_scope="session")]


async def opened(browse: Browse, project: str = "SHOP", **reader: Any) -> Frame:
    frame = await framed(await browse(f"/projects/{project}/page", **reader))
    await frame.click("#tab-summaries")
    await frame.wait_for_selector("#past-title")
    return frame


def some(site: JiraSite, label: str, count: int = 3) -> list[str]:
    return [
        site.create_issue(summary=f"Part {n} of {label}", labels=[label], webhook=False)["key"] for n in range(count)
    ]


async def test_a_set_is_summarised_by_the_rules_and_its_keys_lead_into_jira(browse: Browse, product: Stack) -> None:
    keys = some(product.site(RULES), "counted-here")
    frame = await opened(browse)
    await frame.fill("#jql", "project = SHOP AND labels = counted-here")
    await frame.click("#summarise")
    await expect(frame.locator("#summary-title")).to_have_text("Summary")
    await expect(frame.locator("#no-model")).to_be_visible()
    await expect(frame.locator("#counts dd").first).to_have_text("3")
    link = frame.locator('[data-part="themes"] .key a').first
    await expect(link).to_have_attribute("href", f"{product.site(RULES).url}/browse/{keys[0]}")
    assert await violations(frame) == []
    await frame.click("#export")
    await expect(frame.locator("#announcer")).to_have_text("The file is on its way.")


async def test_an_example_speaks_of_this_project(browse: Browse) -> None:
    frame = await opened(browse, "FR", user="paul", language="fr")
    await frame.get_by_role("button", name="Tout ce qui n’est pas résolu").click()
    await expect(frame.locator("#jql")).to_have_value("project = FR AND statusCategory != Done ORDER BY updated DESC")
    await frame.click("#summarise")
    await expect(frame.locator("#summary-title")).to_have_text("Synthèse")
    await expect(frame.locator(".overview").first).to_contain_text("Tickets lus")


async def test_a_wrong_query_is_told_in_jiras_words(browse: Browse) -> None:
    frame = await opened(browse)
    await frame.fill("#jql", "project = SECRET")
    await frame.click("#summarise")
    await expect(frame.locator("#jql-error")).to_contain_text("The value 'SECRET' does not exist")


async def test_a_model_writes_the_query_and_the_summary(
    browse: Browse, product: Stack, model: Callable[..., Any]
) -> None:
    some(product.site(MODEL), "asked-here")
    frame = await opened(browse, site=MODEL)
    await frame.click("#writer summary")
    await frame.fill("#words", "whatever is open")
    await frame.click("#write")
    await expect(frame.locator("#written code")).to_have_text("project = SHOP AND statusCategory != Done")
    await frame.click("#use-query")
    await frame.fill("#question", "What is late?")
    model("latency", 6.0)
    await frame.press("#question", "Enter")
    await expect(frame.locator("#partial")).to_contain_text("The first half")
    await expect(frame.locator("#answer")).to_contain_text("Nobody has decided it yet.")
    await expect(frame.locator("#result .summary-head")).to_contain_text("every issue key was checked")
    await frame.page.reload()
    again = await framed(frame.page)
    await again.click("#tab-summaries")
    await again.locator(".open-run").first.click()
    await expect(again.locator("#answer-title")).to_have_text("What is late?")


async def test_what_one_person_asked_another_does_not_see(browse: Browse, product: Stack) -> None:
    some(product.site(RULES), "private-here")
    frame = await opened(browse, user="nina")
    await frame.fill("#jql", "labels = private-here")
    await frame.click("#summarise")
    await expect(frame.locator("#summary-title")).to_be_visible()
    other = await opened(browse, user="vera")
    await expect(other.locator("#panel-summaries")).not_to_contain_text("private-here")
