"""F24: memory does not grow with the number of runs, and one large issue does not take it all."""

import statistics
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.ground import STORY, Ground
from tests.flow import acts
from tests.stack import Process, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WARM, RUNS, STEP = 200, 1000, 100
"""Of all runs the first ones fill caches and pools."""
PER_RUN = 8_000
"""Bytes a run may leave behind: the tenth part of what one run's facts, prompt and answer take."""
LARGE = 10_000_000
PEAK = 400_000_000


def status(process: Process, name: str) -> int:
    """A line of /proc/<pid>/status, in bytes."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def written(ground: Ground) -> int:
    query = "SELECT count(*) FROM publications WHERE state = 'succeeded' AND created_at >= :t"
    return int(acts.rows(ground.stack, query, t=ground.began_at)[0][0])


def test_memory_does_not_grow_with_the_number_of_runs(faulty: Ground) -> None:
    faulty.stack.model("latency", 0.01)
    sizes: dict[str, list[int]] = {process.name: [] for process in faulty.fleet.all}
    with ThreadPoolExecutor(8) as people:
        for done in range(STEP, RUNS + 1, STEP):
            list(people.map(lambda n: faulty.issue(n % 5, summary=f"Story {n}"), range(STEP)))
            eventually(lambda n=done: written(faulty) >= n, f"{done} comments", 60)
            for process in faulty.fleet.all:
                sizes[process.name].append(status(process, "VmRSS"))
    first = WARM // STEP
    slopes = {
        name: statistics.linear_regression(range(len(seen[first:])), seen[first:]).slope / STEP
        for name, seen in sizes.items()
    }
    assert {name: slope for name, slope in slopes.items() if slope > PER_RUN} == {}, sizes


def test_one_large_issue_is_analysed_within_bounds(faulty: Ground) -> None:
    text = STORY + "\n\n" + "A long story is told here, again and again. " * (LARGE // 44)
    site = faulty.site()
    issue = site.create_issue(description=text)
    faulty.made.append((site, issue))
    run = acts.first_run(site, issue, 60)
    assert run["status"] == "succeeded"
    assert {p.name: size for p in faulty.fleet.all if (size := status(p, "VmHWM")) > PEAK} == {}
