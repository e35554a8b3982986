"""What stands around every answer: who may frame it, who may keep it, who may read it, and where its token can go."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from sandbox.signing import qsh
from tests.flow.insider import NEVER_USED, Insider, ask, paths
from tests.stack import Stack

pytestmark = pytest.mark.process

FRAMED = (
    "/ui/issue-panel?issueId=10231",
    "/ui/project?projectId=10010",
    "/ui/project-settings?projectId=10010",
    "/ui/site-admin",
)
PUBLIC = {
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /health/detailed",
    "GET /metrics",
    "GET /openapi.json",
    "GET /atlassian-connect.json",
}
FORGED = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/evil.example",
    "X-Forwarded-For": "203.0.113.7",
    "Forwarded": "host=evil.example;proto=https",
    "X-Original-URL": "/evil.example",
    "X-Rewrite-URL": "/evil.example",
    "X-Host": "evil.example",
    "X-HTTP-Method-Override": "PUT",
}


@pytest.fixture(scope="module")
def insider(stack: Stack) -> Insider:
    return Insider.of(stack)


def page(insider: Insider, path: str, **headers: str) -> httpx2.Response:
    token = insider.token(qsh=qsh("GET", path))
    answer = ask(insider.stack, "GET", f"{path}{'&' if '?' in path else '?'}jwt={token}", **headers)
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture(scope="module")
def answers(stack: Stack, insider: Insider) -> list[httpx2.Response]:
    """One of everything the server says: pages, refusals, JSON, streams, files, errors of the framework."""
    found = [page(insider, path) for path in FRAMED]
    found += [ask(stack, "GET", path) for path in FRAMED]
    found += [insider.call("GET", path, "vera") for path in ("/ui/site-admin", "/api/v1/usage")]
    for path in ("/api/v1/usage", "/api/v1/audit", "/api/v1/issues/10231/runs", f"/api/v1/runs/{NEVER_USED}"):
        found += [insider.call("GET", path), ask(stack, "GET", path)]
    found += [insider.call("POST", "/api/v1/ai/analyze-issue", "ann", {"issue": 1})]
    found += [ask(stack, "POST", path, None, {}) for path in ("/webhooks/issue-created", "/lifecycle/installed")]
    found += [ask(stack, "GET", route.split(" ")[1]) for route in PUBLIC]
    found += [
        ask(stack, "GET", path) for path in ("/", "/nowhere", "/static/style.css", "/static/nothing", "/ui/nothing")
    ]
    found += [ask(stack, verb, "/api/v1/usage") for verb in ("POST", "OPTIONS", "HEAD", "TRACE")]
    found += [ask(stack, "GET", "/atlassian-connect.json", **{"If-None-Match": "*"})]
    return found


def policy(answer: httpx2.Response) -> dict[str, list[str]]:
    """The Content-Security-Policy by directive."""
    parts = answer.headers["content-security-policy"].split(";")
    assert len(answer.headers.get_list("content-security-policy")) == 1
    return {words[0]: words[1:] for words in (part.split() for part in parts)}


def is_page(answer: httpx2.Response) -> bool:
    return "/ui/" in answer.request.url.path


# Frames


def test_a_page_may_be_framed_by_its_own_site_alone(stack: Stack) -> None:
    for number in (0, 1):
        insider = Insider.of(stack, number)
        other = stack.site(1 - number).url
        for path in FRAMED:
            frames = policy(page(insider, path))["frame-ancestors"]
            assert frames == [insider.site.url], f"{path}: no other site, not even another Jira"
            assert other not in frames


def test_what_is_no_page_may_be_framed_by_nobody(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        if not is_page(answer):
            assert policy(answer)["frame-ancestors"] == ["'none'"], answer.request.url.path


def test_a_refused_page_may_be_framed_by_jira_but_not_by_a_site_nobody_vouched_for(
    stack: Stack, answers: list[httpx2.Response]
) -> None:
    refused = [answer for answer in answers if is_page(answer) and answer.status_code == 401]
    assert len(refused) >= len(FRAMED)
    for answer in refused:
        assert policy(answer)["frame-ancestors"] == ["https://*.atlassian.net", "https://*.jira.com"]


def test_no_answer_contradicts_its_policy_with_an_older_header(answers: list[httpx2.Response]) -> None:
    """X-Frame-Options knows no list of sites: on a page it would lock Jira out."""
    for answer in answers:
        assert "x-frame-options" not in answer.headers


@pytest.fixture
def shown_as(stack: Stack) -> Iterator[Callable[[Any], Insider]]:
    """Installs the second site anew under another address for people."""

    def install(display_url: Any) -> Insider:
        insider = Insider.of(stack, 1)
        token = insider.by_atlassian("/lifecycle/installed")
        answer = insider.lifecycle("installed", token, displayUrl=display_url)
        assert answer.status_code == 204, answer.text
        return insider

    yield install
    install(stack.site(1).url)


def test_a_site_with_a_domain_of_its_own_may_frame_its_pages(shown_as: Callable[[Any], Insider]) -> None:
    insider = shown_as("https://jira.example.com/")
    frames = policy(page(insider, "/ui/site-admin"))["frame-ancestors"]
    assert frames == [insider.site.url, "https://jira.example.com"]


HOSTILE_NAMES = (
    "https://evil.example; script-src *",
    "https://evil.example script-src",
    "https://evil.example,https://x.example",
    "https://*.example",
    "*",
    "https://evil.example\r\nX-Frame-Options: DENY",
    "http://evil.example",
    "javascript:alert(1)",
    "https://user@evil.example",
    "'none'",
    "https://ev\u00efl.example",
)


def test_no_other_address_finds_its_way_into_the_policy(insider: Insider, shown_as: Callable[[Any], Insider]) -> None:
    ordinary = {**policy(page(insider, "/ui/site-admin")), "frame-ancestors": None}
    for address in HOSTILE_NAMES:
        named = shown_as(address)
        rules = policy(page(named, "/ui/site-admin"))
        assert rules == {**ordinary, "frame-ancestors": [named.site.url]}, address


# Contents


def test_pages_run_no_script_but_our_files_and_the_bridge(insider: Insider) -> None:
    for path in FRAMED:
        answer = page(insider, path)
        rules = policy(answer)
        assert rules["default-src"] == ["'none'"]
        assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
        assert "'unsafe-eval'" not in answer.headers["content-security-policy"]
        assert rules["base-uri"] == rules["form-action"] == rules["object-src"] == ["'none'"]
        bridge = rules["script-src"][1]
        scripts = re.findall(r"<script\b([^>]*)>([^<]*)", answer.text)
        assert scripts
        for attributes, content in scripts:
            source = re.search(r'src="([^"]*)"', attributes)
            if source is None:
                assert 'type="application/json"' in attributes, "data, which no browser runs"
            else:
                assert content == ""
                assert source[1].startswith(("/static/", f"{bridge}/")), source[1]
        assert not re.search(r"\son\w+=|style=|javascript:", answer.text)
        for address in re.findall(r'(?:src|href)="(\w+:[^"]*)"', answer.text):
            assert address.startswith(bridge), "the page loads nothing from third parties"


def test_every_answer_is_taken_for_what_it_says_it_is(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff", answer.request.url.path
        if answer.content:
            assert answer.headers["content-type"], answer.request.url.path


def test_no_answer_sets_a_cookie_or_names_the_server(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert "set-cookie" not in answer.headers
        assert "server" not in answer.headers
        assert "x-powered-by" not in answer.headers


# Caches and addresses


def test_nothing_about_a_person_or_a_site_may_be_kept(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        path = answer.request.url.path
        if path.startswith("/static/") or path == "/atlassian-connect.json":
            assert answer.status_code >= 400 or answer.headers["cache-control"] == "no-cache", path
        else:
            assert answer.headers["cache-control"] == "no-store", path
            assert "etag" not in answer.headers, path


def test_a_file_is_kept_for_ever_only_under_its_version(insider: Insider, stack: Stack) -> None:
    address = re.search(r'href="(/static/style\.css\?v=\w+)"', page(insider, "/ui/site-admin").text)
    assert address is not None
    assert "immutable" in ask(stack, "GET", address[1]).headers["cache-control"]
    assert ask(stack, "GET", "/static/style.css?v=other").headers["cache-control"] == "no-cache"


def test_forged_forwarding_headers_change_no_address_of_ours(stack: Stack, insider: Insider) -> None:
    for path in ("/atlassian-connect.json", "/openapi.json", "/static/style.css", "/nowhere", "/health"):
        plain = ask(stack, "GET", path)
        for forged in (FORGED, {"Host": "evil.example"}, {"Host": "evil.example:80@x"}):
            answer = ask(stack, "GET", path, **forged)
            assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
            assert "evil.example" not in str(answer.headers)
    for path in FRAMED:
        plain = page(insider, path)
        for forged in (FORGED, {"Host": "evil.example"}):
            answer = page(insider, path, **forged)
            assert answer.content == plain.content
            assert answer.headers["content-security-policy"] == plain.headers["content-security-policy"]


def test_what_is_written_into_jira_points_at_jira_whatever_a_caller_forges(stack: Stack, insider: Insider) -> None:
    issue = insider.site.create_issue()
    run = insider.site.ended_run(issue["id"])
    body = {"run": run["id"], "target": "comment"}
    asked = ask(stack, "POST", "/api/v1/jira/publish", f"JWT {insider.token()}", body, **FORGED)
    assert asked.status_code == 202, asked.text
    assert "evil.example" not in insider.call("GET", f"/api/v1/runs/{run['id']}").text


def test_nothing_redirects(answers: list[httpx2.Response], stack: Stack, insider: Insider) -> None:
    tricks = (
        "//evil.example",
        "/%5Cevil.example",
        "/ui/site-admin/",
        "/static",
        "/api/v1/usage/",
        "/%0d%0aLocation:%20x",
        "/@evil.example",
    )
    for answer in [*answers, *(ask(stack, "GET", path) for path in tricks)]:
        assert not 300 <= answer.status_code < 400 or answer.status_code == 304
        assert "location" not in answer.headers


def test_a_forged_origin_of_the_operator_is_no_operator(stack: Stack) -> None:
    """Without OPERATOR_TOKEN these answer this machine alone, and a proxy on it is not this machine."""
    for path in ("/metrics", "/health/detailed"):
        assert ask(stack, "GET", path).status_code == 200
        for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
            assert ask(stack, "GET", path, **{name: "127.0.0.1"}).status_code == 403


# Tokens in addresses


def test_no_answer_lets_a_browser_pass_its_address_on(answers: list[httpx2.Response]) -> None:
    for answer in answers:
        assert answer.headers["referrer-policy"] == "no-referrer", answer.request.url.path


def test_the_token_of_a_page_is_in_neither_the_page_nor_the_log(stack: Stack, insider: Insider) -> None:
    for path in FRAMED:
        answer = page(insider, path)
        token = answer.request.url.params["jwt"]
        for part in (token, *token.split(".")[1:]):
            assert part not in answer.text
            assert part not in str(answer.headers)
            assert part not in stack.addon.output
    assert "jwt=" not in stack.addon.output
    assert "issueId=" not in stack.addon.output, "query strings are not logged at all"


def test_a_refused_token_is_in_no_log_either(stack: Stack, insider: Insider) -> None:
    token = insider.token()
    for path in (f"/ui/site-admin?jwt={token}", f"/nowhere?jwt={token}", f"/{token}", f"/api/v1/runs/{token}"):
        ask(stack, "GET", path)
    assert token.split(".")[2] not in stack.addon.output


def test_a_request_id_of_the_caller_is_taken_only_when_it_is_harmless(stack: Stack) -> None:
    for asked, taken in (("abc-12345678", True), ("x" * 65, False), ("short", False), ("<script>alert(1)", False)):
        given = stack.client.get(f"{stack.url}/api/v1/usage", headers={"X-Request-Id": asked})
        assert (given.headers["x-request-id"] == asked) is taken
        assert given.json()["reference"] == given.headers["x-request-id"]


# Other origins


def test_no_answer_is_shared_with_another_origin(stack: Stack, insider: Insider) -> None:
    token = f"JWT {insider.token()}"
    for origin in ("https://evil.example", "null", insider.site.url, stack.url):
        for path in ("/api/v1/usage", "/openapi.json", "/health", "/atlassian-connect.json", "/static/style.css"):
            for answer in (
                ask(stack, "GET", path, token, Origin=origin),
                ask(stack, "OPTIONS", path, None, Origin=origin, **{"Access-Control-Request-Method": "PUT"}),
            ):
                assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_what_a_form_of_another_origin_can_send_is_refused(stack: Stack, insider: Insider) -> None:
    """text/plain, forms and no type at all go out without a preflight; JSON does not."""
    run = insider.settled(insider.site.create_issue()["id"])
    bodies = {
        "POST /api/v1/ai/analyze-issue": b'{"issue": "10231", "force": true}',
        "POST /api/v1/ai/analyze-issue/stream": b'{"issue": "10231", "force": true}',
        "POST /api/v1/jira/publish": b'{"run": "%s", "target": "subtasks", "items": [0]}' % run["id"].encode(),
        "PUT /api/v1/projects/{project}/settings": b'{"auto_subtasks": true}',
        "PUT /api/v1/site/model": b'{"provider": "rules"}',
        "POST /api/v1/site/model/test": b"{}",
    }
    writing = {route for route in paths(stack) if route.startswith(("POST /api/", "PUT /api/"))}
    assert set(bodies) < writing
    kinds = (
        "text/plain",
        "text/plain; charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
    )
    for route in sorted(writing):
        method, path = filled(route.replace("{project}", "10010").replace("{run_id}", run["id"])).split(" ")
        body = bodies.get(route, b"{}")
        for kind in kinds:
            for authorization in (f"JWT {insider.token()}", None):
                headers = {"Content-Type": kind} if kind else {}
                headers |= {"Authorization": authorization} if authorization else {}
                answer = stack.client.request(method, stack.url + path, content=body, headers=headers)
                assert answer.status_code in (415, 401), f"{route} as {kind!r}: {answer.status_code}"
                assert answer.status_code == 415 or authorization is None
                assert "access-control-allow-origin" not in answer.headers
    assert insider.call("GET", f"/api/v1/runs/{run['id']}").json()["publications"] == run["publications"]


# All there is


def filled(path: str) -> str:
    """The path with something that could be an id at every place of a parameter."""
    named = {"run_id": NEVER_USED, "publication_id": NEVER_USED, "kind": "analysis", "part": "criteria", "tool": "xray"}
    return re.sub(r"{(\w+)}", lambda match: named.get(match[1], "1"), path)


def test_every_address_of_the_running_server_is_public_on_purpose_or_closed(stack: Stack) -> None:
    descriptor = ask(stack, "GET", "/atlassian-connect.json").json()
    named = {("POST", path) for path in descriptor["lifecycle"].values()}
    for module in (
        m for found in descriptor["modules"].values() for m in (found if isinstance(found, list) else [found])
    ):
        address = module.get("target", module).get("url", "")
        if address:
            named.add(("POST" if "event" in module else "GET", re.sub(r"{[^}]*}", "1", address)))
    documented = {tuple(route.split(" ")) for route in paths(stack)}
    for method, path in named | documented:
        path = filled(path)
        if f"{method} {path}" not in PUBLIC:
            answer = ask(stack, method, path, None, {} if method in ("POST", "PUT") else None)
            assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"


@pytest.mark.parametrize(
    "path",
    [
        "/docs", "/redoc", "/debug", "/admin", "/console", "/server-status", "/.env", "/.git/config", "/ui",
        "/static/../addon/settings.py", "/static/..%2faddon%2fsettings.py", "/static/%2e%2e/pyproject.toml",
        "/static//etc/passwd", "/static/.hidden",
    ],
)  # fmt: skip
def test_what_is_not_offered_is_not_there(stack: Stack, path: str) -> None:
    answer = ask(stack, "GET", path)
    assert answer.status_code == 404
    assert "import" not in answer.text
