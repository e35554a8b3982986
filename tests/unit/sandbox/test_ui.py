"""What the pages of the pretend Jira are told, as one person may see it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

from addon.connect.qsh import of_target
from tests.unit.sandbox.stage import SITE, Stage


async def ask(stage: Stage, path: str, status: int = 200) -> Any:
    answer = await stage.http.get(f"{SITE}/sandbox/ui{path}")
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_every_address_answers_the_same_shell_without_inline_code(stage: Stage) -> None:
    for path in ("/", "/browse/SHOP-142", "/projects/SHOP", "/projects/SHOP/settings", "/admin", "/log"):
        page = await stage.http.get(SITE + path)
        assert page.status_code == 200
        assert "<script>" not in page.text
    assert (
        (await stage.http.get(f"{SITE}/atlassian-connect/all.js")).headers["content-type"].startswith("text/javascript")
    )
    assert (await stage.http.get(f"{SITE}/atlassian-connect/themes/atlaskit-tokens_dark.css")).status_code == 200
    assert (await stage.http.get(f"{SITE}/sandbox/pages/host.js")).status_code == 200


async def test_projects_are_those_the_person_sees(stage: Stage) -> None:
    keys = {who: {p["key"] for p in (await ask(stage, f"/home?user={who}"))["projects"]} for who in ("ann", "tess")}
    assert keys["ann"] - keys["tess"] == {"SECRET"}
    home = await ask(stage, "/home?user=vera")
    assert not any(project["may"]["create"] for project in home["projects"])


async def test_module_names_are_in_the_readers_language(stage: Stage) -> None:
    home = await ask(stage, "/home?language=fr")
    assert home["addon"]["places"]["jiraIssueContexts"] == [{"key": "panel", "name": "Panneau"}]
    assert (await ask(stage, "/home"))["addon"]["places"]["jiraIssueContexts"][0]["name"] == "Panel"


async def test_an_issue_comes_whole_once_and_then_only_when_it_changed(stage: Stage) -> None:
    first = await ask(stage, "/issues/SHOP-142")
    assert [child["key"] for child in first["subtasks"]] == ["SHOP-143", "SHOP-144"]
    assert len(first["comments"]) == 4
    assert await ask(stage, f"/issues/SHOP-142?since={first['version']}") == {"version": first["version"]}
    await stage.control("POST", "/issues/SHOP-142/comments", {"text": "Hello"})
    fresh = await ask(stage, f"/issues/SHOP-142?since={first['version']}")
    assert fresh["comments"][-1]["text"] == "Hello"


async def test_a_new_sub_task_is_news_to_its_parent(stage: Stage) -> None:
    first = await ask(stage, "/issues/SHOP-142")
    await stage.control("POST", "/issues", {"type": "Sub-task", "parent": "SHOP-142", "summary": "More"})
    fresh = await ask(stage, f"/issues/SHOP-142?since={first['version']}")
    assert len(fresh["subtasks"]) == 3


async def test_what_a_person_may_not_see_is_not_told(stage: Stage) -> None:
    for path in (
        "/issues/SECRET-7?user=tess",
        "/projects/SECRET/issues?user=nina",
        "/frame?module=panel&issue=SECRET-7",
    ):
        assert "You cannot see this" in (await ask(stage, path, 400))["error"]


async def test_a_module_is_framed_with_a_signed_address(stage: Stage) -> None:
    shown = await ask(stage, "/frame?place=jiraIssueContexts&issue=SHOP-142&user=vera&language=fr")
    parts = urlsplit(shown["url"])
    asked = parse_qs(parts.query)
    assert (asked["issueId"], asked["projectId"]) == (["10231"], ["10010"])
    assert (shown["name"], shown["origin"]) == ("Panneau", "https://addon.example")
    claims = jwt.decode(asked["jwt"][0], stage.site.installed.shared_secret, algorithms=["HS256"])
    assert claims["qsh"] == of_target("GET", f"{parts.path}?{parts.query}", base_path="/app")
    assert claims["sub"] == stage.site.user("vera").account_id  # type: ignore[union-attr]


async def test_modules_of_an_absent_or_disabled_add_on_are_not_framed(stage: Stage) -> None:
    assert "no such module" in (await ask(stage, "/frame?module=other", 400))["error"]
    await stage.control("POST", "/disable")
    assert "not enabled" in (await ask(stage, "/frame?module=panel&issue=SHOP-142", 400))["error"]


async def test_the_bridge_gets_fresh_context_tokens(stage: Stage) -> None:
    token = (await ask(stage, "/token?issue=SHOP-142&user=tess"))["token"]
    claims = jwt.decode(token, stage.site.installed.shared_secret, algorithms=["HS256"])
    assert claims["qsh"] == "context-qsh"
    assert claims["context"]["jira"]["project"]["id"] == "10010"


async def test_the_log_shows_the_latest_first(stage: Stage) -> None:
    await stage.ask("GET", "/myself")
    await stage.ask("GET", "/nonsense")
    log = await ask(stage, "/log")
    assert [request["operation"] for request in log["requests"]] == ["unknown", "myself"]
    assert log["complaints"][0]["status"] == 404


async def test_projects_list_their_issues_newest_first(stage: Stage) -> None:
    rows = (await ask(stage, "/projects/SHOP/issues"))["issues"]
    assert rows[0]["key"] == "SHOP-405"
    assert {"key", "summary", "type", "status", "id", "created"} == set(rows[0])
