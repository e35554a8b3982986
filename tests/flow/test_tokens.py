"""Whose token opens what, asked of the running server with tokens as Jira makes them and as nobody should."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.signing import qsh
from tests.flow import acts
from tests.flow.insider import CONTEXT, NEVER_USED, Insider, ask, paths, told
from tests.stack import Stack, eventually
from tests.tokens import by_hand

pytestmark = pytest.mark.process

PUBLIC = {"GET /health/live", "GET /health", "GET /health/ready", "GET /health/detailed", "GET /metrics"}
LIFECYCLE = [f"POST /lifecycle/{event}" for event in ("installed", "uninstalled", "enabled", "disabled")]
VERDICT = {"error", "detail", "verdict", "reference"}

Route = tuple[str, str]
"""Method and target."""


@pytest.fixture(scope="module")
def insider(stack: Stack) -> Insider:
    return Insider.of(stack)


@pytest.fixture(scope="module")
def routes(stack: Stack) -> list[Route]:
    """Every route that needs a token, with values in its parameters."""
    documented = [route for route in paths(stack) if route not in PUBLIC]
    values = {"{issue}": "10231", "{run_id}": NEVER_USED, "{project}": "10010"}
    found = []
    for route in [*documented, *LIFECYCLE]:
        for name, value in values.items():
            route = route.replace(name, value)
        method, path = route.split(" ")
        query = {"/ui/issue-panel": "?issueId=10231", "/ui/project": "?projectId=10010"}.get(path, "")
        query = query or ("?projectId=10010" if path == "/ui/project-settings" else "")
        found.append((method, path + query))
    assert len(found) > 20
    return found


def kind_of(route: Route) -> str:
    first = route[1].split("/")[1]
    if first == "lifecycle":
        return "atlassian" if "installed" in route[1] else "hook"
    return {"api": "api", "ui": "page", "webhooks": "hook"}[first]


def send(stack: Stack, route: Route, token: str | None, *more: tuple[str, str]) -> httpx2.Response:
    """The token where such a route expects it: in the address of a page, elsewhere in the header."""
    method, where = route
    headers = [("X-Request-Id", "0123456789abcdef"), *more]
    if token is not None and kind_of(route) == "page":
        where += ("&" if "?" in where else "?") + f"jwt={token}"
    elif token is not None:
        headers.append(("Authorization", f"JWT {token}"))
    body: Any = {} if method in ("POST", "PUT") else None
    return stack.client.request(method, f"{stack.url}{where}", json=body, headers=headers)


def right_hash(route: Route) -> str:
    return CONTEXT if kind_of(route) == "api" else qsh(*route)


def refused(answer: httpx2.Response, token: str | None, verdict: str | None = None) -> None:
    """401 in the one form there is for it, and the token is not given back."""
    where = f"{answer.request.method} {answer.request.url.path}"
    assert answer.status_code == 401, f"{where}: {answer.status_code} {answer.text}"
    if "/ui/" in where:
        assert answer.headers["content-type"].startswith("text/html"), where
    else:
        assert set(answer.json()) == VERDICT, where
        assert answer.headers["www-authenticate"] == "JWT", where
        if verdict is not None:
            assert answer.json()["verdict"] == verdict, where
    if token:
        assert token not in answer.text, where
        assert token.rpartition(".")[2] not in answer.text or token.endswith("."), where


def test_without_a_token_every_route_is_closed(stack: Stack, routes: list[Route]) -> None:
    for route in routes:
        refused(send(stack, route, None), None, "missing_token")


def test_an_unsigned_token_opens_no_route(stack: Stack, insider: Insider, routes: list[Route]) -> None:
    for route in routes:
        claims = jwt.decode(insider.token(qsh=right_hash(route)), options={"verify_signature": False})
        for name in ("none", "None", "NONE", "nOnE"):
            token = by_hand({"alg": name, "typ": "JWT"}, claims)
            refused(send(stack, route, token), token, "wrong_algorithm")


def test_a_signature_cut_off_or_spoilt_opens_no_route(stack: Stack, insider: Insider, routes: list[Route]) -> None:
    for route in routes:
        token = insider.token(qsh=right_hash(route))
        if kind_of(route) == "atlassian":
            token = insider.by_atlassian(route[1])
        head, payload, signature = token.split(".")
        middle = len(signature) // 2
        other = "A" if signature[middle] != "A" else "B"
        for spoilt in ("", signature[:middle] + other + signature[middle + 1 :]):
            token = f"{head}.{payload}.{spoilt}"
            refused(send(stack, route, token), token)


def test_the_public_install_key_is_no_secret_to_sign_with(stack: Stack, insider: Insider, routes: list[Route]) -> None:
    kid = jwt.get_unverified_header(insider.by_atlassian("/lifecycle/installed"))["kid"]
    public_key = stack.client.get(f"{stack.site().url}/install-keys/{kid}").content
    assert b"BEGIN PUBLIC KEY" in public_key
    for route in routes:
        claims = jwt.decode(insider.token(qsh=right_hash(route)), options={"verify_signature": False})
        claims["aud"] = [stack.url]
        for key in (public_key, public_key.strip()):
            token = by_hand({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, key)
            refused(send(stack, route, token), token)


def test_the_real_install_key_opens_the_two_install_routes_only(
    stack: Stack, insider: Insider, routes: list[Route]
) -> None:
    for route in routes:
        if kind_of(route) == "atlassian":
            continue
        method, where = route
        token = str(insider.site.ask("GET", "/token", kind="lifecycle", path=where, method=method)["token"])
        refused(send(stack, route, token), token, "wrong_algorithm")


def test_the_site_cannot_sign_its_own_installation(stack: Stack, insider: Insider) -> None:
    for event in ("installed", "uninstalled"):
        token = insider.token(None, qsh=qsh("POST", f"/lifecycle/{event}"), aud=[stack.url])
        refused(insider.lifecycle(event, token), token, "wrong_algorithm")
    assert insider.works()


def test_a_context_token_opens_the_api_and_nothing_else(stack: Stack, insider: Insider, routes: list[Route]) -> None:
    for route in routes:
        token = insider.token()
        answer = send(stack, route, token)
        if kind_of(route) == "api":
            assert answer.status_code != 401, answer.text
        else:
            refused(answer, token)


def test_a_token_for_one_request_opens_that_request_and_no_other(
    stack: Stack, insider: Insider, routes: list[Route]
) -> None:
    for made_for in routes:
        if kind_of(made_for) in ("api", "atlassian"):
            continue
        token = insider.token(qsh=qsh(*made_for))
        for route in routes:
            if route == made_for or kind_of(route) == "atlassian":
                continue
            refused(send(stack, route, token), token)


def test_a_hash_of_the_request_does_not_open_the_api(stack: Stack, insider: Insider, routes: list[Route]) -> None:
    for route in routes:
        if kind_of(route) == "api":
            token = insider.token(qsh=qsh(*route))
            refused(send(stack, route, token), token, "context_qsh_required")


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"exp": None}, "missing_claim"),
        ({"iat": None}, "missing_claim"),
        ({"qsh": None}, "missing_claim"),
        ({"exp": "tomorrow"}, "malformed_token"),
        ({"exp": float("inf")}, "malformed_token"),
        ({"exp": True}, "malformed_token"),
        ({"iat": lambda now: now - 961, "exp": lambda now: now - 61}, "expired"),
        ({"exp": lambda now: now + 25 * 3600}, "lives_too_long"),
        ({"iat": lambda now: now + 120, "exp": lambda now: now + 900}, "not_yet_valid"),
        ({"nbf": lambda now: now + 120}, "not_yet_valid"),
        ({"qsh": ""}, None),
        ({"qsh": "context-qsh "}, None),
        ({"qsh": [CONTEXT]}, "malformed_token"),
    ],
    # Every worker has to find the same names, so no addresses of functions in them.
    ids=lambda value: " ".join(value) if isinstance(value, dict) else value,
)
def test_times_and_claims_that_do_not_hold_are_refused_on_every_route(
    stack: Stack, insider: Insider, routes: list[Route], changes: dict[str, Any], verdict: str | None
) -> None:
    now = int(time.time())
    for route in routes:
        if kind_of(route) == "atlassian":
            continue
        fixed = {name: value(now) if callable(value) else value for name, value in changes.items()}
        token = insider.token(**{"qsh": right_hash(route)} | fixed)
        refused(send(stack, route, token), token, verdict)


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ({"ttl_s": 900, "age_s": 961}, "expired"),
        ({"ttl_s": 25 * 3600}, "lives_too_long"),
        ({"ttl_s": 900, "age_s": -120}, "not_yet_valid"),
    ],
)
def test_times_of_an_installation_are_held_to_the_same_rules(
    insider: Insider, query: dict[str, float], verdict: str
) -> None:
    for event in ("installed", "uninstalled"):
        token = insider.by_atlassian(f"/lifecycle/{event}", **query)
        refused(insider.lifecycle(event, token), token, verdict)
    assert insider.works()


def test_a_token_with_another_sites_secret_is_refused_under_either_name(
    stack: Stack, insider: Insider, routes: list[Route]
) -> None:
    other = Insider.of(stack, 1)
    for route in routes:
        token = other.token(iss=insider.client_key, qsh=right_hash(route))
        refused(send(stack, route, token), token)


@pytest.fixture
def gone(stack: Stack) -> Iterator[Callable[[str], Insider]]:
    """The second site after something happened to it; it is well again when the test ends."""
    site = stack.site(1)

    def after(event: str) -> Insider:
        insider = Insider.of(stack, 1)
        site.ask("POST", f"/{event}")
        return insider

    yield after
    site.install()


def test_unknown_disabled_and_uninstalled_sites_read_the_same_answer(
    stack: Stack, gone: Callable[[str], Insider], routes: list[Route]
) -> None:
    tenant_routes = [route for route in routes if kind_of(route) != "atlassian" and "/lifecycle/" not in route[1]]

    def answers(insider: Insider, **changes: Any) -> list[tuple[int, bytes, dict[str, str]]]:
        return [
            told(send(stack, route, insider.token(qsh=right_hash(route), **changes)))
            for route in tenant_routes
            if "stream" not in route[1]
        ]

    disabled = answers(gone("disable"))
    stack.site(1).ask("POST", "/enable")
    insider = gone("uninstall")
    uninstalled = answers(insider)
    unknown = answers(insider, iss="a site nobody has heard of")
    badly_signed = answers(Insider(stack, insider.site, insider.client_key, "not the secret " * 4, insider.people))
    assert {status for status, _, _ in disabled} == {401}
    assert disabled == uninstalled == unknown == badly_signed


def test_the_secret_every_reader_of_the_source_knows_opens_nothing(
    stack: Stack, insider: Insider, routes: list[Route]
) -> None:
    decoy = Insider(
        stack,
        insider.site,
        "nobody",
        "of-a-tenant-that-does-not-exist-so-that-looking-costs-the-same",
        insider.people,
    )
    for route in routes:
        token = decoy.token(qsh=right_hash(route))
        refused(send(stack, route, token), token)
    for event in ("enabled", "disabled"):
        token = decoy.token(None, qsh=qsh("POST", f"/lifecycle/{event}"))
        body = {"key": insider.app["key"], "clientKey": "nobody", "eventType": event}
        answer = ask(stack, "POST", f"/lifecycle/{event}", f"JWT {token}", body)
        refused(answer, token, "wrong_signature")


PAGE = ("GET", "/ui/issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c")


@pytest.mark.parametrize(
    "altered",
    [
        "/ui/issue-panel?issueId=10402&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c&more=1",
        "/ui/issue-panel?issueId=10231&projectId=10010&tag=b&x=a%2Bb%20c",
        "/ui/issue-panel?issueId=10231&projectId=10010&tag=b,a&x=a%2Bb%20c&issueId=10402",
        "/ui/issue-panel?issueId=10231&issueId=10402&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2520b%20c",
        "/ui/issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%252Bb%20c",
        "/ui/project?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/project%2D?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui//issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/issue-panel&issueId=10231?projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/issue-panel/?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/./issue-panel?issueId=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c&y",
        "/ui/issue-panel?ISSUEID=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
        "/ui/issue-panel?issueId%00=10231&projectId=10010&tag=b&tag=a&x=a%2Bb%20c",
    ],
)
def test_an_altered_address_does_not_open_with_the_token_of_the_original(
    stack: Stack, insider: Insider, altered: str
) -> None:
    token = insider.token("tess", qsh=qsh(*PAGE))
    assert send(stack, PAGE, token).status_code == 200
    answer = send(stack, ("GET", altered), token)
    # What is no route of ours is not found; anything that is one refuses the token.
    assert answer.status_code in (401, 404), answer.text
    if altered.partition("?")[0] in ("/ui/issue-panel", "/ui/project"):
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "order",
    ["x=a%2Bb%20c&tag=a&tag=b&projectId=10010&issueId=10231", "issueId=10231&projectId=10010&tag=b&tag=a&x=a%2bb+c"],
)
def test_another_spelling_of_the_very_same_request_is_accepted(stack: Stack, insider: Insider, order: str) -> None:
    assert send(stack, ("GET", f"/ui/issue-panel?{order}"), insider.token("tess", qsh=qsh(*PAGE))).status_code == 200


def test_another_method_does_not_open_with_the_token(stack: Stack, insider: Insider) -> None:
    route = ("POST", "/webhooks/issue-created")
    token = insider.token(None, qsh=qsh("GET", route[1]))
    refused(send(stack, route, token), token, "wrong_qsh")


def test_two_tokens_are_refused_whichever_comes_first(stack: Stack, insider: Insider) -> None:
    good, bad = insider.token("tess", qsh=qsh(*PAGE)), Insider.of(stack, 1).token("tess")
    for address in (
        f"&jwt={good}&jwt={bad}",
        f"&jwt={bad}&jwt={good}",
        f"&jwt={good}&%6a%77%74={bad}",
        f"&jwt={good}&jwt=",
    ):
        answer = stack.client.get(f"{stack.url}{PAGE[1]}{address}")
        assert answer.status_code == 401, address
    both = send(stack, PAGE, good, ("Authorization", f"JWT {insider.token()}"))
    assert both.status_code == 401
    twice = send(stack, ("GET", "/api/v1/usage"), insider.token(), ("Authorization", f"JWT {bad}"))
    refused(twice, bad, "two_tokens")


def test_a_context_token_in_the_address_is_refused(stack: Stack, insider: Insider) -> None:
    token = insider.token()
    refused(ask(stack, "GET", f"/api/v1/usage?jwt={token}"), token, "misplaced_token")


def test_another_scheme_is_no_token_of_jira(stack: Stack, insider: Insider) -> None:
    for scheme in ("Bearer", "Basic", "", "JWTs"):
        answer = ask(stack, "GET", "/api/v1/usage", f"{scheme} {insider.token()}".strip())
        refused(answer, insider.token(), "missing_token")


def test_tokens_that_are_no_tokens_are_refused_quickly(stack: Stack, insider: Insider) -> None:
    good = insider.token()
    deep = base64.urlsafe_b64encode(b'{"iss":' + b"[" * 9000).rstrip(b"=").decode()
    head = good.partition(".")[0]
    crit = by_hand(
        {"alg": "HS256", "typ": "JWT", "crit": ["x"], "x": 1}, {"iss": insider.client_key}, insider.secret.encode()
    )
    for token in (
        "x",
        "a.b.c",
        "..",
        f"{head}.{deep}.x",
        "A" * 20_000,
        f"{good}.{good}",
        "%00",
        crit,
        json.dumps({"jwt": good}),
    ):
        began = time.monotonic()
        answer = ask(stack, "GET", "/api/v1/usage", f"JWT {token}")
        assert answer.status_code in (400, 401, 431), token[:40]
        assert time.monotonic() - began < 5


def test_an_untyped_or_foreign_kind_of_token_is_refused(stack: Stack, insider: Insider) -> None:
    claims = jwt.decode(insider.token(), options={"verify_signature": False})
    for head in (
        {"alg": "HS256", "typ": "at+jwt"},
        {"alg": "HS384"},
        {"alg": ["HS256"]},
        {"alg": "HS256", "b64": False, "crit": ["b64"]},
    ):
        token = by_hand(head, claims, insider.secret.encode())
        refused(ask(stack, "GET", "/api/v1/usage", f"JWT {token}"), token)


def test_a_stranger_with_a_key_of_his_own_is_refused_on_the_install_routes(stack: Stack, insider: Insider) -> None:
    key = rsa.generate_private_key(65537, 2048)
    for event in ("installed", "uninstalled"):
        real = insider.by_atlassian(f"/lifecycle/{event}")
        claims = jwt.decode(real, options={"verify_signature": False})
        token = jwt.encode(claims, key, algorithm="RS256", headers={"kid": jwt.get_unverified_header(real)["kid"]})
        refused(insider.lifecycle(event, token), token, "wrong_signature")


def test_a_repeated_wish_is_written_once(stack: Stack, insider: Insider) -> None:
    issue = stack.site().create_issue(description=acts.STORY)
    run = stack.site().ended_run(issue["id"])
    token = f"JWT {insider.token('tess')}"
    wish = {"run": run["id"], "target": "subtasks", "items": [0]}
    for _ in range(3):
        answer = ask(stack, "POST", "/api/v1/jira/publish", token, wish)
        assert answer.status_code == 202, answer.text
    assert len({publication["id"] for publication in answer.json()["publications"]}) == 1
    children = eventually(lambda: stack.site().ask("GET", f"/issues/{issue['key']}")["children"], "sub-task")
    time.sleep(0.3)
    assert len(children) == len(stack.site().ask("GET", f"/issues/{issue['key']}")["children"]) == 1


def test_a_replayed_webhook_starts_nothing_new(stack: Stack) -> None:
    issue = stack.site().create_issue()
    stack.site().ended_run(issue["id"])
    delivery = next(d for d in stack.site().ask("GET", "/deliveries", issue=issue["key"])["deliveries"])
    for _ in range(3):
        stack.site().ask("POST", f"/deliveries/{delivery['n']}/repeat")
    time.sleep(0.3)
    assert len(stack.site().runs(issue["id"])) == 1
    assert len(stack.site().comments(issue["key"])) == 1
