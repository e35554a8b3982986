from pathlib import Path

import pytest

from addon.web.pages import preferred
from tests import tokens
from tests.unit.web.door import ISSUE, PROJECT, Door, install, open_door

PANEL = f"/issue-panel?issueId={ISSUE}&projectId={PROJECT}"
EVERY_PAGE = [
    PANEL,
    f"/project?projectId={PROJECT}",
    f"/project-settings?projectId={PROJECT}&projectKey=ABC",
    "/site-admin",
]


def policy(csp: str) -> dict[str, list[str]]:
    return {part.split()[0]: part.split()[1:] for part in csp.split(";")}


@pytest.mark.parametrize("target", EVERY_PAGE)
async def test_a_page_opens_for_who_holds_the_right(door: Door, target: str) -> None:
    door.jira.grant("ann", "global", "", "ADMINISTER")
    answer = await door.page(target)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-api="/addon/api/v1"' in answer.text
    assert "/addon/static/" in answer.text


@pytest.mark.parametrize("target", EVERY_PAGE)
async def test_the_policy_of_a_page_allows_no_inline_script_and_only_its_own_site_around_it(
    door: Door, target: str
) -> None:
    door.jira.grant("ann", "global", "", "ADMINISTER")
    answer = await door.page(target)
    rules = policy(answer.headers["content-security-policy"])
    assert rules["script-src"] == ["'self'", "https://connect-cdn.atl-paas.net"]
    assert rules["connect-src"] == ["'self'"]
    assert rules["frame-ancestors"] == ["https://acme.atlassian.net"]
    assert rules["base-uri"] == rules["object-src"] == rules["default-src"] == ["'none'"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_a_custom_domain_and_a_local_bridge_enter_the_policy(tmp_path: Path, sqlite_template: Path) -> None:
    async with open_door(tmp_path, sqlite_template, connect_bridge_url="http://127.0.0.1:9000/all.js") as door:
        await install(door.app, tokens.CLIENT_KEY, tokens.SECRET, "acme", "https://jira.acme.example:8443")
        rules = policy((await door.page(PANEL)).headers["content-security-policy"])
        assert rules["frame-ancestors"] == ["https://acme.atlassian.net", "https://jira.acme.example:8443"]
        assert rules["script-src"] == ["'self'", "http://127.0.0.1:9000"]


@pytest.mark.parametrize(
    "evil", ["https://a.test; script-src *", "javascript:alert(1)", "https://*.evil.test", "https://[::1", ""]
)
async def test_no_address_of_a_tenant_can_add_to_the_policy(door: Door, evil: str) -> None:
    await install(door.app, tokens.CLIENT_KEY, tokens.SECRET, "acme", evil)
    rules = policy((await door.page(PANEL)).headers["content-security-policy"])
    assert rules["frame-ancestors"] == ["https://acme.atlassian.net"]
    assert rules["script-src"][0] == "'self'"


@pytest.mark.parametrize("target", EVERY_PAGE)
async def test_who_lacks_the_right_reads_why_in_words(door: Door, target: str) -> None:
    answer = await door.page(target, who="bob", Accept_Language="fr-CH, fr;q=0.9, en;q=0.8")
    assert answer.status_code in (403, 404)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert policy(answer.headers["content-security-policy"])["frame-ancestors"] == ["https://acme.atlassian.net"]
    assert answer.headers["x-request-id"] in answer.text
    assert "Traceback" not in answer.text


async def test_an_administrator_of_another_project_may_not_open_these_settings(door: Door) -> None:
    door.jira.grant("carl", "project", PROJECT, "BROWSE_PROJECTS", "EDIT_ISSUES")
    assert (await door.page(f"/project-settings?projectId={PROJECT}", who="carl")).status_code == 403


async def test_who_is_known_but_may_not_see_the_page_is_told_so_in_the_frame_of_their_site(door: Door) -> None:
    door.jira.grant("carl", "project", PROJECT, "BROWSE_PROJECTS")
    refused = await door.page(f"/project-settings?projectId={PROJECT}", who="carl")
    shown = await door.page(PANEL)
    assert (refused.status_code, shown.status_code) == (403, 200)
    assert refused.headers["content-security-policy"] == shown.headers["content-security-policy"]


async def test_a_frame_without_a_token_is_refused_as_a_page(door: Door) -> None:
    answer = await door.http.get(f"/addon/ui{PANEL}")
    assert answer.status_code == 401
    assert "<html" in answer.text


async def test_a_context_token_opens_no_frame(door: Door) -> None:
    answer = await door.http.get(f"/addon/ui{PANEL}&jwt={tokens.for_api(sub='ann')}")
    assert answer.status_code == 401


async def test_a_token_for_one_issue_opens_no_other(door: Door) -> None:
    token = tokens.for_request("GET", f"/addon/ui{PANEL}", sub="ann")
    answer = await door.http.get(f"/addon/ui/issue-panel?issueId=10024&projectId={PROJECT}&jwt={token}")
    assert answer.status_code == 401


async def test_a_page_is_the_same_bytes_for_everybody_and_repeats_nothing_of_the_request(door: Door) -> None:
    door.jira.grant("eve", "issue", ISSUE, "BROWSE_PROJECTS")
    ann = await door.page(PANEL)
    eve = await door.page(f"{PANEL}&xdm_e=https%3A%2F%2Fevil.test%22%3E%3Cscript%3E", who="eve")
    assert ann.content == eve.content
    assert "evil.test" not in eve.text


async def test_forged_forwarding_headers_change_nothing(door: Door) -> None:
    plain = await door.page(PANEL)
    forged = await door.page(PANEL, X_Forwarded_Host="evil.test", X_Forwarded_Proto="http", X_Original_URL="/evil")
    assert plain.content == forged.content
    assert plain.headers["content-security-policy"] == forged.headers["content-security-policy"]


async def test_a_page_costs_no_statement_beyond_the_cached_tenant(door: Door) -> None:
    await door.page(PANEL)
    await door.house.worker.stop(0)
    with door.counted() as seen:
        assert (await door.page(PANEL)).status_code == 200
    assert seen == []


async def test_when_jira_is_away_nobody_is_let_in(door: Door) -> None:
    door.jira.down = True
    answer = await door.page(PANEL)
    assert answer.status_code == 502
    assert "cannot be reached" in answer.text
    assert "<html" in answer.text


def test_the_readers_language_is_the_best_we_have() -> None:
    ours = ("en", "fr")
    assert preferred("fr-FR,fr;q=0.9,en;q=0.8", ours) == "fr"
    assert preferred("de, en;q=0.7, fr;q=0.3", ours) == "en"
    assert preferred("", ours) == "en"
    assert preferred("fr;q=x, ;;;q=, *", ours) == "en"
