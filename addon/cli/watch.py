"""Watches a run of the add-on the way the panel does: its event stream, opened with a context token."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2

from addon.errors import Unavailable
from sandbox.frames import Where, context_token
from sandbox.site import Site

Json = dict[str, Any]
ASK_EVERY_S = 0.05
ENDED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Watched:
    """The issue whose run is watched, and the site that vouches for the watcher."""

    site: Site
    issue_id: str

    def headers(self) -> dict[str, str]:
        """A fresh context token of a person who may see the issue."""
        user = self.site.user("tess")
        issue = self.site.issues[int(self.issue_id)]
        token = context_token(self.site, user.account_id if user else None, where=Where(issue))
        return {"Authorization": f"JWT {token}"}


async def follow(addon_url: str, watched: Watched, *, on_stage: Callable[[str], None]) -> Json:
    """The issue's newest run, which may still have to appear, when it has ended; a stage is told once.

    Raises Unavailable.
    """
    api = f"{addon_url}/api/v1"
    # A stream that is opened again repeats its events from the start.
    told: list[str] = []
    async with httpx2.AsyncClient(trust_env=False, timeout=httpx2.Timeout(10, read=60)) as client:
        run = await _first(client, api, watched=watched)
        while run["status"] not in ENDED:
            async for event, data in _events(client, f"{api}/runs/{run['id']}/events", watched=watched):
                if event == "stage" and data.get("stage") not in told:
                    told.append(str(data["stage"]))
                    on_stage(told[-1])
            # The stream ended: the run did, or the connection broke and is opened again unless the run is over.
            await asyncio.sleep(ASK_EVERY_S)
            run = await _get(client, f"{api}/runs/{run['id']}", watched=watched)
        return run


async def _first(client: httpx2.AsyncClient, api: str, *, watched: Watched) -> Json:
    while True:
        answer = await _get(client, f"{api}/issues/{watched.issue_id}/runs", watched=watched)
        if answer["runs"]:
            run: Json = answer["runs"][0]
            return run
        await asyncio.sleep(ASK_EVERY_S)


async def _get(client: httpx2.AsyncClient, url: str, *, watched: Watched) -> Json:
    try:
        answer = await client.get(url, headers=watched.headers())
    except httpx2.HTTPError as error:
        raise Unavailable(f"the add-on does not answer: {type(error).__name__}") from error
    if answer.status_code != 200:
        raise Unavailable(f"the add-on answered {answer.status_code} to its own panel: {answer.text[:300]}")
    found: Json = answer.json()
    return found


async def _events(client: httpx2.AsyncClient, url: str, *, watched: Watched) -> AsyncIterator[tuple[str, Json]]:
    """(event, data) pairs of one stream, until it ends; a broken stream ends too and is opened again by the caller."""
    try:
        async with client.stream("GET", url, headers=watched.headers()) as answer:
            if answer.status_code != 200:
                raise Unavailable(f"the add-on answered {answer.status_code} to a request for a run's events")
            event, data = "message", ""
            async for line in answer.aiter_lines():
                name, _, value = line.partition(":")
                if not line and data:
                    yield event, json.loads(data)
                    event, data = "message", ""
                elif name == "event":
                    event = value.strip()
                elif name == "data":
                    data += value.strip()
    except httpx2.HTTPError:
        return
