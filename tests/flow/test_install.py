"""Who may install, and as what: attempts to take over a site, or to have the add-on call where it should not."""

import socket
import threading
from collections.abc import Iterator
from itertools import product
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.signing import qsh
from tests.flow.conftest import HEARD_S
from tests.flow.insider import Insider, ask
from tests.stack import JiraSite, Stack, eventually

pytestmark = pytest.mark.process

INSTALLED = "/lifecycle/installed"
UNINSTALLED = "/lifecycle/uninstalled"
EVENTS = ("installed", "uninstalled", "enabled", "disabled")
THIEVES_SECRET = "a secret that only the thief knows, long enough"


@pytest.fixture
def victim(stack: Stack) -> Iterator[Insider]:
    """The first site. Whatever a test tried: what it shared with the add-on before still opens the add-on after."""
    known = Insider.of(stack, 0)
    before = known.token()
    assert known.works(before)
    yield known
    assert known.works(before), "the secret of the site was touched"
    assert not Insider(stack, known.site, known.client_key, THIEVES_SECRET, known.people).works()


@pytest.fixture
def neighbour(stack: Stack) -> Iterator[Insider]:
    """The second site, a real customer with bad intentions; installed again when the test ends."""
    yield Insider.of(stack, 1)
    stack.site(1).install()


def denied(answer: httpx2.Response, verdict: str | None = None) -> None:
    assert answer.status_code == 401, f"{answer.status_code} {answer.text}"
    assert answer.json()["error"] in ("unauthenticated", "replayed")
    if verdict is not None:
        assert answer.json()["verdict"] == verdict


@pytest.mark.parametrize("event", EVENTS)
def test_a_lifecycle_call_without_a_signature_changes_nothing(victim: Insider, event: str) -> None:
    denied(victim.lifecycle(event, None, sharedSecret=THIEVES_SECRET), "missing_token")


KEY_NAMES = (
    "0a1b2c3d-0000-4000-8000-00000000000a",
    "../../etc/passwd",
    "..%2f..%2fsandbox%2fstate",
    "http://127.0.0.1:1/key",
    "//127.0.0.1:1/key",
    "0a1b2c3d-0000-4000-8000-00000000000a/../../sandbox/state",
    "0a1b2c3d-0000-4000-8000-00000000000a?x=",
    "0a1b2c3d-0000-4000-8000-00000000000a\n",
    "",
    None,
)


@pytest.mark.parametrize("event", ["installed", "uninstalled"])
def test_a_key_of_ones_own_under_another_name_signs_no_installation(victim: Insider, event: str) -> None:
    real = jwt.decode(victim.by_atlassian(f"/lifecycle/{event}"), options={"verify_signature": False})
    own = rsa.generate_private_key(65537, 2048)
    before = len(victim.stack.addon.output)
    for kid in KEY_NAMES:
        token = jwt.encode(real, own, algorithm="RS256", headers={} if kid is None else {"kid": kid})
        denied(victim.lifecycle(event, token, sharedSecret=THIEVES_SECRET), "unknown_key")
    said = victim.stack.addon.output[before:]
    assert "passwd" not in said
    assert "127.0.0.1:1/" not in said


def test_one_customer_cannot_install_in_the_name_of_another(victim: Insider, neighbour: Insider) -> None:
    token = neighbour.by_atlassian(INSTALLED)
    denied(victim.lifecycle("installed", token, sharedSecret=THIEVES_SECRET), "wrong_issuer")


def test_one_customer_cannot_remove_or_switch_off_another(victim: Insider, neighbour: Insider) -> None:
    denied(victim.lifecycle("uninstalled", neighbour.by_atlassian(UNINSTALLED)), "wrong_issuer")
    for event in ("enabled", "disabled"):
        token = neighbour.token(None, qsh=qsh("POST", f"/lifecycle/{event}"))
        denied(victim.lifecycle(event, token), "wrong_issuer")


def test_an_installation_meant_for_another_add_on_is_refused(stack: Stack, victim: Insider) -> None:
    others = ("https://elsewhere.example", f"{stack.url}.evil.example", f"{stack.url}/addon", "", "http://127.0.0.1")
    for event, audience in product(("installed", "uninstalled"), others):
        token = victim.by_atlassian(f"/lifecycle/{event}", audience=audience)
        denied(victim.lifecycle(event, token, sharedSecret=THIEVES_SECRET), "wrong_audience")


