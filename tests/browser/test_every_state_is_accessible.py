"""Each state a page can be in: clean for axe-core, in light and dark, and never wider than 320 px."""

import pytest

from tests.browser.conftest import Visit, too_wide, violations

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STATES = {
    "analysis": ("panel", "full", ""),
    "sub-tasks": ("panel", "full", "#tab-subtasks"),
    "history": ("panel", "full", "#tab-history"),
    "empty": ("panel", "empty", ""),
    "empty-history": ("panel", "empty", "#tab-history"),
    "running": ("panel", "slow", "#analyse"),
    "failed": ("panel", "failed-model_unauthorized", ""),
    "model-failed": ("panel", "fallback", ""),
    "hostile": ("panel", "hostile", ""),
    "hostile-sub-tasks": ("panel", "hostile", "#tab-subtasks"),
    "refused": ("panel", "deny-403-forbidden", "#analyse"),
    "criteria": ("panel", "items", "#tab-criteria"),
    "tests": ("panel", "items", "#tab-scenarios"),
    "no-criteria": ("panel", "empty", "#tab-criteria"),
    "no-tests": ("panel", "empty", "#tab-scenarios"),
    "pipeline": ("panel", "pipeline", "#tab-scenarios"),
    "writing-criteria": ("panel", "slow", "#tab-criteria, #panel-criteria [data-start=pipeline]"),
    "decided": ("panel", "items", "#tab-criteria, #criteria-0 [data-accept], #criteria-1 [data-reject]"),
    "editing": ("panel", "items", "#tab-scenarios, #scenarios-0 [data-edit]"),
    "made-anew": ("panel", "items", "#tab-criteria, #criteria-0 [data-renew], #criteria-0 [data-make]"),
    "changes": ("panel", "full", "[data-changes]"),
    "stale": ("panel", "items", "#tab-criteria, [data-fold=gherkin] > summary"),
    "preview": ("panel", "items", "#tab-criteria, [data-publish=criteria]"),
    "not-connected": ("panel", "items", "#tab-criteria, [data-publish=criteria], #publish-target-xray"),
    "written": ("panel", "items", "#tab-criteria, [data-publish=criteria], #publish-write"),
    "not-written": ("panel", "refusing", "#tab-criteria, [data-publish=criteria], #publish-write"),
    "taking-back": ("panel", "items", "#tab-criteria, [data-publish=criteria], #publish-write, dialog [data-undo]"),
    "ask-the-author": ("panel", "items", "[data-ask]"),
    "hostile-criteria": ("panel", "hostile-items", "#tab-criteria"),
    "hostile-tests": ("panel", "hostile-items", "#tab-scenarios, #scenarios-0 [data-edit]"),
    "hostile-preview": ("panel", "hostile-items", "#tab-criteria, [data-publish=criteria]"),
    "project": ("project", "full", ""),
    "project-settings": ("project-settings", "full", "#auto_comment"),
    "site-admin": ("site-admin", "full", ".as-table summary"),
    "site-admin-models": ("site-admin", "fallbacks", "#replace-key"),
    "site-admin-spent": ("site-admin", "budget-spent", ""),
}


@pytest.mark.parametrize("state", STATES)
async def test_state_is_accessible_light_and_dark_and_fits_320_pixels(visit: Visit, state: str) -> None:
    name, scenario, click = STATES[state]
    # The longer language is the harder one to fit.
    page = await visit(name, as_=scenario, width=320, loc="fr_FR")
    for one in filter(None, click.split(", ")):
        await page.click(one)
    await page.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    await page.wait_for_timeout(150)
    assert await violations(page) == []
    await page.evaluate("document.documentElement.dataset.colorMode = 'dark'")
    assert await violations(page, "color-contrast") == []
    assert not await too_wide(page)


async def test_without_a_theme_from_jira_the_system_decides(visit: Visit) -> None:
    page = await visit("panel", as_="empty")
    await page.emulate_media(color_scheme="dark")
    await page.evaluate("delete document.documentElement.dataset.colorMode")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(31, 31, 33)"
    await page.evaluate("document.documentElement.dataset.colorMode = 'light'")
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
