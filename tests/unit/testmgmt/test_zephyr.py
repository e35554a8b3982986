"""Zephyr Scale as its OpenAPI description has it; with JIRAVISION_SCHEMAS every request is checked against it."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest
import yaml

from addon.testmgmt.case import Case, Step
from addon.testmgmt.errors import ToolDown, ToolNotFound, ToolRefused, ToolUnauthorized
from addon.testmgmt.zephyr import REGIONS, ZephyrAccess, priority_named, rich
from tests.unit.testmgmt.pretend import Bench

LABELS = ("l-1", "l-1-0")


def case(**changes: Any) -> Case:
    made: dict[str, Any] = {"project_key": "SHOP", "title": "Pay", "labels": LABELS, "objective": "Why <b>\nso"}
    return Case(**(made | changes))


def steps(count: int) -> list[Step]:
    return [Step(f"Do {number}", f"{number} & more", "Seen") for number in range(count)]


@pytest.fixture(autouse=True)
def described(bench: Bench) -> Iterator[None]:
    """After the test: every request that was sent fits the vendor's description, where that is at hand."""
    yield
    folder = os.environ.get("JIRAVISION_SCHEMAS")
    if folder:
        document = yaml.safe_load((Path(folder) / "zephyr-openapi-v2.yaml").read_text("utf-8"))
        for request in bench.wire.said:
            _check(document, request)


def _check(document: Any, request: Any) -> None:
    path = request.url.path.removeprefix("/zephyr/v2")
    # A fixed path counts before one with a variable part.
    known = sorted(document["paths"], key=lambda pattern: "{" in pattern)
    pattern = next(p for p in known if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", p), path))
    operation = document["paths"][pattern][request.method.lower()]
    declared = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
    assert set(dict(request.url.params)) <= set(declared), f"{request.method} {path}"
    if request.content:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        whole = {"$schema": "http://json-schema.org/draft-07/schema#", **_plain(schema, document, 0)}
        fastjsonschema.compile(whole)(json.loads(request.content))


def _plain(schema: Any, document: Any, depth: int) -> Any:
    """The schema with its references put in, and null allowed where the description says so."""
    if isinstance(schema, list):
        return [_plain(each, document, depth) for each in schema]
    if not isinstance(schema, dict) or depth > 12:
        return schema if not isinstance(schema, dict) else {}
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _plain(document["components"]["schemas"][name], document, depth + 1)
    found = {
        k: _plain(v, document, depth + 1) for k, v in schema.items() if k not in ("example", "description", "pattern")
    }
    if schema.get("nullable") is True and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


async def test_a_case_gets_its_words_and_nothing_of_ours_is_a_tag(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    key = await client.create(case(precondition="Signed in"), priority="High")
    found = await client.get(key)
    assert (found.name, found.objective, found.precondition) == ("Pay", "Why &lt;b&gt;<br>so", "Signed in")
    assert found.labels == LABELS
    assert found.document["priority"]["id"] == 1
    assert bench.wrong == []


@pytest.mark.parametrize("count", [1, 100, 101, 250])
async def test_steps_go_in_batches_and_come_back_in_order(bench: Bench, count: int) -> None:
    client, _ = await bench.zephyr()
    key = await client.create(case(), priority=None)
    await client.put_steps(key, steps(count))
    sent = bench.wire.bodies("/teststeps")
    assert [body["mode"] for body in sent] == ["OVERWRITE", *["APPEND"] * (len(sent) - 1)]
    assert max(len(body["items"]) for body in sent) <= 100
    assert [step.action for step in await client.steps(key)] == [f"Do {number}" for number in range(count)]
    # Written once more they take the place of what there was.
    await client.put_steps(key, steps(2))
    assert [step.data for step in await client.steps(key)] == ["0 &amp; more", "1 &amp; more"]


async def test_a_script_and_links_are_there_to_be_checked(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    key = await client.create(case(), priority=None)
    with pytest.raises(ToolNotFound):
        await client.script(key)
    await client.put_script(key, "Given a basket")
    assert await client.script(key) == ("bdd", "Given a basket")
    issue = bench.site.issue("SHOP-142")
    assert issue is not None
    assert await client.linked("SHOP-142") == frozenset()
    await client.link(key, issue.id)
    assert await client.linked("SHOP-142") == {key}


async def test_an_update_sends_back_what_it_does_not_change(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    key = await client.create(case(), priority="Low")
    await client.rename(await client.get(key), case(title="Pay later"))
    found = await client.get(key)
    assert (found.name, found.labels, found.document["priority"]["id"]) == ("Pay later", LABELS, 3)


async def test_cases_are_found_by_their_labels_over_all_pages(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    bench.site.cases.clear()
    keys = [await client.create(case(labels=("l-1", f"l-1-{n}")), priority=None) for n in range(25)]
    await client.create(case(labels=("other",)), priority=None)
    assert await client.labelled("SHOP", "l-1") == {f"l-1-{n}": key for n, key in enumerate(keys)}
    assert await client.labelled("MOBI", "l-1") == {}


async def test_the_oldest_of_two_with_one_label_counts(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    first = await client.create(case(), priority=None)
    await client.create(case(), priority=None)
    assert await client.labelled("SHOP", "l-1") == {"l-1-0": first}


async def test_projects_keys_and_rules_are_told_in_words(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    assert await client.project_enabled("SHOP")
    with pytest.raises(ToolNotFound):
        await client.project_enabled("NOSUB")
    with pytest.raises(ToolUnauthorized):
        await bench.tools.zephyr(ZephyrAccess(bench.zephyr_access.base_url, "no")).project_enabled("SHOP")
    with pytest.raises(ToolRefused, match="Priority Odd was not found"):
        await client.create(case(), priority="Odd")


async def test_a_lost_answer_to_a_creation_is_uncertain_and_not_sent_again(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    bench.wire.lost = ["/testcases"]
    with pytest.raises(ToolDown) as caught:
        await client.create(case(), priority=None)
    assert caught.value.uncertain
    assert list(await client.labelled("SHOP", "l-1")) == ["l-1-0"]


async def test_priorities_are_found_by_the_names_projects_gave_them(bench: Bench) -> None:
    client, _ = await bench.zephyr()
    names = await client.priorities("SHOP")
    assert [priority_named(names, wanted) for wanted in ("high", "medium", "low")] == ["High", "Normal", "Low"]
    assert priority_named(["P1", "MEDIUM"], "medium") == "MEDIUM"
    assert priority_named(["P1"], "high") is None


def test_html_is_made_of_breaks_alone() -> None:
    assert rich("a < b & c\n<script>") == "a &lt; b &amp; c<br>&lt;script&gt;"
    assert set(REGIONS) == {"global", "eu"}
