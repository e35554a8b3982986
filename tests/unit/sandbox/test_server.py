"""Several sites in one process, on real sockets."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from addon.connect.jwt import request_token
from addon.connect.qsh import of_target
from sandbox.server import running
from sandbox.site import Installation
from tests.unit.sandbox.stage import DESCRIPTOR, KEY

ROOT = Path(__file__).resolve().parents[3]
TARGET = "/rest/api/3/issue/SHOP-142/comment"
BODY = {
    "body": {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}],
    }
}


async def test_sites_have_the_same_issues_and_different_tenants() -> None:
    async with running(2) as world, httpx2.AsyncClient(trust_env=False) as client:
        states = [(await client.get(f"{place.site.base_url}/sandbox/state")).json() for place in world.places]
        assert states[0]["client_key"] != states[1]["client_key"]
        assert states[0]["users"] == states[1]["users"]
        assert [place.site.issue("SHOP-142").id for place in world.places] == [10231, 10231]  # type: ignore[union-attr]
        assert (await client.get(f"{world.base}/install-keys/{world.keys.kid}")).text.startswith(
            "-----BEGIN PUBLIC KEY"
        )


async def test_an_answer_can_be_lost_after_the_write_was_made() -> None:
    async with running() as world, httpx2.AsyncClient(trust_env=False) as client:
        site = world.places[0].site
        site.installation = Installation("x", DESCRIPTOR, site.client_key, "s" * 40, "o", site.user("tess").account_id)  # type: ignore[union-attr]
        order = {"operation": "comment.create", "cut_after_write": True}
        await client.post(f"{site.base_url}/sandbox/faults", json=order)
        headers = {
            "Authorization": f"JWT {request_token(KEY, 's' * 40, qsh=of_target('POST', TARGET), now=time.time())}"
        }
        with pytest.raises(httpx2.HTTPError):
            await client.post(site.base_url + TARGET, json=BODY, headers=headers)
        assert len(site.issue("SHOP-142").comments) == 5  # type: ignore[union-attr]
        assert site.requests[-1]["status"] == "cut"


async def test_a_taken_port_is_an_error() -> None:
    async with running() as world:
        port = int(world.base.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            async with running(1, port):
                pass


@pytest.mark.process
def test_it_announces_itself_in_one_line_and_ends_at_sigterm() -> None:
    command = [sys.executable, "-m", "sandbox", "--sites", "2", "--announce"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert len(said["sites"]) == 2
        hosts = said["environment"]["JIRA_ALLOWED_HOSTS"].split(",")
        assert [f"http://{host}" for host in hosts] == [site["url"] for site in said["sites"]]
        assert httpx2.get(f"{said['sites'][1]['url']}/sandbox/state", trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
