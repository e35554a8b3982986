"""On what the figures were measured, in words for the README."""

import asyncio
import os
import platform
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from bench.sender import ROOT
from tests.services import postgresql


def described() -> str:
    """One line for the machine, one for the programs, one for what was measured and when."""
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / 2**20
    machine = f"{os.cpu_count()} x {_field('/proc/cpuinfo', 'model name')}, {memory:.0f} GB, Linux {platform.release()}"
    programs = (
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {_postgresql()},"
        f" Redis {_redis()}"
    )
    commit = _said("git", "describe", "--always", "--dirty=, with changes", "--exclude=*")
    return f"{machine}  \n{programs}  \ncommit {commit}, {datetime.now(UTC):%Y-%m-%d}\n"


def _field(path: str, name: str) -> str:
    """Of a file of /proc with a name and a value in every line; "unknown" where there is none of that name."""
    pairs = (line.partition(":") for line in Path(path).read_text().splitlines())
    return next((value.strip() for key, _, value in pairs if key.strip() == name), "unknown")


def _postgresql() -> str:
    """Of the very server that the measurements use, which TEST_PG_URL may name."""

    async def ask(url: str) -> str:
        engine = create_async_engine(url)
        async with engine.connect() as tx:
            version = str((await tx.execute(text("SHOW server_version"))).scalar_one())
        await engine.dispose()
        return version.split()[0]

    with postgresql() as url:
        return asyncio.run(ask(url))


def _redis() -> str:
    words = _said(shutil.which("redis-server") or "redis-server", "--version").split()
    return next(word.removeprefix("v=") for word in words if word.startswith("v="))


def _said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
