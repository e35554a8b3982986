"""python -m bench [--only requests,analyses,fanout,streams] [--database sqlite|postgresql] [--short] [--write]

Starts on loopback whatever is measured and takes it away again. Ends with code 1 when something promised was not kept.
--write takes the whole of it, for it replaces all figures.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import analyses, fanout, machine, report, requests, streams
from bench.stage import GOAL_HEAD, Databases, Figures, Goal, Table, databases, say

PARTS = ("requests", "analyses", "fanout", "streams")
DATABASES = ("postgresql", "sqlite")

Measure = Callable[[Databases, Path], Figures]


def asked(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """only: list of names of PARTS. Ends with code 2 when it is asked for something else."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="What JiraVision costs, side by side with less."
    )
    parser.add_argument("--only", help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--database", choices=DATABASES, action="append")
    parser.add_argument("--short", action="store_true", help="fewer rounds: to see that it works, not how fast")
    parser.add_argument("--write", action="store_true", help="put the figures into bench/README.md")
    found = parser.parse_args(arguments)
    if found.write and (found.only is not None or found.database or found.short):
        parser.exit(2, "--write replaces all figures, so that it does not go with --only, --database or --short\n")
    found.only = list(PARTS) if found.only is None else [part.strip() for part in found.only.split(",")]
    if unknown := [part for part in found.only if part not in PARTS]:
        parser.error(f"--only names some of {', '.join(PARTS)}, not {', '.join(map(repr, unknown))}")
    return found


def main() -> None:
    wanted = asked()
    parts: list[str] = wanted.only
    found: list[Figures] = []
    missed: list[str] = []
    for kind in wanted.database or DATABASES:
        for name, measure in _measures(kind, short=wanted.short):
            if name not in parts:
                continue
            try:
                found.append(_measured(kind, measure))
            except AssertionError as error:
                # Also of a stack that does not come up: what is measured after it is worth having all the same.
                missed.append(f"{name} on {kind}: {error}")
    goals = [goal for figures in found for goal in figures.goals]
    tables = [*_merged(found), Table("What was promised", GOAL_HEAD, [goal.row() for goal in goals])]
    for table in tables:
        report.show(table.title, table.head, table.rows)
    if wanted.write:
        failed = [f"**Not measured:** {words.splitlines()[0]}\n" for words in missed]
        shown = [report.markdown(table.title, table.head, table.rows) for table in tables]
        report.write("\n".join([machine.described(), *failed, *shown]))
    if "streams" in parts:
        missed += streams.run(rounds=2 if wanted.short else 3, write=wanted.write)
    _end(missed, goals)


def _measures(kind: str, *, short: bool) -> Iterator[tuple[str, Measure]]:
    rounds, per_round = (2, 200) if short else (5, 1000)
    yield "requests", lambda made, folder: requests.measure(kind, made, folder, rounds=rounds, per_round=per_round)
    waves, few = (2, 30) if short else (analyses.WAVES, analyses.FEW)
    yield "analyses", lambda made, folder: analyses.measure(kind, made, folder, waves=waves, few=few)
    yield "fanout", lambda made, folder: fanout.measure(kind, made, folder)


def _measured(kind: str, measure: Measure) -> Figures:
    with tempfile.TemporaryDirectory(prefix="jiravision-bench-") as folder, databases(kind, Path(folder)) as made:
        return measure(made, Path(folder))


def _merged(found: list[Figures]) -> list[Table]:
    """One table for what was measured on both databases."""
    tables: dict[tuple[str, tuple[str, ...]], Table] = {}
    for table in (table for figures in found for table in figures.tables):
        tables.setdefault((table.title, table.head), Table(table.title, table.head, [])).rows.extend(table.rows)
    return list(tables.values())


def _end(missed: list[str], goals: list[Goal]) -> None:
    missed += [f"{goal.what}: {goal.found:.2f}" for goal in goals if not goal.met]
    for words in missed:
        say(f"not kept: {words}")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
