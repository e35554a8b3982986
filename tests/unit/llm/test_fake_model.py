"""The pretend server itself, as other tests, the demo and the bench steer it."""

import json

import httpx2
import pytest

from tests.fake_answers import good, read
from tests.fake_model import FakeModel

MARK = "==0123456789abcdef=="
USER = f"""{MARK} issue type
Bug
{MARK} summary (the issue's title)
Le panier se vide
{MARK} description
Je ferme la page et le panier est vide.
{MARK} comment
Nobody may quote this
{MARK} end of the issue"""


def test_issue_is_found_between_the_delimiters() -> None:
    issue = read("You review one bug report", USER)
    assert issue.title == "Le panier se vide"
    assert issue.passages == ("Le panier se vide", "Je ferme la page et le panier est vide.")
    assert issue.french
    assert issue.bug


def test_quotes_of_the_good_answer_stand_in_the_issue() -> None:
    body = {"messages": [{"role": "system", "content": "scores"}, {"role": "user", "content": USER}]}
    answer = good(body)
    assert answer["language"] == "fr"
    assert all(score["quote"] and score["quote"] in USER for score in answer["scores"])


async def test_server_is_steered_over_http() -> None:
    async with FakeModel() as model, httpx2.AsyncClient() as client:
        await client.post(f"{model.root}/control/script", json=["status:503"])
        body = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
        assert (await client.post(f"{model.url}/chat/completions", json=body)).status_code == 503
        assert (await client.post(f"{model.url}/chat/completions", json=body)).status_code == 200
        seen = (await client.get(f"{model.root}/control/requests")).json()
        assert [request["behaviour"] for request in seen] == ["status:503", "good"]
        assert seen[0]["body"] == body
        await client.post(f"{model.root}/control/reset", content=json.dumps(None))
        assert (await client.get(f"{model.root}/control/requests")).json() == []


def test_unknown_behaviour_is_refused() -> None:
    with pytest.raises(ValueError, match="no behaviour"):
        FakeModel().script("dance")
