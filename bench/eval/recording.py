"""What a model said, kept: to be said again over the wire, so that answers are scored without a model at hand.

A recording is one JSON file: {"name", "by", "provider", "model", "prompts": {version: hash of its file},
"answers": {"<kind> <case> <turn>": [answer, ...]}}. `by` says honestly where the answers are from. The answers of one
run stand in the order in which they were given; of a question that was repaired the refused answer comes first.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.eval.observe import Observed

ADDON = Path(__file__).resolve().parents[2] / "addon"
FOLDER = Path(__file__).resolve().parent / "recordings"


class Outdated(ValueError):
    """A prompt has changed since the answers to it were recorded."""


@dataclass(frozen=True)
class Recording:
    name: str
    by: str
    provider: str
    model: str
    prompts: dict[str, str]
    answers: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "Recording":
        return cls(**json.loads(path.read_text("utf-8")))

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", "utf-8")

    def must_be_current(self) -> None:
        """Raises Outdated when a prompt is not the one these answers were given to."""
        now = hashes(self.prompts)
        changed = [version for version, known in self.prompts.items() if now[version] != known]
        if changed:
            raise Outdated(
                f"{self.name}: the prompt {', '.join(changed)} has changed since these answers were recorded. Record"
                f" them anew (python -m bench.eval --record {self.name}), or keep it and add a new version beside it."
            )


def place(kind: str, case: str, turn: int) -> str:
    return f"{kind} {case} {turn}"


def recorded(name: str, by: str, *, provider: str, model: str, observations: Iterable[Observed]) -> Recording:
    """by: whose answers these are, in words."""
    answers: dict[str, list[str]] = {}
    versions: set[str] = set()
    for seen in observations:
        answers[place(seen.kind, seen.case, seen.turn)] = [text for asked in seen.asked for text in asked.answers]
        versions |= {asked.prompt_version for asked in seen.asked}
    return Recording(name, by, provider, model, hashes(versions), dict(sorted(answers.items())))


def hashes(names: Iterable[str]) -> dict[str, str]:
    """Prompt version -> SHA-256 of its file, "" for one there is none of."""
    known = files()
    return {name: _hash(known[name]) if name in known else "" for name in sorted(set(names))}


def versions() -> list[str]:
    """Every prompt the product has."""
    return list(files())


def files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(ADDON.glob("*/prompts/*.txt"))}


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
