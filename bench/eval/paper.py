"""What an evaluation leaves behind: a table on the terminal, a report with a chart, and figures to compare with."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.eval.cases import Case
from bench.eval.chart import chart
from bench.eval.metrics import METRICS, Figures, change, details, shown
from bench.eval.observe import Observed
from bench.report import Row

HERE = Path(__file__).resolve().parent
SIGNS = {"better": "▲ better", "worse": "▼ worse", "same": "=", "": ""}
README = HERE.parents[1] / "README.md"
BEGIN, END = "<!-- eval -->", "<!-- end of eval -->"
HEAD = ("", "now", "last time", "")


@dataclass(frozen=True)
class Summary:
    """The machine-readable result. judge: who answered, "rules" or provider and model. issues, turns: how many."""

    judge: str
    made: str
    commit: str
    issues: int
    turns: int
    prompts: dict[str, str]
    figures: Figures

    @classmethod
    def read(cls, path: Path) -> "Summary | None":
        """None when there is no file yet."""
        return cls(**json.loads(path.read_text("utf-8"))) if path.exists() else None

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n", "utf-8")


def overview(figures: Figures) -> str:
    """The judged metrics of all kinds side by side, as Markdown; times and tokens differ from machine to machine."""
    kinds = list(figures)
    names = [name for name, metric in METRICS.items() if metric.judged and any(name in figures[kind] for kind in kinds)]
    head = f"| what was measured | {' | '.join(kinds)} |\n| --- |{' ---: |' * len(kinds)}"
    lines = [_side_by_side(name, [figures[kind].get(name) for kind in kinds]) for name in names]
    return "\n".join([head, *lines])


def _side_by_side(name: str, values: Sequence[float | None]) -> str:
    metric = METRICS[name]
    better = "" if metric.higher_is_better else ", less is better"
    cells = (shown(name, value) if value is not None else "" for value in values)
    return f"| {metric.title}{better} | {' | '.join(cells)} |"


def into_readme(summary: Summary) -> None:
    """Puts the overview between its marks. Raises ValueError when there are none."""
    text = README.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{README} has no place for figures")
    README.write_text(f"{before}{begin}\n\n{overview(summary.figures)}\n\n{end}{after}", "utf-8")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def commit() -> str:
    """The checkout's commit, "" outside of one."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    told = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return told.stdout.strip() if told.returncode == 0 else ""


def rows(kind: str, figures: Mapping[str, float], before: Mapping[str, float]) -> list[Row]:
    return [
        (METRICS[name].title, shown(name, value), *_compared(name, value, before)) for name, value in figures.items()
    ]


def _compared(name: str, value: float, before: Mapping[str, float]) -> tuple[str, str]:
    if name not in before:
        return "–", ""
    return shown(name, before[name]), SIGNS[change(name, before[name], value)]


def write(
    folder: Path, summary: Summary, *, before: Summary | None, cases: Sequence[Case], seen: Sequence[Observed]
) -> None:
    """report.md, chart.svg and result.json into a folder of this judge's own."""
    folder.mkdir(parents=True, exist_ok=True)
    title = f"{summary.judge}: {summary.issues} issues"
    older = before.figures if before else {}
    (folder / "chart.svg").write_text(chart(title, summary.figures, before=older), "utf-8")
    (folder / "report.md").write_text("\n".join(_report(summary, before, cases=cases, seen=seen)) + "\n", "utf-8")
    summary.write(folder / "result.json")


def _report(
    summary: Summary, before: Summary | None, *, cases: Sequence[Case], seen: Sequence[Observed]
) -> Iterator[str]:
    yield f"# How well {summary.judge} judges"
    yield ""
    yield f"{summary.issues} issues, {summary.turns} run(s) each, {summary.made}, commit {summary.commit or 'unknown'}."
    if before:
        yield f"Compared with {before.made}, commit {before.commit or 'unknown'}."
    yield ""
    yield "![chart](chart.svg)"
    for kind, values in summary.figures.items():
        yield f"\n## {kind}\n"
        yield "| metric | now | last time | |\n| --- | ---: | ---: | --- |"
        older = before.figures.get(kind, {}) if before else {}
        yield from ("| " + " | ".join(row) + " |" for row in rows(kind, values, older))
    yield "\n## What fell short, issue by issue\n"
    yield "| kind | issue | overall | expected | reached of possible |\n| --- | --- | ---: | ---: | --- |"
    known = {case.id: case for case in cases}
    for one in sorted(seen, key=lambda each: (each.kind, each.case, each.turn)):
        wrong = details(known[one.case], one)
        if wrong or one.error:
            yield _line(known[one.case], one, wrong)


def _line(case: Case, seen: Observed, wrong: Mapping[str, str]) -> str:
    overall = str(seen.result.get("overall", "–"))
    expected = f"{case.expect.overall[0]}–{case.expect.overall[1]}" if seen.kind == "analysis" else "–"
    told = ", ".join(f"{name} {share}" for name, share in wrong.items()) or seen.error
    return f"| {seen.kind} | {seen.case} | {overall} | {expected} | {told} |"


def of(judge: str, figures: Figures, *, cases: Sequence[Case], turns: int, prompts: dict[str, str]) -> Summary:
    return Summary(judge, now(), commit(), len(cases), turns, prompts, figures)
