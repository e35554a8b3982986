"""The load of a deployment as tables for a terminal of any width."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from addon.cli.top_words import plain, span

Json = Mapping[str, Any]
NARROW = 76
"""Columns of a terminal below which what can be missed is left out."""
FRAME_LINES = 16
"""Lines of everything but sites and processes."""
LONG_NAMES = ("Waiting", "Later", "At work", "Oldest", "Began/min", "Failed/h")
COLOURS = {"silent": "red", "draining": "yellow", "alive": "green"}


def screen(found: Json, *, width: int, height: int = 10_000) -> Group:
    """found: what `runs.load.Loads.of_all` tells. height: lines there are; sites that do not fit are counted."""
    narrow = width < NARROW
    parts: list[RenderableType] = [_head(found, narrow), Text(""), _queues(found["queues"], narrow)]
    parts += [Text(""), _processes(found["processes"], narrow)] if found["processes"] else []
    room = max(3, height - FRAME_LINES - len(found["processes"]))
    parts += [Text(""), *_sites(found, narrow=narrow, room=room)]
    parts += [Text(""), *_foot(found)]
    return Group(*parts)


def _head(found: Json, narrow: bool) -> Text:
    waits = f"{found['waiting']:,} waiting, {found['working']:,} at work"
    if found["waiting"] - found["later"] > 0:
        waits += f", the oldest for {span(found['oldest_s'])}"
    name = ("" if narrow else "JiraVision  ", "bold")
    return Text.assemble(name, waits, "" if narrow else f"  {found['at'][11:19]} UTC")


def _queues(queues: Sequence[Json], narrow: bool) -> Table:
    names = ("Wait", "Work", "Old", "/min", "Bad/h") if narrow else LONG_NAMES
    table = _plain_table("Queue", *names)
    for queue in queues:
        cells = [queue["queue"], f"{queue['waiting']:,}"]
        cells += [] if narrow else [f"{queue['later']:,}"]
        cells += [f"{queue['working']:,}", _age(queue), f"{queue['started_last_minute']:,}"]
        table.add_row(*cells, Text(f"{queue['failed_last_hour']:,}", "red" if queue["failed_last_hour"] else ""))
    return table


def _sites(found: Json, *, narrow: bool, room: int) -> list[RenderableType]:
    shown, others = found["sites"][:room], found["other_sites"]
    if not shown:
        return [Text("No site has work.", "dim")]
    table = _plain_table("Site", *(("Wait", "Work", "Old") if narrow else ("Waiting", "At work", "Oldest")))
    if not narrow:
        table.add_column("By queue", no_wrap=True, overflow="ellipsis")
    for site in shown:
        name = Text(plain(site["site"]))
        if site["state"] != "installed":
            name.append(f" ({site['state']})", "yellow")
        queues = " · ".join(f"{queue} {number}" for queue, number in site["queues"].items())
        table.add_row(name, f"{site['waiting']:,}", f"{site['working']:,}", _age(site), *(() if narrow else (queues,)))
    rest = [*found["sites"][room:], *([others] if others else [])]
    if rest:
        number = sum(each.get("number", 1) for each in rest)
        waiting, working = (f"{sum(each[name] for each in rest):,}" for name in ("waiting", "working"))
        oldest = {"waiting": 1, "later": 0, "oldest_s": max(each["oldest_s"] for each in rest)}
        table.add_row(Text(f"{number:,} more", "dim"), waiting, working, _age(oldest), *(() if narrow else ("",)))
    return [table]


def _processes(processes: Sequence[Json], narrow: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Process", "Pid", "State", *(() if narrow else ("Busy",))):
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify="right" if name == "Pid" else "left")
    for process in processes:
        busy = " · ".join(f"{queue} {process['busy'].get(queue, 0)}/{most}" for queue, most in process["slots"].items())
        name = f"{process['kind']} {plain(process['host'])}"
        table.add_row(name, str(process["pid"]), _state(process), *(() if narrow else (busy,)))
    return table


def _state(process: Json) -> Text:
    words = {
        "silent": f"silent for {span(process['seen_s'])}",
        "draining": "leaving, takes no more",
        "alive": "at work" if any(process["busy"].values()) else "ready",
    }
    return Text(words[process["state"]], COLOURS[process["state"]])


def _foot(found: Json) -> list[Text]:
    lines = []
    # A scheduler is alive as well, but works no queue.
    works = [each for each in found["processes"] if each["slots"] and each["state"] == "alive"]
    if not works:
        lines.append(Text("Nobody works the queues at the moment: start `jiravision serve` or a worker.", "red"))
    leader = found["leader"]
    if leader is None:
        lines.append(Text("Nobody leads: what is due by the clock waits for a `serve` or a scheduler.", "yellow"))
    else:
        where = f"{plain(leader['host'])}, pid {leader['pid']}" if leader["host"] else plain(leader["name"])
        lines.append(Text(f"Leads: {where}, for {span(leader['since_s'])}"))
    if found["schedules"]:
        coming = ", ".join(f"{plain(s['name'])} {s['next_at'][:16].replace('T', ' ')}" for s in found["schedules"])
        lines.append(Text(f"Next (UTC): {coming}", "dim", no_wrap=True, overflow="ellipsis"))
    return lines


def _age(of: Json) -> str:
    # What only waits for a later try keeps nobody waiting for us.
    return span(of["oldest_s"]) if of["waiting"] - of["later"] > 0 else "–"


def _plain_table(first: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True, overflow="ellipsis", min_width=5)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
