"""What a project's administrators tell the model, kept version by version."""

from dataclasses import dataclass

from addon.store.db import Database


@dataclass(frozen=True, slots=True)
class ProjectPrompt:
    """A project's own words for one kind of run. version: counts from 1; 0 is a draft that is only tried out."""

    version: int
    text: str


class Prompts:
    """The prompts of every project."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def active(self, tenant_id: str, project_id: str, *, kind: str) -> ProjectPrompt | None:
        """The one in force, None where the project has none. Raises DatabaseDown."""
        return None
