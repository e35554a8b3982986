"""Pictures of every page in the real product, each accessible and fitting; and the two pictures of the README.

They go to artefacts/screenshots; those of the README only with JIRAVISION_DOCS_IMAGES=1, as no two are the same.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Frame, Page

from tests.browser.conftest import too_wide, violations
from tests.browser.product import RULES, Browse, framed, judged
from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.process, pytest.mark.asyncio(loop_scope="session")]

ARTEFACTS = ROOT / "artefacts" / "screenshots"
DOCS = ROOT / "docs" / "images"
ABOVE = 250
"""Pixels of Jira's own page above and below a frame that fills the window."""
SETTLED_MS = 300
"""In which a frame has taken the height of what it shows."""
HEAVIEST = 250_000
"""Bytes of a picture in the README."""


PLACES = {
    "issue": ("/browse/{key}", "tess"),
    "project": ("/projects/{project}/page", "paul"),
    "project-settings": ("/projects/{project}/settings", "paul"),
    "site-admin": ("/admin", "ann"),
}
"""Where a page of ours is shown, and to whom."""
WEAK_STORY = (
    "I want to save my basket and share it with a friend.\n\nIt should be simple and fast, also on the phone etc."
    "\n\n- a saved basket stays for 30 days\n- the friend sees the prices of today"
)
FRENCH_STORY = (
    "En tant que comptable, je veux qu’une relance parte 15 jours après l’échéance afin de ne plus suivre les impayés"
    " à la main.\n\nLe courriel doit être simple et partir rapidement.\n\n- jamais pour une facture en litige"
)


@pytest.fixture(scope="session")
def issues(product: Stack) -> Mapping[str, Any]:
    """An issue with its analysis by language."""
    site = product.site(RULES)
    french = "Relancer automatiquement les factures impayées"
    made = {"en": judged(site), "fr": judged(site, "FR", french, description=FRENCH_STORY)}
    for issue in made.values():
        answer = site.api("POST", "/generate/full-pipeline", user="tess", body={"issue": issue["key"]})
        assert answer.status_code == 202, answer.text
        assert site.ended_run(issue["id"])["status"] == "succeeded"
    return made


async def picture(page: Page, frame: Frame, name: str) -> None:
    """Of the whole page, in a window so tall that nothing has to be scrolled: Chromium paints far-off frames late."""
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    await page.set_viewport_size({"width": await page.evaluate("innerWidth"), "height": await fitting(page, frame)})
    await page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


async def fitting(page: Page, frame: Frame) -> int:
    """The height of a window in which both are whole: a frame beside an issue has its own, others fill the window."""
    own, inner = [await one.evaluate("document.body.scrollHeight") for one in (page, frame)]
    return int(own if await page.query_selector("#panel") else inner + ABOVE)


async def looked_at(page: Page, frame: Frame, name: str) -> None:
    """A picture of a page whose frame is accessible and fits."""
    assert await violations(frame) == []
    assert not await too_wide(frame)
    await picture(page, frame, name)


async def tabs(page: Page, frame: Frame, look: str) -> None:
    """Pictures of the other tabs of a panel, of a form in one and of the dialog that writes."""
    shown = (("criteria", ""), ("scenarios", ""), ("subtasks", ""), ("history", ""), ("scenarios", "edit"))
    for tab, deed in (*shown, ("criteria", "publish")):
        await frame.click(f"#tab-{tab}")
        if deed == "edit":
            await frame.click("#scenarios-0 [data-edit]")
        if deed == "publish":
            await frame.click("[data-publish=criteria]")
            await frame.wait_for_selector("[data-preview]")
        await frame.wait_for_timeout(SETTLED_MS)
        assert await violations(frame) == []
        assert not await too_wide(frame)
        await page.set_viewport_size({"width": await page.evaluate("innerWidth"), "height": await fitting(page, frame)})
        name = "-".join(filter(None, ("panel", tab, deed, look)))
        await page.locator("#panel").screenshot(path=ARTEFACTS / f"{name}.png")


@pytest.mark.parametrize("place", PLACES)
async def test_screenshots_in_english_light_and_dark(browse: Browse, issues: Mapping[str, Any], place: str) -> None:
    path, user = PLACES[place]
    page = await browse(path.format(key=issues["en"]["key"], project="SHOP"), user=user)
    frame = await framed(page)
    assert await violations(page) == []
    await looked_at(page, frame, f"{place}-light")
    if place == "issue":
        await tabs(page, frame, "light")
        page = await browse(path.format(key=issues["en"]["key"]), user=user)
        frame = await framed(page)
    await page.select_option("[data-choice=theme]", "dark")
    await frame.wait_for_selector("html[data-color-mode=dark]")
    await looked_at(page, frame, f"{place}-dark")
    if place == "issue":
        await tabs(page, frame, "dark")


@pytest.mark.parametrize("place", PLACES)
async def test_screenshots_in_french_wide_and_narrow(browse: Browse, issues: Mapping[str, Any], place: str) -> None:
    path, user = PLACES[place]
    page = await browse(path.format(key=issues["fr"]["key"], project="FR"), user=user, language="fr")
    frame = await framed(page)
    await looked_at(page, frame, f"{place}-french")
    await page.set_viewport_size({"width": 320, "height": 900})
    await looked_at(page, frame, f"{place}-narrow")
    assert not await too_wide(page)
    if place == "issue":
        await tabs(page, frame, "narrow-french")


async def test_screenshot_of_the_readme(browse: Browse, product: Stack, tmp_path: Path) -> None:
    folder = DOCS if os.environ.get("JIRAVISION_DOCS_IMAGES") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    issue = judged(product.site(RULES), summary="Save the basket for later", description=WEAK_STORY)
    page = await browse(f"/browse/{issue['key']}", width=1120, height=980)
    frame = await framed(page)
    assert await frame.locator("blockquote").count() > 1
    await page.screenshot(path=folder / "panel.png")
    await frame.click("#tab-subtasks")
    await page.evaluate("scrollTo(0, document.querySelector('[data-comment]').offsetTop - 62)")
    await page.screenshot(path=folder / "issue.png")
    assert all(0 < file.stat().st_size <= HEAVIEST for file in folder.iterdir())
