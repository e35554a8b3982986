"""Pictures of every page in the real product, each accessible and fitting; and the two pictures of the README.

They go to artefacts/screenshots; those of the README only with JIRAVISION_DOCS_IMAGES=1, as no two are the same.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Frame, Page

from tests.browser.conftest import too_wide, violations
from tests.browser.product import RULES, Browse, framed, judged
from tests.stack import ROOT, Stack

pytestmark = [pytest.mark.browser, pytest.mark.process, pytest.mark.asyncio(loop_scope="session")]

ARTEFACTS = ROOT / "artefacts" / "screenshots"
DOCS = ROOT / "docs" / "images"
ABOVE = 250
"""Pixels of Jira's own page above and below a frame that fills the window."""
HEAVIEST = 250_000
"""Bytes of a picture in the README."""


class Look(NamedTuple):
    theme: str
    language: str
    width: int


LOOKS = {
    "light": Look("light", "en", 1280),
    "dark": Look("dark", "en", 1280),
    "french": Look("light", "fr", 1280),
    "narrow": Look("dark", "fr", 320),
}
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
    return {"en": judged(site), "fr": judged(site, "FR", french, description=FRENCH_STORY)}


async def picture(page: Page, frame: Frame, name: str) -> None:
    """Of the whole page, in a window so tall that nothing has to be scrolled: Chromium paints far-off frames late."""
    await page.set_viewport_size({"width": await page.evaluate("innerWidth"), "height": await fitting(page, frame)})
    await page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


async def fitting(page: Page, frame: Frame) -> int:
    """The height of a window in which both are whole: a frame beside an issue has its own, others fill the window."""
    own, inner = [await one.evaluate("document.body.scrollHeight") for one in (page, frame)]
    return int(own if await page.query_selector("#panel") else inner + ABOVE)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("place", PLACES)
async def test_screenshot_of_a_page_that_fits_and_is_accessible(
    browse: Browse, issues: Mapping[str, Any], place: str, look: str
) -> None:
    path, user = PLACES[place]
    theme, language, width = LOOKS[look]
    address = path.format(key=issues[language]["key"], project={"en": "SHOP", "fr": "FR"}[language])
    page = await browse(address, user=user, theme=theme, language=language, width=width)
    frame = await framed(page)
    shown: list[Page | Frame] = [frame, page]
    for one in shown:
        assert await violations(one) == []
        assert not await too_wide(one)
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    await picture(page, frame, f"{place}-{look}")
    if place == "issue":
        for tab in ("subtasks", "history"):
            await frame.click(f"#tab-{tab}")
            await page.locator("#panel").screenshot(path=ARTEFACTS / f"panel-{tab}-{look}.png")


async def test_screenshot_of_the_readme(browse: Browse, product: Stack, tmp_path: Path) -> None:
    folder = DOCS if os.environ.get("JIRAVISION_DOCS_IMAGES") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    issue = judged(product.site(RULES), summary="Save the basket for later", description=WEAK_STORY)
    page = await browse(f"/browse/{issue['key']}", width=1120, height=980)
    frame = await framed(page)
    assert await frame.locator("blockquote").count() > 3
    await page.screenshot(path=folder / "panel.png")
    await frame.click("#tab-subtasks")
    await page.evaluate("scrollTo(0, document.querySelector('[data-comment]').offsetTop - 76)")
    await page.screenshot(path=folder / "issue.png")
    assert all(0 < file.stat().st_size <= HEAVIEST for file in folder.iterdir())
