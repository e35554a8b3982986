"""A process gives large blocks back: without that it stays as large as its largest moment."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.faults

BLOCKS = """
import sys
from pathlib import Path
from addon.cli.memory import give_large_blocks_back

def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

if sys.argv[1] == "ours":
    give_large_blocks_back()
bytearray(30_000_000)
before = resident()
kept = []
for _ in range(5):
    large = bytearray(b"x" * 20_000_000)
    kept.append(bytearray(b"x" * 100_000))
    del large
print(resident() - before)
"""


def grown(*, how: str, **environment: str) -> int:
    """Bytes a process has kept of five large blocks, between which small ones stay."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKS, how], capture_output=True, text=True, check=True, env=inherited | environment
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other C libraries have other habits")
def test_large_blocks_go_back_to_the_system() -> None:
    assert grown(how="ours") < 5_000_000 < grown(how="as it is")


def test_what_the_operator_has_set_stays() -> None:
    set_by_them = {"MALLOC_MMAP_THRESHOLD_": str(32 * 1024 * 1024)}
    assert grown(how="ours", **set_by_them) == pytest.approx(grown(how="as it is", **set_by_them), abs=2_000_000)
