"""Arrows only point down: a room imports lower floors and itself, never a neighbour on its own floor."""

from tests.house.tree import ROOT, modules

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


def test_arrows_point_down() -> None:
    wrong = [
        f"{module.name}:{line} imports {name}"
        for module in ADDON
        for line, name, _ in module.imports()
        if name.startswith("addon.") and not _is_below(room_of(name), room_of(module.name))
    ]
    assert wrong == []


def _is_below(other: str, room: str) -> bool:
    return other == room or FLOOR[other] < FLOOR[room]


def test_the_connect_protocol_is_named_above_the_clients_only_where_tenants_are_known() -> None:
    wrong = [
        f"{module.name}:{line} imports {name}"
        for module in ADDON
        if not module.name.startswith(PROTOCOL_FRIENDS) and FLOOR[room_of(module.name)] >= FLOOR["jira"]
        for line, name, _ in module.imports()
        if name.startswith(("addon.connect", "addon.forge"))
    ]
    assert wrong == []


def test_the_web_framework_stays_in_the_web_room() -> None:
    words = ("import fastapi", "from fastapi", "jinja2")
    others = [module for module in modules("addon") if not module.name.startswith("addon.web")]
    assert [f"{module.name}: {word}" for module in others for word in words if word in module.text] == []


def test_the_pretend_jira_knows_only_the_protocol() -> None:
    wrong = [
        f"{module.name}:{line} imports {name}"
        for module in modules("sandbox")
        for line, name, _ in module.imports()
        if not name.startswith(("sandbox", "addon.connect"))
    ]
    assert wrong == []


def test_every_room_stands_on_a_floor() -> None:
    rooms = {path.stem for path in (ROOT / "addon").iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert rooms <= set(FLOOR), rooms - set(FLOOR)
