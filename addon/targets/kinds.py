"""How a project takes sub-tasks: which type, and which fields only an administrator can fill in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from addon.jira import fields
from addon.jira.issue import IssueType
from addon.jira.session import Session
from addon.policy.projects import ProjectSettings

KNOWN_S = 60.0
_MOST_KNOWN = 1_000


class Settings(Protocol):
    """Where a project's settings are read; `policy.projects.Projects` is one."""

    async def get(self, tenant_id: str, project_id: str) -> ProjectSettings: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """may_create: False when the add-on sees no type at all. type: None when sub-tasks are off. required: names."""

    may_create: bool
    type: IssueType | None = None
    required: tuple[str, ...] = ()


class Kinds:
    """Answers kept for a minute, because the sub-tasks of one issue are written one after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str, str], tuple[float, Kind]] = {}

    async def of(self, session: Session, project_id: str, *, wanted: str | None) -> Kind:
        """wanted: id or name of the type the project's settings prefer."""
        place = (session.site.client_key, project_id, wanted or "")
        known = self._known.get(place)
        if known and known[0] > self._clock():
            return known[1]
        kind = await self._ask(session, project_id, wanted=wanted)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[place] = (self._clock() + KNOWN_S, kind)
        return kind

    def forget(self, session: Session, project_id: str) -> None:
        """Jira contradicted what is kept here."""
        self._known = {
            place: known for place, known in self._known.items() if place[:2] != (session.site.client_key, project_id)
        }

    async def _ask(self, session: Session, project_id: str, *, wanted: str | None) -> Kind:
        types = await fields.create_types(session, project_id)
        chosen = fields.subtask_type(types, wanted)
        if chosen is None:
            return Kind(may_create=bool(types))
        needed = await fields.required_fields(session, project_id, type_id=chosen.id)
        return Kind(may_create=True, type=chosen, required=tuple(field.name or field.id for field in needed))
