"""Secrets are planted, everything that can go wrong goes wrong, and all that the add-on left behind is searched."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from sandbox.signing import qsh
from tests.flow import acts
from tests.flow.conftest import SHAPE, fresh_database
from tests.flow.insider import Insider, ask, paths
from tests.stack import Stack

pytestmark = pytest.mark.process

OPERATOR = "canary-of-the-operator-2c5a"
SEALING = "canary-that-seals-what-is-stored-8f60"
DEPLOYMENT = "canary-key-of-the-deployment-4d1c"
OWN = "canary-key-of-the-customer-9b7e"
STORY = "walruspaymentstory"
"""Stands in issues and comments. It may be in the database, whose purpose it is, and nowhere else."""


@dataclass
class Deed:
    """What was done to the product. secrets: name -> the planted text. answers: all that it said."""

    stack: Stack
    secrets: dict[str, str] = field(default_factory=dict)
    answers: list[httpx2.Response] = field(default_factory=list)

    def seen(self, answer: httpx2.Response) -> httpx2.Response:
        self.answers.append(answer)
        return answer

    def plant(self, insider: Insider, name: str) -> Insider:
        self.secrets |= {f"shared secret, {name}": insider.secret}
        return insider


@pytest.fixture(scope="module")
def deed(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Deed]:
    """A stack of its own on which everything below has happened, and which logs all it can."""
    folder = tmp_path_factory.mktemp("canaries")
    environment = {
        "LLM_API_KEY": DEPLOYMENT,
        "APP_SECRET_KEY": SEALING,
        "OPERATOR_TOKEN": OPERATOR,
        "LOG_LEVEL": "DEBUG",
    }
    with Stack(fresh_database(request, folder), folder, sites=2, model=0.0, **SHAPE, **environment) as stack:
        deed = Deed(stack)
        deed.secrets = {"operator": OPERATOR, "sealing": SEALING, "deployment": DEPLOYMENT, "own": OWN}
        insider = deed.plant(Insider.of(stack), "first")
        deed.plant(Insider.of(stack, 1), "second")
        _work(deed, insider)
        _trouble_with_models(deed, insider)
        _trouble_with_jira(deed, insider)
        _trouble_with_callers(deed, insider)
        _coming_and_going(deed)
        yield deed


PARTS = {"kind": "analysis", "version": 1, "part": "criteria", "item": 0}


def _work(deed: Deed, insider: Insider) -> None:
    """What should happen: analyses, pages, settings, a key of the customer's own."""
    key = {"provider": "openai", "model": "test-model", "api_key": OWN}
    assert deed.seen(insider.call("PUT", "/api/v1/site/model", "ann", key)).status_code == 200
    assert deed.seen(insider.call("POST", "/api/v1/site/model/test", "ann")).json()["ok"] is True
    issue = insider.site.create_issue(summary=f"Pay by card {STORY}", description=f"I want {STORY} so that I can read.")
    insider.site.ended_run(issue["id"])
    insider.site.comment_on(issue["key"])
    deed.seen(insider.call("PUT", "/api/v1/projects/10010/settings", "ann", {"instruction": "Be brief."}))
    for route in paths(deed.stack):
        method, path = route.split(" ")
        if method == "GET" and "/api/" in path and "events" not in path:
            path = path.format(
                issue=issue["id"], run_id=insider.site.runs(issue["id"])[0]["id"], project="10010", **PARTS
            )
            deed.seen(insider.call("GET", path))
    for path in ("/ui/site-admin", f"/ui/issue-panel?issueId={issue['id']}", "/ui/project-settings?projectId=10010"):
        token = insider.token(qsh=qsh("GET", path))
        deed.secrets[f"token of {path}"] = token
        assert deed.seen(ask(deed.stack, "GET", f"{path}{'&' if '?' in path else '?'}jwt={token}")).status_code == 200


def _trouble_with_models(deed: Deed, insider: Insider) -> None:
    """Every failure a model can have, with the key and the issue in its words."""
    stack, said = deed.stack, f"Incorrect key {OWN} {DEPLOYMENT} for {STORY}"
    for script in (
        f"status:401:message={said}",
        f"status:400:message={said}",
        "truncated",
        "html",
        "refusal_text",
    ):
        stack.model("default", script)
        deed.seen(insider.call("POST", "/api/v1/site/model/test", "ann"))
        issue = insider.site.create_issue(summary=f"Trouble {STORY}")
        insider.site.ended_run(issue["id"])
        deed.seen(insider.call("GET", f"/api/v1/issues/{issue['id']}/runs", "vera"))
        deed.seen(insider.call("GET", "/api/v1/site/model"))
    stack.model("reset")


