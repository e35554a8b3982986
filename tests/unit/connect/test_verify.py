import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.connect import qsh, verify
from addon.connect.claims import Claims, peek
from addon.connect.payloads import Lifecycle
from addon.connect.verdicts import DETAILS, Anonymous, Refused, Verdict
from tests import tokens

PAGE = verify.Incoming("GET", b"/addon/ui/issue-panel", b"issueId=10001", "/addon")
TARGET = "/addon/ui/issue-panel?issueId=10001"
HOUR = 3600


def check_page(token: str) -> Claims:
    return verify.page(verify.symmetric(token), [tokens.SECRET], incoming=PAGE, now=time.time())


def check_hook(token: str) -> Claims:
    return verify.hook(verify.symmetric(token), [tokens.SECRET], incoming=PAGE, now=time.time())


def check_api(token: str) -> Claims:
    return verify.api(verify.symmetric(token), [tokens.SECRET], now=time.time())


def check_lifecycle(token: str) -> Claims:
    read, _ = verify.asymmetric(token)
    key = tokens.atlassian().public_key()
    return verify.lifecycle(read, key, incoming=PAGE, base_urls=[tokens.BASE_URL], now=time.time())


Check = Callable[[str], Claims]
CHECKS: dict[str, Check] = {"page": check_page, "hook": check_hook, "api": check_api, "lifecycle": check_lifecycle}

TOKENS: dict[str, Callable[[], str]] = {
    "page": lambda: tokens.for_request("GET", TARGET),
    "context": tokens.for_api,
    "lifecycle": lambda: tokens.of_atlassian("GET", TARGET),
    "lifecycle with context-qsh": lambda: tokens.of_atlassian("GET", TARGET, qsh=qsh.CONTEXT),
    "other request": lambda: tokens.for_request("GET", "/addon/ui/issue-panel?issueId=10002"),
    "other method": lambda: tokens.for_request("POST", TARGET),
    "without qsh": lambda: tokens.of_site(),
    "other secret": lambda: tokens.for_request("GET", TARGET, "another secret, quite as long as the right one is"),
    "none": lambda: tokens.by_hand({"alg": "none", "typ": "JWT"}, tokens.claims(qsh=qsh.CONTEXT)),
    "None": lambda: tokens.by_hand({"alg": "None", "typ": "JWT"}, tokens.claims(qsh=qsh.CONTEXT)),
    "public key as secret": lambda: tokens.by_hand(
        {"alg": "HS256", "typ": "JWT", "kid": tokens.KID}, tokens.claims(qsh=qsh.CONTEXT), tokens.public_pem()
    ),
    "RS256 header over HMAC": lambda: tokens.by_hand(
        {"alg": "RS256", "typ": "JWT", "kid": tokens.KID},
        tokens.claims(aud=tokens.BASE_URL, qsh=qsh.of_target("GET", TARGET, base_path="/addon")),
        tokens.public_pem(),
    ),
    "RS256 of a stranger": lambda: tokens.of_atlassian("GET", TARGET, key=tokens.stranger()),
    "without signature": lambda: tokens.for_request("GET", TARGET).rpartition(".")[0] + ".",
}
ACCEPTED = {("page", "page"), ("hook", "page"), ("api", "context"), ("lifecycle", "lifecycle")}


def verdict(check: Check, token: str) -> Verdict:
    return refusal(check, token).verdict


@pytest.mark.parametrize("kind", TOKENS)
@pytest.mark.parametrize("route", CHECKS)
def test_each_class_of_route_takes_its_own_kind_of_token_and_no_other(route: str, kind: str) -> None:
    token = TOKENS[kind]()
    if (route, kind) in ACCEPTED:
        assert CHECKS[route](token).iss == tokens.CLIENT_KEY
    else:
        verdict(CHECKS[route], token)


