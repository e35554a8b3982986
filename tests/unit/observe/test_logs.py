import logging

import pytest

from addon.errors import Invalid
from addon.observe import logs
from tests.captured_logs import captured_logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
CANARY = "canary-7f3a9"


def test_one_json_object_per_line_with_the_request_id() -> None:
    with captured_logs() as lines:
        logs.bind(request_id="request-1")
        logs.logger("addon.web").info("answered", status=200)
        logging.getLogger("some.library").warning("said %s", "this")
    ours, theirs = lines.all
    assert (ours["level"], ours["logger"], ours["msg"], ours["status"]) == ("info", "addon.web", "answered", 200)
    assert ours["ts"].endswith("Z")
    assert (theirs["logger"], theirs["msg"]) == ("some.library", "said this")
    assert ours["request_id"] == theirs["request_id"] == "request-1"


@pytest.mark.parametrize(
    "name",
    ["Authorization", "jwt", "sharedSecret", "shared_secret", "api_key", "apiKey", "OPENAI_API_KEY", "password",
     "access_token", "cookie", "Set-Cookie", "private_key", "X-Api-Key", "sealed", "client_assertion"],
)  # fmt: skip
def test_a_value_is_hidden_by_the_name_of_its_key_at_any_depth(name: str) -> None:
    with captured_logs() as lines:
        logs.logger("x").info("a", **{name: CANARY})
        logs.logger("x").info("b", headers={name: CANARY}, deep=[{"in": {name: [CANARY]}}])
        logging.getLogger("lib").warning("c", extra={name: CANARY})
    assert CANARY not in lines.text
    assert len(lines.all) == 3


@pytest.mark.parametrize(
    "text",
    [
        f"token {TOKEN} refused",
        f"Authorization: JWT {CANARY}-0123456789",
        f"bearer {CANARY}-0123456789",
        f"GET /ui/issue-panel?issueId=1&jwt={CANARY}",
        f"https://x.test/?acpt={CANARY}&y=1",
        f"postgresql+asyncpg://user:{CANARY}@db/name",
        f"used sk-{CANARY}-0123456789",
    ],
)
def test_a_secret_is_hidden_by_its_shape_wherever_it_stands(text: str) -> None:
    with captured_logs() as lines:
        logs.logger("x").info(text, url=text, nested=[text])
        logging.getLogger("lib").warning(text)
    assert CANARY not in lines.text
    assert TOKEN.rsplit(".", 1)[1] not in lines.text
    assert logs.HIDDEN in lines.text


def test_counts_of_tokens_are_no_secret() -> None:
    with captured_logs() as lines:
        logs.logger("x").info("model", input_tokens=12, output_tokens=34)
    assert (lines.all[0]["input_tokens"], lines.all[0]["output_tokens"]) == (12, 34)


@pytest.mark.parametrize("fmt", ["json", "text"])
def test_a_line_break_in_a_value_cannot_forge_a_line(fmt: logs.Format) -> None:
    with captured_logs(fmt=fmt) as lines:
        logs.logger("x").info("key\r\nfake", issue_key="ABC-1\n12:00:00 ERROR forged\u2028more\x1b[31m")
    assert len(lines.text.splitlines()) == 1
    assert "\x1b" not in lines.text


@pytest.mark.parametrize("fmt", ["json", "text"])
def test_a_foreign_exception_shows_its_place_and_not_its_words(fmt: logs.Format) -> None:
    with captured_logs(fmt=fmt) as lines:
        try:
            raise ValueError(f"could not parse {CANARY}")
        except ValueError:
            logs.logger("x").exception("failed")
    assert CANARY not in lines.text
    assert "ValueError" in lines.text
    assert "test_logs.py" in lines.text


def test_our_own_errors_keep_their_words_because_they_are_written_for_people() -> None:
    with captured_logs() as lines:
        try:
            raise Invalid("language: not known") from KeyError(CANARY)
        except Invalid:
            logs.logger("x").exception("failed")
    assert "Invalid: language: not known" in lines.all[0]["exception"]
    assert CANARY not in lines.text


def test_whoever_debugs_sees_the_words_but_no_secret() -> None:
    with captured_logs("DEBUG") as lines:
        try:
            raise ValueError(f"words and {TOKEN}")
        except ValueError:
            logs.logger("x").exception("failed")
    assert "words and" in lines.text
    assert TOKEN not in lines.text


def test_uvicorns_own_access_line_is_off_and_its_errors_are_on() -> None:
    with captured_logs() as lines:
        logging.getLogger("uvicorn.access").info('"GET /?jwt=%s" 200', CANARY)
        logging.getLogger("uvicorn.error").error("trouble")
    assert [line["msg"] for line in lines.all] == ["trouble"]


def test_documents_and_bytes_do_not_fill_the_log() -> None:
    with captured_logs() as lines:
        logs.logger("x").info("big", text="x" * 100_000, body=b"y" * 100_000, many=list(range(1000)))
    assert len(lines.text) < 4000


def test_a_tenant_is_named_by_a_hash() -> None:
    assert logs.tenant_hash("tenant-a") == logs.tenant_hash("tenant-a")
    assert logs.tenant_hash("tenant-a") != logs.tenant_hash("tenant-b")
    assert "tenant" not in logs.tenant_hash("tenant-a")
