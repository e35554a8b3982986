"""The words put to a model."""

import re

from addon.criteria import prompt
from addon.llm.prompt import Prompt
from addon.llm.schema import wire
from addon.policy.projects import ProjectSettings
from addon.policy.prompts import ProjectPrompt
from addon.results.criteria import Criteria
from addon.runs.feature import Work
from tests.unit.analysis.make import facts
from tests.unit.generation.bench import Watched, rich, run_of
from tests.unit.gherkin.make import criteria, criterion
from tests.unit.targets.make import TENANT


def work(language: str = "auto", words: ProjectPrompt | None = None, **params: object) -> Work:
    jira, watched = rich(), Watched()
    return Work(
        run=run_of(jira, "criteria", params=params), tenant=TENANT, jira=jira.session(), model=None, prompt=words,
        settings=ProjectSettings(language=language), progress=watched, ledger=watched,
    )  # fmt: skip


def mark(question: Prompt) -> str:
    found = re.search(r"==[0-9a-f]{24}==", question.system)
    assert found
    return found[0]


def test_the_issue_is_data_between_marks_that_are_new_each_time() -> None:
    first, second = prompt.build(work(), facts()), prompt.build(work(), facts())
    assert mark(first) != mark(second)
    assert first.user.startswith(mark(first))
    assert first.user.endswith(f"{mark(first)} end of the issue")
    assert "voucher" not in first.system.split("KINDS")[0]
    assert "$" not in first.system


def test_the_prompt_asks_for_every_field_in_the_language_that_is_wanted() -> None:
    system = prompt.build(work("fr"), facts()).system
    assert "French (fr)" in system
    for name in wire(Criteria)["properties"]:
        assert f"- {name}:" in system or f"`{name}`" in system
    for name in wire(Criteria)["properties"]["criteria"]["items"]["properties"]:
        assert f"- {name}:" in system or f"`{name}`" in system or name == "kind"


def test_who_may_steer_stands_at_the_end_and_in_the_version() -> None:
    question = prompt.build(work(words=ProjectPrompt(2, "Amounts in euro.")), facts())
    assert question.version == "criteria.v1+p2"
    assert question.system.endswith("Amounts in euro.")
    assert prompt.build(work(), facts()).version == "criteria.v1"
    person = prompt.build(work(instruction="Refunds."), facts())
    assert person.system.endswith("Refunds.")


def test_one_written_anew_is_named_and_the_others_are_data() -> None:
    base = criteria(criterion(), criterion(id="AC-2", title="Two ==vouchers=="))
    question = prompt.anew(
        work(regenerate={"part": "criteria", "item": 1, "instruction": "Shorter."}), facts(), base=base, item=1
    )
    assert 'with the id "AC-2"' in question.system
    assert question.system.endswith("Shorter.")
    assert "Two ==vouchers==" in question.user
    assert question.user.endswith(f"{mark(question)} end of the criteria so far")