@pytest.mark.parametrize(
    ("route", "kind", "expected"),
    [
        ("page", "context", Verdict.CONTEXT_QSH_REFUSED),
        ("hook", "context", Verdict.CONTEXT_QSH_REFUSED),
        ("lifecycle", "lifecycle with context-qsh", Verdict.CONTEXT_QSH_REFUSED),
        ("api", "page", Verdict.CONTEXT_QSH_REQUIRED),
        ("api", "without qsh", Verdict.MISSING_CLAIM),
        ("page", "other request", Verdict.WRONG_QSH),
        ("page", "other method", Verdict.WRONG_QSH),
        ("page", "other secret", Verdict.WRONG_SIGNATURE),
        ("page", "none", Verdict.WRONG_ALGORITHM),
        ("page", "lifecycle", Verdict.WRONG_ALGORITHM),
        ("lifecycle", "page", Verdict.WRONG_ALGORITHM),
        ("lifecycle", "RS256 of a stranger", Verdict.WRONG_SIGNATURE),
        ("lifecycle", "RS256 header over HMAC", Verdict.WRONG_SIGNATURE),
        ("api", "public key as secret", Verdict.WRONG_SIGNATURE),
        ("page", "without signature", Verdict.WRONG_SIGNATURE),
    ],
)
def test_refusal_says_why(route: str, kind: str, expected: Verdict) -> None:
    assert verdict(CHECKS[route], TOKENS[kind]()) == expected


