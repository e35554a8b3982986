"""`jiravision migrate`: the database to the newest schema."""

import asyncio

import typer

from addon.settings import load_settings
from addon.store.migrate import migrate as bring_up

app = typer.Typer(add_completion=False)


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema, while the release before goes on serving.

    May run several times, also at once. A `serve` without REDIS_URL does the same at start.
    """
    asyncio.run(bring_up(load_settings().database_url, say))


def say(progress: str) -> None:
    print(progress, flush=True)
