"""The control API: what tests may order, read and forge."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from addon.connect.qsh import of_target
from sandbox.site import stamp
from tests.unit.sandbox.stage import ADDON, SITE, Stage, browser, doc, paragraph


async def refused(stage: Stage, method: str, path: str, body: Any = None) -> str:
    answer = await stage.http.request(method, f"{SITE}/sandbox{path}", json=body)
    assert answer.status_code == 400
    return str(answer.json()["error"])


async def test_only_this_machine_is_answered(stage: Stage) -> None:
    async with browser(stage.world, stage.place, address="192.0.2.7") as stranger:
        assert (await stranger.get(f"{SITE}/sandbox/state")).status_code == 403
        assert (await stranger.get(f"{SITE}/sandbox/ui/home")).status_code == 403


async def test_the_state_names_everything_a_test_needs(stage: Stage) -> None:
    state = await stage.control("GET", "/state")
    assert state["installation"]["shared_secret"] == stage.site.installed.shared_secret
    assert set(state["users"]) == {"ann", "paul", "tess", "vera", "nina", "app"}
    assert state["projects"]["SECRET"]["roles"] == {"ann": "lead", "paul": "lead", "app": "addon"}


async def test_without_an_add_on_it_says_so(bare: Stage) -> None:
    assert (await bare.control("GET", "/state"))["installation"] is None
    assert "no add-on" in await refused(bare, "GET", "/token")
    assert "which add-on" in await refused(bare, "POST", "/install", {})


class TestIssues:
    async def test_text_and_documents_both_become_the_description(self, stage: Stage) -> None:
        made = await stage.control("POST", "/issues", {"summary": "A", "description": "# Title\n\ntext"})
        whole = await stage.control("GET", f"/issues/{made['key']}")
        assert whole["fields"]["description"]["content"][0]["type"] == "heading"
        await stage.control("PUT", f"/issues/{made['key']}", {"description": doc(paragraph("new")), "labels": ["l"]})
        assert stage.site.issue(made["key"]).description == doc(paragraph("new"))  # type: ignore[union-attr]

    async def test_an_issue_may_be_older_and_further_than_new(self, stage: Stage) -> None:
        made = await stage.control("POST", "/issues", {"summary": "A", "status": "In Review", "days_old": 20})
        fields = (await stage.control("GET", f"/issues/{made['key']}"))["fields"]
        assert fields["status"]["name"] == "In Review"
        assert fields["updated"] == fields["created"] < stamp(time.time() - 19 * 86_400)
        assert "no status" in await refused(stage, "POST", "/issues", {"summary": "A", "status": "Nowhere"})

    async def test_a_deleted_issue_is_gone(self, stage: Stage) -> None:
        await stage.control("DELETE", "/issues/SHOP-260")
        assert "no issue" in await refused(stage, "GET", "/issues/SHOP-260")
        listed = (await stage.control("GET", "/issues?project=SHOP"))["issues"]
        assert "SHOP-260" not in [issue["key"] for issue in listed]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"user": "vera"}, "may not create"),
            ({"user": "nina", "project": "SECRET"}, "may not create"),
            ({"user": "who"}, "nobody called"),
            ({"project": "WHERE"}, "no project"),
            ({"type": "Saga"}, "no issue type"),
            ({"parent": "SHOP-9999"}, "no issue"),
        ],
    )
    async def test_what_makes_no_sense_is_said(self, stage: Stage, body: dict[str, Any], said: str) -> None:
        assert said in await refused(stage, "POST", "/issues", body)

    async def test_a_comment_needs_a_text(self, stage: Stage) -> None:
        assert "needs a text" in await refused(stage, "POST", "/issues/SHOP-142/comments", {"text": ""})


class TestFaults:
    async def test_the_next_calls_suffer_and_then_all_is_well(self, stage: Stage) -> None:
        order = {"operation": "myself", "times": 2, "skip": 1, "status": 429, "headers": {"Retry-After": "3"}}
        await stage.control("POST", "/faults", order)
        answers = [await stage.ask("GET", "/myself") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
        assert answers[1].headers["retry-after"] == "3"
        assert stage.complaints() == []

    async def test_a_delay_alone_only_slows_down(self, stage: Stage) -> None:
        await stage.control("POST", "/faults", {"operation": "*", "delay_s": 0.05})
        assert (await stage.ask("GET", "/myself")).status_code == 200
        assert stage.site.requests[-1]["ms"] >= 50

    async def test_an_unknown_name_is_refused(self, stage: Stage) -> None:
        assert "sta" in await refused(stage, "POST", "/faults", {"operation": "myself", "sta": 1})
        assert (await stage.control("GET", "/faults"))["faults"] == []

    async def test_logs_can_be_emptied(self, stage: Stage) -> None:
        await stage.control("POST", "/faults", {"operation": "myself", "status": 500})
        await stage.ask("GET", "/nonsense")
        await stage.control("POST", "/clear", {"what": ["requests", "complaints", "faults"]})
        assert (stage.site.requests, stage.site.complaints, stage.site.faults) == ([], [], [])


class TestTokens:
    async def token(self, stage: Stage, **asked: Any) -> dict[str, Any]:
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        answer: dict[str, Any] = await stage.control("GET", f"/token?{query}")
        return answer

    def claims(self, stage: Stage, token: str) -> dict[str, Any]:
        read: dict[str, Any] = jwt.decode(token, stage.site.installed.shared_secret, algorithms=["HS256"])
        return read

    async def test_a_context_token_names_issue_project_and_person(self, stage: Stage) -> None:
        made = await self.token(stage, kind="context", user="tess", issue="SHOP-142")
        read = self.claims(stage, made["token"])
        assert read["qsh"] == "context-qsh"
        assert read["sub"] == stage.site.user("tess").account_id  # type: ignore[union-attr]
        assert read["context"]["jira"]["issue"]["id"] == "10231"
        assert read["context"]["jira"]["project"] == {"id": "10010", "key": "SHOP"}

    async def test_a_page_token_covers_every_parameter_jira_appends(self, stage: Stage) -> None:
        made = await self.token(stage, kind="page", user="tess", path="/ui/panel%3FissueId=10231")
        parts = urlsplit(made["url"])
        assert parts.path == "/app/ui/panel"
        asked = parse_qs(parts.query, keep_blank_values=True)
        assert asked["xdm_e"] == [SITE]
        assert asked["cp"] == [""]
        assert set(asked) >= {"issueId", "xdm_c", "lic", "cv", "xdm_deprecated_addon_key_do_not_use", "jwt"}
        assert self.claims(stage, made["token"])["qsh"] == of_target(
            "GET", f"{parts.path}?{parts.query}", base_path="/app"
        )

    async def test_age_and_lifetime_can_be_chosen(self, stage: Stage) -> None:
        made = await self.token(stage, kind="context", ttl_s=60, age_s=600)
        with pytest.raises(jwt.ExpiredSignatureError):
            self.claims(stage, made["token"])
        assert "sub" not in jwt.decode(made["token"], options={"verify_signature": False})

    async def test_tokens_of_hooks_are_signed_for_their_path(self, stage: Stage) -> None:
        hook = await self.token(stage, kind="webhook", user="tess", path="/webhooks/issue-created")
        assert self.claims(stage, hook["token"])["qsh"] == of_target("POST", "/webhooks/issue-created")
        made = await self.token(stage, kind="lifecycle", path="/lifecycle/installed", audience="https://other")
        read = jwt.decode(made["token"], stage.world.keys.pem, algorithms=["RS256"], audience="https://other")
        assert read["iss"] == stage.site.client_key


async def test_permissions_are_changed_and_unknown_roles_refused(stage: Stage) -> None:
    answer = await stage.control("POST", "/permissions", {"user": "vera", "project": "SHOP", "role": "developer"})
    assert answer["roles"]["vera"] == "developer"
    assert "no role" in await refused(
        stage, "POST", "/permissions", {"user": "vera", "project": "SHOP", "role": "king"}
    )


async def test_an_add_on_can_be_installed_and_its_pace_set(bare: Stage) -> None:
    assert (await bare.control("POST", "/install", {"addon": ADDON}))["state"] == "enabled"
    assert (await bare.control("POST", "/settings", {"webhook_retry_s": 0.5}))["webhook_retry_s"] == 0.5
    assert "no such delivery" in await refused(bare, "POST", "/deliveries/7/repeat")