def refusal(check: Callable[..., object], *arguments: Any, **named: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        check(*arguments, **named)
    return refused.value


def made(route: str, **changes: Any) -> str:
    if route == "api":
        return tokens.for_api(**changes)
    if route == "lifecycle":
        return tokens.of_atlassian("GET", TARGET, **changes)
    return tokens.for_request("GET", TARGET, **changes)


@pytest.mark.parametrize("route", CHECKS)
@pytest.mark.parametrize("claim", ["iss", "iat", "exp", "qsh"])
def test_required_claim_must_be_there(route: str, claim: str) -> None:
    assert verdict(CHECKS[route], made(route, **{claim: None})) == Verdict.MISSING_CLAIM


@pytest.mark.parametrize("route", CHECKS)
@pytest.mark.parametrize(
    ("iat", "exp", "nbf", "expected"),
    [
        (-900, -61, None, Verdict.EXPIRED),
        (-900, -31, None, Verdict.EXPIRED),
        (61, 900, None, Verdict.NOT_YET_VALID),
        (0, 900, 61, Verdict.NOT_YET_VALID),
        (0, 24 * HOUR + 1, None, Verdict.LIVES_TOO_LONG),
        (-10 * 365 * 24 * HOUR, 900, None, Verdict.LIVES_TOO_LONG),
    ],
)
def test_times_are_checked(route: str, iat: int, exp: int, nbf: int | None, expected: Verdict) -> None:
    now = int(time.time())
    token = made(route, iat=now + iat, exp=now + exp, nbf=None if nbf is None else now + nbf)
    assert verdict(CHECKS[route], token) == expected


@pytest.mark.parametrize("route", CHECKS)
@pytest.mark.parametrize(("iat", "exp"), [(-900, -20), (20, 900), (0, 24 * HOUR)])
def test_clocks_may_differ_by_half_a_minute(route: str, iat: int, exp: int) -> None:
    now = int(time.time())
    assert CHECKS[route](made(route, iat=now + iat, exp=now + exp))


@pytest.mark.parametrize("route", CHECKS)
@pytest.mark.parametrize("exp", ["2999999999", [1], True, 1e400])
def test_an_expiry_that_is_no_number_is_refused(route: str, exp: object) -> None:
    assert verdict(CHECKS[route], made(route, exp=exp)) == Verdict.MALFORMED_TOKEN


@pytest.mark.parametrize("changes", [{"sub": "a" * 129}, {"sub": "a\x00b"}, {"iss": "a\x00b"}])
def test_names_that_no_column_can_hold_are_refused_as_malformed(changes: dict[str, str]) -> None:
    assert verdict(check_api, made("api", **changes)) is Verdict.MALFORMED_TOKEN


@pytest.mark.parametrize("route", ["page", "api"])
@pytest.mark.parametrize("sub", [None, ""])
def test_nobody_logged_in_is_forbidden_not_unauthenticated(route: str, sub: str | None) -> None:
    with pytest.raises(Anonymous):
        CHECKS[route](made(route, sub=sub))


def test_a_webhook_needs_no_person() -> None:
    assert check_hook(made("hook", sub=None)).sub is None


@pytest.mark.parametrize(
    "audience",
    [
        "https://vision.example.com",
        "https://vision.example.com/addon/x",
        "https://vision.example.com/addon.evil.test",
        "https://vision.example.com.evil.test/addon",
        "http://vision.example.com/addon",
        "https://vision.example.com/addon//",
        [],
        None,
    ],
)
def test_audience_must_be_our_address_exactly(audience: object) -> None:
    assert verdict(check_lifecycle, made("lifecycle", aud=audience)) == Verdict.WRONG_AUDIENCE


@pytest.mark.parametrize("audience", [tokens.BASE_URL, tokens.BASE_URL + "/", ["https://other.test", tokens.BASE_URL]])
def test_audience_may_be_a_text_or_a_list_and_end_in_a_slash(audience: object) -> None:
    assert check_lifecycle(made("lifecycle", aud=audience))


@pytest.mark.parametrize(
    "kid",
    [None, "", "../../evil?x=", "https://evil.test/key", "0a1b2c3d", tokens.KID + "\n", tokens.KID + "/..", "x" * 300],
)
def test_key_id_must_be_a_uuid_before_anybody_asks_for_it(kid: str | None) -> None:
    assert verdict(check_lifecycle, tokens.of_atlassian("GET", TARGET, kid=kid)) == Verdict.UNKNOWN_KEY


def test_unknown_tenant_and_wrong_signature_get_the_same_verdict() -> None:
    token = tokens.for_request("GET", TARGET)
    unknown = refusal(verify.page, verify.symmetric(token), (), incoming=PAGE, now=time.time())
    assert (unknown.verdict, unknown.detail) == (Verdict.WRONG_SIGNATURE, DETAILS[Verdict.WRONG_SIGNATURE])


def test_a_token_under_the_decoy_secret_opens_nothing() -> None:
    token = tokens.for_request("GET", TARGET, verify.DECOY)
    with pytest.raises(Refused):
        verify.page(verify.symmetric(token), (), incoming=PAGE, now=time.time())


def test_both_secrets_of_a_rotation_are_honoured() -> None:
    new = "the new secret of the site, at least as long as the old one was"
    for secret in (tokens.SECRET, new):
        read = verify.symmetric(tokens.for_request("GET", TARGET, secret))
        assert verify.page(read, [new, tokens.SECRET], incoming=PAGE, now=time.time()).sub == tokens.PERSON


@pytest.mark.parametrize(
    "changes",
    [
        {"query_string": b"issueId=10002"},
        {"query_string": b"issueId=10001&issueId=10002"},
        {"query_string": b"issueId[]=10001"},
        {"query_string": b"issueId=10001&x="},
        {"query_string": b""},
        {"query_string": b"issueId=%2531%30001"},
        {"raw_path": b"/addon/ui/issue-panel/more"},
        {"raw_path": b"/addon/ui/site-admin"},
        {"raw_path": b"/addon/ui%252Fissue-panel"},
        {"raw_path": b"/addon/ui/issue-panel&x"},
        {"raw_path": b"/addon-2/ui/issue-panel"},
        {"method": "POST"},
    ],
)
def test_any_change_of_the_request_breaks_the_tie(changes: dict[str, Any]) -> None:
    read = verify.symmetric(tokens.for_request("GET", TARGET))
    refused = refusal(verify.page, read, [tokens.SECRET], incoming=replace(PAGE, **changes), now=time.time())
    assert refused.verdict == Verdict.WRONG_QSH
    assert any(line.startswith(f"{changes.get('method', 'GET')}&/") for line in refused.explanation)


def test_context_names_issue_and_project() -> None:
    context = {"jira": {"issue": {"id": 10001, "key": "ABC-1"}, "project": {"id": "10000", "key": "ABC"}}}
    where = check_api(tokens.for_api(context=context)).context.jira
    assert (where.issue.id, where.issue.key, where.project.id) == ("10001", "ABC-1", "10000")


@pytest.mark.parametrize("context", [None, {}, "x", {"jira": None}, {"jira": {"issue": 7}}, {"confluence": {}}])
def test_other_contexts_are_no_reason_to_refuse(context: object) -> None:
    assert check_api(tokens.for_api(context=context)).context.jira.issue.id is None


def carried(*authorization: str, query: bytes = b"", in_url: bool = False) -> str:
    incoming = replace(PAGE, query_string=query, authorization=authorization)
    return verify.carried(incoming, in_url=in_url)


def test_token_comes_from_the_header_whatever_the_case_of_its_scheme() -> None:
    assert carried("JWT a.b.c") == carried("jwt   a.b.c ") == "a.b.c"


def test_token_comes_from_the_address_only_where_that_is_allowed() -> None:
    assert carried(query=b"x=1&jwt=a.b.c", in_url=True) == "a.b.c"
    assert refusal(carried, query=b"jwt=a.b.c").verdict == Verdict.MISPLACED_TOKEN


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        (("JWT a.b.c",), b"jwt=a.b.c"),
        (("JWT a.b.c", "JWT a.b.c"), b""),
        (("JWT a.b.c", "Bearer x"), b""),
        ((), b"jwt=a&jwt=b"),
        ((), b"jwt=a&%6awt=b"),
        ((), b"jwt=a&jwt="),
    ],
)
@pytest.mark.parametrize("in_url", [True, False])
def test_two_tokens_are_one_too_many(authorization: tuple[str, ...], query: bytes, in_url: bool) -> None:
    refused = refusal(carried, *authorization, query=query, in_url=in_url)
    assert refused.verdict == Verdict.TWO_TOKENS


