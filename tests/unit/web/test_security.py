import shutil
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from addon.connect import qsh
from addon.store.db import Database
from addon.store.repos import tenants as rows
from addon.store.secrets import Seals
from tests import tokens
from tests.unit.web.gate import ROUTES, Gate

ANOTHER = "another secret that is at least as long as a proper one would be"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """One kind of database is enough here: what differs between them is tested with the tenants' state machine."""
    return f"sqlite+aiosqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture
async def gate(database: Database, seals: Seals) -> AsyncIterator[Gate]:
    made = Gate(database, seals)
    await made.installed(time.time())
    yield made
    await made.close()


def kinds(method: str, target: str) -> dict[str, str]:
    """One token of every kind, each as fitting for this request as its kind can be."""
    computed = qsh.of_target(method, target, base_path=tokens.BASE_PATH)
    header = {"alg": "HS256", "typ": "JWT", "kid": tokens.KID}
    return {
        "request": tokens.for_request(method, target),
        "context": tokens.for_api(),
        "atlassian": tokens.of_atlassian(method, target),
        "atlassian with context-qsh": tokens.of_atlassian(method, target, qsh=qsh.CONTEXT),
        "no qsh": tokens.of_site(),
        "other request": tokens.for_request(method, target + "/other"),
        "none": tokens.by_hand({"alg": "none", "typ": "JWT"}, tokens.claims(qsh=computed)),
        "none with context-qsh": tokens.by_hand({"alg": "none", "typ": "JWT"}, tokens.claims(qsh=qsh.CONTEXT)),
        "public key as secret": tokens.by_hand(header, tokens.claims(qsh=computed), tokens.public_pem()),
        "public key as secret, RS256": tokens.by_hand(
            header | {"alg": "RS256"}, tokens.claims(qsh=computed, aud=tokens.BASE_URL), tokens.public_pem()
        ),
        "stranger's key": tokens.of_atlassian(method, target, key=tokens.stranger()),
        "other secret": tokens.for_request(method, target, ANOTHER),
        "other secret with context-qsh": tokens.for_api(ANOTHER),
        "expired 61 s ago": tokens.for_request(method, target, exp=int(time.time()) - 61, iat=int(time.time()) - 900),
        "context expired 61 s ago": tokens.for_api(exp=int(time.time()) - 61, iat=int(time.time()) - 900),
        "without exp": tokens.for_request(method, target, exp=None),
        "context without exp": tokens.for_api(exp=None),
        "rubbish": "neither.aproper.token",
    }


RIGHT = dict.fromkeys(["page", "hook", "enabled", "disabled"], "request")
RIGHT |= {"api": "context", "installed": "atlassian", "uninstalled": "atlassian"}


@pytest.mark.parametrize("kind", list(kinds("GET", "/")))
@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_opens_for_its_own_kind_of_token_only(gate: Gate, route: str, kind: str) -> None:
    token = kinds(*ROUTES[route])[kind]
    answer = await gate.call(route, token, json=tokens.installation(eventType=route))
    if RIGHT[route] == kind:
        assert answer.status_code in (200, 204)
        return
    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "detail", "verdict", "reference"}
    assert answer.json()["error"] == "unauthenticated"
    assert token not in answer.text + str(answer.headers)
    assert token.split(".")[1] not in answer.text
    assert await gate.opens()


@pytest.mark.parametrize("route", ROUTES)
async def test_no_route_but_a_public_one_opens_without_a_token(gate: Gate, route: str) -> None:
    answer = await gate.call(route, None, json=tokens.installation(eventType=route))
    assert (answer.status_code, answer.json()["verdict"]) == (401, "missing_token")
    assert (await gate.http.get("/addon/free")).text == "everybody"


async def leave(gate: Gate, database: Database, state: str) -> None:
    async with database.begin() as tx:
        row = await rows.by_client_key(tx, tokens.CLIENT_KEY)
        assert row is not None
        await rows.change(tx, row.id, values={"state": state})
    gate.tenants.forget(tokens.CLIENT_KEY)


@pytest.mark.parametrize("route", ["page", "hook", "api"])
async def test_unknown_uninstalled_disabled_and_wrongly_signed_look_alike(
    gate: Gate, database: Database, route: str
) -> None:
    make: Callable[..., str] = (
        tokens.for_api if route == "api" else lambda *a, **b: tokens.for_request(*ROUTES[route], *a, **b)
    )
    reference = {"X-Request-Id": "one-and-the-same"}
    answers = [
        await gate.call(route, make(ANOTHER), **reference),
        await gate.call(route, make(iss="nobody"), **reference),
        await gate.call(route, make(sub=None, iss="nobody"), **reference),
    ]
    for state in ("uninstalled", "superseded", "disabled"):
        await leave(gate, database, state)
        answers.append(await gate.call(route, make(), **reference))
    assert {answer.status_code for answer in answers} == {401}
    assert len({(answer.content, str(answer.headers)) for answer in answers}) == 1
    assert answers[0].json()["verdict"] == "wrong_signature"


