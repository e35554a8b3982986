"""Where the keys of `Seals` come from: the operator's setting, or a file made once beside a SQLite database."""

import os
import secrets
from pathlib import Path

from addon.errors import Misconfigured
from addon.settings import Settings
from addon.store.address import parse_url, sqlite_file
from addon.store.secrets import MIN_KEY_LENGTH, Seals


def open_seals(settings: Settings) -> Seals:
    """Raises Misconfigured when there is no key and none may be made: servers that share a PostgreSQL share no file."""
    keys = known_keys(settings)
    if keys:
        return Seals(keys)
    path = key_file(settings)
    if path is None:
        raise Misconfigured(
            "APP_SECRET_KEY is required with PostgreSQL: at least 32 random characters, the same on every server"
        )
    try:
        _make(path)
    except OSError as error:
        raise _unusable(path, error) from None
    return Seals([_read(path)])


def known_keys(settings: Settings) -> list[str]:
    """Every key there is, the one that seals first; makes none. Raises Misconfigured."""
    keys = [part.strip() for part in settings.app_secret_key.get_secret_value().split(",") if part.strip()]
    path = key_file(settings)
    try:
        made = path is not None and path.exists()
    except OSError as error:
        raise _unusable(path, error) from None
    # Last, so that it only opens: who begins without APP_SECRET_KEY and sets one later loses nothing.
    return [*keys, _read(path)] if made and path is not None else keys


def key_file(settings: Settings) -> Path | None:
    """Beside the SQLite database; None for a server. Raises Misconfigured."""
    file = sqlite_file(parse_url(settings.database_url))
    return Path(f"{file}.key") if file is not None else None


def _read(path: Path) -> str:
    try:
        key = path.read_text("ascii").strip()
    except OSError as error:
        raise _unusable(path, error) from None
    except UnicodeDecodeError:
        raise Misconfigured(f"the key file {path} holds something else than a key") from None
    if len(key) < MIN_KEY_LENGTH:
        raise Misconfigured(f"the key file {path} holds no key; bring the one back that belongs to the database")
    return key


def _unusable(path: Path | None, error: OSError) -> Misconfigured:
    return Misconfigured(f"cannot use the key file {path}: {error.strerror}")


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
