"""Runs a whole evaluation: every kind on every issue, several at a time with a model, and goes on where it stopped."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from addon.llm.choice import ModelChoice
from addon.runs.feature import Feature
from bench.eval.cases import Case
from bench.eval.features import features
from bench.eval.models import questioner
from bench.eval.observe import Observed, observe
from bench.eval.recording import hashes, versions


@dataclass(frozen=True)
class Plan:
    """turns: runs of each kind on each issue. at_once: runs at the same time."""

    cases: Sequence[Case]
    kinds: Sequence[str]
    turns: int = 1
    at_once: int = 1

    @property
    def size(self) -> int:
        return len(self.cases) * len(self.kinds) * self.turns


class Progress:
    """A line that moves on a terminal; on anything else nothing is shown before the table."""

    def __init__(self, judge: str, total: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, transient=True)
        self._task = self._bar.add_task(judge, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self) -> None:
        self._bar.advance(self._task)


async def run(
    plan: Plan, *, choice: ModelChoice | None, journal: Path | None, fresh: bool, progress: Progress
) -> list[Observed]:
    """journal: where finished runs are written at once, so that they are not paid twice; None for none."""
    done = begun(journal, fresh=fresh)
    offered = features()
    slots = asyncio.Semaphore(plan.at_once)

    async def one(case: Case, kind: str, turn: int) -> Observed:
        async with slots:
            mark = stamp(case, kind, turn=turn, choice=choice)
            seen = done.get(mark) or await once(case, offered[kind], turn=turn, choice=choice)
            # Where the model was not reached at all, it is asked again the next time.
            heard = any(asked.answers for asked in seen.asked)
            if journal is not None and mark not in done and heard:
                append(journal, mark, seen)
            progress.step()
            return seen

    wanted = [(case, kind, turn) for turn in range(plan.turns) for kind in plan.kinds for case in plan.cases]
    return list(await asyncio.gather(*(one(*each) for each in wanted)))


async def once(case: Case, feature: Feature, *, turn: int, choice: ModelChoice | None) -> Observed:
    if choice is None:
        return await observe(case, feature, turn=turn, asker=None, asked=[])
    async with questioner(choice) as asker:
        return await observe(case, feature, turn=turn, asker=asker, asked=asker.asked)


def stamp(case: Case, kind: str, *, turn: int, choice: ModelChoice | None) -> str:
    """Equal when a run need not be repeated: same issue, same kind, same model, same prompts."""
    prompts = hashes(versions())
    judge = [choice.provider, choice.model, choice.base_url] if choice else []
    document = json.dumps([case.issue.model_dump(mode="json"), kind, turn, judge, prompts], sort_keys=True)
    return hashlib.sha256(document.encode()).hexdigest()


def begun(journal: Path | None, *, fresh: bool) -> Mapping[str, Observed]:
    """What an interrupted run finished, by stamp; fresh: throw it away. A last line that was cut off is left out."""
    if journal is None:
        return {}
    if fresh:
        journal.unlink(missing_ok=True)
    found: dict[str, Observed] = {}
    for line in journal.read_text("utf-8").splitlines() if journal.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        found[entry["stamp"]] = Observed.of_json(entry["seen"])
    return found


def append(journal: Path, mark: str, seen: Observed) -> None:
    journal.parent.mkdir(parents=True, exist_ok=True)
    with journal.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"stamp": mark, "seen": seen.to_json()}, ensure_ascii=False) + "\n")
