"""Which due rows of a queue come next: the most urgent first, and among those of one priority the sites in turn.

Written for queues in which one site has many thousand rows and hundreds of others have a few: the sites are found by
leaping from one to the next in an index of waiting rows, and of each only the first rows are looked at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    Column,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Select,
    String,
    Subquery,
    Table,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    true,
    tuple_,
)

MINUTE_S = 60.0
BURST_S = 10.0
"""What a site may begin in one go: as much as its rate gives in this time, and at least one row."""
ANY = 2**31 - 1

Moment = float | ColumnElement[float]
Turn = Callable[[Moment], ColumnElement[bool]]

# Literals: a planner that sees a parameter instead cannot know that a partial index will do.
QUEUED: ColumnElement[str] = literal_column("'queued'", String)
RUNNING: ColumnElement[str] = literal_column("'running'", String)
_INSTALLED: ColumnElement[str] = literal_column("'installed'", String)
_UNINSTALLED: ColumnElement[str] = literal_column("'uninstalled'", String)
_SUPERSEDED: ColumnElement[str] = literal_column("'superseded'", String)

_QUEUE = bindparam("p_queue", type_=String)
_NOW = bindparam("p_now", type_=Float)
_WORKER = bindparam("p_worker", type_=String)
_LIMIT = bindparam("p_limit", type_=Integer)
_SLOTS = bindparam("p_slots", type_=Integer)
_EACH_S = bindparam("p_each_s", type_=Float)
_BURST_S = bindparam("p_burst_s", type_=Float)


def at_any_time(_: Moment) -> ColumnElement[bool]:
    """A turn that is always there."""
    return true()


def served(tenants: Table) -> ColumnElement[bool]:
    """Sites whose rows are worked now."""
    return (tenants.c.state == _INSTALLED) & tenants.c.paused_until.is_(None)


def has_left(tenants: Table) -> ColumnElement[bool]:
    """Sites whose rows will never be worked."""
    return (tenants.c.state == _UNINSTALLED) | (tenants.c.state == _SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Share:
    """What one site may have of a queue.

    slots: rows worked at a time, over all processes; with each_worker, by every worker for itself, so that each keeps
    places free for others and more workers are more places. starts_per_minute: rows begun, over all processes; 0 for
    any number.
    """

    slots: int = ANY
    starts_per_minute: int = 0
    each_worker: bool = False

    @property
    def each_s(self) -> float:
        """How much of a site's time one start takes."""
        return MINUTE_S / self.starts_per_minute if self.starts_per_minute else 0.0

    def asked(self, queue: str, *, limit: int, now: float) -> dict[str, Any]:
        """The parameters of `next_rows`, but for `p_worker`."""
        burst_s = max(BURST_S, self.each_s)
        rate = {"p_each_s": self.each_s, "p_burst_s": burst_s} if self.starts_per_minute else {}
        return {"p_queue": queue, "p_now": now, "p_limit": limit, "p_slots": self.slots, **rate}


@cache
def next_rows(table: Table, turn: Turn, *, dialect: str, rated: bool, own: bool) -> Select[str]:
    """Ids of the rows to claim. rated: the site's rate counts as well as its slots.

    own: of what a site has at work, only the rows of the worker `p_worker` count.
    """
    # SQLite has no LATERAL, and PostgreSQL looks at every row of the table for what takes its place.
    lateral = dialect == "postgresql"
    # Twice as many sites as rows have them all. Only where rows wait for their turn nobody knows without looking.
    sites = _sites(table, rated=rated, own=own, whole=turn is not at_any_time, lateral=lateral)
    first = _first_rows(table, sites, due=turn(_NOW), lateral=lateral)
    c = first.c
    fits = [c.busy + c.nth <= _SLOTS]
    if rated:
        fits.append(c.paid_until + c.nth * _EACH_S <= _NOW + _BURST_S)
    order = (c.priority.desc(), c.busy + c.nth, c.run_at, c.id)
    return select(c.id).where(*fits).order_by(*order).limit(_LIMIT)


@cache
def waiting(table: Table, *, dialect: str) -> Select[str, float | None, str | None]:
    """By queue since when the longest waiting row could be worked, and a site that left and still has rows there.

    Found in one row of each site and priority.
    """
    heads = _leaps(table, by=("queue", "tenant_id", "priority"), lateral=dialect == "postgresql")
    tenants = _beside(table, "tenants")
    since = func.min(case((served(tenants) & (heads.c.run_at <= _NOW), heads.c.run_at)))
    left = func.max(case((has_left(tenants), heads.c.tenant_id)))
    query = select(heads.c.queue, since.label("since"), left.label("left"))
    return query.join(tenants, tenants.c.id == heads.c.tenant_id).group_by(heads.c.queue)


