"""A server that cannot start says why in one line and leaves: the operator's first conversation with it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT

pytestmark = [pytest.mark.faults, pytest.mark.process]


def served(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    known |= {"DATABASE_URL": f"sqlite+aiosqlite:///{folder}/jiravision.db", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "addon.cli.main", "serve"]
    return subprocess.run(
        command, cwd=ROOT, env=known | environment, capture_output=True, text=True, timeout=120, check=False
    )


def last_line(ended: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in ended.stderr, ended.stderr
    return ended.stderr.strip().splitlines()[-1]


def test_sealing_key_that_is_too_short_is_named_and_not_shown(tmp_path: Path) -> None:
    ended = served(tmp_path, APP_SECRET_KEY="canary-short")
    assert ended.returncode == 2
    assert last_line(ended).startswith("jiravision: APP_SECRET_KEY:")
    assert "canary-short" not in ended.stdout + ended.stderr


def test_port_that_is_taken_is_said_and_ends_the_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = served(tmp_path, PORT=port, BASE_URL=f"http://127.0.0.1:{port}")
    assert ended.returncode == 1
    assert last_line(ended).startswith(f"jiravision: the server did not start on 127.0.0.1:{port}")
