"""What people do in Jira and in the panel, and what can be seen of it from outside."""

import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from redis import Redis
from sqlalchemy import Executable, select, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from addon.store.tables.runs import publications
from tests.stack import JiraSite, Stack, eventually

ENDED = ("succeeded", "failed", "cancelled")
PAUSES_PASS = """
for _, key in ipairs(redis.call('KEYS', '*:jira:*')) do
  if redis.call('TYPE', key).ok == 'hash' and redis.call('HEXISTS', key, 'until') == 1 then
    redis.call('HINCRBY', key, 'until', -ARGV[1])
  end
end
"""
"""What Jira asked all processes to wait for. A process that was not restarted keeps to what it heard itself."""
STORY = "As a reader I want to keep books on a list so that I find them again.\n\n- the list survives a restart\n- fast"


class Event(NamedTuple):
    """One server-sent event. id: "" when it has none."""

    id: str
    name: str
    data: dict[str, Any]


def analyse(site: JiraSite, issue_id: str, user: str = "tess", *, force: bool = False) -> Any:
    """The run a click on "Analyse" starts."""
    answer = site.api("POST", "/ai/analyze-issue", user=user, body={"issue": issue_id, "force": force})
    assert answer.status_code == 202, answer.text
    return answer.json()["run"]


def run(site: JiraSite, run_id: str, user: str = "tess") -> Any:
    answer = site.api("GET", f"/runs/{run_id}", user=user)
    assert answer.status_code == 200, answer.text
    return answer.json()


def over(site: JiraSite, run_id: str, within_s: float = 30.0) -> Any:
    """The run once it has ended and nothing of it is on its way to Jira any more."""

    def look() -> Any:
        shown = run(site, run_id)
        waiting = [p for p in shown["publications"] if p["status"] == "pending"]
        return shown if shown["status"] in ENDED and not waiting else None

    return eventually(look, f"end of run {run_id}", within_s)


def first_run(site: JiraSite, issue: Mapping[str, Any], within_s: float = 30.0) -> Any:
    """The run of a new issue, once all of it is over."""
    started = eventually(lambda: site.runs(issue["id"]), f"run of {issue['key']}", within_s)
    return over(site, started[0]["id"], within_s)


def publish(
    site: JiraSite,
    run_id: str,
    items: Sequence[int] = (),
    edits: Mapping[str, Any] | None = None,
    *,
    target: str = "subtasks",
) -> list[Any]:
    """A click on "Create sub-tasks", or on writing the comment."""
    wish = {"run": run_id, "target": target, "items": list(items), "edits": dict(edits or {})}
    answer = site.api("POST", "/jira/publish", user="tess", body=wish)
    assert answer.status_code == 202, answer.text
    return list(answer.json()["publications"])


def written(site: JiraSite, run_id: str, target: str) -> list[Any]:
    """The publications of a run at one target, once none is under way."""
    return [p for p in over(site, run_id)["publications"] if p["target"] == target]


def children(site: JiraSite, key: str) -> list[Any]:
    """The sub-tasks of an issue, as REST shows them."""
    return list(site.ask("GET", f"/issues/{key}")["children"])


def titles(site: JiraSite, key: str) -> list[str]:
    return sorted(child["fields"]["summary"] for child in children(site, key))


def analyses(site: JiraSite, key: str) -> list[Any]:
    """Our comments that hold an analysis; of these there may be one."""
    return [c for c in site.comments(key) if any(v["kind"] == "analysis" for v in c["properties"].values())]


def calls(site: JiraSite, operation: str, issue: Mapping[str, Any]) -> list[Any]:
    """What the add-on asked of this issue."""
    places = (f"/issue/{issue['id']}", f"/issue/{issue['key']}")
    return [r for r in site.requests(operation) if r["path"].partition("/api/3")[2].startswith(places)]


def follow(
    stack: Stack, site: JiraSite, path: str, *, after: str = "", body: Any = None, user: str = "tess"
) -> Iterator[Event]:
    """The events of a stream as they arrive; ends with the stream. body: POST it instead of asking."""
    headers = {"Authorization": f"JWT {site.token(user)}"} | ({"Last-Event-ID": after} if after else {})
    method = "POST" if body is not None else "GET"
    with stack.client.stream(method, f"{stack.url}/api/v1{path}", headers=headers, json=body) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                fields[name] = value
            elif "event" in fields:
                yield Event(fields.get("id", ""), fields["event"], json.loads(fields["data"]))
                fields = {}


def rows(stack: Stack, statement: str | Executable, **values: Any) -> list[Any]:
    """What a statement finds in the add-on's own database."""

    async def ask() -> list[Any]:
        engine = create_async_engine(stack.database_url)
        try:
            async with engine.begin() as tx:
                found = await tx.execute(text(statement) if isinstance(statement, str) else statement, values)
                return list(found.all()) if found.returns_rows else []
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def stored(stack: Stack) -> bytes:
    """All that the add-on's own database holds, as far as it can be read without a key."""
    if stack.database_url.startswith("sqlite"):
        file = Path(stack.database_url.removeprefix("sqlite+aiosqlite:///"))
        return b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*") if "key" not in part.name)
    names = rows(stack, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    shown = [row[0] for (name,) in names for row in rows(stack, f'SELECT whole_row::text FROM "{name}" whole_row')]
    # Bytes are shown in hexadecimal: what stands there unsealed has to be found all the same.
    return re.sub(rb"\\x((?:[0-9a-f]{2})+)", lambda hit: bytes.fromhex(hit[1].decode()), "\n".join(shown).encode())


def stored_in_redis(stack: Stack) -> bytes:
    """Everything that was ever written there; nothing where there is none."""
    if stack.redis is None:
        return b""
    found = b"".join(file.read_bytes() for file in stack.redis.folder.rglob("*.aof"))
    assert found, "Redis keeps what is written"
    return found


def time_passes(stack: Stack, seconds: float) -> None:
    """What waits for a moment has waited that much longer."""
    for table in ("runs", "publications"):
        rows(stack, f"UPDATE {table} SET run_at = run_at - :s WHERE state = 'queued'", s=seconds)
    _sent_longer_ago(stack, seconds)
    rows(stack, "UPDATE reruns SET due_at = due_at - :s", s=seconds)
    rows(stack, "UPDATE tenants SET paused_until = paused_until - :s", s=seconds)
    if stack.redis is not None:
        with Redis.from_url(stack.redis.url) as redis:
            redis.eval(PAUSES_PASS, 0, round(seconds * 1000))


def _sent_longer_ago(stack: Stack, seconds: float) -> None:
    """What was sent without an answer, and may still turn up."""
    waiting = publications.c.state == "queued"
    for row in rows(stack, select(publications.c.id, publications.c.kept).where(waiting)):
        if row.kept and row.kept.get("sent_at"):
            kept = {**row.kept, "sent_at": row.kept["sent_at"] - seconds}
            rows(stack, update(publications).where(waiting, publications.c.id == row.id).values(kept=kept))


def leases_expire(stack: Stack) -> None:
    """What a killed add-on held comes free, as it would half a minute later."""
    for table in ("runs", "publications"):
        rows(stack, f"UPDATE {table} SET lease_until = :past WHERE state = 'running'", past=time.time() - 1)
