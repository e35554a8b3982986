"""With the service or without it: the same results, the same partial answers, the same errors."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from addon.llm.answer import Answer, Usage
from addon.llm.choice import ModelChoice
from addon.llm.errors import ModelBusy, ModelError, ModelNonsense, ModelTimeout
from addon.llm.models import Models
from addon.llm.moving import AWAY_S, Moving
from addon.llm.prompt import Objection, Prompt
from addon.llm.remote import Door, Remote, ServiceDown
from addon.llm.remote_tokens import Envelope, Sent, signed
from addon.llm.remote_wire import ROOM_OF, Asked, usage_of
from addon.results.analysis import Analysis
from addon.settings import ROOT, Settings
from addon.web.ai_service.app import create_service
from addon.web.ai_service.shapes import KNOWN, SHAPES
from tests.fake_model import FakeModel
from tests.services import RedisServer

SECRET = "a secret of host and service: long enough"
URL = "http://ai.test"
PROMPT = Prompt("Judge the story. Fill in `scores`.", "As a shopper I want to pay by card", "t.v1")
KEY = "sk-canary-on-its-way-0123456789"
Partial = list[dict[str, Any]]


@dataclass
class Both:
    """The model, asked directly and through the service."""

    model: FakeModel
    app: FastAPI
    direct: Models
    remote: Remote
    client: httpx2.AsyncClient
    seen: list[bytes] = field(default_factory=list)

    def choice(self, **changed: Any) -> ModelChoice:
        return ModelChoice("openai", "m-1", self.model.url, KEY, **{"timeout_s": 20.0, **changed})

    async def ask(
        self,
        by: Models | Remote,
        *script: str,
        check: Callable[[Analysis], Analysis] = lambda value: value,
        **more: Any,
    ) -> tuple[Answer[Analysis] | ModelError, Partial, list[list[dict[str, str]]]]:
        """The end of an ask, what was heard until then, and what the model was told."""
        heard: Partial = []

        async def on_partial(found: dict[str, Any]) -> None:
            heard.append(found)

        stream = more.pop("stream", True)
        self.model.script(*script)
        before = len(self.model.requests)
        try:
            end: Answer[Analysis] | ModelError = await by.ask(
                self.choice(**more), PROMPT, shape=Analysis, check=check, on_partial=on_partial if stream else None
            )
        except ModelError as error:
            end = error
        return end, heard, [seen.messages for seen in self.model.requests[before:]]


@pytest.fixture
async def both() -> AsyncIterator[Both]:
    async def hurried(_: float) -> None: ...

    made = Settings(_env_file=None, ai_shared_secret=SECRET, host="0.0.0.0")  # type: ignore[call-arg]
    app = create_service(made)
    wire = httpx2.ASGITransport(app)
    async with FakeModel() as model, app.router.lifespan_context(app):
        direct = Models(sleep=hurried)
        remote = Remote(Door(URL, (SECRET,), 60.0), wire, refusals=direct.refusals)
        async with httpx2.AsyncClient(transport=wire, base_url=URL) as client:
            yield Both(model, app, direct, remote, client)
        await remote.close()
        await direct.close()


def same(one: Answer[Analysis] | ModelError, other: Answer[Analysis] | ModelError) -> None:
    if isinstance(one, Answer):
        assert isinstance(other, Answer), other
        assert (one.value, one.usage) == (other.value, other.usage)
        return
    assert isinstance(other, ModelError)
    assert (type(one), one.code, one.detail, one.status) == (type(other), other.code, other.detail, other.status)
    assert (one.retry_after_s, one.usage) == (other.retry_after_s, other.usage)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "script",
    [
        ["good"],
        ["fenced"],
        ["no_usage"],
        ["whole"],
        ["bad_schema", "good"],
        ["bad_schema", "wrong_types"],
        ["refusal"],
        ["length"],
        ["status:404"],
        ["status:429:retry-after=60"],
        ["html"],
        ["empty", "empty"],
    ],
    ids=" ".join,
)
async def test_an_ask_ends_the_same_way(both: Both, script: list[str], stream: bool) -> None:
    here, _, said_here = await both.ask(both.direct, *script, stream=stream)
    there, _, said_there = await both.ask(both.remote, *script, stream=stream)
    same(here, there)
    assert said_here == said_there


async def test_the_growing_answer_is_heard_either_way(both: Both) -> None:
    both.model.latency_s = 0.8
    for by in (both.direct, both.remote):
        end, heard, _ = await both.ask(by, "small_pieces")
        assert isinstance(end, Answer)
        assert len(heard) >= 2
        assert set(heard[0]) <= set(heard[-1]) <= set(end.value.model_dump())


async def test_a_refused_key_is_not_sent_again(both: Both) -> None:
    here, _, _ = await both.ask(both.direct, "status:401")
    both.direct.refusals.forget(both.choice())
    there, _, _ = await both.ask(both.remote, "status:401")
    same(here, there)
    # The page of the host tells of it, although it was the service that was refused.
    assert both.direct.trouble(both.choice()) == there.detail  # type: ignore[union-attr]
    again, _, said = await both.ask(both.remote)
    assert isinstance(again, ModelError)
    assert (again.code, said) == ("model_unauthorized", [])


def picky(times: int) -> Callable[[Analysis], Analysis]:
    """A check that finds fault so many times."""
    left = [times]

    def check(value: Analysis) -> Analysis:
        left[0] -= 1
        if left[0] >= 0:
            raise ValueError("The quote stands nowhere in the issue.")
        return value

    return check


@pytest.mark.parametrize(
    ("times", "script"),
    [(1, ["good", "good"]), (2, ["good", "good"]), (1, ["bad_schema", "good"]), (1, ["good", "empty"])],
)
async def test_what_the_host_objects_to_is_repaired_in_one_round(both: Both, times: int, script: list[str]) -> None:
    here, _, said_here = await both.ask(both.direct, *script, check=picky(times))
    there, _, said_there = await both.ask(both.remote, *script, check=picky(times))
    assert said_here == said_there
    if isinstance(here, Answer) and isinstance(there, Answer):
        # Two asks were made of one: each has an estimate of its own.
        same(here, replace(there, usage=replace(there.usage, expected_input_tokens=here.usage.expected_input_tokens)))
    else:
        same(here, there)


async def test_the_deadline_is_kept_in_the_models_words(both: Both) -> None:
    here, _, _ = await both.ask(both.direct, "hang", timeout_s=0.4)
    there, _, _ = await both.ask(both.remote, "hang", timeout_s=0.4)
    assert isinstance(there, ModelTimeout)
    same(here, there)


def test_every_shape_that_is_asked_for_is_in_the_table() -> None:
    assert {name for shapes in SHAPES.values() for name in shapes} == set(KNOWN) == set(ROOM_OF)
    text = "".join(path.read_text("utf-8") for path in Path(ROOT / "addon").rglob("*.py") if "llm" not in path.parts)
    asked = {word for word in KNOWN if f"shape={word}" in text}
    assert asked == set(KNOWN)


async def test_a_shape_the_service_does_not_know_is_asked_elsewhere(both: Both) -> None:
    class Stranger(BaseModel):
        word: str

    with pytest.raises(ServiceDown, match="Stranger"):
        await both.remote.ask(both.choice(), PROMPT, shape=Stranger, check=lambda value: value)


def body(choice: ModelChoice, question: Prompt = PROMPT, **changed: Any) -> bytes:
    asked = Asked.of(choice, question, shape=Analysis, envelope=Envelope([SECRET]))
    return json.dumps({**asked.model_dump(mode="json"), **changed}).encode()


async def post(both: Both, content: bytes, *, path: str = "/ai/analyze-issue", token: str | None = None) -> Any:
    given = token or signed([SECRET], Sent("POST", path, content), ttl_s=60, now=time.time())
    headers = {"Authorization": f"Bearer {given}", "Content-Type": "application/json"}
    return await both.client.post(path, content=content, headers=headers)


@pytest.mark.parametrize("path", [f"/ai/{room}{end}" for room in SHAPES for end in ("", "/stream")])
async def test_every_room_asks_for_a_token(both: Both, path: str) -> None:
    content = body(both.choice())
    for token in (
        "x",
        signed(["another secret that is long enough, too"], Sent("POST", path, content), ttl_s=60, now=time.time()),
    ):
        answer = await post(both, content, path=path, token=token)
        assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")
    assert (await both.client.post(path, json={})).status_code == 401
    assert both.model.requests == []


async def test_nothing_is_read_of_whoever_brings_no_token(both: Both) -> None:
    read: list[bytes] = []

    async def content() -> AsyncIterator[bytes]:
        for _ in range(8):
            read.append(b"x" * 1000)
            yield read[-1]

    headers = {"Content-Type": "application/json"}
    answer = await both.client.post("/ai/analyze-issue", content=content(), headers=headers)
    assert (answer.status_code, read) == (401, [])


async def test_a_token_is_good_once_and_for_its_own_body(both: Both) -> None:
    content = body(both.choice())
    token = signed([SECRET], Sent("POST", "/ai/analyze-issue", content), ttl_s=60, now=time.time())
    assert (await post(both, body(both.choice(), shape="Subtask"), token=token)).status_code == 401
    assert (await post(both, content, token=token)).status_code == 200
    assert (await post(both, content, token=token)).status_code == 401
    old = signed([SECRET], Sent("POST", "/ai/analyze-issue", content), ttl_s=60, now=time.time() - 120)
    assert (await post(both, content, token=old)).status_code == 401
    assert len(both.model.requests) == 1


async def test_a_token_is_good_once_over_all_processes_of_the_service(redis: RedisServer) -> None:
    made = Settings(
        _env_file=None,
        ai_shared_secret=SECRET,
        host="0.0.0.0",
        redis_url=redis.url,
        database_url="postgresql+asyncpg://nobody@127.0.0.1/nothing",
    )

    def token() -> str:
        return signed([SECRET], Sent("POST", "/ai/analyze-issue", b"{}"), ttl_s=60, now=time.time())

    async with AsyncExitStack() as exit_:
        processes: list[httpx2.AsyncClient] = []
        for _ in range(2):
            app = create_service(made)
            await exit_.enter_async_context(app.router.lifespan_context(app))
            client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=URL)
            processes.append(await exit_.enter_async_context(client))

        async def believed(number: int, token: str) -> bool:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            answer = await processes[number].post("/ai/analyze-issue", content=b"{}", headers=headers)
            return answer.status_code == 422

        used = token()
        assert await believed(0, used)
        assert not await believed(1, used)
        assert await believed(1, token())
        redis.kill()
        # Nobody who is in the right is turned away, and each process still knows what it has seen itself.
        later = token()
        assert await believed(0, later)
        assert not await believed(0, later)
        assert not await believed(1, used)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.mark.parametrize(
    "changed",
    [{"shape": "Criteria"}, {"shape": "os.system"}, {"timeout_s": 0}, {"choices": []}, {"more": 1}, {"prompt": None}],
)
async def test_what_is_no_question_is_refused_without_repeating_it(both: Both, changed: dict[str, Any]) -> None:
    answer = await post(both, body(both.choice(), replace(PROMPT, user="canary text"), **changed))
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert "canary" not in answer.text


async def test_the_models_key_is_never_readable_on_the_way(both: Both) -> None:
    content = body(both.choice())
    assert KEY.encode() not in content
    assert (await post(both, content)).status_code == 200
    assert both.model.requests[-1].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("behaviour", "status"), [("status:404", 502), ("status:429:retry-after=60", 503), ("hang", 504)]
)
async def test_failures_carry_their_status(both: Both, behaviour: str, status: int) -> None:
    both.model.script(behaviour)
    answer = await post(both, body(both.choice(timeout_s=0.3)))
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) is (status == 503)


async def test_several_models_may_be_asked_in_turn(both: Both) -> None:
    asked = Asked.of(both.choice(), PROMPT, shape=Analysis, envelope=Envelope([SECRET]))
    first = asked.choices[0].model_copy(update={"base_url": "http://127.0.0.1:9/v1"})
    content = asked.model_copy(update={"choices": (first, asked.choices[0])}).model_dump_json().encode()
    answer = await post(both, content)
    assert (answer.status_code, len(both.model.requests)) == (200, 1)


async def test_more_asks_than_it_may_take_are_sent_away(both: Both) -> None:
    made = Settings(_env_file=None, ai_shared_secret=SECRET, ai_slots=1)
    app = create_service(made)
    wire = httpx2.ASGITransport(app)
    remote = Remote(Door(URL, (SECRET,), 60.0), wire)
    both.model.script("hang")
    slow = asyncio.ensure_future(remote.ask(both.choice(), PROMPT, shape=Analysis, check=lambda value: value))
    while not both.model.requests:  # noqa: ASYNC110 - the model is told of no one
        await asyncio.sleep(0.01)
    for stream in (None, _deaf):
        with pytest.raises(ServiceDown, match="429"):
            await remote.ask(both.choice(), PROMPT, shape=Analysis, check=lambda value: value, on_partial=stream)
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    await remote.close()


async def _deaf(_: dict[str, Any]) -> None: ...


async def test_health_is_open_and_metrics_are_the_operators(both: Both) -> None:
    for path in ("/health", "/health/live", "/health/ready"):
        assert (await both.client.get(path)).json()["status"] == "ok"
    assert (await both.client.get("/metrics", headers={"X-Forwarded-For": "1.2.3.4"})).status_code == 403
    both.app.state.drain.begin()
    assert (await both.client.get("/health/ready")).status_code == 503


def answering(*replies: httpx2.Response | Exception) -> Remote:
    """A service that answers so, in this order."""
    left = list(replies)

    def handle(request: httpx2.Request) -> httpx2.Response:
        reply = left.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply

    return Remote(Door(URL, (SECRET,), 60.0), httpx2.MockTransport(handle))


CHOICE = ModelChoice("openai", "m-1", "http://llm.test/v1", KEY, 5.0)
EVENTS = {"Content-Type": "text/event-stream"}


@pytest.mark.parametrize(
    "reply",
    [
        httpx2.ConnectError("nobody there"),
        httpx2.Response(200, json={"hello": "world"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(401, json={"error": "unauthenticated", "detail": ""}),
        httpx2.Response(404, text="no"),
        httpx2.Response(502, text="bad gateway"),
        httpx2.Response(503, json={"error": "something", "detail": "else"}),
        httpx2.Response(200, headers=EVENTS, text=": alive\n\n"),
        httpx2.Response(200, headers=EVENTS, text="event: token\ndata: {half"),
        httpx2.Response(200, headers=EVENTS, text='event: result\ndata: {"value": 1}\n\n'),
    ],
    ids=str,
)
async def test_a_service_that_is_not_itself_is_away(reply: httpx2.Response | Exception) -> None:
    with pytest.raises(ServiceDown) as down:
        await answering(reply).ask(CHOICE, PROMPT, shape=Analysis, check=lambda value: value, on_partial=_deaf)
    assert down.value.retry_after_s
    assert KEY not in down.value.detail


async def test_an_answer_cut_in_the_middle_is_billed_by_estimate() -> None:
    cut = httpx2.Response(200, headers=EVENTS, text='event: token\ndata: {"overall": 50}\n\n')
    with pytest.raises(ServiceDown) as down:
        await answering(cut).ask(CHOICE, PROMPT, shape=Analysis, check=lambda value: value, on_partial=_deaf)
    usage = down.value.usage
    assert usage is not None
    assert (usage.estimated, usage.input_tokens > 5, usage.output_tokens > 2) == (True, True, True)


@pytest.mark.parametrize("usage", [{}, {"tokens": 7}, {"provider": "openai", "model": "m-1"}], ids=str)
async def test_an_answer_whose_bill_cannot_be_read_is_never_free(usage: dict[str, Any]) -> None:
    said = {"value": {"overall": 50}, "text": "{}", "repaired": True, "usage": usage}
    with pytest.raises(ModelNonsense) as failed:
        await answering(httpx2.Response(200, json=said)).ask(
            CHOICE, PROMPT, shape=Analysis, check=lambda value: value, on_partial=None
        )
    assert failed.value.usage is not None
    assert failed.value.usage.input_tokens > 5


def test_what_a_newer_service_counts_besides_is_left_out() -> None:
    counted = asdict(Usage("openai", "m-1", "t.v1", input_tokens=9))
    assert usage_of({**counted, "thoughts": 3}) == Usage("openai", "m-1", "t.v1", input_tokens=9)


class Local:
    """The models of this process."""

    def __init__(self, end: Answer[Any] | ModelError) -> None:
        self.end = end
        self.asked: list[ModelChoice] = []

    async def ask(self, choice: ModelChoice, prompt: Prompt, **_: Any) -> Answer[Any]:
        self.asked.append(choice)
        if isinstance(self.end, ModelError):
            raise self.end
        return self.end


async def ask(moving: Moving, local: Local) -> Answer[Any]:
    return await moving.instead_of(local).ask(CHOICE, PROMPT, shape=Analysis, check=lambda value: value)


async def test_while_the_service_is_away_this_process_asks() -> None:
    clock = [100.0]
    away = answering(httpx2.ConnectError("nobody"), httpx2.ConnectError("nobody"))
    moving, local = Moving(away, clock=lambda: clock[0]), Local(Answer("here", Usage("openai", "m-1", "t.v1")))
    assert (await ask(moving, local)).value == "here"
    # Left alone for a while: the second ask does not even knock.
    assert (await ask(moving, local)).value == "here"
    clock[0] += AWAY_S
    await ask(moving, local)
    assert len(local.asked) == 3
    assert local.asked[0].timeout_s <= CHOICE.timeout_s


async def test_what_a_service_spent_before_it_died_is_on_the_bill_as_well() -> None:
    cut = httpx2.Response(200, headers=EVENTS, text='event: token\ndata: {"overall": 50}\n\n')

    async def asked(end: Answer[Any] | ModelError) -> Answer[Any]:
        models = Moving(answering(cut)).instead_of(Local(end))
        return await models.ask(CHOICE, PROMPT, shape=Analysis, check=lambda value: value, on_partial=_deaf)

    assert (await asked(Answer("here", Usage("openai", "m-1", "t.v1")))).usage.input_tokens > 5
    with pytest.raises(ModelNonsense) as failed:
        await asked(ModelNonsense("no"))
    assert failed.value.usage is not None
    assert failed.value.usage.input_tokens > 5


async def test_without_fallback_an_absent_service_is_an_error_worth_another_try() -> None:
    local = Local(Answer("here", Usage("openai", "m-1", "t.v1")))
    with pytest.raises(ServiceDown) as down:
        await ask(Moving(answering(httpx2.ConnectError("nobody")), fallback=False), local)
    assert (down.value.code, down.value.retry_after_s, local.asked) == ("model_service_down", 10.0, [])


async def test_what_the_models_said_is_no_reason_to_ask_again() -> None:
    busy = httpx2.Response(503, json={"error": "model_busy", "detail": "slow down", "retry_after_s": 7})
    local = Local(Answer("here", Usage("openai", "m-1", "t.v1")))
    with pytest.raises(ModelBusy) as said:
        await ask(Moving(answering(busy)), local)
    assert (said.value.retry_after_s, local.asked) == (7, [])


@pytest.mark.parametrize("percent", [0, 10, 50, 100])
def test_a_gradual_move_takes_its_share_and_always_the_same(percent: int) -> None:
    moving = Moving(Local(ModelNonsense("")), percent)
    taken = {f"tenant-{n}" for n in range(1000) if moving.takes(f"tenant-{n}")}
    assert abs(len(taken) - percent * 10) <= 40
    more = Moving(Local(ModelNonsense("")), min(percent + 20, 100))
    assert all(more.takes(tenant) for tenant in taken), "who moved does not move back"


def test_an_objection_travels_with_the_question() -> None:
    prompt = replace(PROMPT, objection=Objection("{}", "empty"))
    asked = Asked.of(CHOICE, prompt, shape=Analysis, envelope=Envelope([SECRET]))
    assert Asked.model_validate_json(asked.model_dump_json()).question() == prompt
    opened = asked.choices[0].opened(Envelope([SECRET]), timeout_s=5.0)
    assert opened == CHOICE
