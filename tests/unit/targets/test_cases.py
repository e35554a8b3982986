"""A test as the tools get it and as a reader sees it."""

from typing import Any

from addon.targets.cases import case_of, item_label, markdown_of, run_label, shown
from tests.unit.targets.fake_jira import FakeJira
from tests.unit.targets.make import publication, writing

GHERKIN = "Given a basket\nWhen they pay\nThen a receipt comes"
STEPS = [{"action": "Pay | now", "data": "4 €", "expected": "Done\nand told"}, {"action": "Look"}]


def case(**content: Any) -> Any:
    made = {"style": "gherkin", "title": "Pay\nnow", "gherkin": GHERKIN, **content}
    return writing(FakeJira(), publication("xray", made, item=3))


def test_labels_find_the_result_and_the_item() -> None:
    one = case(labels=["happy path", "", "happy path"])
    assert (run_label(one), item_label(one)) == ("jiravision-run1", "jiravision-run1-3")
    assert case_of(one, project_key="SHOP").labels == ("jiravision-run1", "jiravision-run1-3", "happy-path")


def test_the_title_is_one_line_that_fits() -> None:
    made = case_of(case(title="x\ny" * 200), project_key="SHOP")
    assert (len(made.title), "\n" in made.title) == (255, False)
    assert len(shown(case(title="x" * 300), made).problems) == 1


def test_either_gherkin_or_steps() -> None:
    spoken = case_of(case(steps=STEPS), project_key="SHOP")
    assert (spoken.gherkin, spoken.steps) == (GHERKIN, ())
    done = case_of(case(style="manual", steps=STEPS), project_key="SHOP")
    assert (done.gherkin, [step.action for step in done.steps]) == ("", ["Pay | now", "Look"])
    empty = case(style="manual")
    assert shown(empty, case_of(empty, project_key="SHOP")).problems == (
        "There is nothing in this test: it has no steps.",
    )


def test_a_reader_sees_a_fence_or_a_table() -> None:
    spoken = case_of(case(objective="Why", precondition="Signed in"), project_key="SHOP")
    assert markdown_of(spoken) == f"Why\n\nSigned in\n\n```gherkin\n{GHERKIN}\n```"
    done = markdown_of(case_of(case(style="manual", steps=STEPS), project_key="SHOP"))
    assert done.split("\n")[2:] == ["| 1 | Pay \\| now | 4 € | Done and told |", "| 2 | Look |  |  |"]
    fenced = case_of(case(gherkin='Given a text\n"""\n```\n"""'), project_key="SHOP")
    assert markdown_of(fenced).startswith("````gherkin\n")
    document = shown(case(), spoken).adf
    assert document is not None
    assert [block["type"] for block in document["content"]] == ["paragraph", "paragraph", "codeBlock"]
