"""Whole runs of the kinds that write criteria and scenarios, between a pretend Jira and a pretend model."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from addon.adf.read import to_markdown
from addon.criteria.maker import CriteriaMaker
from addon.criteria.run import CriteriaFeature
from addon.generation.criteria_drafts import CriteriaDrafts
from addon.generation.scenario_drafts import ScenarioDrafts
from addon.i18n.catalog import Texts
from addon.llm.choice import ModelChoice
from addon.llm.models import Models
from addon.pipeline.drafts import PipelineDrafts
from addon.pipeline.halves import Halves
from addon.pipeline.run import PipelineFeature
from addon.policy.asking import TenantAsker
from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.runs.feature import Draft, Feature, Outcome, Stored, Work
from addon.scenarios.maker import ScenariosMaker
from addon.scenarios.run import ScenariosFeature
from addon.store.repos.runs import Run
from addon.store.repos.verdicts import Standing
from tests.fake_model import FakeModel
from tests.unit.reading.test_facts import sample
from tests.unit.targets.fake_jira import FakeJira
from tests.unit.targets.make import TENANT

TEXTS = Texts()
FAILED_TWICE = {"attempts": 3, "failures": 2, "error": {"error": "model_busy", "detail": "Later."}}
"""A run whose model was only busy so far, and that does not wait for it any longer."""


def features() -> dict[str, Feature]:
    criteria, scenarios = CriteriaMaker(TEXTS), ScenariosMaker()
    made: tuple[Feature, ...] = (
        CriteriaFeature(criteria, CriteriaDrafts(TEXTS)),
        ScenariosFeature(scenarios, criteria, drafts=ScenarioDrafts(TEXTS)),
        PipelineFeature(Halves(criteria, scenarios), PipelineDrafts(TEXTS)),
    )
    return {feature.kind: feature for feature in made}


@dataclass
class Watched:
    """Stands for the room that runs features: keeps what it is told. before: results of earlier runs by input hash."""

    before: dict[str, dict[str, Any]] = field(default_factory=dict)
    pieces: dict[str, Any] = field(default_factory=dict)
    stages: list[str] = field(default_factory=list)
    partials: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] | None = None
    input_hash: str = ""

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        self.stages.append(name)

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        self.partials.append(json.loads(json.dumps(made())))

    async def save_facts(self, facts: Mapping[str, Any], input_hash: str) -> None:
        self.facts, self.input_hash = json.loads(json.dumps(facts)), input_hash

    async def earlier(self, input_hash: str) -> Stored | None:
        result = self.before.get(input_hash)
        return Stored("run-0", result) if result is not None else None

    async def kept(self, name: str) -> dict[str, Any] | None:
        return self.pieces.get(name)

    async def keep(self, name: str, value: Mapping[str, Any]) -> None:
        self.pieces[name] = json.loads(json.dumps(value))


@dataclass
class Bench:
    """One run to be. settings: of the project. params, row: of its row. base: what it is based on."""

    kind: str
    jira: FakeJira
    model: FakeModel | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    row: dict[str, Any] = field(default_factory=dict)
    prompt: ProjectPrompt | None = None
    prompts: dict[str, ProjectPrompt] = field(default_factory=dict)
    base: Run | None = None
    decided: Standing = field(default_factory=dict)
    watched: Watched = field(default_factory=Watched)

    @property
    def run(self) -> Run:
        return run_of(self.jira, self.kind, params=self.params, **self.row)

    async def outcome(self) -> Outcome:
        choice = ModelChoice("openai", "gpt-test", self.model.url, "key", 10.0) if self.model else None
        models = Models(sleep=_at_once)
        work = Work(
            run=self.run, tenant=TENANT, jira=self.jira.session(),
            model=TenantAsker(models, (choice,)) if choice else None, prompt=self.prompt, base=self.base,
            prompts=self.prompts, decided=self.decided,
            settings=ProjectSettings(**self.settings), progress=self.watched, ledger=self.watched,
        )  # fmt: skip
        try:
            return await features()[self.kind].run(work)
        finally:
            await models.close()

    async def ended(self) -> Run:
        """The row once the run is over."""
        outcome = await self.outcome()
        return replace(
            self.run, state="succeeded", result=outcome.result, usage=outcome.usage, facts=self.watched.facts
        )


async def _at_once(_: float) -> None:
    return None


def run_of(jira: FakeJira, kind: str, **changes: Any) -> Run:
    run = Run(
        id="run-1", tenant_id=TENANT.id, kind=kind, trigger="panel", account_id="tess", project_id="10010",
        issue_id=jira.issue["id"], issue_key=jira.issue["key"], input_hash=None, params={}, facts=None, result=None,
        usage=None, stage=None, done=0, total=0, state="running", attempts=1, cancel_requested=False, created_at=0.0,
        started_at=0.0, finished_at=None, error=None,
    )  # fmt: skip
    return replace(run, **changes)


def rich() -> FakeJira:
    return FakeJira(sample("01-rich-story"))


def french() -> FakeJira:
    return FakeJira(sample("03-french-story"))


def worded(summary: str, description: str = "", **fields: Any) -> FakeJira:
    """An issue of plain paragraphs."""
    jira = FakeJira(sample("01-rich-story"))
    blocks = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in description.split("\n") if line
    ]
    plain = {"summary": summary, "description": {"type": "doc", "version": 1, "content": blocks}, "subtasks": []}
    jira.issue["fields"] |= {**plain, "issuelinks": [], **fields}
    jira.issue["fields"]["comment"] = {"comments": [], "total": 0}
    jira.issue["fields"] = {
        name: value for name, value in jira.issue["fields"].items() if not name.startswith("customfield_")
    }
    return jira


def german() -> FakeJira:
    text = "Wenn ich auf Bezahlen klicke, passiert nichts. Die Rechnung wird nicht bezahlt."
    return worded("Rechnung kann nicht bezahlt werden", text)


def draft_of(outcome: Outcome, target: str) -> Draft:
    (found,) = [draft for draft in outcome.drafts if draft.target == target]
    return found


def read(draft: Draft) -> str:
    """What people read of a draft that is a document."""
    return to_markdown(draft.content["adf"])
