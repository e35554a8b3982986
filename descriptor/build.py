"""The descriptor as Jira fetches it: atlassian-connect.json with the address and key of this deployment filled in."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1] / "atlassian-connect.json"
MEDIA_TYPE = "application/json; charset=utf-8"

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Ready to be served; etag: strong, quotes included."""

    body: bytes
    etag: str


def load() -> dict[str, Json]:
    """The template as it stands at the top of the repository."""
    found: dict[str, Json] = json.loads(TEMPLATE.read_text("utf-8"))
    return found


def build(base_url: str, addon_key: str) -> Descriptor:
    """base_url: public address, a path prefix allowed; Jira wants it without a trailing slash."""
    filled = fill(load(), base_url=base_url.rstrip("/"), addon_key=addon_key)
    # Made from data, never by replacing in the text: an address cannot break out of its quotes.
    body = json.dumps(filled, ensure_ascii=False, indent=2).encode() + b"\n"
    return Descriptor(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def fill(part: Json, *, base_url: str, addon_key: str) -> Json:
    """Replaces the two placeholders wherever a text holds them; whatever they contain stays one text."""
    if isinstance(part, str):
        return part.replace("{{baseUrl}}", base_url).replace("{{addonKey}}", addon_key)
    if isinstance(part, list):
        return [fill(each, base_url=base_url, addon_key=addon_key) for each in part]
    if isinstance(part, dict):
        return {name: fill(each, base_url=base_url, addon_key=addon_key) for name, each in part.items()}
    return part
