"""Rows of `prompts` and `active_prompts`: what projects tell the model, and which of it is in force."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from addon.store.inserts import insert_into
from addon.store.tables.people import active_prompts, prompts


@dataclass(frozen=True, slots=True)
class PromptRow:
    """One version, never changed once it stands. at: UTC seconds."""

    kind: str
    version: int
    text: str
    note: str
    account_id: str | None
    at: float


@dataclass(frozen=True, slots=True)
class ActiveRow:
    """What is in force since `at`. version: None for the built-in prompt alone. account_id: who decided it."""

    kind: str
    version: int | None
    account_id: str | None
    at: float


@dataclass(frozen=True, slots=True)
class Place:
    """One project's prompt for one kind of run."""

    tenant_id: str
    project_id: str
    kind: str


_COLUMNS = tuple(prompts.c[name] for name in PromptRow.__dataclass_fields__)
_ACTIVE = tuple(active_prompts.c[name] for name in ActiveRow.__dataclass_fields__)


async def active(tx: AsyncConnection, place: Place) -> PromptRow | None:
    """The version in force, None for the built-in prompt alone."""
    same = ("tenant_id", "project_id", "kind", "version")
    in_force = and_(*(active_prompts.c[name] == prompts.c[name] for name in same))
    query = select(*_COLUMNS).join_from(prompts, active_prompts, in_force)
    row = (await tx.execute(query.where(*_here(place)))).first()
    return PromptRow(*row) if row else None


async def of_project(tx: AsyncConnection, tenant_id: str, *, project_id: str) -> list[PromptRow]:
    """Every version of every kind, newest first."""
    query = select(*_COLUMNS).where(prompts.c.tenant_id == tenant_id, prompts.c.project_id == project_id)
    return [PromptRow(*row) for row in (await tx.execute(query.order_by(prompts.c.version.desc()))).all()]


async def chosen(tx: AsyncConnection, tenant_id: str, *, project_id: str) -> dict[str, ActiveRow]:
    """By kind; only those somebody decided."""
    mine = (active_prompts.c.tenant_id == tenant_id, active_prompts.c.project_id == project_id)
    return {row.kind: ActiveRow(*row) for row in (await tx.execute(select(*_ACTIVE).where(*mine))).all()}


async def get(tx: AsyncConnection, place: Place, *, version: int) -> PromptRow | None:
    row = (await tx.execute(select(*_COLUMNS).where(*_here(place), prompts.c.version == version))).first()
    return PromptRow(*row) if row else None


async def activate(tx: AsyncConnection, place: Place, *, choice: ActiveRow) -> None:
    """Also holds the row until the transaction ends, so that whoever adds a version meanwhile waits."""
    values = {"version": choice.version, "account_id": choice.account_id, "at": choice.at}
    key = {"tenant_id": place.tenant_id, "project_id": place.project_id, "kind": place.kind}
    await tx.execute(
        insert_into(tx, active_prompts)
        .values(**key, **values)
        .on_conflict_do_update(index_elements=list(key), set_=values)
    )


async def newest(tx: AsyncConnection, place: Place) -> int:
    """The highest version there is, 0 without any."""
    # Versions are never deleted, so the highest is also how many there were.
    found = await tx.scalar(select(func.max(prompts.c.version)).where(*_here(place)))
    return int(found or 0)


async def add(tx: AsyncConnection, place: Place, *, row: PromptRow) -> None:
    values = {"tenant_id": place.tenant_id, "project_id": place.project_id}
    values |= {name: getattr(row, name) for name in PromptRow.__dataclass_fields__}
    await tx.execute(insert(prompts).values(**values))


def _here(place: Place) -> tuple[ColumnElement[bool], ...]:
    row = prompts.c
    return (row.tenant_id == place.tenant_id, row.project_id == place.project_id, row.kind == place.kind)