def _trouble_with_jira(deed: Deed, insider: Insider) -> None:
    """Jira refuses, breaks and repeats the issue in its errors; all of it goes into runs that fail."""
    site = insider.site
    quoting = {"errorMessages": [f"{STORY} {insider.secret}"], "errors": {"summary": STORY}}
    for operation, status in (("issue.get", 400), ("issue.get", 403), ("comment.create", 400), ("comment.create", 413)):
        site.fault(operation, status=status, body=quoting, times=1)
        issue = site.create_issue(summary=f"Refused {STORY}")
        site.ended_run(issue["id"])
    site.fault("permissions.check", status=400, body=quoting, times=1)
    deed.seen(insider.call("GET", "/api/v1/projects/10022/settings", "paul"))
    site.ask("POST", "/clear", {"what": ["faults"]})


def _trouble_with_callers(deed: Deed, insider: Insider) -> None:
    """Refused callers, with secrets in every part of a request."""
    good = insider.token()
    deed.secrets["a refused token"] = good
    for path in ("/ui/site-admin", "/api/v1/usage", "/webhooks/issue-created", "/nowhere"):
        deed.seen(ask(deed.stack, "GET", f"{path}?jwt={good}&jwt={good}&x={insider.secret}"))
        deed.seen(ask(deed.stack, "POST", f"{path}?jwt={good}", f"JWT {good}x", {"sharedSecret": insider.secret}))
    spoilt = {"provider": "openai", "api_key": [OWN], "secret": {"key": OWN}}
    deed.seen(insider.call("PUT", "/api/v1/site/model", "ann", spoilt))
    deed.seen(insider.call("PUT", "/api/v1/site/model", "ann", {"provider": "nonsense", "api_key": OWN}))
    deed.seen(insider.call("PUT", "/api/v1/projects/10010/settings", "ann", {"instruction": f"{OWN}{STORY}" * 500}))
    for name in ("/metrics", "/health/detailed"):
        deed.seen(ask(deed.stack, "GET", name, f"Bearer {OPERATOR}x"))
        deed.seen(ask(deed.stack, "GET", name, f"Bearer {OPERATOR}"))
    raw = f'{{"webhookEvent": "jira:issue_created", "issue": "{STORY}"}}'
    insider.site.ask("POST", "/webhooks/raw", {"payload": raw})
    deed.seen(
        insider.lifecycle("installed", insider.by_atlassian("/lifecycle/installed"), baseUrl="http://127.0.0.1:1")
    )


def _coming_and_going(deed: Deed) -> None:
    """A new secret, a removal, a return."""
    site = deed.stack.site(1)
    site.install()
    deed.plant(Insider.of(deed.stack, 1), "second, renewed")
    site.ask("POST", "/uninstall")
    site.install()
    deed.plant(Insider.of(deed.stack, 1), "second, returned")


def test_no_secret_and_no_token_is_in_the_log(deed: Deed) -> None:
    log = deed.stack.addon.output
    assert log.count("\n") > 100
    for name, secret in deed.secrets.items():
        assert secret not in log, name
    assert not re.search(r"eyJ[\w-]{5,}\.", log)
    assert "jwt=" not in log


def test_no_word_of_an_issue_is_in_the_log(deed: Deed) -> None:
    assert STORY not in deed.stack.addon.output


def test_no_person_is_named_in_the_log(deed: Deed) -> None:
    for account in Insider.of(deed.stack).people.values():
        assert account not in deed.stack.addon.output


def test_no_secret_is_readable_in_the_database(deed: Deed) -> None:
    dump = acts.stored(deed.stack)
    assert STORY.encode() in dump, "the right place was read, and what the add-on is for is in it"
    for name, secret in deed.secrets.items():
        assert secret.encode() not in dump, name
    assert b"eyJ" not in dump


def test_no_secret_and_no_word_of_an_issue_is_in_redis(deed: Deed) -> None:
    kept = acts.stored_in_redis(deed.stack)
    for name, text in {**deed.secrets, "story": STORY, "a token": "eyJ"}.items():
        assert text.encode() not in kept, name


def test_no_secret_is_in_any_answer(deed: Deed) -> None:
    assert len(deed.answers) > 40
    for answer in deed.answers:
        heads = " ".join(answer.headers.values())
        for name, secret in deed.secrets.items():
            assert secret not in answer.text, f"{name} in {answer.request.url.path}"
            assert secret not in heads, f"{name} in {answer.request.url.path}"


def test_no_error_shows_how_we_are_made(deed: Deed) -> None:
    for answer in deed.answers:
        if answer.status_code >= 400:
            assert not re.search(r"Traceback|\.py\b|site-packages|sqlalchemy|SELECT |INSERT ", answer.text), answer.text