def _leaps(table: Table, *, by: tuple[str, ...], lateral: bool, **fixed: ColumnElement[Any]) -> CTE:
    """The first waiting row of each combination of the columns `by`, found by leaping from one to the next.

    fixed: columns with one value only, which stand before them in the index.
    """
    names = (*by, "run_at")
    heads = select(*(_nothing(table.c[name]) for name in names)).cte(f"{table.name}_heads", recursive=True)
    ahead = table.alias()
    # As values without a type of their own: else SQLite compares the first of them by the index and no other.
    last = (heads.c[name].concat("") if isinstance(table.c[name].type, String) else heads.c[name] + 0 for name in by)
    following = (
        select(*(ahead.c[name] for name in names))
        .where(ahead.c.state == QUEUED, *(ahead.c[name] == value for name, value in fixed.items()))
        .where(tuple_(*(ahead.c[name] for name in by)) > tuple_(*last))
        .order_by(*(ahead.c[name] for name in (*fixed, *by)), ahead.c.run_at, ahead.c.id)
        .limit(1)
    )
    head: FromClause
    if lateral:
        head = following.lateral()
        joined = heads.join(head, literal_column("true"))
    else:
        head = table.alias()
        joined = heads.join(head, head.c.id == following.with_only_columns(ahead.c.id).scalar_subquery())
    return heads.union_all(select(*(head.c[name] for name in names)).select_from(joined))


def _beside(table: Table, name: str) -> Table:
    """Another table of the same schema."""
    return table.metadata.tables[name]


def _nothing(column: Column[Any]) -> ColumnElement[Any]:
    """What stands before every value of the column."""
    return cast(literal_column("''" if isinstance(column.type, String) else "0"), column.type).label(column.name)


def _sites(table: Table, *, rated: bool, own: bool, whole: bool, lateral: bool) -> Subquery:
    """tenant_id, priority, busy, paid_until of sites with due rows that may begin at least one more.

    whole: all of them, else the first ones.
    """
    heads = _leaps(table, by=("tenant_id", "priority"), lateral=lateral, queue=_QUEUE)
    at_work = table.alias()
    busy = select(func.count()).select_from(at_work)
    busy = busy.where(at_work.c.state == RUNNING, at_work.c.queue == _QUEUE, at_work.c.tenant_id == heads.c.tenant_id)
    if own:
        busy = busy.where(at_work.c.worker == _WORKER)
    tenants, paces = _beside(table, "tenants"), _beside(table, "paces")
    joined: FromClause = heads.join(tenants, tenants.c.id == heads.c.tenant_id)
    paid_until: ColumnElement[float] = _NOW
    if rated:
        joined = joined.outerjoin(paces, (paces.c.tenant_id == heads.c.tenant_id) & (paces.c.queue == _QUEUE))
        paid_until = case((paces.c.paid_until > _NOW, paces.c.paid_until), else_=_NOW)
    counted = (busy.scalar_subquery().label("busy"), paid_until.label("paid_until"))
    ready = select(*heads.c, *counted).select_from(joined).where(served(tenants), heads.c.run_at <= _NOW)
    # Kept apart, so that the rows at work are counted once for each site and not wherever the number is needed.
    site = ready.cte("ready").prefix_with("MATERIALIZED")
    may = [site.c.busy < _SLOTS]
    if rated:
        may.append(site.c.paid_until + _EACH_S <= _NOW + _BURST_S)
    sites = select(site).where(*may)
    order = (site.c.priority.desc(), site.c.busy, site.c.run_at)
    return (sites if whole else sites.order_by(*order).limit(_LIMIT * 2)).subquery("sites")


def _first_rows(table: Table, sites: Subquery, *, due: ColumnElement[bool], lateral: bool) -> Subquery:
    """The first rows of each of the sites, numbered by site in `nth`: no more of each than are claimed at all."""
    first = (
        select(table.c.id, table.c.run_at)
        .where(table.c.state == QUEUED, table.c.queue == _QUEUE, table.c.run_at <= _NOW, due)
        .where(table.c.tenant_id == sites.c.tenant_id, table.c.priority == sites.c.priority)
        .order_by(table.c.run_at, table.c.id)
        .limit(_LIMIT)
        .correlate(sites)
    )
    row: FromClause
    if lateral:
        row = first.lateral("row")
        joined = sites.join(row, literal_column("true"))
    else:
        row = table.alias()
        joined = sites.join(row, row.c.id.in_(first.with_only_columns(table.c.id)))
    turns = (sites.c.priority.desc(), row.c.run_at, row.c.id)
    nth = func.row_number().over(partition_by=sites.c.tenant_id, order_by=turns)
    wanted = (row.c.id, row.c.run_at, sites.c.priority, sites.c.busy, sites.c.paid_until)
    return select(*wanted, nth.label("nth")).select_from(joined).subquery("first_rows")
