"""Events told to the add-on the way Jira tells them: signed, at least once, repeated after trouble."""

import asyncio
import contextlib
import json
import secrets
import time
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2

from sandbox import views
from sandbox.changelog import Changed
from sandbox.prose import wiki
from sandbox.signing import qsh, relative, symmetric
from sandbox.site import Comment, Installation, Issue, Json, Site, stamp

# Jira's limit for events of the primary flow, per tenant and host.
CONCURRENT = 20
REPEATED = frozenset({408, 409, 425, 429})


@dataclass(slots=True)
class Delivery:
    """An event on its way. attempts: {"at", "status" or "error", "ms"}. state: under way, delivered, lost, given up."""

    event: str
    issue: str | None
    url: str
    payload: bytes = field(repr=False)
    subject: str | None = None
    trace: str | None = None
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    attempts: list[Json] = field(default_factory=list)
    state: str = "under way"
    n: int = 0

    def shown(self) -> Json:
        return {
            "n": self.n,
            "event": self.event,
            "issue": self.issue,
            "url": self.url,
            "identifier": self.identifier,
            "state": self.state,
            "attempts": self.attempts,
            "trace": self.trace,
        }


class Webhooks:
    """The deliveries of one site, at most 20 at a time."""

    def __init__(self, site: Site, client: httpx2.AsyncClient) -> None:
        self.site = site
        self.client = client
        self.slots = asyncio.Semaphore(CONCURRENT)
        self.tasks: set[asyncio.Task[None]] = set()

    def fire(self, event: str, subject: Any, *, account_id: str, trace: str | None) -> None:
        """Sends an event to the webhooks of the descriptor that ask for it.

        subject: an issue, the same with its comment, or what was changed of it.
        """
        installation = self.site.installation
        if installation is None or installation.state != "enabled":
            return
        items = subject.items if isinstance(subject, Changed) else None
        issue, comment = subject if isinstance(subject, tuple) else (getattr(subject, "issue", subject), None)
        for module in installation.descriptor.get("modules", {}).get("webhooks", []):
            if module.get("event") == event:
                body = _payload(self.site, event, issue=issue, comment=comment, account_id=account_id)
                if items is not None:
                    body["changelog"] = {"id": str(time.time_ns()), "items": items}
                payload = json.dumps(body).encode()
                self.send(Delivery(event, issue.key, installation.base_url + module["url"], payload, account_id, trace))

    def send(self, delivery: Delivery) -> Delivery:
        """Starts one delivery and writes it down."""
        delivery.n = len(self.site.deliveries)
        self.site.deliveries.append(delivery)
        self._start(delivery)
        return delivery

    def repeat(self, n: int) -> Delivery:
        """Delivers once more what was delivered before, under the same identifier."""
        old: Delivery = self.site.deliveries[n]
        return self.send(replace(old, attempts=[], state="under way"))

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self.tasks, return_exceptions=True)

    def _start(self, delivery: Delivery) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(delivery))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _deliver(self, delivery: Delivery) -> None:
        for retry in range(self.site.webhook_retries + 1):
            installation = self.site.installation
            if installation is None or installation.state == "uninstalled":
                delivery.state = "lost"
                return
            async with self.slots:
                status = await self._attempt(delivery, installation, retry=retry)
            if status in (200, 204):
                delivery.state = "delivered"
                return
            # Redirects and other refusals are final: the event is gone.
            if status is not None and status not in REPEATED and status < 500:
                delivery.state = "lost"
                self.site.complain("webhook", f"{delivery.event} was answered {status}", status=status)
                return
            # Jira waits 5 to 15 minutes between tries; here the pause is seconds and can be set.
            await asyncio.sleep(self.site.webhook_retry_s * (0.5 + secrets.randbelow(1000) / 1000))
        delivery.state = "given up"

    async def _attempt(self, delivery: Delivery, installation: Installation, *, retry: int) -> int | None:
        target = relative(delivery.url, installation.base_url)
        # Signed anew for every try: a token made before a long pause would have expired.
        claims = {"iss": installation.client_key, "sub": delivery.subject, "qsh": qsh("POST", target)}
        token = symmetric(installation.signing_secret, claims)
        headers = {
            "Authorization": f"JWT {token}",
            "Content-Type": "application/json",
            "X-Atlassian-Webhook-Flow": "Primary",
            "X-Atlassian-Webhook-Identifier": delivery.identifier,
            "User-Agent": "Pretend-Jira",
        }
        if retry:
            headers["X-Atlassian-Webhook-Retry"] = str(retry)
        if delivery.trace:
            headers["X-Atlassian-Webhook-Trace"] = delivery.trace
        started = time.monotonic()
        entry: Json = {"at": stamp(time.time())}
        delivery.attempts.append(entry)
        try:
            answer = await self.client.post(
                delivery.url, content=delivery.payload, headers=headers, timeout=self.site.webhook_timeout_s
            )
        except httpx2.HTTPError as error:
            entry |= {"error": type(error).__name__, "ms": _since(started)}
            return None
        entry |= {"status": answer.status_code, "ms": _since(started)}
        return answer.status_code


def _since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)


def _payload(site: Site, event: str, *, issue: Issue, comment: Comment | None, account_id: str) -> Json:
    """The body of an event. Issues have the shape of REST v2: rich text is wiki text, lists are not paged."""
    answer: Json = {"timestamp": int(time.time() * 1000), "webhookEvent": event}
    # Comment events carry a reduced issue and no user; readers must not rely on either.
    if comment is not None:
        shown = {**views.comment(site, issue, shown=comment), "body": wiki(comment.body)}
        return answer | {"comment": shown, "issue": {**views.brief(site, issue), "id": str(issue.id)}}
    fields = views.issue_fields(site, issue)
    for name, value in fields.items():
        if isinstance(value, dict) and value.get("type") == "doc":
            fields[name] = wiki(value)
    # Lists that REST pages are not part of an event.
    for left_out in ("comment", "worklog"):
        fields.pop(left_out, None)
    kind = "issue_created" if event == "jira:issue_created" else "issue_generic"
    address = f"{site.base_url}/rest/api/2/issue/{issue.id}"
    answer |= {"issue_event_type_name": kind, "user": views.person(site, account_id)}
    return answer | {"issue": {"id": str(issue.id), "self": address, "key": issue.key, "fields": fields}}