@pytest.mark.parametrize("route", ["page", "api"])
async def test_anonymous_readers_are_forbidden(gate: Gate, route: str) -> None:
    make: Callable[..., str] = tokens.for_api if route == "api" else lambda **b: tokens.for_request(*ROUTES[route], **b)
    answer = await gate.call(route, make(sub=None))
    assert (answer.status_code, answer.json()["error"]) == (403, "anonymous")


async def test_a_webhook_without_a_person_is_taken(gate: Gate) -> None:
    answer = await gate.call("hook", tokens.for_request(*ROUTES["hook"], sub=None))
    assert answer.json() == {"tenant": tokens.CLIENT_KEY, "account": "", "issue": None, "project": None}


async def test_caller_is_who_the_token_says_and_where(gate: Gate) -> None:
    context: dict[str, Any] = {"jira": {"issue": {"id": "10001", "key": "ABC-1"}, "project": {"id": "10000"}}}
    answer = await gate.call("api", tokens.for_api(context=context))
    where = {"issue": "10001", "project": "10000"}
    assert answer.json() == {"tenant": tokens.CLIENT_KEY, "account": tokens.PERSON, **where}


async def test_token_of_one_site_never_speaks_for_another(gate: Gate) -> None:
    site = "https://b.atlassian.net"
    changes = {
        "client_key": "b",
        "base_url": site,
        "display_url": site,
        "shared_secret": ANOTHER,
        "token_id": "token:b",
    }
    await gate.installed(time.time(), **changes)
    assert (await gate.call("api", tokens.for_api(ANOTHER, iss="b"))).json()["tenant"] == "b"
    assert (await gate.call("api", tokens.for_api(tokens.SECRET, iss="b"))).status_code == 401
    assert (await gate.call("api", tokens.for_api(ANOTHER))).status_code == 401


async def test_two_tokens_are_refused_even_when_both_are_right(gate: Gate) -> None:
    token = tokens.for_request(*ROUTES["page"])
    answer = await gate.call("page", token, Authorization=f"JWT {token}")
    assert (answer.status_code, answer.json()["verdict"]) == (401, "two_tokens")


async def test_context_token_in_the_address_is_refused(gate: Gate) -> None:
    answer = await gate.http.get(f"/addon/api/v1/thing?jwt={tokens.for_api()}")
    assert (answer.status_code, answer.json()["verdict"]) == (401, "misplaced_token")


@pytest.mark.parametrize(
    "target",
    [
        "/addon/ui/panel?issueId=10002",
        "/addon/ui/panel?issueId=10001&issueId=10002",
        "/addon/ui/panel?issueId[]=10001",
        "/addon/ui/panel?issueId=%31000%2531",
        "/addon/ui/panel",
        "/addon/ui/panel?issueId=10001&projectId=",
    ],
)
async def test_altered_address_is_refused(gate: Gate, target: str) -> None:
    token = tokens.for_request(*ROUTES["page"])
    answer = await gate.http.get(target + ("&" if "?" in target else "?") + f"jwt={token}")
    assert (answer.status_code, answer.json()["verdict"]) == (401, "wrong_qsh")


@pytest.mark.parametrize("query", ["issueId[a]=1&b=%E2%82%AC+x", "a=1;b&a=2,3&a=", "q=%26%3D%23&Q=*~'()!"])
async def test_strange_but_rightly_signed_queries_open(gate: Gate, query: str) -> None:
    target = f"/addon/ui/panel?{query}"
    token = tokens.for_request("GET", target)
    assert (await gate.http.get(f"{target}&jwt={token}")).status_code == 200


async def test_a_wrong_qsh_is_explained_during_development_only(database: Database, seals: Seals) -> None:
    for debug in (False, True):
        gate = Gate(database, seals, debug=debug)
        await gate.installed(time.time())
        answer = await gate.call("page", tokens.for_request("GET", "/addon/ui/panel?issueId=7"))
        lines = answer.json().get("explanation", [])
        assert ("GET&/ui/panel&issueId=10001" in lines) is debug
        await gate.close()


async def test_a_store_that_is_down_answers_503_so_that_jira_comes_again(seals: Seals) -> None:
    gate = Gate(Database.open("postgresql+asyncpg://nobody@127.0.0.1:1/nothing"), seals)
    answer = await gate.call("hook", tokens.for_request(*ROUTES["hook"]))
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    await gate.close()
