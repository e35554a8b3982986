import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException

from addon.observe import metrics
from addon.web.middleware import Bodies, Conversation
from tests.captured_logs import captured_logs


def wire_of(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://addon.test")


@pytest.fixture
def app() -> FastAPI:
    app = FastAPI()

    @app.get("/things/{thing}")
    async def thing(thing: str, request: Request) -> JSONResponse:
        return JSONResponse({"id": request.state.request_id})

    @app.get("/framed")
    async def framed() -> PlainTextResponse:
        return PlainTextResponse(
            "x", headers={"Content-Security-Policy": "frame-ancestors https://a.test", "Cache-Control": "public"}
        )

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("canary-of-a-secret")

    @app.post("/api/echo")
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse({"bytes": len(await request.body())})

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": error.detail}, error.status_code)

    app.add_middleware(Bodies, limits={"/api/": 1000}, json_below="/api/")
    app.add_middleware(Conversation, https=True)
    return app


@pytest.fixture
async def wire(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with wire_of(app) as client:
        yield client


@pytest.mark.parametrize("path", ["/things/1", "/nowhere", "/broken"])
async def test_every_answer_carries_the_safe_headers(wire: httpx2.AsyncClient, path: str) -> None:
    headers = (await wire.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert "access-control-allow-origin" not in headers
    assert "x-frame-options" not in headers


async def test_a_route_may_say_otherwise_but_only_once(wire: httpx2.AsyncClient) -> None:
    headers = (await wire.get("/framed")).headers
    assert headers.get_list("content-security-policy") == ["frame-ancestors https://a.test"]
    assert headers.get_list("cache-control") == ["public"]


async def test_no_promise_of_https_without_https() -> None:
    app = FastAPI()
    app.add_middleware(Conversation, https=False)
    async with wire_of(app) as wire:
        assert "strict-transport-security" not in (await wire.get("/")).headers


async def test_a_sane_request_id_is_kept_and_reaches_the_route(wire: httpx2.AsyncClient) -> None:
    answer = await wire.get("/things/1", headers={"X-Request-Id": "abc-12345"})
    assert answer.headers["x-request-id"] == answer.json()["id"] == "abc-12345"


@pytest.mark.parametrize(
    "strange", ["short", "x" * 65, "has space in it", "new\\nline-here", "<script>alert", "ünïcödé-id"]
)
async def test_a_strange_request_id_is_replaced(wire: httpx2.AsyncClient, strange: str) -> None:
    given = (await wire.get("/things/1", headers={b"X-Request-Id": strange.encode()})).headers["x-request-id"]
    assert given != strange
    assert given.isalnum()


async def test_the_unexpected_is_an_answer_with_a_reference_and_nothing_else(wire: httpx2.AsyncClient) -> None:
    answer = await wire.get("/broken")
    assert answer.status_code == 500
    assert answer.json()["error"] == "internal"
    assert answer.json()["reference"] == answer.headers["x-request-id"]
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text


async def test_a_declared_length_above_the_limit_is_refused_unread(wire: httpx2.AsyncClient) -> None:
    answer = await wire.post(
        "/api/echo", content=b"{}", headers={"Content-Length": "1001", "Content-Type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["error"] == "too_large"


async def test_a_body_that_does_not_arrive_is_given_up(
    wire: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("addon.web.middleware.BODY_S", 0.1)

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)
        yield b"}"

    async with asyncio.timeout(30):
        answer = await wire.post("/api/echo", content=stuck(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 408
    assert answer.headers["connection"] == "close"


async def test_more_bytes_are_given_more_time(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.web.middleware.BODY_S", 0.5)
    monkeypatch.setattr("addon.web.middleware.BODY_BYTES_PER_S", 20)

    async def steady() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"x" * 50
            await asyncio.sleep(0.2)

    async with wire_of(app) as wire:
        answer = await wire.post("/api/echo", content=steady(), headers={"Content-Type": "application/json"})
    assert answer.json() == {"bytes": 200}


async def test_an_answer_that_has_begun_waits_for_no_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("addon.web.middleware.BODY_S", 0.3)
    app = FastAPI()

    @app.post("/stream")
    async def stream() -> StreamingResponse:
        async def slowly() -> AsyncIterator[bytes]:
            for _ in range(5):
                await asyncio.sleep(0.1)
                yield b"."

        return StreamingResponse(slowly())

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1.5)
        yield b"}"

    app.add_middleware(Bodies, limits={}, json_below="/api/")
    async with wire_of(app) as wire:
        assert (await wire.post("/stream", content=stuck())).text == "....."


async def test_a_body_that_grows_above_the_limit_is_cut_while_it_arrives(wire: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000_000:
            sent += 400
            yield b"x" * 400

    answer = await wire.post("/api/echo", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


async def test_a_body_at_the_limit_passes(wire: httpx2.AsyncClient) -> None:
    answer = await wire.post(
        "/api/echo", content=b"x" * 1000, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.json() == {"bytes": 1000}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"]
)
async def test_the_api_takes_json_only(wire: httpx2.AsyncClient, kind: str) -> None:
    answer = await wire.post(
        "/api/echo", content=b'{"a":1}', headers={"Content-Type": kind, "Origin": "https://evil.test"}
    )
    assert answer.status_code == 415
    assert answer.json()["error"] == "unsupported_media_type"


async def test_a_body_without_a_type_is_no_json(wire: httpx2.AsyncClient) -> None:
    request = wire.build_request("POST", "/api/echo", content=b"{}")
    assert (await wire.send(request)).status_code == 415


async def test_a_write_without_a_body_needs_no_type(wire: httpx2.AsyncClient) -> None:
    assert (await wire.post("/api/echo")).status_code == 200


async def test_a_thousand_paths_are_one_label(wire: httpx2.AsyncClient) -> None:
    def labels() -> set[str]:
        return {line for line in metrics.exposition().decode().splitlines() if line.startswith("http_requests_total{")}

    await wire.get("/things/0")
    await wire.get("/nowhere")
    before = {line.rpartition(" ")[0] for line in labels()}
    for number in range(40):
        await wire.get(f"/things/{number}")
        await wire.get(f"/nowhere/{number}")
        await wire.request(f"METHOD{number}", "/things/1")
    after = {line.rpartition(" ")[0] for line in labels()}
    assert len(after - before) <= 2
    assert 'http_requests_total{method="GET",route="/things/{thing}",status="200"}' in after


async def test_the_log_line_has_the_path_and_no_query(wire: httpx2.AsyncClient) -> None:
    with captured_logs() as lines:
        await wire.get("/things/1?jwt=canary-token", headers={"X-Request-Id": "request-1"})
    assert "canary-token" not in lines.text
    line = next(line for line in lines.all if line["msg"] == "answered")
    assert (line["method"], line["path"], line["status"], line["request_id"]) == ("GET", "/things/1", 200, "request-1")


async def test_a_failure_is_logged_with_its_place_but_not_its_words(wire: httpx2.AsyncClient) -> None:
    with captured_logs() as lines:
        await wire.get("/broken")
    line = next(line for line in lines.all if line["msg"] == "failed")
    assert "RuntimeError" in line["exception"]
    assert "canary" not in lines.text
