"""Says recorded answers again over the wire and scores what the product makes of them.

    python -m bench.eval.replay            each recording, compared with its baseline
    python -m bench.eval.replay --keep     the figures become the baselines

The test model of the tests speaks; everything behind the wire is the product's own.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from addon.llm.choice import ModelChoice
from bench import report
from bench.eval import paper
from bench.eval.cases import Case, load
from bench.eval.features import features
from bench.eval.metrics import Figures, fallen, figures
from bench.eval.models import questioner
from bench.eval.observe import Observed, observe
from bench.eval.recording import FOLDER, Recording
from tests.fake_model import FakeModel

BASELINES = Path(__file__).resolve().parent / "baselines"
SILENT = "status:400"
"""What the model says once everything recorded has been said: a product that asks more often is not given more."""


def recordings() -> list[Recording]:
    return [Recording.read(path) for path in sorted(FOLDER.glob("*.json"))]


async def replay(recording: Recording, cases: Sequence[Case]) -> list[Observed]:
    """Raises Outdated when a prompt has changed, KeyError for an issue or a kind there is not."""
    recording.must_be_current()
    known, offered = {case.id: case for case in cases}, features()
    seen = []
    for place, answers in recording.answers.items():
        kind, case, turn = place.split()
        async with FakeModel() as model:
            model.default = SILENT
            model.script(*(f"said:{text.encode().hex()}" for text in answers))
            choice = ModelChoice(recording.provider, recording.model, model.url, "key of a replay", 30.0)
            async with questioner(choice) as asker:
                seen.append(await observe(known[case], offered[kind], turn=int(turn), asker=asker, asked=asker.asked))
    return seen


def baseline(recording: Recording) -> Figures:
    """Raises OSError when there is none."""
    found: Figures = json.loads((BASELINES / f"{recording.name}.json").read_text("utf-8"))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.eval.replay", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="the figures become the baselines")
    keep = parser.parse_args().keep
    cases = load()
    worse: list[str] = []
    for recording in recordings():
        now = figures(cases, asyncio.run(replay(recording, cases)))
        file = BASELINES / f"{recording.name}.json"
        before: Figures = json.loads(file.read_text("utf-8")) if file.exists() else {}
        for kind, values in now.items():
            rows = paper.rows(kind, values, before.get(kind, {}))
            report.show(f"{recording.name} ({recording.by}): {kind}", paper.HEAD, rows)
        if keep:
            BASELINES.mkdir(exist_ok=True)
            judged = {kind: steady(values) for kind, values in now.items()}
            file.write_text(json.dumps(judged, indent=1) + "\n", "utf-8")
        else:
            worse += [f"{recording.name}: {line}" for line in fallen(before, now)]
    for line in worse:
        print(f"worse than the baseline: {line}")
    return 1 if worse else 0


def steady(values: dict[str, float]) -> dict[str, float]:
    """Without what depends on the machine."""
    return {name: round(value, 2) for name, value in values.items() if not name.endswith(("_ms", "_usd"))}


if __name__ == "__main__":
    sys.exit(main())