def test_the_token_of_one_hook_does_not_open_another(victim: Insider) -> None:
    denied(victim.lifecycle("installed", victim.by_atlassian(UNINSTALLED), sharedSecret=THIEVES_SECRET), "wrong_qsh")
    denied(victim.lifecycle("uninstalled", victim.by_atlassian(INSTALLED)), "wrong_qsh")
    denied(victim.lifecycle("disabled", victim.token(None, qsh=qsh("POST", "/lifecycle/enabled"))), "wrong_qsh")
    denied(victim.lifecycle("disabled", victim.token(None)), "context_qsh_refused")
    denied(victim.lifecycle("disabled", victim.by_atlassian("/lifecycle/disabled")), "wrong_algorithm")


MISFITS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"key": "com.example.other"}, "wrong_app_key"),
    ({"eventType": "uninstalled"}, "wrong_event"),
    ({"sharedSecret": None}, "missing_secret"),
    ({"sharedSecret": ""}, "missing_secret"),
    ({"clientKey": None}, "malformed_body"),
    ({"clientKey": ["a", "b"]}, "malformed_body"),
    ({"sharedSecret": "x" * 5000}, "malformed_body"),
)


def test_a_body_that_does_not_fit_its_token_is_refused(victim: Insider) -> None:
    token = victim.by_atlassian(INSTALLED)
    for changes, verdict in MISFITS:
        denied(victim.lifecycle("installed", token, **{"sharedSecret": THIEVES_SECRET} | changes), verdict)


def test_a_used_installation_cannot_be_sent_again_with_another_secret(victim: Insider) -> None:
    token = victim.by_atlassian(INSTALLED)
    assert victim.lifecycle("installed", token).status_code == 204
    assert victim.lifecycle("installed", token).status_code == 204, "the very same call may come twice"
    denied(victim.lifecycle("installed", token, sharedSecret=THIEVES_SECRET), "replayed")


def test_a_used_uninstallation_cannot_be_sent_again_after_a_reinstallation(victim: Insider) -> None:
    gone = victim.by_atlassian(UNINSTALLED)
    assert victim.lifecycle("uninstalled", gone).status_code == 204
    assert not victim.works()
    assert victim.lifecycle("uninstalled", gone).status_code == 204, "nothing is left to do"
    assert victim.lifecycle("installed", victim.by_atlassian(INSTALLED)).status_code == 204
    denied(victim.lifecycle("uninstalled", gone), "replayed")


def test_a_reinstallation_keeps_what_was_decided_and_changes_the_secret(stack: Stack, neighbour: Insider) -> None:
    neighbour.settings("10010", instruction="Mind the accountants.")
    old = neighbour.token()
    neighbour.site.ask("POST", "/uninstall")
    eventually(lambda: not neighbour.works(old), "end of the site that left", HEARD_S)
    neighbour.site.install()
    renewed = Insider.of(stack, 1)
    assert renewed.secret != neighbour.secret
    assert renewed.works()
    assert not neighbour.works(old), "the secret before an uninstall is not honoured any more"
    settings = renewed.call("GET", "/api/v1/projects/10010/settings").json()
    assert settings["instruction"] == "Mind the accountants."
    renewed.settings("10010", instruction="")


def test_pages_opened_before_a_change_of_the_secret_go_on_working(stack: Stack, neighbour: Insider) -> None:
    old = neighbour.token()
    neighbour.site.install()
    renewed = Insider.of(stack, 1)
    assert renewed.secret != neighbour.secret
    assert neighbour.works(old)
    assert renewed.works()
    assert neighbour.works(old)


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port nobody has any business with, and whatever comes in there."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(b"a connection")

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


