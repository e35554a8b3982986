"""What `doctor` says about the keys and about what was sealed with them."""

import secrets
import stat
from pathlib import Path

from addon.cli.finding import Finding
from addon.errors import AddonError, Misconfigured
from addon.settings import Settings
from addon.store.address import parse_url, sqlite_file
from addon.store.db import Database
from addon.store.keyring import key_file, known_keys
from addon.store.migrate import at_head
from addon.store.reseal import take_stock
from addon.store.secrets import Seals


def keys(settings: Settings) -> Finding:
    what = "APP_SECRET_KEY"
    try:
        path, found = key_file(settings), known_keys(settings)
        if found:
            Seals(found)
    except Misconfigured as error:
        return Finding(
            "fail", what, error.detail, "Make one: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    if settings.app_secret_key.get_secret_value():
        made = path is not None and path.exists()
        return Finding("ok", what, f"set; {path} opens what was sealed before" if made else "set")
    if path is None:
        return Finding(
            "fail", what, "not set, and PostgreSQL is shared by several servers",
            "Set the same 32 or more random characters on every server.",
        )  # fmt: skip
    return _key_file(what, path)


def _key_file(what: str, key: Path) -> Finding:
    if not key.exists():
        return Finding("ok", what, f"not set; {key} will be made at the first start")
    if stat.S_IMODE(key.stat().st_mode) & 0o077:
        return Finding("warn", what, f"others on this machine can read {key}", f"chmod 600 {key}")
    return Finding("ok", what, f"kept in {key}", "Back it up together with the database.")


async def stored_secrets(settings: Settings) -> list[Finding]:
    """Whether every secret in the database opens; nothing where there is no database or no secret yet."""
    what = "Stored secrets"
    try:
        file = sqlite_file(parse_url(settings.database_url))
        if file is not None and not file.exists():
            return []
        db = Database.open(settings.database_url)
        try:
            if not await at_head(db):
                return []
            # Without any key none opens, and that is what there is to say; a check-up makes none.
            stock = await take_stock(db, Seals(known_keys(settings) or [secrets.token_urlsafe(48)]))
        finally:
            await db.close()
    except AddonError as error:
        return [Finding("fail", what, error.detail)]
    if stock.broken:
        tables = " and ".join(f"{number} of {stock.found[name]} in {name}" for name, number in stock.broken.items())
        return [
            Finding(
                "fail", what, f"no key opens {tables}",
                "Add the key they were sealed with to APP_SECRET_KEY, after the new one (or bring its .key file back);"
                " otherwise install the add-on again on those sites and enter their model keys again.",
            )
        ]  # fmt: skip
    if stock.renewed:
        said = f"{stock.renewed} of {sum(stock.found.values())} are sealed with an older key"
        return [Finding("warn", what, said, "Keep that key until `jiravision serve` has started once.")]
    return [Finding("ok", what, f"all {total} open with the first key")] if (total := sum(stock.found.values())) else []
