"""F24: memory does not grow with the number of runs, and large issues find room in a container of 256 MB."""

import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.faults.ground import STORY, Ground
from tests.flow import acts
from tests.stack import JiraSite, Process, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

WARM, RUNS, STEP = 200, 1000, 100
"""Of all runs the first ones fill caches and pools."""
PER_RUN = 8_000
"""Bytes a run may leave behind: the tenth part of what one run's facts, prompt and answer take."""
LARGE = 10_000_000
"""Bytes of an issue as Jira sends it."""
WORDS = "A long story is told here, again and again. "
TEXTS = {
    "one text": STORY + "\n\n" + WORDS * (LARGE // len(WORDS)),
    # One of these makes Python keep four bytes for each character of a text.
    "text with emoji": STORY + "\n\n😀 " + WORDS * (LARGE // len(WORDS)),
    "paragraphs": STORY + "\n\n" + f"{WORDS}\n\n" * (LARGE // 110),
}
CONTAINER = 256 * 1024 * 1024


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
            eventually(lambda n=done: written(faulty) >= n, f"{done} comments", 120)
            for process in faulty.fleet.all:
                sizes[process.name].append(status(process, "VmRSS"))
    first = WARM // STEP
    slopes = {
        name: statistics.linear_regression(range(len(seen[first:])), seen[first:]).slope / STEP
        for name, seen in sizes.items()
    }
    assert {name: slope for name, slope in slopes.items() if slope > PER_RUN} == {}, sizes


def forget_peak(process: Process) -> None:
    """From now on VmHWM is the peak since now."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def analyse_large(site: JiraSite) -> Iterator[Any]:
    """Issues of 10 MB in texts of different shapes, one after the other."""
    for text in TEXTS.values():
        issue = site.create_issue(description=text)
        assert acts.first_run(site, issue, 120)["status"] == "succeeded"
        yield issue


def test_large_issues_are_analysed_in_a_small_container(faulty: Ground) -> None:
    for process in faulty.fleet.all:
        forget_peak(process)
    site = faulty.site()
    faulty.made += [(site, issue) for issue in analyse_large(site)]
    peaks = {process.name: status(process, "VmHWM") for process in faulty.fleet.all}
    assert {name: peak for name, peak in peaks.items() if peak > CONTAINER} == {}


def test_large_issues_are_analysed_by_one_small_process(fresh: Callable[..., Stack]) -> None:
    # On its own feet: what others have loaded is no memory of this one.
    stack = fresh(model=0.1, warm=False)
    site, process = stack.site(), stack.addon
    assert isinstance(process, Process)
    issues = list(analyse_large(site))
    assert [len(site.comments(issue["key"])) for issue in issues] == [1] * len(issues)
    assert status(process, "VmHWM") < CONTAINER
