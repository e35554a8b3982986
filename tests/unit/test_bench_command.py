"""`python -m bench`: what it is asked for has to be there."""

import sys
from pathlib import Path

import pytest

from bench import machine, report
from bench.__main__ import PARTS, asked
from bench.analyses import MODEL_S, SLOTS, Way
from tests.processes import Process


@pytest.mark.parametrize("only", ["nothing", "", "requests,nothing", "requests,,analyses"])
def test_part_that_is_not_there_is_refused(only: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(["--only", only])
    assert ended.value.code == 2
    assert ", ".join(PARTS) in capsys.readouterr().err


def test_parts_are_named_in_any_order_and_all_by_default() -> None:
    assert asked([]).only == list(PARTS)
    assert asked(["--only", "streams, requests"]).only == ["streams", "requests"]


@pytest.mark.parametrize(
    "part", [["--only", "streams"], ["--only", ",".join(PARTS)], ["--database", "sqlite"], ["--short"]]
)
def test_part_of_the_figures_does_not_replace_all_of_them(part: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        asked(["--write", *part])
    assert ended.value.code == 2
    (words,) = capsys.readouterr().err.splitlines()
    assert words.startswith("--write replaces all figures")
    assert asked(["--write"]).write


def test_figures_name_the_machine_and_the_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text("before\n<!-- figures -->\nold\n<!-- end of figures -->\nafter\n")
    report.write(machine.described())
    written = report.README.read_text()
    for what in ("Linux ", " GB", f"Python {sys.version.split()[0]}", "SQLite ", "PostgreSQL 1", "Redis ", "commit "):
        assert what in written
    assert "old" not in written
    assert written.startswith("before\n")
    assert written.endswith("after\n")


def test_cpu_of_a_process_counts_threads_that_have_ended_and_less_than_a_tick(tmp_path: Path) -> None:
    program = """
import threading, time
def burn():
    while time.thread_time() < 0.2: pass
thread = threading.Thread(target=burn); thread.start(); thread.join()
print("{", flush=True)
time.sleep(60)
"""
    process = Process("burner", [sys.executable, "-c", program], tmp_path, {})
    process.start()
    try:
        process.first_line()
        used = process.cpu_s()
        assert 0.2 <= used < 2
        assert used != round(used, 2)
    finally:
        process.kill()


def test_rate_counts_from_when_the_slots_were_full() -> None:
    calls = [n * 0.02 for n in range(SLOTS)]
    calls = [call + MODEL_S * turn for turn in range(4) for call in calls]
    spans = [(call, call + MODEL_S - 0.01) for call in calls]
    way = Way([], [], calls, spans, {"web": 2.0, "worker": 8.5}, 0.0)
    assert way.most == SLOTS
    assert way.once_full() == pytest.approx(SLOTS / MODEL_S)
    assert way.all_together() < SLOTS / MODEL_S
    assert way.cpu_words == "10.5 (web 2.0, worker 8.5)"