@pytest.mark.parametrize("header", ["", "Bearer a.b.c", "JWT", "JWT ", "JWTa.b.c", "Basic x"])
def test_another_scheme_carries_no_token(header: str) -> None:
    assert refusal(carried, header).verdict == Verdict.MISSING_TOKEN


MALFORMED = ["x", "a.b", "a.b.c", "....", "é.é.é", "e30.e30.e30", "x" * 20_000, "eyJhbGciOiJIUzI1NiJ9.W10.x"]


@pytest.mark.parametrize("token", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("route", CHECKS)
def test_rubbish_is_refused_quietly(route: str, token: str) -> None:
    assert verdict(CHECKS[route], token) == Verdict.MALFORMED_TOKEN


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"alg": 7},
        {"alg": ["HS256"]},
        {"alg": "HS256", "typ": "JWE"},
        {"alg": "HS256", "crit": ["b64"], "b64": False},
        {"alg": "HS256", "kid": 7},
    ],
)
def test_strange_headers_are_refused(header: dict[str, Any]) -> None:
    token = tokens.by_hand(header, tokens.claims(qsh=qsh.CONTEXT), tokens.SECRET.encode())
    assert verdict(check_api, token) == Verdict.MALFORMED_TOKEN


@pytest.mark.parametrize("algorithm", ["hs256", "HS384", "HS512", "ES256", "PS256"])
def test_related_algorithms_are_refused(algorithm: str) -> None:
    token = tokens.by_hand({"alg": algorithm, "typ": "JWT"}, tokens.claims(qsh=qsh.CONTEXT), tokens.SECRET.encode())
    assert verdict(check_api, token) == Verdict.WRONG_ALGORITHM


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(Refused):
        peek(text)


def test_a_deeply_nested_payload_is_refused_without_harm() -> None:
    header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    deep = tokens._part(b'{"iss":' + b"[" * 8000 + b"}")
    assert verdict(check_api, f"{header}.{deep}.x") == Verdict.MALFORMED_TOKEN


def test_two_spellings_of_a_signature_have_one_fingerprint() -> None:
    token = tokens.of_atlassian("GET", TARGET)
    assert peek(token).fingerprint == peek(token + "A").fingerprint != peek(tokens.for_api()).fingerprint


def test_tokens_and_secrets_stay_out_of_what_is_printed() -> None:
    token = tokens.for_api()
    assert token not in repr(peek(token))
    assert tokens.SECRET not in repr(Lifecycle.model_validate(tokens.installation()))


def body(**changes: Any) -> Lifecycle:
    return Lifecycle.model_validate(tokens.installation(**changes))


def matched(found: Lifecycle) -> None:
    verified = check_lifecycle(made("lifecycle"))
    verify.matching(found, verified, app_key=tokens.APP_KEY, event="installed")


def test_a_body_that_fits_its_token_passes() -> None:
    matched(body())


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"clientKey": "jira:of-somebody-else"}, Verdict.WRONG_ISSUER),
        ({"key": "com.example.other"}, Verdict.WRONG_APP_KEY),
        ({"eventType": "enabled"}, Verdict.WRONG_EVENT),
        ({"sharedSecret": None}, Verdict.MISSING_SECRET),
        ({"sharedSecret": ""}, Verdict.MISSING_SECRET),
    ],
)
def test_a_body_that_belongs_elsewhere_is_refused(changes: dict[str, Any], expected: Verdict) -> None:
    assert refusal(matched, body(**changes)).verdict == expected


def test_every_verdict_has_its_sentence() -> None:
    assert set(DETAILS) == set(Verdict)
