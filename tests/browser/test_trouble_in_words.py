"""What people see while Jira is away or refuses the add-on: words, and never a spinner without them."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_analysis_that_is_tried_again_says_why_and_when(visit: Visit) -> None:
    page = await visit("panel", as_="waits")
    await page.click("#analyse")
    waits = page.locator("[data-code=waits]")
    await expect(waits).to_contain_text("Jira did not answer")
    await expect(waits).to_contain_text(re.compile(r"Nothing is lost: it is tried again at .*20\d\d"))
    await expect(page.locator('[data-stage="queued"]')).to_have_attribute("aria-current", "step")
    await page.click("[data-cancel]")
    await expect(page.locator("[data-code=cancelled]")).to_be_visible()
    await expect(waits).to_have_count(0)


async def test_administrators_read_that_jira_refuses_the_add_on(visit: Visit) -> None:
    page = await visit("site-admin", as_="refused", width=800)
    trouble = page.locator("#site-trouble")
    await expect(trouble).to_contain_text("Jira refuses JiraVision")
    await expect(trouble).to_contain_text("nothing is lost")
    await expect(trouble).to_contain_text("asked again at")


async def test_administrators_read_nothing_of_trouble_while_there_is_none(visit: Visit) -> None:
    page = await visit("site-admin", width=800)
    await expect(page.locator("#save")).to_be_visible()
    await expect(page.locator("#site-trouble")).to_have_count(0)
