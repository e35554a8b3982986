"""A claimed publication as its writer needs it, in one read: the row, what stands in its place, who else is at it."""

import json
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import NamedFromClause

from addon.store.db import Database
from addon.store.repos.publications import Publication
from addon.store.swift import Swift
from addon.store.tables.base import Document
from addon.store.tables.runs import publications

_NAMES = tuple(Publication.__dataclass_fields__)
_PLACE = ("tenant_id", "issue_id", "target", "slot")
_LOCKS = 0x4A57
# Also for a process that is frozen while it has the lock: the others wait for it no longer than this.
_IN_TURN = select(
    func.set_config("idle_in_transaction_session_timeout", "5s", True),
    func.pg_advisory_xact_lock(literal(_LOCKS, Integer), bindparam("key", type_=Integer)),
)
RECENT_S = 300.0
"""What was put back longer ago has sent nothing that could still be on its way."""
_WRITING = 2
_DOCUMENTS = tuple(number for number, name in enumerate(_NAMES) if publications.c[name].type is Document)
_UNDOING = _NAMES.index("undoing")


@dataclass(frozen=True, slots=True)
class Claimed:
    """previous: the last one that was written into the same slot of the issue.

    newer: one made later for that slot waits, works or is done. writing: one is being written there at this moment.
    unfinished: one was tried there not long ago and is not known to be written.
    """

    publication: Publication
    previous: Publication | None
    newer: bool
    writing: bool
    unfinished: bool


async def read(db: Database, tenant_id: str, *, publication_id: str) -> Claimed | None:
    """None when there is no such row. Raises DatabaseDown."""
    found = await db.swift(_READING, {"tenant_id": tenant_id, "publication_id": publication_id})
    if not found:
        return None
    *values, newer, others = found[0]
    mine, previous = values[: len(_NAMES)], values[len(_NAMES) :]
    return Claimed(
        _publication(mine),
        _publication(previous) if previous[0] is not None else None,
        newer=bool(newer),
        writing=others == _WRITING,
        unfinished=others is not None,
    )


async def others_sent(db: Database, publication: Publication) -> float:
    """Until when the unfinished ones of the same slot may have sent something whose fate is not known; 0.0 for never.

    Raises DatabaseDown.
    """
    place = {name: getattr(publication, name) for name in _PLACE}
    async with db.single() as tx:
        found = (await tx.execute(_UNFINISHED, {**place, "publication_id": publication.id})).all()
    moments = (min(row.at, db.now()) if row.kept is None else float(row.kept.get("sent_at", 0.0)) for row in found)
    return max(moments, default=0.0)


async def is_alone(tx: AsyncConnection, publication: Publication) -> bool:
    """Whether nobody else is writing into the same slot. Those who ask at the same time are answered in turn.

    Who is told no gives way in the same transaction. Of two that give way to each other neither would ever write.
    """
    place = {name: getattr(publication, name) for name in _PLACE}
    if tx.dialect.name == "postgresql":
        await tx.execute(_IN_TURN, {"key": crc32(" ".join(place.values()).encode()) - 2**31})
    return not (await tx.execute(_RIVALS, {**place, "publication_id": publication.id})).first()


def _publication(values: list[Any]) -> Publication:
    """From what a driver gives: that of SQLite leaves documents to us."""
    for number in _DOCUMENTS:
        if isinstance(values[number], str):
            values[number] = json.loads(values[number])
    values[_UNDOING] = bool(values[_UNDOING])
    return Publication(*values)


def _reading() -> Select[Any]:
    me, last, other, previous = (publications.alias(name) for name in ("me", "last", "other", "previous"))
    latest = (
        select(last.c.id)
        .where(_same_place(last, me), last.c.state == "succeeded")
        .order_by(last.c.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    someone = and_(_same_place(other, me), other.c.id != me.c.id)
    # Not by when it was finished: that moment moves when an undo is refused.
    later = or_(other.c.created_at > me.c.created_at, and_(other.c.created_at == me.c.created_at, other.c.id > me.c.id))
    alive = or_(*(other.c.state == state for state in ("queued", "running", "succeeded")))
    writing = other.c.state == "running"
    recently = _put_back(other) > me.c.run_at - literal_column(str(RECENT_S), Float)
    others = select(
        func.max(case((writing, literal_column(str(_WRITING), Integer)), else_=literal_column("1", Integer)))
    ).where(someone, or_(writing, and_(_unfinished(other), recently)))
    return (
        select(
            *(me.c[name] for name in _NAMES),
            *(previous.c[name] for name in _NAMES),
            exists().where(someone, other.c.undoing.is_(False), later, alive),
            others.scalar_subquery(),
        )
        .select_from(me.outerjoin(previous, and_(previous.c.tenant_id == me.c.tenant_id, previous.c.id == latest)))
        .where(
            me.c.tenant_id == bindparam("tenant_id", type_=String),
            me.c.id == bindparam("publication_id", type_=String),
        )
    )


def _same_place(one: NamedFromClause[Any], other: NamedFromClause[Any]) -> ColumnElement[bool]:
    return and_(*(one.c[name] == other.c[name] for name in _PLACE))


def _unfinished(row: NamedFromClause[Any]) -> ColumnElement[bool]:
    """Tried, and not known to be written."""
    ended = or_(*(row.c.state == state for state in ("queued", "failed", "cancelled")))
    return and_(row.c.attempts > 0, row.c.remote_id.is_(None), ended)


def _put_back(row: NamedFromClause[Any]) -> ColumnElement[float]:
    """No attempt sent anything later than that."""
    return func.coalesce(row.c.finished_at, row.c.run_at)


_UNFINISHED = select(_put_back(publications).label("at"), publications.c.kept).where(
    *(publications.c[name] == bindparam(name, type_=String) for name in _PLACE),
    publications.c.id != bindparam("publication_id", type_=String),
    _unfinished(publications),
)
_RIVALS = (
    select(publications.c.id)
    .where(
        *(publications.c[name] == bindparam(name, type_=String) for name in _PLACE),
        publications.c.id != bindparam("publication_id", type_=String),
        publications.c.state == "running",
    )
    .limit(1)
)
_READING = Swift(_reading(), _reading())
