"""What `doctor` looks at: each check answers with a finding and, when something is wrong, with what to do."""

from urllib.parse import urlsplit

import httpx2

from addon.cli.finding import Finding
from addon.cli.models_found import ai_service, models
from addon.cli.sealed import keys, stored_secrets
from addon.cli.shared import connections, redis
from addon.connect.sites import allowed_site
from addon.connect.verdicts import Refused
from addon.errors import AddonError
from addon.settings import Settings, is_loopback
from addon.store.address import parse_url, sqlite_file
from addon.store.db import Database
from addon.store.migrate import schema

OFFICIAL = ("connect-install-keys.atlassian.com", "oauth-2-authorization-server.services.atlassian.com")
ANSWER_S = 5.0


async def checkup(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which an operator would mend them."""
    return [
        _address(settings),
        await _served(settings),
        keys(settings),
        await _database(settings),
        *await connections(settings),
        *await redis(settings),
        *await stored_secrets(settings),
        *await models(settings),
        *await ai_service(settings),
        *_hosts(settings),
        *_debug(settings),
    ]


def _address(settings: Settings) -> Finding:
    if is_loopback(urlsplit(settings.base_url).hostname or ""):
        return Finding(
            "warn", "BASE_URL", f"{settings.base_url} is this machine",
            "Enough for the sandbox; a real Jira needs a public https address, for example of a tunnel.",
        )  # fmt: skip
    return Finding("ok", "BASE_URL", settings.base_url)


async def _served(settings: Settings) -> Finding:
    """Whether the descriptor can be fetched where Jira would fetch it."""
    url = f"{settings.base_url}/atlassian-connect.json"
    try:
        # Fetched as Jira would: by the public address, not through a proxy of this machine.
        async with httpx2.AsyncClient(timeout=ANSWER_S, trust_env=False) as client:
            answer = await client.get(url)
        key = answer.json().get("key") if answer.status_code == 200 else None
    except (httpx2.HTTPError, ValueError, AttributeError) as error:
        return Finding(
            "warn", "Descriptor", f"{url} does not answer ({type(error).__name__})",
            "Start `jiravision serve`; behind a proxy, check that it passes the whole path on.",
        )  # fmt: skip
    if key != settings.addon_key:
        said = f"{url} answers {answer.status_code}, key {key!r}"
        return Finding("fail", "Descriptor", said, f"Another service answers there, or ADDON_KEY is not {key!r}.")
    return Finding("ok", "Descriptor", f"{url} answers")


async def _database(settings: Settings) -> Finding:
    what = "DATABASE_URL"
    try:
        file = sqlite_file(parse_url(settings.database_url))
        # Opening it would make it, and a check-up leaves nothing behind.
        if file is not None and not file.exists():
            return Finding("ok", what, f"{file} will be made at the first start")
        db = Database.open(settings.database_url)
        try:
            there = await schema(db)
        finally:
            await db.close()
    except AddonError as error:
        return Finding("fail", what, error.detail, "Check that the database runs, and its address, user and password.")
    if there.missing:
        said = f"schema {there.current} is older than this release, which needs {there.missing[-1]}"
        said = said if there.current else "the database has no schema yet"
        return Finding("fail", what, said, "Run `jiravision migrate`; a `serve` without REDIS_URL does so at start.")
    newness = f"schema {there.current} of a later release" if there.newer else "newest schema"
    return Finding("ok", what, f"{'SQLite' if file else 'PostgreSQL'}, {newness}")


def _hosts(settings: Settings) -> list[Finding]:
    what, listed = "JIRA_ALLOWED_HOSTS", ", ".join(settings.jira_allowed_hosts)
    local = [host for host in settings.jira_allowed_hosts if is_loopback(host.partition(":")[0])]
    useless = [host for host in settings.jira_allowed_hosts if not _matches(host)]
    findings = [Finding("ok", what, listed)]
    if not settings.jira_allowed_hosts:
        findings = [
            Finding(
                "fail", what, "empty: no Jira may install the add-on", "Take the default *.atlassian.net,*.jira.com."
            )
        ]
    elif useless:
        findings = [
            Finding(
                "warn" if len(useless) < len(settings.jira_allowed_hosts) else "fail", what,
                f"{', '.join(useless)}: no Jira site matches that",
                "Name hosts as *.atlassian.net, jira.example.com or, for the sandbox, 127.0.0.1:8090.",
            )
        ]  # fmt: skip
    elif local:
        findings = [
            Finding("warn", what, f"{listed}: plain http to this machine is allowed", "Right for the sandbox only.")
        ]
    for name, url in (("INSTALL_KEYS_URL", settings.install_keys_url), ("OAUTH_URL", settings.oauth_url)):
        if urlsplit(url).hostname not in OFFICIAL:
            findings.append(
                Finding("warn", name, f"{url} is not Atlassian's", "Whoever answers there can pretend to be Jira.")
            )
    return findings


def _matches(pattern: str) -> bool:
    """Whether any site could fit the pattern."""
    host = f"a{pattern[1:]}" if pattern.startswith("*.") else pattern
    scheme = "http" if is_loopback(pattern.partition(":")[0]) else "https"
    try:
        allowed_site(f"{scheme}://{host}", [pattern])
    except Refused:
        return False
    return True


def _debug(settings: Settings) -> list[Finding]:
    if settings.enable_debug_routes and settings.base_url.startswith("https://"):
        return [Finding("warn", "ENABLE_DEBUG_ROUTES", "on at a public address", "Switch it off outside development.")]
    return []
