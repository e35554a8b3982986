"""F3: while the database says nothing, whoever asks is told so in the end, with the moment to come back."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.ground import RECOVERED_S, Ground, refused
from tests.flow import acts
from tests.stack import eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

TOLD_S = 20.0
"""A statement is waited for 10 s; nobody who asks waits for a second one."""


def test_whoever_asks_of_a_database_that_says_nothing_is_refused_in_time(faulty: Ground) -> None:
    issue = faulty.issue()
    site = faulty.site()
    site.comment_on(issue["key"])
    faulty.settled()
    wish = {"issue": issue["id"], "force": True}

    def ask(who: str, method: str, path: str, body: object) -> tuple[object, float]:
        began = time.monotonic()
        address = f"{faulty.stack.url}/api/v1{path}"
        token = {"Authorization": f"JWT {site.token(who)}"}
        answer = faulty.stack.client.request(method, address, json=body, headers=token, timeout=2 * TOLD_S)
        refused(answer)
        return answer.json()["error"], time.monotonic() - began

    wanted = (
        ("tess", "POST", "/ai/analyze-issue", wish),
        # Whoever has no right to it is told so by Jira's word alone, database or not.
        ("ann", "GET", "/usage", None),
        ("tess", "GET", f"/issues/{issue['id']}/runs", None),
    )
    faulty.postgres.freeze()
    try:
        with ThreadPoolExecutor(len(wanted)) as people:
            told = list(people.map(lambda each: ask(*each), wanted))
    finally:
        faulty.postgres.thaw()
    assert {error for error, _ in told} == {"database_down"}
    assert max(seconds for _, seconds in told) < TOLD_S, told
    # Nothing of what was refused was done.
    eventually(lambda: faulty.ready() == 200, "ready web process", RECOVERED_S)
    assert acts.rows(faulty.stack, "SELECT count(*) FROM runs WHERE created_at >= :t", t=faulty.began_at) == [(1,)]
