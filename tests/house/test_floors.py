"""Arrows only point down: a room imports lower floors and itself, never a neighbour on its own floor."""

import pytest

from tests.house.tree import ROOT, Module, modules

FLOORS = [
    "errors",
    "settings observe i18n results",
    "connect forge adf formats rules redis",
    "gherkin",
    "jira llm testmgmt store queue blobs",
    "policy reading similar clockwork",
    "runs",
    "generation",
    "analysis criteria scenarios pipeline summary exports targets",
    "house",
    "web worker cli",
]
FLOOR = {room: number for number, row in enumerate(FLOORS) for room in row.split()}
PURE = {"stdlib", "pydantic", "jwt", "cryptography", "markdown_it", "typing_extensions"}
PROTOCOL_FRIENDS = ("addon.policy.tenants", "addon.web", "addon.house", "addon.connect", "addon.jira", "addon.cli")
ADDON = [module for module in modules("addon") if module.name != "addon"]


def room_of(name: str) -> str:
    return name.split(".")[1]


@pytest.mark.parametrize("module", ADDON, ids=lambda module: module.name)
def test_arrows_point_down(module: Module) -> None:
    room = room_of(module.name)
    for line, name, _ in module.imports():
        if name.startswith("addon."):
            other = room_of(name)
            assert other == room or FLOOR[other] < FLOOR[room], f"{module.name}:{line} imports {other}"


@pytest.mark.parametrize("module", ADDON, ids=lambda module: module.name)
def test_the_connect_protocol_is_named_above_the_clients_only_where_tenants_are_known(module: Module) -> None:
    if module.name.startswith(PROTOCOL_FRIENDS) or FLOOR[room_of(module.name)] < FLOOR["jira"]:
        return
    assert not [line for line, name, _ in module.imports() if name.startswith(("addon.connect", "addon.forge"))]


@pytest.mark.parametrize("module", modules("addon"), ids=lambda module: module.name)
def test_the_web_framework_stays_in_the_web_room(module: Module) -> None:
    if module.name.startswith("addon.web"):
        return
    assert "import fastapi" not in module.text
    assert "from fastapi" not in module.text
    assert "jinja2" not in module.text


@pytest.mark.parametrize("module", modules("sandbox"), ids=lambda module: module.name)
def test_the_pretend_jira_knows_only_the_protocol(module: Module) -> None:
    for line, name, _ in module.imports():
        assert name.startswith(("sandbox", "addon.connect")), f"{module.name}:{line} imports {name}"


def test_every_room_stands_on_a_floor() -> None:
    rooms = {path.stem for path in (ROOT / "addon").iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert rooms <= set(FLOOR), rooms - set(FLOOR)