def test_metrics_name_no_site_no_person_and_no_issue(deed: Deed) -> None:
    insider = Insider.of(deed.stack)
    answer = ask(deed.stack, "GET", "/metrics", f"Bearer {OPERATOR}")
    assert answer.status_code == 200
    assert "webhooks_total" in answer.text
    unwanted: dict[str, Any] = {**deed.secrets, **insider.people, "client": insider.client_key, "story": STORY}
    for name, text in unwanted.items():
        assert text not in answer.text, name
    assert "SHOP" not in answer.text
    assert "127.0.0.1" not in answer.text


def test_the_operators_pages_are_closed_without_the_token(deed: Deed) -> None:
    for path in ("/metrics", "/health/detailed"):
        for authorization in (None, "Bearer", f"JWT {OPERATOR}", f"Bearer {OPERATOR[:-1]}"):
            assert ask(deed.stack, "GET", path, authorization).status_code == 401


# The model's key


@pytest.fixture
def site_one(deed: Deed) -> Iterator[Insider]:
    insider = Insider.of(deed.stack, 1)
    deed.stack.model("reset")
    yield insider
    insider.call("PUT", "/api/v1/site/model", "ann", {"provider": None})


def used_key(insider: Insider) -> str:
    """The key the model saw when the page's test button was pressed."""
    insider.stack.model("reset")
    insider.call("POST", "/api/v1/site/model/test", "ann")
    return str(insider.stack.model("requests")[0]["headers"]["authorization"]).removeprefix("Bearer ")


def test_a_stored_key_is_shown_to_nobody(site_one: Insider) -> None:
    put = site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "other", "api_key": OWN})
    assert put.status_code == 200, put.text
    assert used_key(site_one) == OWN
    for path in ("/api/v1/site/model", "/api/v1/audit?limit=500", "/api/v1/usage"):
        answer = site_one.call("GET", path)
        assert OWN not in answer.text
        assert OWN[:12] not in answer.text
        assert OWN[-4:] not in answer.text
    assert put.json()["has_key"] is True
    assert {name for name in put.json() if "key" in name} == {"has_key"}


def test_a_stored_key_is_kept_when_only_the_model_changes(site_one: Insider) -> None:
    site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "other", "api_key": OWN})
    changed = site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "third"})
    assert changed.json()["has_key"] is True
    assert used_key(site_one) == OWN


@pytest.mark.parametrize("between", [{"provider": None}, {"provider": "rules"}])
def test_a_change_of_provider_forgets_the_key(site_one: Insider, between: dict[str, Any]) -> None:
    site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "other", "api_key": OWN})
    assert site_one.call("PUT", "/api/v1/site/model", "ann", between).json()["has_key"] is False
    back = site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "test-model"})
    assert back.json()["has_key"] is False
    assert used_key(site_one) == DEPLOYMENT


@pytest.mark.parametrize(
    ("name", "address"),
    [
        *((name, "https://evil.example/v1") for name in ("llm_base_url", "url", "endpoint", "host")),
        ("base_url", "https://169.254.169.254/evil.example"),
        ("base_url", "http://127.0.0.1:1/evil.example"),
        ("base_url", "https://user:evil.example@203.0.113.5/v1"),
    ],
)
def test_a_key_cannot_be_sent_to_an_address_of_ours_or_under_another_name(
    site_one: Insider, name: str, address: str
) -> None:
    body = {"provider": "openai", "model": "other", "api_key": OWN, name: address}
    answer = site_one.call("PUT", "/api/v1/site/model", "ann", body)
    assert answer.status_code == 422, answer.text
    assert "evil.example" not in site_one.call("GET", "/api/v1/site/model").text


def test_the_operators_key_does_not_pay_for_a_model_of_the_customers_choice(site_one: Insider) -> None:
    answer = site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "the-dearest-of-all"})
    assert answer.status_code == 422
    assert "key" in answer.json()["detail"]


def test_one_sites_key_serves_no_other_site(deed: Deed, site_one: Insider) -> None:
    site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "other", "api_key": "key-of-one"})
    first = Insider.of(deed.stack, 0)
    assert used_key(first) == OWN
    assert used_key(site_one) == "key-of-one"


def test_a_key_does_not_survive_an_uninstallation(deed: Deed, site_one: Insider) -> None:
    site_one.call("PUT", "/api/v1/site/model", "ann", {"provider": "openai", "model": "test-model", "api_key": OWN})
    site_one.site.ask("POST", "/uninstall")
    site_one.site.install()
    back = Insider.of(deed.stack, 1)
    deed.plant(back, "second, back again")
    assert back.call("GET", "/api/v1/site/model").json()["has_key"] is False
    assert used_key(back) == DEPLOYMENT
    back.call("PUT", "/api/v1/site/model", "ann", {"provider": None})
