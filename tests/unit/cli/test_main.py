"""The command line: help, exit codes, one clear line instead of a traceback."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from addon.cli.main import COMMANDS, app
from addon.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[3]


def invoke(*arguments: str, folder: Path, **environment: str) -> tuple[int, str, BaseException | None]:
    base = {"DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'a.db'}", "COLUMNS": "200", "LLM_PROVIDER": "rules"}
    result = CliRunner().invoke(app, arguments, env={**base, **environment})
    return result.exit_code, result.output, result.exception


def test_help_names_every_command_with_what_it_does(tmp_path: Path) -> None:
    code, said, _ = invoke("--help", folder=tmp_path)
    assert code == 0
    assert all(f" {command} " in said for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, command: str) -> None:
    code, said, _ = invoke(command, "--help", folder=tmp_path)
    assert code == 0
    assert len(said) > 100


@pytest.mark.parametrize("command", ["worker", "scheduler"])
def test_who_has_no_web_server_names_the_port_of_its_probes(tmp_path: Path, command: str) -> None:
    assert "PROBE_PORT" in invoke(command, "--help", folder=tmp_path)[1]


def test_an_unknown_command_is_a_usage_error(tmp_path: Path) -> None:
    code, said, _ = invoke("fly", folder=tmp_path)
    assert code == 2
    assert "No such command" in said


def test_the_descriptor_is_printed_for_the_configured_address(tmp_path: Path) -> None:
    code, said, _ = invoke("descriptor", folder=tmp_path, BASE_URL="https://a.example/jira", ADDON_KEY="org.x")
    assert code == 0
    printed = json.loads(said)
    assert (printed["baseUrl"], printed["key"]) == ("https://a.example/jira", "org.x")


def test_migrate_makes_the_database(tmp_path: Path) -> None:
    code, said, _ = invoke("migrate", folder=tmp_path)
    lines = said.split("\n")
    assert code == 0
    assert lines[0] == "0001 …"
    assert lines[-2].startswith("The database has the newest schema, ")
    assert (tmp_path / "a.db").exists()


def test_doctor_shows_a_table_and_fails_when_something_would(tmp_path: Path) -> None:
    code, said, _ = invoke("doctor", folder=tmp_path, BASE_URL="http://127.0.0.1:1")
    assert code == 0
    assert "BASE_URL" in said
    code, said, _ = invoke("doctor", folder=tmp_path, BASE_URL="http://127.0.0.1:1", APP_SECRET_KEY="short")
    assert code == 1
    assert "fail" in said


def test_doctor_explains_a_hash(tmp_path: Path) -> None:
    arguments = ("doctor", "--qsh", "GET", "/ui/panel?a=1", "--expected", "0" * 64)
    code, said, _ = invoke(*arguments, folder=tmp_path)
    assert code == 1
    assert "we compute:  GET&/ui/panel&a=1" in said
    assert invoke(*arguments[:4], folder=tmp_path)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("doctor", "--expected", "0" * 64), "--expected needs --qsh"),
        (("doctor", "--qsh", "GET", "/a", "--expected", ""), "--expected is given without a value"),
        (("settings", "--markdown", "--env"), "--markdown goes without --env"),
        (("ai-service", "--host", ""), "--host is given without a value"),
        (("sandbox", "--sites", "2", "--port", "65535"), "no room for 2 sites"),
        (("sandbox", "--sites", "2", "--port", "8090", "--addon-port", "8091"), "the port of a site"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    _, _, error = invoke(*arguments, folder=tmp_path)
    assert isinstance(error, Misconfigured)
    assert said in error.detail
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--port", "99999"),
        ("demo", "--timeout", "0"),
        ("demo", "--data", __file__),
        ("sandbox", "--port", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    code, said, _ = invoke(*arguments, folder=tmp_path)
    assert code == 2
    assert arguments[1] in said


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help_fits_a_terminal_and_shows_flags_as_flags(tmp_path: Path, command: tuple[str, ...]) -> None:
    said = invoke(*command, "--help", folder=tmp_path, COLUMNS="80")[1]
    assert all(len(line) <= 80 for line in said.splitlines())
    assert "bool" not in said


@pytest.mark.process
def test_usage_errors_are_one_line_and_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "addon.cli.main", "failures", "--again", "x", "--limit", "3"]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "jiravision: --again goes without --limit\n")


@pytest.mark.parametrize("command", ["serve", "worker", "scheduler", "ai-service", "migrate", "top", "doctor"])
def test_redis_beside_sqlite_is_refused_in_every_command(tmp_path: Path, command: str) -> None:
    _, _, error = invoke(command, folder=tmp_path, REDIS_URL="redis://127.0.0.1:1/0")
    assert isinstance(error, Misconfigured)
    assert "REDIS_URL" in error.detail
    assert "DATABASE_URL=postgresql+asyncpg://" in error.detail
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_is_not_hidden_behind_a_traceback(tmp_path: Path) -> None:
    _, _, error = invoke("serve", folder=tmp_path, BASE_URL="http://public.example")
    assert isinstance(error, Misconfigured)
    assert "BASE_URL" in error.detail


@pytest.mark.parametrize("command", ["migrate", "doctor"])
def test_a_file_that_is_no_database_is_told_by_every_command(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.db").write_bytes(b"some notes, and no database\n" * 100)
    code, said, error = invoke(command, folder=tmp_path, BASE_URL="http://127.0.0.1:1")
    assert code == 1
    assert "not a SQLite database" in (said + getattr(error, "detail", ""))
    assert isinstance(error, Misconfigured if command == "migrate" else SystemExit)


@pytest.mark.process
@pytest.mark.parametrize(
    ("environment", "code", "said"),
    [
        ({"BASE_URL": "http://public.example"}, 2, "BASE_URL"),
        ({"BASE_URL": "https://a b.example"}, 2, "BASE_URL"),
        ({"DATABASE_URL": f"sqlite+aiosqlite:///{ROOT / 'README.md'}"}, 2, "not a SQLite database"),
        ({"DATABASE_URL": "postgresql+asyncpg://u:p@h:port/d"}, 2, "DATABASE_URL"),
        ({"APP_SECRET_KEY_FILE": sys.executable}, 2, "APP_SECRET_KEY_FILE"),
        ({"DATABASE_URL": "postgresql+asyncpg://u:p@127.0.0.1:1/d", "APP_SECRET_KEY": "k" * 40}, 1, "database"),
    ],
)
def test_the_process_ends_with_one_line_and_a_code(
    tmp_path: Path, environment: dict[str, str], code: int, said: str
) -> None:
    command = [sys.executable, "-m", "addon.cli.main", "serve"]
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LOG_LEVEL": "ERROR", **environment}
    done = subprocess.run(command, cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "code"),
    [("serve", 0), ("worker", 0), ("scheduler", 0), ("ai-service", 0), ("migrate", -signal.SIGTERM)],
)
def test_who_is_told_to_go_while_it_loads_goes(tmp_path: Path, command: str, code: int) -> None:
    """One that stays has not failed then; one that was to do something has not done it."""
    program = [sys.executable, "-X", "importtime", "-m", "addon.cli.main", command]
    environment = {**os.environ, "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path / 'a.db'}"}
    # A narrow pipe: it cannot have gone far beyond what was read of it here, however late that is.
    with subprocess.Popen(
        program, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, pipesize=4096
    ) as process:
        assert process.stderr is not None
        # The first thing of its own that a command loads, and by far not the last.
        assert any("addon.errors" in line for line in process.stderr)
        assert any("addon." in line or "uvicorn" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == code
    assert "Traceback" not in said
