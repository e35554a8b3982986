"""What a feature and a target have to offer, and what they are given.

A feature (one kind of run) turns an issue into a result and drafts of what may be written; a target writes one draft
into Jira. Neither touches the queue or the database: the life of the rows around them is this room's work.
"""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from addon.errors import Conflict, Unavailable
from addon.jira.session import Session
from addon.llm.asker import Asker
from addon.llm.choice import ModelChoice
from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.policy.tenants import Tenant
from addon.reading.ours import NOTHING, Ours
from addon.store.repos.publications import Publication
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Standing

Keep = Callable[[Mapping[str, Any]], Awaitable[None]]


class LeaseLost(Conflict):
    """Somebody else has the run now; whatever this attempt found must be dropped."""

    code = "lease_lost"

    def __init__(self) -> None:
        super().__init__("This attempt was given up and another one has begun.")


class CannotUndo(Conflict):
    """It is no longer as we left it, or its place takes nothing back; the detail says why it stays."""

    code = "cannot_undo"


class NotYet(Unavailable):
    """It must not be written before a while has passed: the row waits that long, and nothing is held against it."""

    code = "unsettled"

    def __init__(self, detail: str, *, wait_s: float) -> None:
        super().__init__(detail, retry_after_s=wait_s)
        self.wait_s = wait_s


class Progress(Protocol):
    """How a run tells those who watch it."""

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        """A step begins: reading, thinking, checking, writing. Stops the run when it no longer holds its lease."""

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        """As much of the result as is known, the whole of it each time.

        made: called only when it will be told; while nobody watches, and in quick succession, it is not.
        """


@dataclass(frozen=True, slots=True)
class Stored:
    """A result that an earlier run left. origin: id of the run it was first made for, however often it was reused."""

    origin: str
    result: dict[str, Any]


class Ledger(Protocol):
    """What a run may keep before it ends."""

    async def save_facts(self, facts: Mapping[str, Any], input_hash: str) -> None: ...

    async def earlier(self, input_hash: str) -> Stored | None: ...

    async def kept(self, name: str) -> dict[str, Any] | None: ...

    async def keep(self, name: str, value: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt at one run.

    jira: acts as the app. as_user: acts as the person who asked, None for what comes by itself. model: None means the
    rules answer. prompt: the project's own words for this kind of run; prompts: those of the kinds it is made of, by
    kind. base: the ended run that `params["based_on"]` names, of the same issue; decided: what people think of its
    items. ours: what we wrote about the issue before. now: UTC seconds by the clock that dates rows.
    """

    run: Run
    tenant: Tenant
    jira: Session
    settings: ProjectSettings
    model: Asker | None
    progress: Progress
    ledger: Ledger
    as_user: Session | None = None
    prompt: ProjectPrompt | None = None
    prompts: Mapping[str, ProjectPrompt] = field(default_factory=dict)
    base: Run | None = None
    decided: Standing = field(default_factory=dict)
    ours: Ours = NOTHING
    now: Callable[[], float] = time.time

    @property
    def choice(self) -> ModelChoice | None:
        """The model that is asked first, None for the rules."""
        return self.model.choice if self.model else None

    async def save_facts(self, facts: Mapping[str, Any], input_hash: str) -> None:
        """Keep what was read, so that a second attempt judges the same text (then `run.facts` holds it).

        facts: {"sections": [{"name": ...}, ...], ...}; the names are shown to people as what was read.
        """
        await self.ledger.save_facts(facts, input_hash)

    async def earlier(self, input_hash: str) -> Stored | None:
        """The result of the last run on the same issue that read the very same input, None without one."""
        return await self.ledger.earlier(input_hash)

    async def kept(self, name: str) -> dict[str, Any] | None:
        """A finished piece of this run that an attempt before this one kept, or this one."""
        return await self.ledger.kept(name)

    async def keep(self, name: str, value: Mapping[str, Any]) -> None:
        """Keeps a finished piece, at most 64 characters of name: a later attempt does not pay for it again.

        Its usage belongs into the value, so that the bill of the run holds it whoever finishes the run.
        """
        await self.ledger.keep(name, value)


@dataclass(frozen=True, slots=True)
class Draft:
    """One thing to write. marker: unique in the tenant, the same every time. content: the target's own shape.

    run_id: of the run it stands under, "" for the one that plans it.
    """

    target: str
    item: int
    marker: str
    content: dict[str, Any]
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """result: stored as it is and shown.

    usage: {"provider", "model", "prompt_version", "input_tokens", "output_tokens", "cost_usd"}, or None. origin: id of
    the run the result was first made for, None for one of this run's own.
    """

    result: dict[str, Any]
    usage: dict[str, Any] | None
    drafts: tuple[Draft, ...] = ()
    origin: str | None = None


class Feature(Protocol):
    """One kind of run."""

    @property
    def kind(self) -> str: ...

    async def run(self, work: Work) -> Outcome:
        """May be called again for the same run after a crash. Raises AddonError; one with retry_after_s is retried."""

    def drafts(
        self, run: Run, target: str, *, items: Sequence[int], edits: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Draft, ...]:
        """What a person asked to write from the stored result of an ended run, with the person's edits over it.

        edits: item number as text -> changed fields. Raises Invalid for an item or a field there is not.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One attempt to write, or to take back. repeated: an earlier attempt may have reached the place, look for the
    marker first.

    previous: the last one done in this slot of the issue, None when this is the first. keep: remembers at once how far
    a write of several steps has come, under `kept` of the next attempt's publication; `remote_id`, `remote_key` and
    `url` in it are shown to people as well. others_at: until when other publications may have sent something to the
    same place of which nobody knows what became, 0.0 for never. now: UTC seconds by the clock that dates rows.
    """

    publication: Publication
    tenant: Tenant
    jira: Session
    addon_key: str
    repeated: bool
    previous: Publication | None
    keep: Keep
    others_at: float = 0.0
    now: Callable[[], float] = time.time

    @property
    def kept(self) -> dict[str, Any]:
        return self.publication.kept or {}


@dataclass(frozen=True, slots=True)
class Written:
    """Where it stands now. remote_key: an issue's key where there is one. url: for a person to open.

    kept: what undoing it needs to know, beside what was kept on the way.
    """

    remote_id: str
    remote_key: str | None
    url: str
    kept: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """One item as it will stand there. form: how it is written. markdown: the same to read. problems: sentences."""

    item: int
    title: str
    form: Literal["adf", "gherkin", "steps", "text"]
    markdown: str
    adf: Mapping[str, Any] | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be written. where: a sentence. place: the name of the field, the key of the project, "" without.

    warnings: sentences about all of it.
    """

    where: str
    items: tuple[Shown, ...]
    place: str = ""
    warnings: tuple[str, ...] = ()


class Target(Protocol):
    """One place for results. `name`: comment | description | subtasks | field | xray | zephyr | questions."""

    @property
    def name(self) -> str: ...

    async def publish(self, writing: Writing) -> Written:
        """Writes, or finds what an earlier attempt wrote. Raises AddonError; tried again when it has retry_after_s."""

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        """What `publish` would write, of publications that are in no database. Writes nothing. Raises AddonError."""

    async def undo(self, writing: Writing) -> None:
        """Takes back what was written; done when it is gone already. Raises CannotUndo, or as `publish` does."""
