"""What the page of a project's settings asks for besides the settings: prompts in versions, and how suggestions fare.

Scenarios: hostile (texts that would run), broken-prompts (the list cannot be read), refused-prompt (a text the server
refuses), no-prompts.
"""

import re
from typing import Any

from tests.browser import canned
from tests.browser.canned_panel import Refusal

Json = dict[str, Any]
KINDS = ("analysis", "criteria", "scenarios", "summary")
PLACE = re.compile(r"^/projects/[^/]+/prompts(?:/(\w+))?(?:/(\w+))?$")
ADA = {"account_id": "a-1", "name": "Ada Admin"}


def version(number: int, text: str, note: str) -> Json:
    return {"version": number, "text": text, "note": note, "by": ADA, "at": f"2026-11-1{number}T09:30:00Z"}


class ProjectPrompts:
    """State of one page load."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        said = canned.HOSTILE if scenario == "hostile" else "Ask for the card provider."
        first = version(1, "Ask for the currency.", "First try")
        known = [] if scenario == "no-prompts" else [first, version(2, said, "After the review")]
        self.versions: dict[str, list[Json]] = {kind: [] for kind in KINDS} | {"analysis": known}
        self.active: dict[str, int | None] = dict.fromkeys(KINDS) | {"analysis": len(known) or None}

    def answer(self, method: str, path: str, body: Any) -> Json | None:
        """None for what belongs to other pages. Raises Refusal."""
        if path.endswith("/acceptance"):
            return {"prompts": [] if self.scenario == "no-prompts" else ACCEPTANCE}
        if path.endswith("/places") and method == "GET":
            return {"xray": None, "zephyr": None, "updated_by": None, "updated_at": None}
        found = PLACE.match(path)
        if not found:
            return None
        kind, what = found.groups()
        if kind is None:
            if self.scenario == "broken-prompts":
                raise Refusal(503, "database_down")
            return self._shown()
        if what == "preview":
            return {"run": canned.run(0, "queued", id="draft-1", kind=kind)}
        if what == "activate":
            self.active[kind] = body["version"]
        elif method == "POST":
            self._add(kind, body)
        else:
            return next(each for each in self.versions[kind] if each["version"] == int(what or 0))
        return self._shown()

    def _add(self, kind: str, body: Json) -> None:
        if self.scenario == "refused-prompt":
            raise Refusal(422, "invalid", detail="text: This text is not allowed.")
        number = len(self.versions[kind]) + 1
        self.versions[kind].append(version(number, body["text"], body["note"]))
        self.active[kind] = number

    def _shown(self) -> Json:
        return {"prompts": [self._kind(kind) for kind in KINDS]}

    def _kind(self, kind: str) -> Json:
        known = self.versions[kind]
        active = next((each for each in known if each["version"] == self.active[kind]), None)
        bare = [{name: each[name] for name in ("version", "note", "by", "at")} for each in reversed(known)]
        return {"kind": kind, "active": active, "versions": bare}


def rate(kind: str, prompt: str, *counts: int, distance: float | None) -> Json:
    accepted, edited, rejected = counts
    kept = (accepted + edited) / sum(counts)
    return {
        "kind": kind, "prompt_version": prompt, "accepted": accepted, "edited": edited, "rejected": rejected,
        "rate": kept, "distance": distance,
    }  # fmt: skip


ACCEPTANCE = [
    rate("analysis", "analysis.v1", 12, 5, 3, distance=0.08),
    rate("analysis", "analysis.v1+p2", 20, 4, 1, distance=0.05),
    rate("criteria", "rules", 0, 0, 2, distance=None),
]
