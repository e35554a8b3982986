"""Facts and answers for the tests of this room."""

from typing import Any

from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.reading.facts import Facts, Section
from addon.results.analysis import (
    BUG_ASPECTS,
    INVEST,
    Analysis,
    AnalysisResult,
    Criterion,
    Missing,
    Risk,
    Score,
    Subtask,
)
from addon.runs.feature import Work
from addon.store.repos.runs import Run

DESCRIPTION = "As a shopper I want to know why my voucher was refused. The message must appear within 2 seconds."


def facts(**changes: Any) -> Facts:
    sections = (
        Section(name="summary", text="Explain why a voucher was refused"),
        Section(name="description", text=changes.pop("description", DESCRIPTION)),
        Section(name="comment", title="2026-10-02", text="Reject the second one. See SHOP-118."),
    )
    values: dict[str, Any] = {
        "issue_id": "10231",
        "issue_key": "SHOP-142",
        "project_id": "10010",
        "issue_type": "Story",
        "is_bug": False,
        "is_subtask": False,
        "labels": ("checkout",),
        "sections": sections,
    }
    return Facts(**{**values, **changes})


def scores(aspects: tuple[str, ...] = INVEST, quote: str = "I want to know why my voucher was refused") -> list[Score]:
    return [Score.model_validate({"aspect": a, "quote": quote, "reason": f"About {a}.", "score": 3}) for a in aspects]


def analysis(**changes: Any) -> Analysis:
    values: dict[str, Any] = {
        "nature": "story",
        "language": "en",
        "summary": "Shoppers want a reason when a voucher is refused.",
        "scores": scores(),
        "missing": [Missing(what="The list of reasons", why="Testers need every case.")],
        "questions": ["Which vouchers are in scope?"],
        "risks": [Risk(text="The reason may reveal valid codes.", severity="high")],
        "criteria": [
            Criterion(
                title="Expired voucher",
                given="a voucher that expired",
                when="it is entered",
                then="the expiry date is shown",
            )
        ],
        "subtasks": [Subtask(title="Return the reason from the API", description="The answer holds a **code**.")],
        "labels": ["voucher"],
    }
    return Analysis(**{**values, **changes})


def bug(**changes: Any) -> Analysis:
    return analysis(**{"nature": "bug", "scores": scores(BUG_ASPECTS), **changes})


def work_of(*, settings: ProjectSettings, prompt: ProjectPrompt | None = None, params: dict[str, Any]) -> Work:
    """Work as a prompt sees it: nothing in it acts."""
    nobody: Any = None
    run = Run(
        id="run-1", tenant_id="t", kind="analysis", trigger="panel", account_id=None, project_id="10010",
        issue_id="10231", issue_key="SHOP-142", input_hash=None, params=params, facts=None, result=None, usage=None,
        stage=None, done=0, total=0, state="running", attempts=1, cancel_requested=False, created_at=0.0,
        started_at=0.0, finished_at=None, error=None,
    )  # fmt: skip
    return Work(
        run=run, tenant=nobody, jira=nobody, settings=settings, model=None, progress=nobody, ledger=nobody,
        prompt=prompt,
    )  # fmt: skip


def result(answer: Analysis | None = None, **changes: Any) -> AnalysisResult:
    answer = answer or analysis()
    values: dict[str, Any] = {
        "author": "model",
        "overall": answer.overall,
        "notice": "",
        "dropped": 0,
        "analysis": answer,
    }
    return AnalysisResult(**{**values, **changes})
