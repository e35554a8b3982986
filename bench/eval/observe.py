"""One run of one feature on one issue, through the product's own code, with everything that is needed to score it."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

from addon.errors import AddonError
from addon.llm.asker import Asker
from addon.policy.projects import ProjectSettings
from addon.policy.tenants import Tenant
from addon.runs.feature import Feature, Outcome, Stored, Work
from addon.store.repos.runs import Run
from bench.eval.cases import Case
from bench.eval.jira import SITE, CaseJira, key, number

T = TypeVar("T", bound=BaseModel)
TENANT = Tenant("eval", SITE, SITE.base_url, "app-account", "en")
BUSY = {"error": "model_busy", "detail": "Later."}
"""What the attempts before met: the run waits for a busy model no longer, as nobody is there to bring it back later."""


@dataclass(frozen=True)
class Asked:
    """One question and every answer that came: the first, and the one after its mistakes were named."""

    prompt_version: str
    shape: str
    answers: list[str]
    first_is_valid: bool
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True)
class Observed:
    """turn: counts repeated runs from 0. sections: what was read. written: all that would go to Jira, as JSON.

    error: code of the error the run ended with, "" when it succeeded. writes: what was sent to Jira, always nothing.
    """

    case: str
    kind: str
    turn: int
    author: str
    notice: str
    result: dict[str, Any]
    written: str
    sections: list[str]
    asked: list[Asked]
    seconds: float
    cpu_s: float
    error: str
    writes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> "Observed":
        return cls(**{**stored, "asked": [Asked(**one) for one in stored["asked"]]})


class Notes:
    """Stands for the room that runs features: keeps what it is told and forgets it with the run."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self._kept: dict[str, dict[str, Any]] = {}

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None: ...

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None: ...

    async def save_facts(self, facts: Mapping[str, Any], input_hash: str) -> None:
        self.facts = json.loads(json.dumps(facts))

    async def earlier(self, input_hash: str) -> Stored | None:
        return None

    async def kept(self, name: str) -> dict[str, Any] | None:
        return self._kept.get(name)

    async def keep(self, name: str, value: Mapping[str, Any]) -> None:
        self._kept[name] = json.loads(json.dumps(value))


async def observe(case: Case, feature: Feature, *, turn: int, asker: "Asker | None", asked: list[Asked]) -> Observed:
    """asked: where the asker notes what it asks, None-asker meaning the rules; see models.py."""
    jira, notes = CaseJira(case), Notes()
    work = Work(
        run=run_of(case, feature.kind), tenant=TENANT, jira=jira.session(), settings=ProjectSettings(), model=asker,
        progress=notes, ledger=notes,
    )  # fmt: skip
    began, cpu = time.perf_counter(), time.process_time()
    outcome, error = Outcome({}, None), ""
    try:
        outcome = await feature.run(work)
    except AddonError as failed:
        error = failed.code
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    result = json.loads(json.dumps(outcome.result))
    return Observed(
        case=case.id,
        kind=feature.kind,
        turn=turn,
        author=result.get("author", ""),
        notice=result.get("notice", ""),
        result=result,
        written=json.dumps([draft.content for draft in outcome.drafts], ensure_ascii=False),
        sections=[section["text"] for section in notes.facts.get("sections", [])],
        asked=asked,
        seconds=seconds,
        cpu_s=cpu_s,
        error=error,
        writes=jira.writes,
    )


def run_of(case: Case, kind: str) -> Run:
    return Run(
        id=f"eval-{case.id}", tenant_id=TENANT.id, kind=kind, trigger="webhook", account_id=None, project_id="10010",
        issue_id=number(case), issue_key=key(case), input_hash=None, params={}, facts=None, result=None, usage=None,
        stage=None, done=0, total=0, state="running", created_at=0.0, started_at=0.0, finished_at=None,
        cancel_requested=False, attempts=3, failures=2, error=BUSY,
    )  # fmt: skip
