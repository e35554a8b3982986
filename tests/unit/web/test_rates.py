"""Calls to the API are counted; what Jira sends and what people open is not."""

from pathlib import Path

import pytest

from tests.unit.web.door import ISSUE, new_issue, of_other_site, open_door

pytestmark = pytest.mark.usefixtures("one_minute")

RUNS = f"/issues/{ISSUE}/runs"


async def test_a_person_who_calls_too_often_is_told_when_to_come_back(tmp_path: Path, sqlite_template: Path) -> None:
    async with open_door(tmp_path, sqlite_template, person_calls_per_minute=3) as door:
        answers = [await door.api("GET", RUNS) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        said = answers[-1].json()
        assert said["error"] == "too_many_requests"
        assert "3 requests within a minute" in said["detail"]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        # Others go on, the same account at another site as well.
        assert (await door.api("GET", RUNS, who="boss")).status_code != 429
        assert (await door.api("GET", RUNS, token=of_other_site())).status_code != 429


async def test_jira_and_pages_are_never_refused_for_their_number(tmp_path: Path, sqlite_template: Path) -> None:
    async with open_door(tmp_path, sqlite_template, person_calls_per_minute=1, site_calls_per_minute=1) as door:
        assert (await door.api("GET", RUNS)).status_code == 200
        assert (await door.api("GET", RUNS, who="boss")).status_code == 429
        for number in range(5):
            assert (await door.deliver(new_issue(str(20_000 + number), f"ABC-{number}"))).status_code in (200, 204)
            assert (await door.page(f"/panel?issueId={ISSUE}&projectId=10000")).status_code != 429


@pytest.mark.parametrize("token", ["rubbish", "a.b.c"])
async def test_a_wrong_token_counts_for_nobody(tmp_path: Path, sqlite_template: Path, token: str) -> None:
    async with open_door(tmp_path, sqlite_template, person_calls_per_minute=1, site_calls_per_minute=1) as door:
        for _ in range(3):
            assert (await door.api("GET", RUNS, token=token)).status_code == 401
        assert (await door.api("GET", RUNS)).status_code == 200
