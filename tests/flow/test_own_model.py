"""A site brings a model of its own: where the operator allows it, with its own key, and no further than that."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.flow import acts
from tests.stack import JiraSite, Process, Stack

pytestmark = pytest.mark.process

KEY = "sk-canary-of-a-site"


class Own:
    """The site's model server."""

    def __init__(self, root: str) -> None:
        self.root = root

    def control(self, path: str, body: Any = None) -> Any:
        method = "GET" if path == "requests" else "POST"
        return httpx2.request(method, f"{self.root}/control/{path}", json=body, trust_env=False).json()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    process = Process("own", [sys.executable, "-m", "tests.fake_model"], tmp_path, {}, warm=True)
    process.start()
    yield Own(process.first_line().removesuffix("/v1"))
    process.stop()


def choose(site: JiraSite, **wanted: Any) -> Any:
    return site.api("PUT", "/site/model", user="ann", body={"provider": "openai", "model": "own-model", **wanted})


def judged(site: JiraSite) -> Any:
    return acts.first_run(site, site.create_issue(description=acts.STORY))


def test_a_sites_own_model_answers_with_its_own_key(fresh_stack: Callable[..., Stack], own: Own) -> None:
    host = fresh_stack(LLM_ALLOWED_HOSTS=own.root.removeprefix("http://"))
    site = host.site()
    assert choose(site, base_url=f"{own.root}/v1", api_key=KEY).json()["has_key"] is True
    assert site.api("POST", "/site/model/test", user="ann").json()["ok"] is True
    run = judged(site)
    assert (run["result"]["author"], run["usage"]["model"]) == ("model", "own-model")
    assert {request["headers"]["authorization"] for request in own.control("requests")} == {f"Bearer {KEY}"}
    assert [line["payer"] for line in site.api("GET", "/usage", user="ann").json()["by_model"]] == ["site"]
    # Another address is another place: the key stays behind, for good.
    own.control("reset")
    moved = choose(site, base_url=f"{own.root}/elsewhere/v1")
    assert moved.json()["has_key"] is False
    judged(site)
    assert KEY not in str(own.control("requests"))
    assert KEY not in host.addon.output
    # A redirect leads nowhere.
    own.control("reset")
    choose(site, base_url=f"{own.root}/v1", api_key=KEY)
    own.control("script", ["redirect"])
    assert judged(site)["result"]["notice"] == "model_failed"
    assert len(own.control("requests")) == 1
    # What the operator takes back is not called any more, although it is stored.
    host.addon.stop()
    host.addon.change(LLM_ALLOWED_HOSTS="")
    host.restart()
    own.control("reset")
    assert judged(site)["result"]["notice"] == "model_failed"
    assert own.control("requests") == []


def test_nobody_is_let_in_where_the_operator_said_nothing(fresh_stack: Callable[..., Stack], own: Own) -> None:
    site = fresh_stack().site()
    for address in (f"{own.root}/v1", own.root.replace("http:", "https:"), "http://169.254.169.254/latest"):
        wanted = {"provider": "ollama", "model": "m", "base_url": address}
        refused = site.api("PUT", "/site/model", user="ann", body=wanted)
        tried = site.api("POST", "/site/model/test", user="ann", body=wanted)
        assert (refused.status_code, tried.status_code) == (422, 422)
        assert refused.json()["detail"].startswith("base_url: ")
    assert own.control("requests") == []
