"""What one request costs the add-on, beside the least a FastAPI service can do: webhook, page, call of the API."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import messages, report
from bench.bare import SECRET
from bench.messages import NewIssue, Signer
from bench.report import Load
from bench.sender import Sent, send
from bench.stage import Databases, Figures, Goal, Table, all_answered, bare, port, say, signer
from tests.processes import Fleet, Process
from tests.stack import Stack, eventually

SITES = 3
AT_ONCE = 32
PAGE = "/ui/issue-panel?issueId={id}&projectId={project}&xdm_e=x&xdm_c=channel-1&cp=&lic=none&cv=1001.0.0"
BARE = Signer("yardstick", SECRET, "http://127.0.0.1", "nobody")
OPTIONS = {"AI_SLOTS": "1", "LLM_TIMEOUT": "540", "PERSON_CALLS_PER_MINUTE": "100000"}
OPTIONS |= {"SITE_CALLS_PER_MINUTE": "1000000", "SITE_STARTS_PER_MINUTE": "0"}
MOST = {"webhook": 1.25, "page": 1.15}
"""CPU over the yardstick's."""


class Turns:
    """Loads two services alternately. CPU: the median of the rounds, for other work on the machine comes and goes."""

    def __init__(self, kind: str, names: tuple[str, str], *services: Process | Fleet) -> None:
        self.kind = kind
        self._names = names
        self._services = services
        self._sent: tuple[list[Sent], list[Sent]] = ([], [])
        self._cpu_us: tuple[list[float], list[float]] = ([], [])

    def take(self, *loads: tuple[int, Sequence[str]], status: int = 200) -> None:
        """loads: port and requests of the add-on, then of the bare service."""
        for (where, requests), service, sent, cpu_us in zip(
            loads, self._services, self._sent, self._cpu_us, strict=True
        ):
            used = service.cpu_s()
            sent.append(all_answered(send(where, requests, at_once=AT_ONCE), status))
            cpu_us.append((service.cpu_s() - used) / len(requests) * 1e6)

    def figures(self) -> tuple[Load, Load]:
        ours, theirs = (
            Load(
                name,
                [second for each in sent for second in each.seconds],
                statistics.median(len(each.seconds) / (each.ended - each.began) for each in sent),
                statistics.median(cpu_us),
            )
            for name, sent, cpu_us in zip(self._names, self._sent, self._cpu_us, strict=True)
        )
        return ours, theirs


def measure(kind: str, made: Databases, folder: Path, *, rounds: int, per_round: int) -> Figures:
    """In turns, so that both meet the same machine. kind: of the database."""
    options: dict[str, Any] = OPTIONS
    with Stack(made("addon"), folder, sites=SITES, model=0.0, **options) as stack:
        panel = _occupied(stack)
        target = PAGE.format(id=panel.id, project=panel.project_id)
        shown = stack.client.get(stack.site().page_url(target, "tess"))
        with bare(made("bare"), folder, len(shown.content)) as (yardstick, bare_port):
            loads = _Loads(stack, target, panel=panel, bare_port=bare_port)
            turns = [Turns(name, names, stack.addon, yardstick) for name, names in loads.names(kind).items()]
            for turn in range(-1, rounds):
                say(f"requests on {kind}: " + (f"round {turn + 1} of {rounds}" if turn >= 0 else "warming up"))
                for each in turns if turn >= 0 else [Turns(t.kind, ("", ""), stack.addon, yardstick) for t in turns]:
                    loads.take(each, turn, count=per_round)
        # It waits for the analysis that hangs otherwise.
        stack.addon.kill()
    pairs = [(turn.kind, *turn.figures()) for turn in turns]
    rows = [row for _, ours, theirs in pairs for row in (ours.row(theirs), theirs.row())]
    goals = [
        Goal(f"{name}, {kind}: CPU over the yardstick's", ours.cpu_us / theirs.cpu_us, MOST[name])
        for name, ours, theirs in pairs
        if name in MOST
    ]
    return Figures([Table(f"What one request costs, {kind}", report.LOAD_HEAD, rows)], goals)


class _Loads:
    """The requests of each kind, of both services."""

    def __init__(self, stack: Stack, target: str, *, panel: NewIssue, bare_port: int) -> None:
        self._signers = [signer(site) for site in stack.sites]
        self._ports = port(stack), bare_port
        self._target = target
        self._call = f"/api/v1/issues/{panel.id}/runs"

    def names(self, database: str) -> dict[str, tuple[str, str]]:
        """kind -> what the two rows are called"""
        found = {
            "webhook": ("webhook", "bare FastAPI, one row inserted"),
            "page": ("page", "bare FastAPI, prebuilt page"),
            "template": ("page", "bare FastAPI, page by Jinja2"),
            "call": ("call of the API", "bare FastAPI, one row read"),
        }
        return {kind: (f"{ours}, {database}: add-on", theirs) for kind, (ours, theirs) in found.items()}

    def take(self, turns: Turns, turn: int, *, count: int) -> None:
        own, bare_port = self._ports
        first, query = self._signers[0], self._target.partition("?")[2]
        if turns.kind == "webhook":
            issues = [_made_up(turn * count + n) for n in range(count)]
            ours = [messages.webhook(self._signers[n % SITES], issue) for n, issue in enumerate(issues)]
            theirs = [messages.webhook(BARE, issue, "/hook") for issue in issues]
            turns.take((own, ours), (bare_port, theirs), status=204)
        elif turns.kind == "call":
            ours, theirs = [messages.call(first, self._call)], [messages.call(BARE, "/thing")]
            turns.take((own, ours * count), (bare_port, theirs * count))
        else:
            path = "/page?" if turns.kind == "page" else "/rendered?"
            ours, theirs = [messages.page(first, self._target)], [messages.page(BARE, path + query)]
            turns.take((own, ours * count), (bare_port, theirs * count))


def _occupied(stack: Stack) -> NewIssue:
    """Gives the only slot to an analysis that hangs, so that deliveries are taken and nothing else is worked."""
    stack.model("default", "hang")
    made: dict[str, Any] = stack.site().create_issue()
    eventually(lambda: stack.model("requests"), "analysis that hangs")
    return NewIssue(made["id"], made["key"], made["project_id"])


def _made_up(number: int) -> NewIssue:
    """An issue that exists nowhere: nobody will look for it."""
    return NewIssue(str(6_000_000 + number), f"SHOP-{6_000_000 + number}", "10010")
