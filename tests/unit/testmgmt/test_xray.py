"""Xray as its API describes it: tokens, GraphQL's way of failing, tests in both styles."""

from typing import Any

import httpx2
import pytest

from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolDown, ToolRefused, ToolUnauthorized
from addon.testmgmt.tools import Tools
from addon.testmgmt.xray import REGIONS, XrayAccess
from tests.unit.testmgmt.pretend import Bench

GHERKIN = "Given a basket\nWhen they pay\nThen a receipt comes"
STEPS = (Step("Pay", "4 €", "Done"), Step("Look"))


def case(**changes: Any) -> Case:
    made: dict[str, Any] = {"project_key": "SHOP", "title": "Pay", "labels": ("l-1", "l-1-0"), "gherkin": GHERKIN}
    return Case(**(made | changes))


async def test_a_token_is_got_once_and_got_anew_when_it_is_revoked(bench: Bench) -> None:
    client, _ = await bench.xray()
    await client.labelled("x")
    await client.labelled("x")
    assert len(bench.wire.bodies("authenticate")) == 1
    bench.wire.answers = [httpx2.Response(401, json={"error": "revoked"})]
    await client.labelled("x")
    assert len(bench.wire.bodies("authenticate")) == 2


async def test_wrong_keys_are_told_as_such_and_asked_once(bench: Bench) -> None:
    wrong = XrayAccess(bench.xray_access.base_url, bench.site.xray_client_id, "no")
    with pytest.raises(ToolUnauthorized) as caught:
        await bench.tools.xray(wrong).authenticate()
    assert caught.value.code == "xray_unauthorized"
    assert len(bench.wire.said) == 1
    assert "no" not in repr(wrong)


async def test_both_styles_come_into_being_with_the_projects_own_names(bench: Bench) -> None:
    client, _ = await bench.xray()
    types = await client.test_types("SHOP")
    assert types == {"Gherkin": "Cucumber", "Steps": "Manual"}
    first = await client.create(case(objective="Why", precondition="Signed in"), type_name=types["Gherkin"])
    second = await client.create(case(gherkin="", steps=STEPS), type_name=types["Steps"])
    assert (first.kind, first.gherkin, first.labels) == ("Gherkin", GHERKIN, ("l-1", "l-1-0"))
    assert second.steps == STEPS
    assert [test.issue_id for test in await client.labelled("l-1")] == [first.issue_id, second.issue_id]
    issue = bench.site.issue(first.key)
    assert issue is not None
    assert "Signed in" in str(issue.description)
    assert bench.wrong == []


async def test_a_test_is_completed_and_taken_away(bench: Bench) -> None:
    client, _ = await bench.xray()
    made = await client.create(case(gherkin="", steps=STEPS[:1]), type_name="Manual")
    await client.add_step(made.issue_id, STEPS[1])
    assert (await client.get(made.issue_id)).steps == STEPS
    await client.replace_steps(made.issue_id, STEPS[1:])
    found = await client.get(made.issue_id)
    assert (found.steps, found.runs) == (STEPS[1:], 0)
    await client.delete(made.issue_id)
    assert await client.get(made.issue_id) is None
    spoken = await client.create(case(), type_name="Cucumber")
    await client.set_gherkin(spoken.issue_id, "Given nothing")
    assert (await client.get(spoken.issue_id)).gherkin == "Given nothing"


async def test_an_error_of_graphql_with_status_200_is_a_refusal_in_xrays_words(bench: Bench) -> None:
    client, _ = await bench.xray()
    with pytest.raises(ToolRefused, match=r"Test Type .* not found") as caught:
        await client.create(case(), type_name="No such")
    assert caught.value.retry_after_s is None
    with pytest.raises(ToolRefused, match="Project with id"):
        await client.test_types("NOPE")


async def test_data_beside_errors_is_taken(bench: Bench) -> None:
    client, _ = await bench.xray()
    await client.authenticate()
    test = {"issueId": "7", "jira": {"key": "SHOP-7"}}
    answer = {"data": {"createTest": {"test": test, "warnings": ["steps: odd"]}}, "errors": [{"message": "half"}]}
    bench.wire.answers = [httpx2.Response(200, json=answer)]
    made = await client.create(case(), type_name="Cucumber")
    assert (made.issue_id, made.key, made.warnings) == ("7", "SHOP-7", ("steps: odd",))


@pytest.mark.parametrize("answer", [{"data": {"createTest": {"test": None}}}, {"data": {}}, [], {}])
async def test_an_answer_without_the_test_leaves_open_whether_it_exists(bench: Bench, answer: Any) -> None:
    client, _ = await bench.xray()
    await client.authenticate()
    bench.wire.answers = [httpx2.Response(200, json=answer)]
    with pytest.raises(ToolDown) as caught:
        await client.create(case(), type_name="Cucumber")
    assert caught.value.uncertain


async def test_a_lost_answer_to_a_creation_is_uncertain_and_not_sent_again(bench: Bench) -> None:
    client, _ = await bench.xray()
    bench.wire.lost = ["createTest"]
    with pytest.raises(ToolDown) as caught:
        await client.create(case(), type_name="Cucumber")
    assert caught.value.uncertain
    assert len(bench.wire.bodies("createTest")) == 1
    assert len(await client.labelled("l-1")) == 1


async def test_a_token_that_is_no_text_is_trouble_and_nothing_else(bench: Bench) -> None:
    bench.wire.answers = [httpx2.Response(200, json={"token": "x"})]
    client, _ = await bench.xray()
    with pytest.raises(ToolDown):
        await client.authenticate()


def test_regions_are_the_four_hosts_of_the_vendor() -> None:
    assert {url.removeprefix("https://") for url in REGIONS.values()} == {
        "xray.cloud.getxray.app",
        *(f"{region}.xray.cloud.getxray.app" for region in ("us", "eu", "au")),
    }
    assert isinstance(Tools("tests"), Tools)
