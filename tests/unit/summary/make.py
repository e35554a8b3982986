"""Issues as a search gives them, a Jira that searches, and a summary between that and a pretend model."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from addon.i18n.catalog import Texts
from addon.jira.client import Jira
from addon.llm.choice import ModelChoice
from addon.llm.models import Models
from addon.policy.asking import TenantAsker
from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.results.summary import SummaryResult
from addon.runs.feature import Outcome, Stored, Work
from addon.store.repos.runs import Run
from addon.summary.issue_set import IssueSet
from addon.summary.issues import SetIssue
from addon.summary.run import SummaryFeature
from tests.fake_model import FakeModel
from tests.unit.targets.fake_jira import SITE
from tests.unit.targets.make import TENANT

NOW = 1_795_000_000.0
DAY = 86_400.0
CATEGORIES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
JQL = "project = SHOP"


def doc(text: str) -> dict[str, Any]:
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}]} for line in text.splitlines()]
    return {"type": "doc", "version": 1, "content": paragraphs}


def raw(number: int, *, category: str = "new", text: str = "Some words about it.", **fields: Any) -> dict[str, Any]:
    """An issue as a search answers it; fields over the usual ones."""
    usual = {
        "summary": f"Improve part {number} of the basket",
        "description": doc(text),
        "issuetype": {"id": "1", "name": "Story"},
        "status": {"id": "1", "name": CATEGORIES[category], "statusCategory": {"key": category}},
        "updated": "2026-11-20T10:00:00.000+0000",
        "assignee": {"accountId": "a"},
    }
    return {"id": str(1000 + number), "key": f"SHOP-{number}", "fields": {**usual, **fields}}


def one(number: int, **changes: Any) -> SetIssue:
    issue = SetIssue(
        key=f"SHOP-{number}", summary=f"Title {number}", type="Story", status="To Do", category="new", assigned=True,
        updated=NOW - DAY, text="Some words.",
    )  # fmt: skip
    return issue.model_copy(update=changes)


def issue_set(*issues: SetIssue, **changes: Any) -> IssueSet:
    return IssueSet(jql=JQL, read_at=NOW, total=len(issues), issues=issues).model_copy(update=changes)


@dataclass
class SearchingJira:
    """found: what every query finds. refusal: status and body in place of an answer to searches."""

    found: list[dict[str, Any]]
    fields: list[dict[str, Any]] = field(default_factory=list)
    refusal: tuple[int, Any] | None = None
    requests: list[httpx2.Request] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/rest/api/3")
        if path == "/field":
            return httpx2.Response(200, json=self.fields)
        if self.refusal:
            return httpx2.Response(self.refusal[0], json=self.refusal[1])
        if path == "/search/approximate-count":
            return httpx2.Response(200, json={"count": len(self.found)})
        assert path == "/search/jql", path
        body = json.loads(request.content)
        start = int(body.get("nextPageToken", "0"))
        end = start + body["maxResults"]
        more = {"nextPageToken": str(end)} if end < len(self.found) else {"isLast": True}
        return httpx2.Response(200, json={"issues": self.found[start:end], **more})

    def client(self) -> Jira:
        return Jira(oauth_url="https://oauth.test", user_agent="tests", transport=httpx2.MockTransport(self.answer))


@dataclass
class Watched:
    """Stands for the room that runs features: keeps what it is told, and what a run keeps."""

    stages: list[tuple[str, int, int]] = field(default_factory=list)
    partials: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] | None = None
    pieces: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def stage(self, name: str, done: int = 0, *, total: int = 0) -> None:
        self.stages.append((name, done, total))

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        self.partials.append(made())

    async def save_facts(self, facts: Any, input_hash: str) -> None:
        self.facts = json.loads(json.dumps(facts))

    async def earlier(self, input_hash: str) -> Stored | None:
        raise AssertionError("a summary is not taken from an earlier run")

    async def kept(self, name: str) -> dict[str, Any] | None:
        return self.pieces.get(name)

    async def keep(self, name: str, value: Any) -> None:
        self.pieces.setdefault(name, json.loads(json.dumps(value)))


def run_of(**changes: Any) -> Run:
    run = Run(
        id="run-1", tenant_id=TENANT.id, kind="summary", trigger="panel", account_id="ann", project_id="10010",
        issue_id=None, issue_key=None, input_hash=None, params={"jql": JQL, "question": "", "max_issues": 100},
        facts=None, result=None, usage=None, stage=None, done=0, total=0, state="running", attempts=1,
        cancel_requested=False, created_at=0.0, started_at=0.0, finished_at=None, error=None,
    )  # fmt: skip
    return replace(run, **changes)


@dataclass
class Bench:
    """One summary to be. params: of the wish. run: what differs in its row. model: None for the rules."""

    jira: SearchingJira
    model: FakeModel | None = None
    params: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    prompt: ProjectPrompt | None = None
    watched: Watched = field(default_factory=Watched)
    anonymous: bool = False

    async def outcome(self) -> Outcome:
        choice = ModelChoice("openai", "gpt-test", self.model.url, "key", 10.0) if self.model else None
        models, client = Models(sleep=_at_once), self.jira.client()
        session = client.as_app(SITE)
        row = run_of(**self.run)
        work = Work(
            run=replace(row, params={**row.params, **self.params}, facts=self.watched.facts), tenant=TENANT,
            jira=session, as_user=None if self.anonymous else session, prompt=self.prompt,
            model=TenantAsker(models, (choice,)) if choice else None,
            settings=ProjectSettings(**self.settings), progress=self.watched, ledger=self.watched,
        )  # fmt: skip
        try:
            return await SummaryFeature(Texts()).run(work)
        finally:
            await models.close()
            await client.close()


async def _at_once(_: float) -> None:
    return None


def told(outcome: Outcome) -> SummaryResult:
    return SummaryResult.model_validate(outcome.result)
