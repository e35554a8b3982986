import asyncio
from dataclasses import replace
from urllib.parse import parse_qs

import httpx2
import jwt
import pytest

from addon.jira import users
from addon.jira.client import Jira
from addon.jira.errors import JiraForbidden, JiraRefused, JiraUnauthorized
from tests.unit.jira.conftest import ACCOUNT, OAUTH, OTHER, SITE, Open, ok


class Atlassian:
    """An authorization server and sites behind one wire."""

    def __init__(self, *, expires_in: object = 900, status: int = 200, refuse: tuple[str, ...] = ()) -> None:
        self.expires_in, self.status, self.refuse = expires_in, status, refuse
        self.forms: list[dict[str, list[str]]] = []
        self.bearers: list[str] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "auth.example.com":
            assert str(request.url) == f"{OAUTH}/oauth2/token"
            self.forms.append(parse_qs(request.content.decode()))
            await asyncio.sleep(0.02)
            grant = {"access_token": f"token-{len(self.forms)}", "expires_in": self.expires_in, "token_type": "Bearer"}
            return ok(grant if self.status == 200 else {"error": "invalid_grant"}, self.status)
        self.bearers.append(request.headers["Authorization"])
        refused = self.bearers[-1].removeprefix("Bearer ") in self.refuse
        return ok({"accountId": ACCOUNT}, 401 if refused else 200)

    def client(self) -> Jira:
        return Jira(oauth_url=OAUTH + "/", user_agent="t", transport=httpx2.MockTransport(self))


async def asked(atlassian: Atlassian) -> None:
    """Until a token is on its way."""
    while not atlassian.forms:  # noqa: ASYNC110 - a plain list
        await asyncio.sleep(0)


async def test_token_is_asked_for_as_the_grant_describes() -> None:
    atlassian = Atlassian()
    jira = atlassian.client()
    assert await users.myself(jira.as_user(SITE, ACCOUNT)) == ACCOUNT
    await jira.close()
    form = atlassian.forms[0]
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assert form["scope"] == ["READ"]
    claims = jwt.decode(form["assertion"][0], SITE.shared_secret, algorithms=["HS256"], audience=OAUTH)
    assert claims["iss"] == "urn:atlassian:connect:clientid:oauth-1"
    assert claims["sub"] == f"urn:atlassian:connect:useraccountid:{ACCOUNT}"
    assert claims["tnt"] == SITE.base_url
    assert claims["exp"] - claims["iat"] == 60
    assert atlassian.bearers == ["Bearer token-1"]


async def test_fifty_calls_at_once_ask_for_one_token() -> None:
    atlassian = Atlassian()
    jira = atlassian.client()
    await asyncio.gather(*(users.myself(jira.as_user(SITE, ACCOUNT)) for _ in range(50)))
    await jira.close()
    assert len(atlassian.forms) == 1
    assert len(atlassian.bearers) == 50


async def test_tokens_are_apart_by_site_account_and_scope() -> None:
    atlassian = Atlassian()
    jira = atlassian.client()
    for session in (
        jira.as_user(SITE, ACCOUNT),
        jira.as_user(SITE, ACCOUNT, scope="READ WRITE"),
        jira.as_user(SITE, "712020:other"),
        jira.as_user(OTHER, ACCOUNT),
        jira.as_user(SITE, ACCOUNT),
    ):
        await users.myself(session)
    await jira.close()
    assert len(atlassian.forms) == 4
    assert atlassian.bearers[0] == atlassian.bearers[4]


async def test_token_about_to_expire_is_not_used_again() -> None:
    atlassian = Atlassian(expires_in=20)
    jira = atlassian.client()
    await users.myself(jira.as_user(SITE, ACCOUNT))
    await users.myself(jira.as_user(SITE, ACCOUNT))
    await jira.close()
    assert len(atlassian.forms) == 2


async def test_refused_token_is_renewed_once() -> None:
    atlassian = Atlassian(refuse=("token-1",))
    jira = atlassian.client()
    await asyncio.gather(*(users.myself(jira.as_user(SITE, ACCOUNT)) for _ in range(5)))
    await jira.close()
    assert len(atlassian.forms) == 2


async def test_twice_refused_is_the_end() -> None:
    atlassian = Atlassian(refuse=("token-1", "token-2"))
    jira = atlassian.client()
    with pytest.raises(JiraUnauthorized):
        await users.myself(jira.as_user(SITE, ACCOUNT))
    await jira.close()
    assert len(atlassian.bearers) == 2


async def test_inactive_account_is_refused_and_never_replaced_by_the_app() -> None:
    atlassian = Atlassian(status=400)
    jira = atlassian.client()
    with pytest.raises(JiraForbidden):
        await users.myself(jira.as_user(SITE, ACCOUNT))
    await jira.close()
    assert atlassian.bearers == []


async def test_installation_without_oauth_client_cannot_act_as_a_user(over: Open) -> None:
    jira, wire = over(ok({}))
    with pytest.raises(JiraForbidden):
        await users.myself(jira.as_user(replace(SITE, oauth_client_id=None), ACCOUNT))
    assert wire.requests == []


@pytest.mark.parametrize("expires_in", [None, "soon", -1])
async def test_odd_grant_gives_no_token(expires_in: object) -> None:
    atlassian = Atlassian(expires_in=expires_in)
    jira = atlassian.client()
    with pytest.raises(JiraRefused):
        await users.myself(jira.as_user(SITE, ACCOUNT))
    await jira.close()
    assert atlassian.bearers == []


async def test_forgotten_site_asks_again_and_a_late_token_is_not_kept() -> None:
    atlassian = Atlassian()
    jira = atlassian.client()
    late = asyncio.create_task(users.myself(jira.as_user(SITE, ACCOUNT)))
    await asked(atlassian)
    jira.forget(SITE.client_key)
    await late
    await users.myself(jira.as_user(SITE, ACCOUNT))
    await jira.close()
    assert len(atlassian.forms) == 2


async def test_one_caller_giving_up_leaves_the_token_to_the_others() -> None:
    atlassian = Atlassian()
    jira = atlassian.client()
    calls = [asyncio.create_task(users.myself(jira.as_user(SITE, ACCOUNT))) for _ in range(2)]
    await asked(atlassian)
    calls[0].cancel()
    assert await calls[1] == ACCOUNT
    await jira.close()
    assert len(atlassian.forms) == 1
