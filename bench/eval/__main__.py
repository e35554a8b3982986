"""Measures how well issues are judged: by the rules, and by the model the environment or .env names.

    python -m bench.eval                      the rules, and the configured model when there is one
    python -m bench.eval --rules              the rules alone
    python -m bench.eval --only french --kind analysis --repeat 3
    python -m bench.eval --record my-model    also keeps what the model said, to be replayed without it

Every issue goes through the product's own features. A run with a model may be interrupted and goes on where it stopped;
--fresh asks everything anew. Report, chart and figures stand in artefacts/eval/<judge>/ afterwards; --keep puts them
beside this file, where they are compared with from then on.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from addon.llm.choice import ModelChoice
from addon.settings import Settings
from bench import report
from bench.eval import paper, recording
from bench.eval.cases import Case, chosen, load
from bench.eval.features import features
from bench.eval.metrics import KINDS, fallen, figures
from bench.eval.observe import Observed
from bench.eval.recording import recorded
from bench.eval.running import Plan, Progress, run

ARTEFACTS = Path("artefacts") / "eval"
KEPT = Path(__file__).resolve().parent / "results"


def main() -> int:
    asked = arguments().parse_args()
    try:
        cases = chosen(load(), asked.only)
    except ValueError as wrong:
        sys.exit(str(wrong))
    kinds = [kind for kind in features() if not asked.kind or kind in asked.kind]
    missing = sorted(set(asked.kind) - set(kinds))
    if missing:
        sys.exit(f"not built: {', '.join(missing)}")
    worse: list[str] = []
    for choice in judges(asked):
        worse += evaluate(asked, cases, kinds, choice=choice)
    for line in worse:
        print(f"worse than last time: {line}")
    return 1 if worse and asked.strict else 0


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.eval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", action="store_true", help="the rules alone, whatever model is configured")
    parser.add_argument("--model-only", action="store_true", help="the configured model alone")
    parser.add_argument("--only", action="append", default=[], metavar="ID|TAG", help="these issues (may be repeated)")
    parser.add_argument("--kind", action="append", default=[], choices=KINDS, help="these kinds (may be repeated)")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="runs of a model for each issue and kind")
    parser.add_argument("--at-once", type=int, default=4, metavar="N", help="runs of a model at the same time")
    parser.add_argument("--fresh", action="store_true", help="do not go on with an interrupted run of a model")
    parser.add_argument("--record", metavar="NAME", help="keep what the model said under this name")
    parser.add_argument("--keep", action="store_true", help="the figures become those that are compared with")
    parser.add_argument(
        "--strict", action="store_true", help="end with an error when something is worse than last time"
    )
    return parser


def judges(asked: argparse.Namespace) -> list[ModelChoice | None]:
    """None stands for the rules."""
    settings = Settings()
    model = settings.llm_provider != "rules" and not asked.rules
    if asked.model_only and not model:
        sys.exit("No model is configured: set LLM_PROVIDER, LLM_MODEL and what it needs in the environment or .env.")
    found: list[ModelChoice | None] = [] if asked.model_only else [None]
    if model:
        found.append(
            ModelChoice(
                provider=settings.llm_provider,
                model=settings.llm_model,
                base_url=settings.llm_base_url,
                api_key=settings.model_key,
                timeout_s=settings.llm_timeout,
            )
        )
    return found


def evaluate(
    asked: argparse.Namespace, cases: Sequence[Case], kinds: Sequence[str], *, choice: ModelChoice | None
) -> list[str]:
    """Runs, shows and writes one judge. Returns what is worse than the figures that are kept."""
    judge = f"{choice.provider} {choice.model}" if choice else "rules"
    folder = "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in judge)
    # The rules say the same every time: one turn tells all.
    plan = Plan(cases, kinds, turns=asked.repeat if choice else 1, at_once=asked.at_once if choice else 1)
    journal = ARTEFACTS / folder / "observed.jsonl" if choice else None
    with Progress(judge, plan.size) as progress:
        seen = asyncio.run(run(plan, choice=choice, journal=journal, fresh=asked.fresh, progress=progress))
    show(judge, cases, seen, asked=asked, folder=folder, turns=plan.turns)
    if asked.record and choice:
        made = recorded(asked.record, judge, provider=choice.provider, model=choice.model, observations=seen)
        made.write(recording.FOLDER / f"{asked.record}.json")
    whole = not asked.only and not asked.kind
    before = paper.Summary.read(KEPT / folder / "result.json")
    return fallen(before.figures, figures(cases, seen)) if before and whole and not asked.keep else []


def show(
    judge: str, cases: Sequence[Case], seen: Sequence[Observed], *, asked: argparse.Namespace, folder: str, turns: int
) -> None:
    now = figures(cases, seen)
    before = paper.Summary.read(KEPT / folder / "result.json")
    for kind, values in now.items():
        older = before.figures.get(kind, {}) if before else {}
        report.show(f"{judge}: {kind}, {len(cases)} issues", paper.HEAD, paper.rows(kind, values, older))
    versions = {one.prompt_version for each in seen for one in each.asked}
    summary = paper.of(judge, now, cases=cases, turns=turns, prompts=recording.hashes(versions))
    place = (KEPT if asked.keep else ARTEFACTS) / folder
    paper.write(place, summary, before=before, cases=cases, seen=seen)
    if asked.keep and judge == "rules":
        paper.into_readme(summary)
    print(f"report: {place / 'report.md'}\n")


if __name__ == "__main__":
    sys.exit(main())
