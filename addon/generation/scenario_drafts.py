"""What of test scenarios may be written where."""

from collections.abc import Iterable, Iterator

from addon.adf.content import Block
from addon.generation import edited, render_scenarios
from addon.generation.coverage import coverage
from addon.generation.page import Say, Told, closing, fitted, opening
from addon.generation.slips import Origin, Picked, unknown
from addon.generation.words import escaped
from addon.i18n.catalog import N_, Texts
from addon.results.scenarios import Scenario, ScenariosResult
from addon.runs.contents import SubtaskContent, TestContent, TestStep
from addon.runs.feature import Draft

TITLE = N_("Test scenarios")
SUBTASK = N_("Test: {title}")


class ScenarioDrafts:
    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def wanted(self, origin: Origin, result: ScenariosResult, *, picked: Iterable[Picked]) -> Iterator[Draft]:
        """Drafts for several targets, none where there is nothing to write."""
        for each in picked if result.scenarios.scenarios else ():
            yield from self.of(origin, result, picked=each)

    def of(self, origin: Origin, result: ScenariosResult, *, picked: Picked) -> tuple[Draft, ...]:
        """Raises Invalid for what the result does not hold, and for targets that take no scenarios."""
        result = chosen(result, picked)
        scenarios, say = result.scenarios.scenarios, self._texts.of(result.scenarios.language)
        match picked.target:
            case "comment":
                return (origin.comment(self._comment(origin, result, say=say), kind="scenarios"),)
            case "description":
                found = render_scenarios.listed(scenarios, say=say)
                return (origin.description("scenarios", title=say(TITLE), blocks=found),)
            case "field":
                line = render_scenarios.in_one_line(scenarios)
                return (origin.field(picked.field, blocks=render_scenarios.listed(scenarios, say=say), line=line),)
            case "subtasks":
                return tuple(
                    origin.subtask(number, _subtask(scenario, result.scenarios.language, say=say))
                    for number, scenario in _numbered(result, picked)
                )
            case "xray" | "zephyr" as tool:
                return tuple(
                    origin.test(tool, number, content=_test(scenario, result, say=say))
                    for number, scenario in _numbered(result, picked)
                )
        raise unknown(picked.target)

    def _comment(self, origin: Origin, result: ScenariosResult, *, say: Say) -> dict[str, object]:
        told = Told(result.author, result.notice, origin.usage)

        def build(cut: frozenset[str]) -> list[Block]:
            return [
                *opening(say(TITLE), told, say=say),
                *render_scenarios.blocks(result, say=say, cut=cut),
                *closing([told], say=say, cut=bool(cut)),
            ]

        return fitted(build, render_scenarios.CUTS)


def chosen(result: ScenariosResult, picked: Picked) -> ScenariosResult:
    """The result with nothing but what is to be written, as people edited it. Raises Invalid."""
    scenarios = result.scenarios.scenarios
    numbers = picked.of(len(scenarios))
    kept = [edited.scenario(scenarios[number], picked.edit(number)) for number in numbers]
    if kept == scenarios:
        return result
    whole = result.scenarios.model_copy(update={"scenarios": kept})
    # What is left out covers nothing.
    return result.model_copy(update={"scenarios": whole, "coverage": coverage(result.coverage, kept)})


def _numbered(result: ScenariosResult, picked: Picked) -> list[tuple[int, Scenario]]:
    scenarios = result.scenarios.scenarios
    numbers = list(dict.fromkeys(picked.items)) or range(len(scenarios))
    return list(zip(numbers, scenarios, strict=True))


def _subtask(scenario: Scenario, language: str, *, say: Say) -> SubtaskContent:
    title = say(SUBTASK).format(title=scenario.title)[:255]
    return SubtaskContent(title=title, description=render_scenarios.markdown(scenario, say=say), language=language)


def _test(scenario: Scenario, result: ScenariosResult, *, say: Say) -> TestContent:
    return TestContent(
        style="manual",
        title=scenario.title,
        objective=render_scenarios.objective(scenario, result.coverage, say=say),
        precondition="\n".join(f"- {escaped(each)}" for each in scenario.preconditions),
        steps=[TestStep(action=step.action, data=step.data, expected=step.expected) for step in scenario.steps],
        priority=scenario.priority,
        labels=[scenario.kind.replace("_", "-")],
        language=result.scenarios.language,
    )
