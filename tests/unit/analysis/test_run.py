"""A whole analysis between a pretend Jira and a pretend model."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from addon.adf.read import to_markdown
from addon.analysis.chosen import edited
from addon.analysis.drafts import Drafts
from addon.analysis.run import AnalysisFeature
from addon.errors import Invalid
from addon.i18n.catalog import Texts
from addon.jira.errors import JiraNotFound
from addon.llm.choice import ModelChoice
from addon.llm.errors import BudgetSpent, ModelBusy
from addon.llm.models import Models
from addon.policy.asking import TenantAsker
from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.results.analysis import AnalysisResult, Subtask
from addon.runs.feature import Outcome, Stored, Work
from addon.store.repos.runs import Run
from tests.fake_model import FakeModel
from tests.unit.analysis.make import analysis, result
from tests.unit.reading.test_facts import sample
from tests.unit.targets.fake_jira import SITE, FakeJira, story
from tests.unit.targets.make import TENANT


@dataclass
class Watched:
    """Stands for the room that runs features: keeps what it is told."""

    before: dict[str, Any] | None = None
    stages: list[str] = field(default_factory=list)
    partials: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] | None = None
    input_hash: str = ""

    async def stage(self, name: str, done: int = 0, total: int = 0) -> None:
        self.stages.append(name)

    async def partial(self, made: Callable[[], dict[str, Any]]) -> None:
        self.partials.append(made())

    async def save_facts(self, facts: Any, input_hash: str) -> None:
        self.facts, self.input_hash = json.loads(json.dumps(facts)), input_hash

    async def earlier(self, input_hash: str) -> Stored | None:
        return Stored("run-0", self.before) if self.before is not None else None

    async def kept(self, name: str) -> dict[str, Any] | None:
        return None

    async def keep(self, name: str, value: Any) -> None:
        return None


FAILED_TWICE = {"attempts": 3, "failures": 2, "error": {"error": "model_busy", "detail": "Later."}}
"""A run whose model was only busy so far, and that does not wait for it any longer."""


def run_of(jira: FakeJira, **changes: Any) -> Run:
    run = Run(
        id="run-1", tenant_id=TENANT.id, kind="analysis", trigger="webhook", account_id=None, project_id="10010",
        issue_id=jira.issue["id"], issue_key=jira.issue["key"], input_hash=None, params={}, facts=None, result=None,
        usage=None, stage=None, done=0, total=0, state="running", attempts=1, cancel_requested=False, created_at=0.0,
        started_at=0.0, finished_at=None, error=None,
    )  # fmt: skip
    return replace(run, **changes)


@dataclass
class Bench:
    """One analysis to be. settings: of the project. run: what differs in its row. model: None for the rules."""

    jira: FakeJira
    model: FakeModel | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    watched: Watched = field(default_factory=Watched)
    base: Run | None = None
    prompt: ProjectPrompt | None = None

    async def outcome(self) -> Outcome:
        choice = ModelChoice("openai", "gpt-test", self.model.url, "key", 10.0) if self.model else None
        models = Models(sleep=_at_once)
        work = Work(
            run=run_of(self.jira, **self.run), tenant=TENANT, jira=self.jira.session(),
            model=TenantAsker(models, (choice,)) if choice else None,
            settings=ProjectSettings(**self.settings), progress=self.watched, ledger=self.watched,
            base=self.base, prompt=self.prompt,
        )  # fmt: skip
        try:
            return await AnalysisFeature(Drafts(Texts(), SITE.app_key)).run(work)
        finally:
            await models.close()


async def _at_once(_: float) -> None:
    return None


def unsplit() -> FakeJira:
    """The rich story before anybody made sub-tasks of it."""
    jira = FakeJira(sample("01-rich-story"))
    jira.issue["fields"]["subtasks"] = []
    return jira


def french() -> FakeJira:
    return FakeJira(sample("03-french-story"))


def judged(outcome: Outcome) -> AnalysisResult:
    return AnalysisResult.model_validate(outcome.result)


def comment_of(outcome: Outcome) -> str:
    (draft,) = [draft for draft in outcome.drafts if draft.target == "comment"]
    return to_markdown(draft.content["adf"])


async def test_without_a_model_the_rules_judge_and_say_so() -> None:
    bench = Bench(FakeJira(sample("01-rich-story")))
    outcome = await bench.outcome()
    found = judged(outcome)
    assert (found.author, found.notice, outcome.usage) == ("rules", "no_model", None)
    assert len(found.analysis.scores) == 6
    assert bench.watched.stages == ["reading", "thinking", "checking"]
    assert "built-in rules" in comment_of(outcome)


async def test_a_french_issue_gets_a_french_comment() -> None:
    outcome = await Bench(french()).outcome()
    assert judged(outcome).analysis.language == "fr"
    assert "règles intégrées" in comment_of(outcome)


async def test_the_projects_language_wins_over_the_issues() -> None:
    assert judged(await Bench(french(), settings={"language": "en"}).outcome()).analysis.language == "en"


async def test_the_rules_name_the_language_they_answer_in() -> None:
    assert judged(await Bench(unsplit(), settings={"language": "de"}).outcome()).analysis.language == "en"


def german() -> FakeJira:
    jira = unsplit()
    text = "Wenn ich auf Bezahlen klicke, passiert nichts. Die Rechnung wird nicht bezahlt."
    node = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
    jira.issue["fields"] |= {
        "summary": "Rechnung kann nicht bezahlt werden",
        "description": {"type": "doc", "version": 1, "content": [node]},
    }
    return jira


async def test_a_text_the_rules_cannot_read_is_not_scored() -> None:
    outcome = await Bench(german()).outcome()
    assert (judged(outcome).scored, judged(outcome).overall) == (False, 0)
    assert "English and French only" in comment_of(outcome)


async def test_what_has_no_score_is_not_below_the_least_quality() -> None:
    outcome = await Bench(german(), settings={"min_quality": 100}).outcome()
    assert outcome.drafts == ()


async def test_an_epic_is_not_divided_into_sub_tasks() -> None:
    jira = unsplit()
    jira.issue["fields"]["issuetype"] |= {"name": "Epic", "hierarchyLevel": 1}
    async with FakeModel() as model:
        outcome = await Bench(jira, model, settings={"auto_subtasks": True}).outcome()
    assert judged(outcome).analysis.subtasks == []
    assert {draft.target for draft in outcome.drafts} == {"comment"}


async def test_a_model_judges_with_quotes_of_the_issue_and_its_cost_is_kept() -> None:
    async with FakeModel(latency_s=0.5) as model:
        bench = Bench(FakeJira(sample("01-rich-story")), model)
        outcome = await bench.outcome()
    found = judged(outcome)
    assert found.author == "model"
    text = "\n\n".join(section["text"] for section in bench.watched.facts["sections"]) if bench.watched.facts else ""
    assert all(score.quote in text for score in found.analysis.scores)
    assert any(score.quote for score in found.analysis.scores)
    assert outcome.usage is not None
    assert outcome.usage["prompt_version"] == "analysis.v1"
    assert outcome.usage["input_tokens"] > 0
    assert "Reviewed by JiraVision with gpt-test" in comment_of(outcome)
    assert bench.watched.partials
    assert "quote" not in json.dumps(bench.watched.partials)


async def test_invented_quotes_are_repaired_or_dropped_and_counted() -> None:
    async with FakeModel() as model:
        model.script("invented_quote", "invented_quote")
        outcome = await Bench(FakeJira(sample("01-rich-story")), model).outcome()
    found = judged(outcome)
    assert found.author == "model"
    assert found.dropped > 0
    assert "does not contain" in comment_of(outcome)


@pytest.mark.parametrize(
    "behaviours",
    [["status:401"], ["refusal"], ["bad_schema", "bad_schema"], ["length"], ["status:503"] * 3, ["empty"] * 2],
)
async def test_the_rules_answer_when_the_model_fails_for_good(behaviours: list[str]) -> None:
    async with FakeModel() as model:
        model.script(*behaviours)
        outcome = await Bench(FakeJira(), model, run=FAILED_TWICE).outcome()
    found = judged(outcome)
    assert (found.author, found.notice) == ("rules", "model_failed")
    assert "could not answer" in comment_of(outcome)


async def test_a_broken_repair_does_not_lose_an_answer_that_only_misquoted() -> None:
    async with FakeModel() as model:
        model.script("invented_quote", "bad_schema")
        found = judged(await Bench(FakeJira(sample("01-rich-story")), model).outcome())
    assert found.author == "model"
    assert found.dropped > 0


async def test_a_busy_model_is_tried_again_and_at_last_replaced() -> None:
    async with FakeModel() as model:
        model.default = "status:429:retry-after=60"
        with pytest.raises(ModelBusy) as caught:
            await Bench(FakeJira(), model).outcome()
        assert caught.value.retry_after_s
        found = judged(await Bench(FakeJira(), model, run=FAILED_TWICE).outcome())
    assert found.notice == "model_failed"


async def test_a_second_attempt_judges_the_facts_of_the_first() -> None:
    bench = Bench(FakeJira(sample("01-rich-story")))
    await bench.outcome()
    again = Bench(bench.jira, run={"facts": bench.watched.facts, "attempts": 2})
    reads = len(bench.jira.said)
    assert judged(await again.outcome()).author == "rules"
    assert len(bench.jira.said) == reads
    assert again.watched.facts is None


async def test_the_same_input_is_not_paid_twice_unless_forced() -> None:
    before = result(analysis(summary="From before")).model_dump(mode="json")
    async with FakeModel() as model:
        outcome = await Bench(FakeJira(), model, watched=Watched(before)).outcome()
        assert judged(outcome).analysis.summary == "From before"
        assert outcome.usage is not None
        assert (outcome.usage["model"], outcome.usage["input_tokens"]) == ("gpt-test", 0)
        assert model.requests == []
        forced = Bench(FakeJira(), model, run={"params": {"force": True}}, watched=Watched(before))
        assert judged(await forced.outcome()).analysis.summary != "From before"
        stood_in = {**before, "author": "rules", "notice": "model_failed"}
        retried = Bench(FakeJira(), model, watched=Watched(stood_in))
        assert judged(await retried.outcome()).author == "model"


async def test_a_bug_is_judged_as_a_bug() -> None:
    bench = Bench(FakeJira(sample("04-hostile-injection")))
    assert judged(await bench.outcome()).analysis.nature == "bug"


async def test_a_hostile_issue_and_a_hostile_model_change_nothing_but_words() -> None:
    jira = FakeJira(sample("04-hostile-injection"))
    async with FakeModel() as model:
        model.default = "hostile"
        outcome = await Bench(jira, model, settings={"auto_subtasks": True}).outcome()
        (request, *_) = model.requests
    system, user = (request.messages[0]["content"], request.messages[1]["content"])
    assert "maintenance mode" in user
    assert "maintenance mode" not in system
    assert SITE.shared_secret not in system + user
    assert jira.writes() == []
    assert {draft.target for draft in outcome.drafts} <= {"comment", "subtasks"}
    assert sum(draft.target == "subtasks" for draft in outcome.drafts) <= 10
    written = json.dumps([draft.content for draft in outcome.drafts])
    assert not any(node in written for node in ('"mention"', '"media"', '"inlineCard"', "javascript:", "accountid"))


async def test_an_issue_that_is_gone_ends_the_run() -> None:
    jira = FakeJira()
    jira.issues.clear()
    with pytest.raises(JiraNotFound):
        await Bench(jira).outcome()


def targets(outcome: Outcome) -> list[str]:
    return [draft.target for draft in outcome.drafts]


@pytest.mark.parametrize(
    ("settings", "run", "expected"),
    [
        ({}, {}, {"comment"}),
        ({"auto_comment": False}, {}, set()),
        ({"min_quality": 1}, {}, set()),
        ({"min_quality": 100}, {}, {"comment"}),
        ({}, {"trigger": "panel"}, {"comment"}),
        ({"auto_comment": False}, {"trigger": "panel"}, set()),
        ({"auto_subtasks": True}, {}, {"comment", "subtasks"}),
        ({"auto_subtasks": True}, {"trigger": "panel"}, {"comment"}),
        ({"auto_criteria": True}, {}, {"comment"}),
        ({"auto_criteria": True, "criteria_field": "customfield_1"}, {}, {"comment", "field"}),
    ],
)
async def test_only_what_the_settings_ask_for_is_written(
    settings: dict[str, Any], run: dict[str, Any], expected: set[str]
) -> None:
    async with FakeModel() as model:
        outcome = await Bench(unsplit(), model, settings, run).outcome()
    assert set(targets(outcome)) == expected


async def test_a_comment_of_ours_is_kept_up_to_date_even_where_comments_are_off() -> None:
    jira = FakeJira()
    mark = {"key": SITE.app_key, "value": {"kind": "analysis", "issue": "10231"}}
    jira.comments["10231"].append({"id": "7", "body": None, "properties": [mark]})
    outcome = await Bench(jira, settings={"auto_comment": False}, run={"trigger": "panel"}).outcome()
    assert targets(outcome) == ["comment"]
    assert outcome.drafts[0].content["fresh"] is False


async def test_markers_name_issue_run_and_item() -> None:
    async with FakeModel() as model:
        outcome = await Bench(unsplit(), model, {"auto_subtasks": True}).outcome()
    assert outcome.drafts[0].marker == "comment:10231:run-1"
    assert [draft.marker for draft in outcome.drafts[1:]] == [
        f"subtasks:run-1:{number}" for number in range(len(outcome.drafts) - 1)
    ]
    assert all(draft.content["in_comment"] for draft in outcome.drafts[1:])


async def test_sub_tasks_are_not_made_of_a_sub_task_or_beside_others() -> None:
    below = FakeJira(sample("02-team-managed-subtask"))
    child = {"id": "5", "key": "SHOP-143", "fields": {"summary": "There already"}}
    async with FakeModel() as model:
        for jira in (below, FakeJira(story(subtasks=[child]))):
            assert targets(await Bench(jira, model, {"auto_subtasks": True}).outcome()) == ["comment"]


def asked(**changes: Any) -> Run:
    return run_of(FakeJira(), state="succeeded", result=result().model_dump(mode="json"), **changes)


def test_a_person_may_edit_what_becomes_a_sub_task() -> None:
    drafts = Drafts(Texts(), SITE.app_key).asked(asked(), "subtasks", items=[0], edits={"0": {"title": " Mine\nnow "}})
    assert [draft.content["title"] for draft in drafts] == ["Mine now"]
    assert drafts[0].content["description"] == "The answer holds a **code**."
    assert drafts[0].marker == "subtasks:run-1:0"


def test_a_person_may_ask_for_the_comment() -> None:
    (draft,) = Drafts(Texts(), SITE.app_key).asked(asked(), "comment", items=[], edits={})
    assert draft.marker == "comment:10231:run-1"
    assert draft.content["service_desk"] is None


@pytest.mark.parametrize(
    ("target", "items", "edits"),
    [
        ("subtasks", [1], {}),
        ("subtasks", [-1], {}),
        ("field", [1], {}),
        ("questions", [7], {}),
        ("xray", [0], {}),
        ("description", [0], {"0": {"then": "\u200b"}}),
        ("questions", [0], {"0": {"text": ""}}),
        ("subtasks", [0], {"0": {"project": "HR"}}),
        ("subtasks", [0], {"0": {"title": " \u200b"}}),
        ("subtasks", [0], {"0": {"title": "x" * 256}}),
    ],
)
def test_a_wish_the_result_does_not_hold_is_refused(target: str, items: list[int], edits: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        Drafts(Texts(), SITE.app_key).asked(asked(), target, items=items, edits=edits)


def test_an_edit_keeps_what_it_does_not_name() -> None:
    assert edited(Subtask(title="t", description="d"), {"description": "new"}) == Subtask(title="t", description="new")


async def test_what_jira_failed_before_does_not_shorten_the_patience_with_the_model() -> None:
    before = {"attempts": 9, "failures": 8, "error": {"error": "jira_down", "detail": "Silent."}}
    async with FakeModel() as model:
        model.script(*["status:429:retry-after=60"] * 3)
        with pytest.raises(ModelBusy):
            await Bench(FakeJira(), model, run=before).outcome()


async def test_the_projects_own_prompt_is_asked_named_and_part_of_what_is_known() -> None:
    async with FakeModel() as model:
        plain = Bench(FakeJira(), model)
        steered = Bench(FakeJira(), model, prompt=ProjectPrompt(3, "Look at the vouchers."))
        await plain.outcome()
        outcome = await steered.outcome()
        other = Bench(FakeJira(), model, prompt=ProjectPrompt(3, "Look at something else."))
        await other.outcome()
        assert "Look at the vouchers." in model.requests[1].messages[0]["content"]
        assert "Look at the vouchers." not in model.requests[1].messages[1]["content"]
    assert outcome.usage is not None
    assert outcome.usage["prompt_version"] == "analysis.v1+p3"
    assert len({plain.watched.input_hash, steered.watched.input_hash, other.watched.input_hash}) == 3


async def test_a_change_that_changes_nothing_leaves_the_comment_alone() -> None:
    before = result(analysis()).model_dump(mode="json")
    async with FakeModel() as model:
        outcome = await Bench(FakeJira(), model, run={"trigger": "update"}, watched=Watched(before)).outcome()
        assert (outcome.drafts, model.requests) == ((), [])
        changed = await Bench(FakeJira(), model, {"auto_subtasks": True}, {"trigger": "update"}).outcome()
    # One comment brought up to date, and no sub-tasks a second time.
    assert targets(changed) == ["comment"]


class Spent:
    """A model whose budget is used up."""

    choice = ModelChoice("openai", "gpt-test", "http://127.0.0.1:1", "key", 10.0)

    async def ask(self, prompt: Any, **_: Any) -> Any:
        raise BudgetSpent("The day's tokens are used up.")


async def test_the_rules_stand_in_when_the_budget_is_spent_and_the_comment_says_so() -> None:
    jira = FakeJira()
    watched = Watched()
    work = Work(
        run=run_of(jira), tenant=TENANT, jira=jira.session(), model=Spent(), settings=ProjectSettings(),
        progress=watched, ledger=watched,
    )  # fmt: skip
    outcome = await AnalysisFeature(Drafts(Texts(), SITE.app_key)).run(work)
    assert (judged(outcome).author, judged(outcome).notice, outcome.usage) == ("rules", "budget_spent", None)
    assert "budget for the language model is used up" in comment_of(outcome)


async def test_what_the_rules_said_while_the_budget_was_spent_is_not_what_is_known() -> None:
    stood_in = {**result(analysis()).model_dump(mode="json"), "author": "rules", "notice": "budget_spent"}
    async with FakeModel() as model:
        assert judged(await Bench(FakeJira(), model, watched=Watched(stood_in)).outcome()).author == "model"
