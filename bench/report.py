"""What was measured, as tables for people: Rich on the terminal, Markdown in the README."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

README = Path(__file__).with_name("README.md")
Row = tuple[str, ...]


@dataclass(frozen=True)
class Load:
    """One kind of request under load. cpu_us: of the serving process, for one request."""

    name: str
    seconds: Sequence[float]
    per_s: float
    cpu_us: float

    def row(self, bare: "Load | None" = None) -> Row:
        """bare: what it is compared with."""
        ratio = f"{self.cpu_us / bare.cpu_us:.2f}" if bare else "1"
        times = (ms(self.seconds, 0.5), ms(self.seconds, 0.99), ms(self.seconds, 1.0))
        return self.name, f"{len(self.seconds):,}", f"{self.per_s:,.0f}", *times, f"{self.cpu_us:,.0f}", ratio


@dataclass(frozen=True)
class Stream:
    """One kind of call of a model. cpu_ms: of this process, for one call; lines, partials: of the two bare clients."""

    name: str
    cpu_ms: float
    lines_ms: float
    partials_ms: float

    def row(self) -> Row:
        figures = f"{self.cpu_ms:.1f}", f"{self.lines_ms:.1f}", f"{self.partials_ms:.1f}"
        return self.name, *figures, f"{self.cpu_ms / self.lines_ms:.2f}", f"{self.cpu_ms / self.partials_ms:.2f}"


LOAD_HEAD = ("one request", "sent", "per s", "p50 ms", "p99 ms", "max ms", "CPU µs", "CPU ratio")
STREAM_HEAD = ("call", "add-on CPU ms", "bare CPU ms", "bare with partials CPU ms", "ratio", "ratio with partials")


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


def ms(seconds: Sequence[float], share: float) -> str:
    return f"{quantile(seconds, share) * 1000:,.0f}"


def show(title: str, head: Row, rows: Sequence[Row]) -> None:
    table = Table(title=title, title_justify="left")
    for column in head:
        table.add_column(column, justify="left" if column == head[0] else "right")
    for row in rows:
        table.add_row(*row)
    Console(width=140).print(table)


def markdown(title: str, head: Row, rows: Sequence[Row]) -> str:
    rule = ("---", *("---:" for _ in head[1:]))
    return "\n".join([f"### {title}", "", *("| " + " | ".join(line) + " |" for line in (head, rule, *rows)), ""])


def write(text: str, name: str = "figures") -> None:
    """Puts the tables between the markers of this name in the README. Raises ValueError when there are none."""
    begin, stop = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, _, rest = README.read_text("utf-8").partition(begin)
    _, end, after = rest.partition(stop)
    if not end:
        raise ValueError(f"{README} has no place for {name}")
    README.write_text(f"{before}{begin}\n\n{text}\n{stop}{after}", "utf-8")
