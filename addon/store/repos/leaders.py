"""Rows of `leaders`: which process holds an office that only one may hold, until when, by the database's clock."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.instant import instant
from addon.store.tables.clockwork import leaders


@dataclass(frozen=True, slots=True)
class Term:
    """since, until, now: UTC seconds of the database."""

    holder: str
    since: float
    until: float
    now: float

    @property
    def over(self) -> bool:
        return self.until <= self.now


async def hold(tx: AsyncConnection, office: str, *, holder: str, lease_s: float, by_force: bool = False) -> bool:
    """Takes or keeps the office, in one statement. False while somebody else holds it.

    by_force: nobody else can exist, so whoever is written there is dead.
    """
    now = instant(tx)
    mine = insert_into(tx, leaders).values(name=office, holder=holder, since=now, until=now + lease_s)
    same = leaders.c.holder == holder
    statement = mine.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "holder": holder,
            "until": mine.excluded.until,
            "since": case((same & (leaders.c.until > now), leaders.c.since), else_=mine.excluded.since),
        },
        where=None if by_force else or_(same, leaders.c.until <= now),
    )
    return (await tx.execute(statement.returning(leaders.c.name))).first() is not None


async def resign(tx: AsyncConnection, office: str, *, holder: str) -> None:
    """Leaves the office to the next who asks; nothing when somebody else holds it."""
    await tx.execute(delete(leaders).where(leaders.c.name == office, leaders.c.holder == holder))


async def term(tx: AsyncConnection, office: str) -> Term | None:
    """Who held the office last; None when nobody does or who did has resigned."""
    query = select(leaders.c.holder, leaders.c.since, leaders.c.until, instant(tx)).where(leaders.c.name == office)
    row = (await tx.execute(query)).first()
    return Term(*row) if row else None


def holds(tx: AsyncConnection, office: str, *, holder: str) -> ColumnElement[bool]:
    """The fence: true while the holder may act, by the clock of the statement that asks."""
    return exists().where(leaders.c.name == office, leaders.c.holder == holder, leaders.c.until > instant(tx))
