"""A SQLite database whose machine's clock was set back while nothing ran."""

from sqlalchemy import func, select

from addon.store.db import Database
from addon.store.tables.runs import publications, runs


async def resumed(db: Database) -> None:
    """Has its clock go on from the newest work that is not over, which else would wait until it is that late again.

    What is over sets no date, so that a clock which was years ahead for a moment does not stay there. Raises
    DatabaseDown.
    """
    if db.dialect != "sqlite":
        return
    async with db.begin() as tx:
        for table in (runs, publications):
            active = table.c.state.in_(("queued", "running"))
            latest = func.max(func.coalesce(table.c.started_at, table.c.created_at))
            found = (await tx.execute(select(latest).where(active))).scalar_one()
            db.not_before(found or 0.0)
