"""The comment as Jira and a product owner get it."""

import json

import pytest

from addon.adf.nodes import weight
from addon.adf.read import to_markdown
from addon.analysis.render import CUTS, MOST, comment, criteria_list, criteria_text, plain_quote
from addon.i18n.catalog import Texts
from addon.results.analysis import Criterion, Missing, Risk, Subtask
from tests.unit.analysis.make import analysis, bug, result
from tests.unit.analysis.schema import Validate, adf_schema

USAGE = {"provider": "openai", "model": "gpt-test", "prompt_version": "analysis.v1"}
ENGLISH = Texts().of("en")


@pytest.fixture(name="valid", scope="module")
def _valid() -> Validate:
    return adf_schema()


def words(document: object) -> str:
    return to_markdown(document)


def test_it_reads_like_a_review() -> None:
    shown = words(comment(result(), USAGE, say=ENGLISH))
    assert shown.startswith("### Issue review [60 / 100]")
    order = [
        "Reviewed by JiraVision with gpt-test",
        "Shoppers want a reason",
        "| Independent | **3 / 5** |",
        "“I want to know why my voucher was refused”",
        "#### Missing information",
        "**The list of reasons** – Testers need every case.",
        "#### Questions for the author",
        "1. Which vouchers are in scope?",
        "#### Risks",
        "[HIGH] The reason may reveal valid codes.",
        "Suggested acceptance criteria (1)",
        "**Given** a voucher that expired",
        "Suggested sub-tasks (1)",
        "Return the reason from the API",
        "Suggested labels:",
        "These are suggestions; the team decides.",
        "Prompt analysis.v1.",
    ]
    places = [shown.lower().find(part.lower()) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_a_rule_based_comment_says_so() -> None:
    shown = words(comment(result(author="rules", notice="no_model"), None, say=ENGLISH))
    assert "Checked by JiraVision's built-in rules, without a language model" in shown
    assert "An administrator can connect a language model" in shown
    assert "Prompt" not in shown


def test_a_comment_of_the_rules_in_place_of_a_model_says_why() -> None:
    shown = words(comment(result(author="rules", notice="model_failed"), None, say=ENGLISH))
    assert "The language model could not answer, so the built-in rules stood in for it." in shown


def test_an_analysis_without_scores_shows_no_mark() -> None:
    shown = words(comment(result(analysis(scores=[])), USAGE, say=ENGLISH))
    assert shown.startswith("### Issue review [Not scored]")
    assert "100" not in shown
    assert "Aspect" not in shown


def test_dropped_quotes_are_said() -> None:
    assert "does not contain them: 2." in words(comment(result(dropped=2), USAGE, say=ENGLISH))


def test_a_bug_is_headed_and_judged_as_a_bug() -> None:
    shown = words(comment(result(bug()), USAGE, say=ENGLISH))
    assert shown.startswith("### Bug report review")
    assert "| Steps to reproduce |" in shown
    assert "Negotiable" not in shown


def test_the_most_severe_risk_stands_first() -> None:
    risks = [Risk(text="small one", severity="low"), Risk(text="big one", severity="high")]
    shown = words(comment(result(analysis(risks=risks)), USAGE, say=ENGLISH))
    assert shown.index("big one") < shown.index("small one")


def test_created_sub_tasks_need_no_hint() -> None:
    assert "Edit and create them" in words(comment(result(), USAGE, say=ENGLISH))
    assert "Edit and create them" not in words(comment(result(), USAGE, say=ENGLISH, created=True))


def test_empty_sections_leave_no_heading() -> None:
    bare = analysis(missing=[], questions=[], risks=[], criteria=[], subtasks=[], labels=[])
    shown = words(comment(result(bare), USAGE, say=ENGLISH))
    assert "####" not in shown
    assert "Suggested" not in shown


def test_every_text_has_a_french_translation() -> None:
    french = Texts().of("fr")
    full = result(author="rules", notice="model_failed", dropped=1)
    shown = words(comment(full, None, say=french)) + words(comment(result(bug()), USAGE, say=french))
    for english in ("Missing", "Questions for", "Risks", "Suggested", "Given", "Then", "quotes", "panel"):
        assert english not in shown, english


def test_it_never_weighs_too_much_and_says_when_something_is_gone(valid: Validate) -> None:
    long = "“Ünïcode” words " * 24
    fat = analysis(
        summary=long * 3,
        scores=[score.model_copy(update={"reason": long, "quote": long[:300]}) for score in analysis().scores],
        missing=[Missing(what=long, why=long)] * 10,
        questions=[long] * 8,
        risks=[Risk(text=long, severity="low")] * 8,
        criteria=[Criterion(title=long[:255], given=long, when=long, then=long)] * 10,
        subtasks=[Subtask(title=long[:255], description="- a **b** `c`\n" * 200)] * 10,
    )
    document = comment(result(fat), USAGE, say=ENGLISH)
    assert weight(document) <= MOST
    assert "Shortened here" in words(document)
    assert "#### Missing information" in words(document)
    valid(document)


def test_every_shape_of_comment_follows_the_schema(valid: Validate) -> None:
    hostile = "| <script> ![x](https://evil.example) **b `c`** [~accountid:1]\n# h\n> q\n- [ ] t\n\n|a|b|\n|-|-|\n|1|2|"
    answers = [
        analysis(),
        bug(),
        analysis(subtasks=[Subtask(title=hostile, description=hostile)], summary="", scores=[]),
    ]
    for answer in answers:
        for notice, author in (("", "model"), ("model_failed", "rules"), ("no_model", "rules")):
            valid(comment(result(answer, notice=notice, author=author), USAGE, say=ENGLISH))
    valid({"type": "doc", "version": 1, "content": [criteria_list(analysis().criteria, ENGLISH)]})


def test_criteria_for_a_field_without_formatting_fit_into_its_line() -> None:
    two = analysis().criteria * 2
    assert criteria_text(two) == "1) Expired voucher; 2) Expired voucher"
    assert len(criteria_text(two * 20)) <= 255


def test_quotes_are_shown_without_markdown_marks() -> None:
    assert plain_quote("a **bold** `code` \\| x") == "a bold code x"
    assert (
        plain_quote("see [the wiki](http://169.254.169.254/x) and ![pic](https://e.example)") == "see the wiki and pic"
    )


def test_every_cut_names_a_section() -> None:
    lightest = json.dumps(comment(result(), USAGE, say=ENGLISH))
    assert len(set(CUTS)) == len(CUTS)
    assert len(lightest) > 500
