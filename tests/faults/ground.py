"""The ground the faults are tried on: a whole deployment, the servers under it, and what has to be true afterwards.

After every fault, without a hand: each issue has exactly one comment, no row waits or works, no run has failed, every
web process has said that it lives, nobody was shown a traceback, no log holds a secret or the text of an issue.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy.engine import make_url

from tests.faults.watch import Pulse, Supervisor
from tests.flow import acts
from tests.services import PostgreSQL, RedisServer
from tests.stack import Fleet, JiraSite, Process, Stack, eventually

SITES = 5
MODEL_LATENCY_S = 0.3
LLM_TIMEOUT_S = 60
RETRY_S, RETRIES = 1.0, 60
"""Jira waits minutes before it delivers again what was answered 503; here seconds, for as many minutes."""
LEASE_S = 30.0
RECOVERED_S = 30.0
WHOLE_S = 3 * LEASE_S
"""What a killed process held comes free after one lease, and may meet a second kill."""
SEAL = "a canary key of the fault tests that is long enough to be one"
NEXT_SEAL = "another canary key of the fault tests that is long enough to be one"
PASSWORD = "canary-of-the-database"
PHRASE = "canary words of a customer"
STORY = f"As a reader I want to keep my books on a list so that I find them again, {PHRASE}.\n\n- it survives a restart"
AT_WORK, GOING = " at work", " told to go"
"""What a process that answers nobody says when it begins, and when its end has begun."""
CANARIES = (SEAL, NEXT_SEAL, PASSWORD, PHRASE, "sk-canary-of-the-tests")


@dataclass
class Ground:
    """stack: two processes of each kind. made: issues that are to have one comment each in the end.

    excused: exit codes a test has foreseen, beside 0 and what its own kill -9 leaves. spoiled: a test has put something
    into Redis that is not ours. pardoned: what Jira may complain of this time.
    """

    stack: Stack
    postgres: PostgreSQL
    supervisor: Supervisor
    pulse: Pulse
    made: list[tuple[JiraSite, Any]] = field(default_factory=list)
    excused: set[int] = field(default_factory=set)
    spoiled: bool = False
    pardoned: set[str] = field(default_factory=set)
    unread: dict[str, int] = field(default_factory=dict)
    began_at: float = field(default_factory=time.time)

    @property
    def fleet(self) -> Fleet:
        assert isinstance(self.stack.addon, Fleet)
        return self.stack.addon

    @property
    def redis(self) -> RedisServer:
        assert self.stack.redis is not None
        return self.stack.redis

    def site(self, number: int = 0) -> JiraSite:
        return self.stack.sites[number]

    def address(self, web: int = 0) -> str:
        return address(self.fleet.webs[web])

    def issue(self, site: int = 0, *, project: str = "SHOP", **more: Any) -> Any:
        """A new issue somewhere; at the end of the test it has one comment of ours."""
        where = self.site(site)
        issue = where.create_issue(project, description=STORY, **more)
        self.made.append((where, issue))
        return issue

    def issues(self, count: int) -> list[Any]:
        """So many at once, over all sites."""
        with ThreadPoolExecutor(min(count, 10)) as people:
            return list(people.map(lambda n: self.issue(n % len(self.stack.sites), summary=f"Story {n}"), range(count)))

    def ready(self, web: int = 0) -> int:
        """What a web process says of its readiness; 0 when it says nothing."""
        with suppress(httpx2.TransportError):
            return int(self.stack.client.get(f"{self.address(web)}/health/ready").status_code)
        return 0

    def up(self, *processes: Process) -> bool:
        """Whether these, all by default, do what they are for; what merely runs may still be loading."""
        webs = [self.ready(n) == 200 for n, web in enumerate(self.fleet.webs) if web in processes or not processes]
        others = [p for p in (*self.fleet.workers, *self.fleet.schedulers) if p in processes or not processes]
        return all(webs) and all(p.running and AT_WORK in p.said and GOING not in p.said for p in others)

    def commented(self, count: int | None = None) -> int:
        """How many of the made issues have their comment."""
        return sum(len(site.comments(issue["key"])) == 1 for site, issue in self.made[:count])

    def left(self) -> list[Any]:
        """What waits or works, by table, state and worker."""
        return [
            (table, *row)
            for table in ("runs", "publications")
            for row in acts.rows(
                self.stack,
                f"SELECT state, error, attempts, worker FROM {table} WHERE state IN ('queued', 'running')",
            )
        ]

    def deliveries(self) -> set[str]:
        """The states of what Jira had to tell."""
        return {one["state"] for site in self.stack.sites for one in site.ask("GET", "/deliveries")["deliveries"]}

    def fresh_start(self) -> None:
        """Everything runs and is well, and from now on counts."""
        self._clear_up()
        self.supervisor.mind()
        self.stack.model("reset")
        self.stack.model("latency", MODEL_LATENCY_S)
        for site in self.stack.sites:
            site.ask("POST", "/clear")
            site.ask("POST", "/settings", {"webhook_retry_s": RETRY_S, "webhook_retries": RETRIES})
        eventually(self.up, "fleet at work", 60)
        self.made.clear()
        self.excused.clear()
        self.spoiled = False
        self.pardoned.clear()
        self.supervisor.ended.clear()
        self.supervisor.fallen.clear()
        self.pulse.complaints.clear()
        self.unread = {process.name: len(process.output) for process in self.fleet.all}
        self.began_at = time.time()

    def _clear_up(self) -> None:
        """What a test that failed has left behind is not held against those that follow."""
        for server in (self.redis, self.postgres):
            server.thaw()
            if not server.running:
                server.start()
        for table in ("runs", "publications"):
            acts.rows(self.stack, f"UPDATE {table} SET state = 'cancelled' WHERE state = 'queued'")
            acts.rows(self.stack, f"UPDATE {table} SET cancel_requested = true WHERE state = 'running'")
        acts.rows(self.stack, "UPDATE tenants SET paused_until = NULL, trouble = NULL WHERE trouble IS NOT NULL")

    def whole(self, within_s: float = WHOLE_S) -> None:
        """What has to be true after every fault."""
        probe = self.issue()
        probe_site = self.made[-1][0]
        eventually(lambda: probe_site.comments(probe["key"]), "comment on a new issue: not recovered", RECOVERED_S)
        # What was answered 503 comes again; only then is it work.
        eventually(lambda: "under way" not in self.deliveries(), "end of all deliveries", within_s)
        self.settled(within_s)
        assert self.deliveries() <= {"delivered"}
        counts = {f"{site.url} {issue['key']}": len(site.comments(issue["key"])) for site, issue in self.made}
        assert {key: count for key, count in counts.items() if count != 1} == {}
        self.quiet()

    def quiet(self) -> None:
        """Everybody lived, nobody gave a secret or a traceback away, Jira has nothing to complain of."""
        assert [f"{c.name}: {c.what}" for c in self.pulse.complaints] == []
        assert [one for one in self.supervisor.fallen if one[1] not in self.excused] == []
        assert [c for site in self.stack.sites for c in site.complaints() if c["what"] not in self.pardoned] == []
        failed = "SELECT id, error FROM runs WHERE state = 'failed' AND created_at >= :t"
        assert acts.rows(self.stack, failed, t=self.began_at) == []
        canaries = [*CANARIES, *(s.ask("GET", "/state")["installation"]["shared_secret"] for s in self.stack.sites)]
        for process in self.fleet.all:
            said = process.output[self.unread.get(process.name, 0) :]
            assert "Traceback" not in said, said[said.index("Traceback") :][:6000]
            # Redis refuses what is sent to it only when that is wrong, or what it holds is.
            assert self.spoiled or "ResponseError" not in said, said[said.index("ResponseError") - 200 :][:600]
            unexpected = [line for line in said.splitlines() if '"exception": [' in line]
            assert unexpected == []
            assert [canary for canary in canaries if canary in said] == []

    def settled(self, within_s: float = WHOLE_S) -> None:
        """Waits until no row waits or works any more; says which do when that takes too long."""
        until = time.monotonic() + within_s
        while left := self.left():
            assert time.monotonic() < until, f"still there after {within_s:g} s: {left[:10]}"
            time.sleep(0.25)


def address(web: Process) -> str:
    return f"http://127.0.0.1:{web.name.rpartition('-')[2]}"


def refused(answer: httpx2.Response) -> None:
    """503 in words, with the moment to come back, and nothing of our insides."""
    assert answer.status_code == 503, (answer.status_code, answer.text)
    assert int(answer.headers["retry-after"]) >= 1
    assert set(answer.json()) >= {"error", "detail"}
    assert "Traceback" not in answer.text


def database(server: PostgreSQL) -> str:
    """The server's address with a password that must never be seen anywhere."""
    return make_url(server.url).set(password=PASSWORD).render_as_string(hide_password=False)


def dead(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()
