"""Results for the tests of this room."""

from typing import Any

from addon.criteria.document import document
from addon.results.criteria import AcceptanceCriterion, CriteriaResult
from addon.results.scenarios import Covered, Scenario, Scenarios, ScenariosResult, Step
from tests.unit.gherkin.make import criteria, criterion


def criteria_result(*items: AcceptanceCriterion, language: str = "en", **changes: Any) -> CriteriaResult:
    found = items or (
        criterion(),
        criterion(
            id="AC-2",
            quote="",
            assumption="One voucher | a basket *at most*.",
            title="Two vouchers",
            when="two are entered",
        ),
    )
    result = document(criteria(*found, language=language), author="model", say=str)
    return result.model_copy(update=changes)


def scenario(**changes: Any) -> Scenario:
    values: dict[str, Any] = {
        "id": "TS-1",
        "title": "Enter an expired voucher",
        "kind": "negative",
        "priority": "high",
        "covers": ["AC-1"],
        "preconditions": ["a voucher SPRING that expired on 1 May"],
        "steps": [Step(action="Enter the voucher", data="SPRING | 10 %", expected="1 May is shown")],
    }
    return Scenario(**{**values, **changes})


def scenarios_result(*items: Scenario, language: str = "en", **changes: Any) -> ScenariosResult:
    found = list(items or (scenario(), scenario(id="TS-2", title="Enter it twice", covers=[])))
    values: dict[str, Any] = {
        "author": "model",
        "notice": "",
        "criteria_from": "run",
        "coverage": [
            Covered(id="AC-1", title="An expired voucher", kind="negative", scenarios=["TS-1"]),
            Covered(id="AC-2", title="Two vouchers", kind="boundary", scenarios=[]),
        ],
        "scenarios": Scenarios(language=language, scenarios=found),
    }
    return ScenariosResult(**{**values, **changes})
