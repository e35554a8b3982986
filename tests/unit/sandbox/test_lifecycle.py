"""Installing, rotating, importing and removing: what the add-on is told, and how it is signed."""

import json

import httpx2
import jwt
import pytest

from addon.connect.qsh import of_target
from sandbox.frames import Where, context_token
from sandbox.lifecycle import HookError, faults_of
from tests.unit.sandbox.stage import ADDON, DESCRIPTOR, KEY, SITE, Stage


def token_of(request: httpx2.Request) -> str:
    kind, _, token = request.headers["authorization"].partition(" ")
    assert kind == "JWT"
    return token


async def test_installed_is_signed_with_a_key_found_at_the_key_server(bare: Stage) -> None:
    await bare.place.lifecycle.install(f"{ADDON}/")
    (hook,) = bare.addon.hooks("installed")
    token = token_of(hook)
    header = jwt.get_unverified_header(token)
    assert header["alg"] == "RS256"
    pem = await bare.http.get(f"{SITE}/install-keys/{header['kid']}")
    claims = jwt.decode(token, pem.text, algorithms=["RS256"], audience=f"{ADDON}/app")
    body = json.loads(hook.content)
    assert claims["iss"] == body["clientKey"] == bare.site.client_key
    assert claims["qsh"] == of_target("POST", "/app/lifecycle/installed", base_path="/app")
    assert body["sharedSecret"] == bare.site.installed.shared_secret
    assert (body["key"], body["baseUrl"], body["eventType"]) == (KEY, SITE, "installed")


async def test_an_unknown_key_is_not_found(bare: Stage) -> None:
    assert (await bare.http.get(f"{SITE}/install-keys/other")).status_code == 404


async def test_enabled_follows_signed_with_the_new_secret(bare: Stage) -> None:
    await bare.place.lifecycle.install(ADDON)
    (hook,) = bare.addon.hooks("enabled")
    claims = jwt.decode(token_of(hook), bare.site.installed.shared_secret, algorithms=["HS256"])
    assert claims["qsh"] == of_target("POST", "/lifecycle/enabled")
    assert "sharedSecret" not in json.loads(hook.content)


async def test_a_reinstall_keeps_the_client_key_and_changes_the_secret(stage: Stage) -> None:
    before = stage.site.installed
    after = await stage.place.lifecycle.install(ADDON)
    assert after.client_key == before.client_key
    assert after.shared_secret != before.shared_secret
    assert (after.oauth_client_id, after.app_account) == (before.oauth_client_id, before.app_account)


async def test_until_the_add_on_has_taken_the_new_secret_the_old_one_signs(stage: Stage) -> None:
    before, signed = stage.site.installed.shared_secret, list[str]()
    stage.addon.meanwhile = lambda: signed.append(context_token(stage.site, None, where=Where()))
    after = await stage.place.lifecycle.install(ADDON)
    taking, *later = signed
    assert jwt.decode(taking, before, algorithms=["HS256"])["iss"] == after.client_key
    assert later
    for token in later:
        jwt.decode(token, after.shared_secret, algorithms=["HS256"])
    stage.addon.statuses = [500]
    with pytest.raises(HookError):
        await stage.place.lifecycle.install(ADDON)
    refused = context_token(stage.site, None, where=Where())
    assert jwt.decode(refused, after.shared_secret, algorithms=["HS256"])["iss"] == after.client_key


async def test_an_import_brings_a_new_client_key_and_no_goodbye(stage: Stage) -> None:
    before = stage.site.installed.client_key
    answer = await stage.control("POST", "/import")
    assert answer["client_key"] != before
    assert stage.addon.hooks("uninstalled") == []


async def test_a_refused_install_leaves_everything_as_it_was(stage: Stage) -> None:
    before = stage.site.installed
    stage.addon.statuses = [500]
    with pytest.raises(HookError, match="answered 500 to installed"):
        await stage.place.lifecycle.install(ADDON)
    assert stage.site.installed is before
    assert stage.complaints() == ["was answered 500"]


async def test_answers_other_than_200_and_204_fail_an_install(stage: Stage) -> None:
    stage.addon.statuses = [202]
    answer = await stage.http.post(f"{SITE}/sandbox/install", json={"addon": ADDON})
    assert answer.status_code == 502
    assert "202" in answer.json()["error"]


@pytest.mark.parametrize("late", [False, True])
async def test_uninstall_tells_both_hooks_in_either_order(stage: Stage, late: bool) -> None:
    await stage.control("POST", "/uninstall", {"late_disabled": late})
    told = [request.url.path.rpartition("/")[2] for request in stage.addon.requests]
    assert told == (["uninstalled", "disabled"] if late else ["disabled", "uninstalled"])
    assert jwt.get_unverified_header(token_of(stage.addon.hooks("uninstalled")[0]))["alg"] == "RS256"
    assert jwt.get_unverified_header(token_of(stage.addon.hooks("disabled")[0]))["alg"] == "HS256"
    assert stage.site.installed.state == "uninstalled"


async def test_disable_and_enable_change_the_state(stage: Stage) -> None:
    await stage.control("POST", "/disable")
    assert stage.site.installed.state == "disabled"
    await stage.control("POST", "/enable")
    assert stage.site.installed.state == "enabled"
    assert [len(stage.addon.hooks(name)) for name in ("disabled", "enabled")] == [1, 1]


async def test_a_descriptor_that_cannot_be_read_is_said(bare: Stage) -> None:
    bare.addon.descriptor = {"key": "x"}
    with pytest.raises(HookError, match="baseUrl is missing"):
        await bare.place.lifecycle.install(ADDON)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lifecycle": {}}, "needs the lifecycle hook installed"),
        ({"scopes": ["WRITE"]}, "need the scope READ"),
        ({"baseUrl": "http://addon.example"}, "must be https"),
        ({"modules": {"adminPages": [{"key": "a.b"}]}}, "'a.b' is not allowed"),
        ({"modules": {"adminPages": [{"key": "a"}], "configurePage": {"key": "a"}}}, "used twice"),
    ],
)
def test_what_jira_would_not_take_in_a_descriptor_is_found(change: dict[str, object], said: str) -> None:
    assert said in "; ".join(faults_of({**DESCRIPTOR, **change}))


def test_a_right_descriptor_has_no_faults() -> None:
    assert faults_of(DESCRIPTOR) == []
