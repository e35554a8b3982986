"""What a project's administrators tell the model, kept version by version."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from addon.errors import Invalid, NotFound
from addon.policy.kept import Kept
from addon.redis.hub import Hub
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import prompts as rows
from addon.store.repos.prompts import ActiveRow, Place, PromptRow

KINDS = ("analysis", "criteria", "scenarios", "summary")
"""Kinds of runs a project may speak to. The pipeline asks for criteria and scenarios, and takes the words of those."""
LONGEST = 4000
"""Characters of one text: as much again as the longest prompt of our own."""
MOST_VERSIONS = 500
TOPIC = "prompt"


@dataclass(frozen=True, slots=True)
class ProjectPrompt:
    """A project's own words for one kind of run. version: counts from 1; 0 is a draft that is only tried out."""

    version: int
    text: str


@dataclass(frozen=True, slots=True)
class KindPrompts:
    """What there is for one kind. versions: newest first. choice: None while nobody has decided anything."""

    kind: str
    choice: ActiveRow | None
    versions: tuple[PromptRow, ...]

    @property
    def active(self) -> PromptRow | None:
        """The version in force, None for the built-in prompt alone."""
        wanted = self.choice.version if self.choice else None
        return next((row for row in self.versions if row.version == wanted), None)


class Prompts:
    """The prompts of every project, those in force kept for a moment (`Kept`)."""

    def __init__(
        self,
        db: Database,
        hub: Hub | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._db = db
        self._now = now or db.utc
        self._kept = Kept[ProjectPrompt | None](hub, TOPIC, clock=clock)

    async def active(self, tenant_id: str, project_id: str, *, kind: str) -> ProjectPrompt | None:
        """The one in force, None where the project has none. Raises DatabaseDown."""
        place = Place(tenant_id, project_id, kind)

        async def stored() -> ProjectPrompt | None:
            async with self._db.single() as tx:
                row = await rows.active(tx, place)
            return ProjectPrompt(row.version, row.text) if row else None

        return await self._kept.get(tenant_id, project_id, kind, read=stored)

    async def of_project(self, tenant_id: str, project_id: str) -> list[KindPrompts]:
        """One entry for each of KINDS. Raises DatabaseDown."""
        async with self._db.begin() as tx:
            versions = await rows.of_project(tx, tenant_id, project_id=project_id)
            choices = await rows.chosen(tx, tenant_id, project_id=project_id)
        return [
            KindPrompts(kind, choices.get(kind), tuple(row for row in versions if row.kind == kind)) for kind in KINDS
        ]

    async def version(self, place: Place, number: int) -> PromptRow:
        """Raises NotFound, DatabaseDown."""
        async with self._db.single() as tx:
            return _there(await rows.get(tx, place, version=number))

    async def add(self, place: Place, *, text: str, note: str, account_id: str) -> PromptRow:
        """A new version, in force at once. Raises Invalid for an empty text or one version too many."""
        text, now = text.strip(), self._now()
        if not text:
            raise Invalid("The text is empty; to use the built-in prompt alone, activate none.")
        async with self._db.begin() as tx:
            # First, because it also makes two people who save at once wait for each other.
            await rows.activate(tx, place, choice=ActiveRow(place.kind, None, account_id, now))
            number = await rows.newest(tx, place) + 1
            if number > MOST_VERSIONS:
                raise Invalid(f"There are {MOST_VERSIONS} versions already; activate one of them.")
            row = PromptRow(place.kind, number, text, note.strip(), account_id, now)
            await rows.add(tx, place, row=row)
            await rows.activate(tx, place, choice=ActiveRow(place.kind, number, account_id, now))
            await _noted(tx, place, row=row, action="prompt.added", account_id=account_id)
        self._kept.drop(place.tenant_id, place.project_id, place.kind)
        return row

    async def activate(self, place: Place, number: int | None, *, account_id: str) -> PromptRow | None:
        """Puts an older version in force, or with None the built-in prompt alone. Raises NotFound."""
        async with self._db.begin() as tx:
            row = _there(await rows.get(tx, place, version=number)) if number is not None else None
            await rows.activate(tx, place, choice=ActiveRow(place.kind, number, account_id, self._now()))
            await _noted(tx, place, row=row, action="prompt.activated", account_id=account_id)
        self._kept.drop(place.tenant_id, place.project_id, place.kind)
        return row


def _there(row: PromptRow | None) -> PromptRow:
    if row is None:
        raise NotFound("There is no such version.")
    return row


async def _noted(tx: AsyncConnection, place: Place, *, row: PromptRow | None, action: str, account_id: str) -> None:
    """Which text it was can be told later, by its hash; what it says is for those who may read the versions."""
    said: dict[str, Any] = {"kind": place.kind, "version": row.version if row else None}
    if row:
        said |= {"length": len(row.text), "sha256": hashlib.sha256(row.text.encode()).hexdigest()}
    await audit.record(tx, place.tenant_id, action=action, account_id=account_id, subject=place.project_id, detail=said)
