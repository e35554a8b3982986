"""What `doctor` says about what several processes share: Redis, and the connections of the database."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.cli.finding import Finding
from addon.errors import AddonError
from addon.redis.connection import Redis
from addon.settings import Settings
from addon.store.address import parse_url, sqlite_file
from addon.store.db import Database
from addon.store.repos import processes

OLDEST = 6
KEEPING = ("noeviction", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
LEFT_FOR_OTHERS = 10
"""Connections that migrations, backups and people want besides."""


async def redis(settings: Settings) -> list[Finding]:
    """Nothing where none is configured."""
    what = "REDIS_URL"
    if not settings.redis_url:
        return []
    server = Redis(settings.redis_url, prefix="jiravision:doctor")
    try:
        about = await server.ask(lambda client: client.info())
    except AddonError as error:
        return [
            Finding(
                "warn", what, f"{error.detail} Nothing is lost meanwhile, but everything takes a second longer.",
                "Check that Redis runs, and its address, user and password.",
            )
        ]  # fmt: skip
    finally:
        await server.close()
    version = str(about.get("redis_version", ""))
    if not version.split(".")[0].isdigit() or int(version.split(".")[0]) < OLDEST:
        return [Finding("fail", what, f"Redis {version or 'of no version'}", f"Take Redis {OLDEST} or newer.")]
    policy = str(about.get("maxmemory_policy", "noeviction"))
    if policy not in KEEPING:
        said = f"Redis {version} throws away any key when memory is short (maxmemory-policy {policy})"
        return [Finding("warn", what, said, "Set maxmemory-policy noeviction or volatile-lru.")]
    return [Finding("ok", what, f"Redis {version}")]


async def connections(settings: Settings) -> list[Finding]:
    """Whether the processes there are fit into what the server allows; nothing where that cannot be known."""
    what = "DATABASE_POOL"
    try:
        if sqlite_file(parse_url(settings.database_url)) is not None:
            return []
        db = Database.open(settings.database_url)
        try:
            async with db.begin() as tx:
                allowed = await _allowed(tx)
                count = sum(process.alive for process in await processes.known(tx)) if allowed else 0
        finally:
            await db.close()
    except AddonError:
        # Of a database that is away or not migrated another finding speaks.
        return []
    if allowed is None:
        return []
    count = max(count, 1)
    wanted = count * settings.database_pool + LEFT_FOR_OTHERS
    said = f"{count} running with {settings.database_pool} each and {LEFT_FOR_OTHERS} to spare, of {allowed} allowed"
    if wanted > allowed:
        todo = "Lower DATABASE_POOL, run fewer processes, or raise max_connections of PostgreSQL."
        return [Finding("warn", what, said, todo)]
    return [Finding("ok", what, said)]


async def _allowed(tx: AsyncConnection) -> int | None:
    found = await tx.execute(
        text(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
            " where to_regclass('processes') is not null"
        )
    )
    allowed: int | None = found.scalar_one_or_none()
    return allowed
