"""The wire schema of a pydantic class: the subset of JSON Schema that every provider enforces alike.

Every property required, `additionalProperties` false, definitions inlined, no limits on numbers or lengths: those are
checked when pydantic reads the answer.
"""

from functools import cache
from typing import Any

from pydantic import BaseModel

Json = dict[str, Any]


@cache
def wire(shape: type[BaseModel]) -> Json:
    """JSON Schema of the class. Raises TypeError for what the subset cannot say: recursion, open maps, tuples."""
    source = shape.model_json_schema()
    return _node(source, source.get("$defs", {}), path=())


def _node(node: Json, defs: Json, *, path: tuple[str, ...]) -> Json:
    if "$ref" in node:
        name = str(node["$ref"]).rsplit("/", 1)[-1]
        # Without this check, inlining would never end.
        if name in path:
            raise TypeError(f"{name} holds itself; the wire schema cannot be recursive")
        return _node(defs[name], defs, path=(*path, name))
    said = {"description": node["description"]} if "description" in node else {}
    # A single literal; `const` itself is not part of the subset.
    if "const" in node:
        return {"type": "string", "enum": [node["const"]], **said}
    if "enum" in node:
        return {"type": "string", "enum": list(node["enum"]), **said}
    if "anyOf" in node:
        return {**_nullable([_node(option, defs, path=path) for option in node["anyOf"]]), **said}
    match node.get("type"):
        case "object":
            return {**_object(node, defs, path=path), **said}
        case "array" if "items" in node:
            return {"type": "array", "items": _node(node["items"], defs, path=path), **said}
        case "string" | "integer" | "number" | "boolean" | "null" as kind:
            return {"type": kind, **said}
    raise TypeError(f"the wire schema cannot say {sorted(node)}")


def _object(node: Json, defs: Json, *, path: tuple[str, ...]) -> Json:
    properties = node.get("properties")
    if not properties:
        raise TypeError("the wire schema needs named properties")
    return {
        "type": "object",
        "properties": {name: _node(inner, defs, path=path) for name, inner in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _nullable(options: list[Json]) -> Json:
    real = [option for option in options if option.get("type") != "null"]
    if len(real) != 1 or len(options) != 2:
        raise TypeError("the wire schema knows no union but `X | None`")
    if "enum" not in real[0] and real[0]["type"] not in ("object", "array"):
        return {**real[0], "type": [real[0]["type"], "null"]}
    return {"anyOf": [real[0], {"type": "null"}]}