HOSTILE_SITES = (
    "http://127.0.0.1:{port}",
    "https://127.0.0.1:{port}",
    "http://localhost:{port}",
    "http://127.1:{port}",
    "http://2130706433:{port}",
    "http://0x7f000001:{port}",
    "http://0x7f.1:{port}",
    "http://0177.0.0.1:{port}",
    "http://[::1]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "https://[64:ff9b::7f00:1]:{port}",
    "https://169.254.169.254",
    "http://acme.atlassian.net",
    "https://acme.atlassian.net@127.0.0.1:{port}",
    "https://acme.atlassian.net:x@127.0.0.1:{port}",
    "https://127.0.0.1:{port}#.atlassian.net",
    "https://127.0.0.1:{port}/.atlassian.net",
    "https://127.0.0.1:{port}?.atlassian.net",
    "https://127.0.0.1:{port}\\.atlassian.net",
    "https://127.0.0.1:{port}%2f.atlassian.net",
    "https://127.0.0.1:{port} .atlassian.net",
    "https://acme.atlassian.net.evil.example",
    "https://evilatlassian.net",
    "https://atlassian.net",
    "https://.atlassian.net",
    "https://acme.atlassian.net.",
    "https://acme..atlassian.net",
    "https://acme.atlassian.net:{port}",
    "https://acme.atlassian.net:443",
    "https://acme.atlassian.net/wiki",
    "https://acme.atlassian.net//",
    "https://acme.atlassian.net?a=b",
    "https://acme.atlassian.net\r\nHost: 127.0.0.1",
    "https://acme.atlassian.net\n",
    "https://acme\u3002atlassian.net",
    "https://acme.atl\u00e4ssian.net",
    "https://acme.atlassian.net\u0000",
    "https:acme.atlassian.net",
    "https:///acme.atlassian.net",
    "//acme.atlassian.net",
    "ftp://acme.atlassian.net",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/x",
    "javascript:alert(1)",
    "{site}@127.0.0.1:{port}",
    "{site}.evil.example",
    "{site}0",
    "{site}/rest",
    "",
    " ",
    None,
)


def test_no_address_but_a_jira_site_is_accepted_and_nothing_calls_there(
    stack: Stack, neighbour: Insider, listener: tuple[int, list[bytes]]
) -> None:
    port, heard = listener
    known, token = neighbour.token(), neighbour.by_atlassian(INSTALLED)
    for form in HOSTILE_SITES:
        address = form.format(port=port, site=neighbour.site.url) if form is not None else None
        answer = neighbour.lifecycle("installed", token, baseUrl=address, sharedSecret=THIEVES_SECRET)
        assert answer.status_code == 401, f"{address!r}: {answer.status_code}"
        assert answer.json()["verdict"] == "site_not_allowed", address
    assert neighbour.works(known)
    assert heard == []
    # One that is right in every respect is taken: it was the address that the others were refused for.
    token = neighbour.by_atlassian(INSTALLED)
    assert neighbour.lifecycle("installed", token, baseUrl="https://acme.atlassian.net").status_code == 204


def test_who_claims_the_address_of_another_customer_takes_nothing_from_them(
    victim: Insider, neighbour: Insider
) -> None:
    """The signature is right and the address is an allowed one; only the body says that it is theirs."""
    address = victim.site.url
    token = neighbour.by_atlassian(INSTALLED)
    claimed = {"baseUrl": address, "displayUrl": address, "sharedSecret": THIEVES_SECRET}
    assert neighbour.lifecycle("installed", token, **claimed).status_code == 204
    assert victim.works()
    thief = Insider(neighbour.stack, neighbour.site, neighbour.client_key, THIEVES_SECRET, neighbour.people)
    event = {
        "webhookEvent": "jira:issue_created",
        "issue": {
            "id": "10231",
            "key": "SHOP-1",
            "fields": {"project": {"id": "10010"}, "issuetype": {"id": "10001", "name": "Story"}},
        },
    }
    hook = "/webhooks/issue-created"
    delivered = ask(victim.stack, "POST", hook, f"JWT {thief.token(None, qsh=qsh('POST', hook))}", event)
    assert delivered.status_code == 204
    # What the thief's tenant then asks with its own secret is refused where it asks, and that proves nothing either.
    eventually(lambda: refused_signatures(victim.site), "a call of the thief's tenant that the site refuses")
    issue = victim.site.create_issue()
    assert victim.site.comment_on(issue["key"])
    victim.site.ask("POST", "/clear", {"what": ["complaints"]})


