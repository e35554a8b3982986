"""F18: a full disk, under the database and under the log: answered 503, nothing half done, well when there is room."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.faults.ground import refused
from tests.flow import acts
from tests.stack import Process, Stack, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

ROOM = "3m"
"""What the empty schema needs, and some."""
MOUNTED = 'mount -t tmpfs -o size={room} none "{folder}" && exec "$@" >>"{folder}/log" 2>&1'


class Narrow(Stack):
    """The add-on with its database and its log on a disk of its own, which is small. data: where that is mounted."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "disk"
        self.data.mkdir()
        super().__init__(f"sqlite+aiosqlite:///{self.data}/jiravision.db", folder)

    @property
    def disk(self) -> Path:
        """The same folder as the add-on sees it."""
        return Path(f"/proc/{self.addon.pid}/root{self.data}")

    def _run(self, name: str, arguments: list[str], environment: dict[str, str]) -> Process:  # type: ignore[override]
        if name != "addon":
            return super()._run(name, arguments, environment)
        alone = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
        script = MOUNTED.format(room=ROOM, folder=self.data)
        command = [*alone, "sh", "-c", script, "sh", sys.executable, *arguments]
        process = Process(name, command, self.folder, environment)
        process.start()
        self._exit.callback(process.stop)
        return process


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Narrow]:
    assert shutil.which("unshare"), "unshare (util-linux) is needed to mount a small disk for one process"
    with Narrow(tmp_path) as stack:
        yield stack


def test_full_disk_is_said_and_everything_is_done_when_there_is_room_again(narrow: Narrow) -> None:
    site = narrow.site()
    site.ask("POST", "/settings", {"webhook_retry_s": 1.0})
    before = site.create_issue(description=acts.STORY)
    assert acts.first_run(site, before)["status"] == "succeeded"
    fill(narrow.disk / "filler")
    token = {"Authorization": f"JWT {site.token('tess')}"}
    wish = {"issue": before["id"], "force": True}
    refused(narrow.client.post(f"{narrow.url}/api/v1/ai/analyze-issue", json=wish, headers=token))
    issues = [site.create_issue(description=acts.STORY, summary=f"Story {n}") for n in range(3)]

    def answers() -> list[int]:
        found = [d for issue in issues for d in site.ask("GET", "/deliveries", issue=issue["key"])["deliveries"]]
        return [attempt["status"] for delivery in found for attempt in delivery["attempts"] if "status" in attempt]

    assert set(eventually(lambda: answers() if len(answers()) >= len(issues) else None, "answers")) == {503}
    assert live(narrow) == 200
    assert narrow.addon.running
    (narrow.disk / "filler").unlink()
    for issue in issues:
        run = acts.first_run(site, issue)
        assert (run["status"], len(site.comments(issue["key"]))) == ("succeeded", 1)
    assert live(narrow) == 200
    assert site.complaints() == []
    assert "Traceback" not in (narrow.disk / "log").read_text()


def fill(path: Path) -> None:
    """Takes what is left, to the last byte."""
    with path.open("wb", buffering=0) as file:
        for size in (65_536, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def live(stack: Stack) -> int:
    try:
        return int(stack.client.get(f"{stack.url}/health/live").status_code)
    except httpx2.TransportError:
        return 0
