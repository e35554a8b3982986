"""The sandbox with the add-on as a child process, and the demo from the first line to the last."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from addon.cli.child import addon, last_lines
from addon.errors import Unavailable
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.process


def environment(**other: str) -> dict[str, str]:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**bare, "PYTHONPATH": str(ROOT), "COLUMNS": "120", "LLM_PROVIDER": "rules", **other}


def test_the_demo_ends_well_after_the_comment_exists(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "addon.cli.main", "demo", "--once", "--timeout", "180"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for line in ("add-on installed", "Tess creates SHOP-", "webhook accepted in", "sub-tasks offered"):
        assert line in done.stdout
    assert "every request of the add-on was one that Jira would take" in done.stdout


def test_the_demo_that_cannot_work_says_why_and_fails(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "addon.cli.main", "demo", "--once", "--timeout", "1"]
    wrong = environment(LLM_PROVIDER="openai", LLM_MODEL="m", LLM_TIMEOUT="60", LLM_BASE_URL="http://127.0.0.1:1/v1")
    done = subprocess.run(command, cwd=tmp_path, env=wrong, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    # The log itself is gone with the demo.
    assert "no comment after 1 s; the add-on's last lines:\n" in done.stderr
    assert "addon." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_sandbox_stays_up_until_it_is_told_to_go(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "addon.cli.main", "sandbox", "--port", str(port), "--data", str(tmp_path / "data")]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        state = _installed(f"http://127.0.0.1:{port}", process)
        assert state["installation"]["state"] == "enabled"
        assert (tmp_path / "data" / "addon.db").exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert str(port) in process.communicate()[0]
        with pytest.raises(httpx2.HTTPError):
            httpx2.get(f"{state['installation']['addon']}/health/live", trust_env=False)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _installed(url: str, process: subprocess.Popen[str]) -> dict[str, dict[str, str]]:
    for _ in range(2400):
        assert process.poll() is None
        try:
            state: dict[str, dict[str, str]] = httpx2.get(f"{url}/sandbox/state", trust_env=False).json()
            if state["installation"]:
                return state
        except httpx2.HTTPError:
            pass
        time.sleep(0.05)
    raise AssertionError("the add-on was not installed in time")


async def test_a_child_that_cannot_start_is_told_with_its_last_lines(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="LLM_MODEL is required"):
        async with addon({"LLM_PROVIDER": "openai", "LLM_MODEL": ""}, tmp_path):
            pass


def test_only_the_last_lines_of_a_log_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(str(n) for n in range(100)))
    assert last_lines(log).splitlines() == [str(n) for n in range(88, 100)]