def refused_signatures(site: JiraSite) -> list[Any]:
    return [each for each in site.ask("GET", "/complaints")["complaints"] if each["status"] == 401]


def test_an_import_takes_the_place_of_the_old_site_once_jira_has_accepted_the_new_one(
    stack: Stack, neighbour: Insider
) -> None:
    neighbour.settings("10010", instruction="Mind the accountants.")
    old = neighbour.token()
    stack.site(1).ask("POST", "/import")
    renewed = Insider.of(stack, 1)
    assert renewed.client_key != neighbour.client_key
    assert renewed.works()
    stack.site(1).comment_on(stack.site(1).create_issue()["key"])
    # Who asked Jira knows it at once, and the others a moment later.
    eventually(lambda: not neighbour.works(old), "end of the old site", within_s=5)
    assert renewed.works()
    settings = renewed.call("GET", "/api/v1/projects/10010/settings").json()
    assert settings["instruction"] == "", "a new client key inherits nothing"


def test_a_body_of_the_wrong_shape_is_refused_and_not_a_crash(neighbour: Insider) -> None:
    token = neighbour.by_atlassian(INSTALLED)
    for address in (42, ["https://acme.atlassian.net"], {"url": "https://a.atlassian.net"}, "https://" + "a" * 300):
        denied(neighbour.lifecycle("installed", token, baseUrl=address))
    for raw in (b"", b"[]", b"null", b"{", b'{"clientKey": "\xff"}', b"[" * 50_000):
        answer = neighbour.stack.client.post(
            f"{neighbour.stack.url}{INSTALLED}",
            content=raw,
            headers={"Authorization": f"JWT {token}", "Content-Type": "application/json"},
        )
        denied(answer, "malformed_body")


def test_the_display_address_is_never_called(
    stack: Stack, neighbour: Insider, listener: tuple[int, list[bytes]]
) -> None:
    port, heard = listener
    token = neighbour.by_atlassian(INSTALLED)
    answer = neighbour.lifecycle("installed", token, displayUrl=f"http://127.0.0.1:{port}")
    assert answer.status_code == 204
    issue = stack.site(1).create_issue()
    comment = stack.site(1).comment_on(issue["key"])
    assert str(port) not in str(comment)
    assert heard == []


def test_a_redirect_of_a_site_is_not_followed(
    stack: Stack, neighbour: Insider, listener: tuple[int, list[bytes]]
) -> None:
    port, heard = listener
    where = {"Location": f"http://127.0.0.1:{port}/rest/api/3/permissions/check"}
    stack.site(1).fault("permissions.check", status=307, headers=where, times=2)
    answer = neighbour.call("GET", "/api/v1/projects/10022/settings", "nina")
    assert answer.status_code >= 500
    assert heard == []
    stack.site(1).ask("POST", "/clear", {"what": ["faults"]})


def test_a_disabled_site_is_served_again_only_after_its_own_word(stack: Stack, neighbour: Insider) -> None:
    disabled = neighbour.token(None, qsh=qsh("POST", "/lifecycle/disabled"))
    assert neighbour.lifecycle("disabled", disabled).status_code == 204
    eventually(lambda: not neighbour.works(), "end of service", HEARD_S)
    token = Insider.of(stack, 0).token(None, qsh=qsh("POST", "/lifecycle/enabled"), iss=neighbour.client_key)
    denied(neighbour.lifecycle("enabled", token), "wrong_signature")
    assert not neighbour.works()
    enabled = neighbour.token(None, qsh=qsh("POST", "/lifecycle/enabled"))
    assert neighbour.lifecycle("enabled", enabled).status_code == 204
    assert neighbour.works()
    assert neighbour.lifecycle("disabled", disabled).status_code == 204
    assert neighbour.works(), "a used `disabled` has no second effect"


def test_the_answer_to_an_installation_tells_nothing(stack: Stack, neighbour: Insider) -> None:
    answer = neighbour.lifecycle("installed", neighbour.by_atlassian(INSTALLED))
    assert (answer.status_code, answer.content) == (204, b"")
    assert ask(stack, "GET", INSTALLED).status_code == 405
