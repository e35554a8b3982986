"""What a process dates goes by the one clock of all processes: `Database.utc` and `Database.now`, not its machine's."""

import ast

from tests.house.tree import Module, modules

ITS_OWN = {
    "addon.store.clock": "asks the database what time it is, and carries that on",
    "addon.store.ids": "an id has to differ from all others, and its time is no more than a rough order",
    "addon.observe.logs": "a line says when the machine wrote it that it comes from",
    "addon.settings.scale": "only looks whether there is any next time",
    "addon.redis.windows": "takes off again what the library put on by the same clock",
    "addon.cli.failures": "tells the person in front of it how long ago something was",
    "addon.llm.remote_tokens": "the AI service has no database",
}
"""Modules that ask their machine, and why they may."""
HANDED = {
    "addon.jira.auth",
    "addon.jira.client",
    "addon.jira.oauth",
    "addon.jira.points",
    "addon.jira.session",
    "addon.llm.remote",
    "addon.runs.feature",
}
"""Modules that are handed a clock, and take their machine's where nobody gives them one."""
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def asking(module: Module) -> list[ast.Attribute]:
    return [node for node in module.nodes if isinstance(node, ast.Attribute) and ast.unparse(node) in WALL]


def defaults(module: Module) -> set[int]:
    """Nodes that say what is taken where nothing is given."""
    values: list[ast.expr | None] = []
    for node in module.nodes:
        if isinstance(node, ast.arguments):
            values += [*node.defaults, *node.kw_defaults]
        elif isinstance(node, ast.ClassDef):
            values += [each.value for each in node.body if isinstance(each, ast.AnnAssign)]
    return {id(value) for value in values if value is not None}


def test_nobody_asks_the_machine_what_time_it_is_but_who_has_a_reason() -> None:
    found = {
        module.name: [f"line {node.lineno}" for node in asked if module.name not in HANDED or id(node) not in usual]
        for module in modules("addon")
        if module.name not in ITS_OWN and (asked := asking(module))
        for usual in [defaults(module)]
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_exception_is_needed() -> None:
    asked = {module.name for module in modules("addon") if asking(module)}
    assert asked == ITS_OWN.keys() | HANDED
