"""The small parts: schema, extraction, partial objects, tokens, errors."""

import ast
import json
from functools import cache
from importlib import import_module
from time import process_time
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from addon.errors import AddonError
from addon.llm import errors
from addon.llm.choice import ModelChoice
from addon.llm.extract import json_object
from addon.llm.faults import of_error_object, of_status
from addon.llm.partial import partial_object
from addon.llm.schema import wire
from addon.llm.tokens import estimate
from addon.results.analysis import Analysis
from addon.results.criteria import Criteria
from addon.results.scenarios import Scenarios
from addon.results.summary import Summary
from tests.fake_answers import filled
from tests.house.tree import modules

ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}


def nodes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Every schema inside a schema."""
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema["items"]] if "items" in schema else []
    return [schema, *(node for child in inner for node in nodes(child))]


@cache
def asked_for() -> list[type[BaseModel]]:
    """Every class that some room asks a model for, as `shape=Name`, and the four documents in any case."""
    found: set[type[BaseModel]] = {Analysis, Criteria, Scenarios, Summary}
    for module in modules("addon"):
        if "shape=" not in module.text:
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.keyword) and node.arg == "shape" and isinstance(node.value, ast.Name):
                kind = getattr(import_module(module.name), node.value.id, None)
                if isinstance(kind, type) and issubclass(kind, BaseModel):
                    found.add(kind)
    return sorted(found, key=lambda kind: kind.__qualname__)


@pytest.mark.parametrize("shape", asked_for(), ids=lambda shape: shape.__name__)
def test_what_models_are_asked_for_keeps_to_what_all_four_providers_take(shape: type[BaseModel]) -> None:
    schema = wire(shape)
    unions = 0
    for node in nodes(schema):
        assert set(node) <= ALLOWED
        assert isinstance(node.get("type", ""), str | list)
        if node.get("type") == "object":
            assert node["required"] == list(node["properties"])
            assert node["additionalProperties"] is False
        if "enum" in node:
            assert node["type"] == "string"
            assert all(isinstance(value, str) for value in node["enum"])
        unions += "anyOf" in node or isinstance(node.get("type"), list)
    assert unions <= 16
    assert schema["type"] == "object"
    assert "$" not in json.dumps(schema)
    # Inlined definitions repeat, and every request pays for them.
    assert len(json.dumps(schema)) < 8_000


@pytest.mark.parametrize("shape", asked_for(), ids=lambda shape: shape.__name__)
def test_smallest_value_of_a_wire_schema_is_one_of_its_class(shape: type[BaseModel]) -> None:
    shape.model_validate(filled(wire(shape)))


def test_evidence_stands_before_the_score() -> None:
    score = wire(Analysis)["properties"]["scores"]["items"]
    names = list(score["properties"])
    assert names.index("quote") < names.index("reason") < names.index("score")


def test_limits_are_left_to_pydantic_and_null_is_said_outright() -> None:
    class Inner(BaseModel):
        kind: Literal["a"]

    class Shape(BaseModel):
        title: str = Field(max_length=5, description="Short.")
        count: int | None = Field(None, ge=0)
        inner: Inner | None = None

    assert wire(Shape)["properties"] == {
        "title": {"type": "string", "description": "Short."},
        "count": {"type": ["integer", "null"]},
        "inner": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"kind": {"type": "string", "enum": ["a"]}},
                    "required": ["kind"],
                    "additionalProperties": False,
                },
                {"type": "null"},
            ]
        },
    }
    assert wire(Shape)["required"] == ["title", "count", "inner"]


class Tree(BaseModel):
    children: list["Tree"]


class Open(BaseModel):
    values: dict[str, int]


class Union(BaseModel):
    value: int | str


@pytest.mark.parametrize("shape", [Tree, Open, Union])
def test_shapes_the_subset_cannot_say_are_refused(shape: type[BaseModel]) -> None:
    with pytest.raises(TypeError):
        wire(shape)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '\ufeff{"a": 1}',
        '```json\n{"a": 1}\n```',
        'Sure {ok}: {"a": 1} done {"b"',
        '<think>{"x": {"y": "longer than the rest of it"}}</think>{"a": 1}',
        '[{"a": 1}]',
        'first {} then {"a": 1}',
    ],
)
def test_object_is_found_in_its_wrapping(text: str) -> None:
    assert json_object(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "no", "[1, 2]", '{"a": ', "null", "{" * 100_000, '{"a":' * 50_000])
def test_text_without_an_object_gives_none(text: str) -> None:
    assert json_object(text) is None


def test_extraction_of_hostile_text_takes_little_time() -> None:
    began = process_time()
    json_object('{"a": "' * 30_000)
    assert process_time() - began < 1.0


@given(st.text())
def test_extraction_never_raises(text: str) -> None:
    json_object(text)
    partial_object(text)


def test_partial_object_shows_open_strings() -> None:
    assert partial_object('```json\n{"summary": "The iss') == {"summary": "The iss"}
    assert partial_object("thinking") is None
    assert partial_object('{"a": tru') in ({}, None)


@given(st.text(st.characters(codec="utf-8")))
def test_estimate_is_a_third_of_the_bytes(text: str) -> None:
    assert 3 * estimate(text) >= len(text.encode())
    assert 3 * (estimate(text) - 1) < len(text.encode()) or not text


def test_estimate_takes_lone_surrogates() -> None:
    assert estimate("\ud800") == 1


def test_key_does_not_show() -> None:
    assert "sk-canary" not in repr(ModelChoice("openai", "m", None, "sk-canary"))


def test_addresses_have_defaults_by_provider() -> None:
    assert ModelChoice("ollama", "m").address == "http://127.0.0.1:11434"
    assert ModelChoice("openai", "m", "http://h/v1/").address == "http://h/v1"


def test_every_status_is_a_named_error() -> None:
    for status in range(300, 600):
        fault = of_status(status, {}, body="secret body", now=0.0)
        assert isinstance(fault.error, errors.ModelError)
        assert type(fault.error) is not errors.ModelError
        assert "secret" not in fault.error.detail


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.dictionaries(st.text(), s)))
def test_every_error_object_is_a_named_error(error: Any) -> None:
    assert isinstance(of_error_object(error, 0.0).error, errors.ModelError)


def test_codes_of_errors_are_distinct() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AddonError)]
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes)
