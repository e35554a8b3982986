"""Where the keys of `Seals` come from: the operator's setting, or a file made once beside a SQLite database."""

import os
import secrets
from pathlib import Path

from addon.errors import Misconfigured
from addon.settings import Settings
from addon.store.db import parse_url, sqlite_file
from addon.store.secrets import Seals


def open_seals(settings: Settings) -> Seals:
    """Raises Misconfigured when there is no key and none may be made: servers that share a PostgreSQL share no file."""
    parts = [part.strip() for part in settings.app_secret_key.get_secret_value().split(",")]
    if any(parts):
        return Seals([part for part in parts if part])
    file = sqlite_file(parse_url(settings.database_url))
    if file is None:
        raise Misconfigured(
            "APP_SECRET_KEY is required with PostgreSQL: at least 32 random characters, the same on every server"
        )
    return Seals([_own_key(Path(f"{file}.key"))])


def _own_key(path: Path) -> str:
    try:
        if not path.exists():
            _make(path)
        return path.read_text("ascii").strip()
    except OSError as error:
        raise Misconfigured(f"cannot use the key file {path}: {error.strerror}") from None


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, secrets.token_urlsafe(48).encode("ascii"))
        os.fsync(handle)
        # A link appears whole or not at all, and only for the first of two processes that start together.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.close(handle)
        draft.unlink()
