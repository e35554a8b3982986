"""What a project's administrators decided: the settings document and where it is kept."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from addon.errors import Invalid
from addon.policy.kept import Kept
from addon.redis.hub import Hub
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import projects as rows

TOPIC = "project"
LANGUAGES = ("auto", "en", "fr", "de", "es", "it", "pt", "nl", "pl", "sv", "cs", "tr", "ja", "ko", "zh")
"""Languages an answer may be ordered in; "auto" is the issue's own."""


def storable(text: str) -> str:
    """The text. Raises ValueError for what no database takes: a NUL, half of a surrogate pair."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)):
        raise ValueError("contains characters that are no text")
    return text


TypeName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(storable)
]


class InvalidSettings(Invalid):
    """fields: name of a setting -> what is wrong with its value."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {words}" for name, words in fields.items())[:500])
        self.fields = fields


class ProjectSettings(BaseModel):
    """One project's decisions. A new project has the defaults: it is analysed, and gets exactly one comment per issue.

    auto_criteria: write the suggested criteria into criteria_field, when that field is empty. issue_types: ids or
    names, empty for all. language: "auto" (the issue's own) or ISO 639-1. min_quality: comment only when the overall
    score (0-100) is below it. ignore_apps: leave issues alone that another app created or changed. rerun_on_update:
    analyse an issue anew when it was changed, once within rerun_cooldown_minutes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    auto_analyze: bool = True
    auto_comment: bool = True
    auto_subtasks: bool = False
    auto_criteria: bool = False
    issue_types: Annotated[list[TypeName], Field(max_length=100)] = []
    language: str = "auto"
    instruction: Annotated[str, StringConstraints(max_length=2000), AfterValidator(storable)] = ""
    criteria_field: Annotated[str, StringConstraints(pattern=r"^(customfield_\d{1,12}|environment)$")] | None = None
    subtask_type: TypeName | None = None
    ignore_apps: bool = True
    min_quality: Annotated[int, Field(ge=0, le=100)] | None = None
    rerun_on_update: bool = False
    rerun_cooldown_minutes: Annotated[int, Field(ge=1, le=1440)] = 30

    @field_validator("language")
    @classmethod
    def _language_is_offered(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("criteria_field", "subtask_type", mode="before")
    @classmethod
    def _nothing_chosen(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def reruns(self) -> bool:
        """Whether anything is analysed anew by itself."""
        return self.auto_analyze and self.rerun_on_update

    def wants(self, type_id: str, type_name: str) -> bool:
        """Whether issues of this type are analysed by themselves."""
        wanted = {name.casefold() for name in self.issue_types}
        return not wanted or type_id in wanted or type_name.casefold() in wanted


@dataclass(frozen=True, slots=True)
class Saved:
    """updated_by: account id; both None when nobody changed anything yet. updated_at: UTC seconds."""

    settings: ProjectSettings
    updated_by: str | None
    updated_at: float | None


def read(stored: Mapping[str, Any] | None) -> ProjectSettings:
    """Settings from a row; names and values that another release left behind fall back to the default."""
    known = {k: v for k, v in (stored or {}).items() if k in ProjectSettings.model_fields}
    try:
        return ProjectSettings.model_validate(known)
    except ValidationError as error:
        # One value that no longer fits must not switch off what the project decided otherwise.
        wrong = {str(e["loc"][0]) for e in error.errors() if e["loc"]}
        return ProjectSettings.model_validate({k: v for k, v in known.items() if k not in wrong})


class Projects:
    """Settings of every project, those in force kept for a moment (`Kept`)."""

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
        self._kept = Kept[ProjectSettings](hub, TOPIC, clock=clock)

    async def get(self, tenant_id: str, project_id: str) -> ProjectSettings:
        """The settings in force, the defaults for a project nobody touched."""

        async def stored() -> ProjectSettings:
            async with self._db.single() as tx:
                row = await rows.get(tx, tenant_id, project_id=project_id)
            return read(row.settings if row else None)

        return await self._kept.get(tenant_id, project_id, read=stored)

    async def saved(self, tenant_id: str, project_id: str) -> Saved:
        """The settings as stored, with who changed them last."""
        async with self._db.single() as tx:
            row = await rows.get(tx, tenant_id, project_id=project_id)
        return (
            Saved(read(row.settings), row.updated_by, row.updated_at) if row else Saved(ProjectSettings(), None, None)
        )

    async def save(self, tenant_id: str, project_id: str, *, changes: Mapping[str, Any], account_id: str) -> Saved:
        """Put the changes (a part of the document or all of it) over what is stored. Raises InvalidSettings."""
        async with self._db.begin() as tx:
            row = await rows.get(tx, tenant_id, project_id=project_id, lock=True)
            before = read(row.settings if row else None)
            settings = merge(before, changes)
            # Only differences: a better default of a later release then reaches projects that never disagreed.
            new = rows.ProjectRow(settings.model_dump(exclude_defaults=True), account_id, self._now())
            await rows.save(tx, tenant_id, project_id=project_id, row=new)
            changed = sorted(
                name for name in ProjectSettings.model_fields if getattr(before, name) != getattr(settings, name)
            )
            await audit.record(
                tx,
                tenant_id,
                account_id=account_id,
                action="project.settings",
                subject=project_id,
                detail={"changed": changed},
            )
        self._kept.drop(tenant_id, project_id)
        return Saved(settings, new.updated_by, new.updated_at)


def merge(current: ProjectSettings, changes: Mapping[str, Any]) -> ProjectSettings:
    """The current settings with the changes over them. Raises InvalidSettings."""
    try:
        # Strict: "no" is no boolean, and a form that sends texts should hear of it.
        settings = ProjectSettings.model_validate({**current.model_dump(), **changes}, strict=True)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        raise InvalidSettings({str(e["loc"][0])[:64] if e["loc"] else "settings": e["msg"] for e in found}) from None
    if settings.auto_criteria and not settings.criteria_field:
        raise InvalidSettings({"criteria_field": "choose the field that the criteria shall be written to"})
    return settings
