"""F14: events that come late or in another order than things happened: what counts is what Jira says now."""

from typing import Any

import pytest

from tests.faults.ground import PHRASE, STORY, Ground
from tests.flow import acts
from tests.stack import JiraSite, eventually

pytestmark = [pytest.mark.faults, pytest.mark.process]

EDITED = f"As a reader I want to lend books to friends so that they can read them too, {PHRASE}."


def event(site: JiraSite, key: str, name: str, **more: Any) -> dict[str, Any]:
    """What Jira tells about an issue as it is at this moment."""
    issue = site.ask("GET", f"/issues/{key}")
    shown = {part: issue[part] for part in ("id", "key", "fields")}
    return {"timestamp": 1_700_000_000_000, "webhookEvent": name, "issue": shown, **more}


def tell(site: JiraSite, payload: dict[str, Any], identifier: str) -> None:
    n = site.ask("POST", "/webhooks/raw", {"payload": payload, "user": "tess", "identifier": identifier})["n"]

    def answered() -> Any:
        return site.ask("GET", "/deliveries")["deliveries"][n]["state"] == "delivered"

    eventually(answered, f"answer to {payload['webhookEvent']}")


def test_change_that_is_told_before_the_creation_is_part_of_one_analysis(faulty: Ground) -> None:
    site = faulty.site()
    issue = faulty.issue(webhook=False)
    created = event(site, issue["key"], "jira:issue_created")
    site.ask("PUT", f"/issues/{issue['key']}", {"description": EDITED})
    changes = {"items": [{"field": "description", "fieldId": "description", "fromString": STORY, "toString": EDITED}]}
    tell(site, event(site, issue["key"], "jira:issue_updated", changelog=changes), "changed-first")
    tell(site, created, "created-last")
    eventually(lambda: site.comments(issue["key"]), "comment")
    # The issue as it is, not as the late event shows it.
    (asked,) = faulty.stack.model("requests")
    said = " ".join(message["content"] for message in asked["body"]["messages"])
    assert "lend books to friends" in said
    assert "keep my books on a list" not in said
    assert len(site.runs(issue["id"])) == 1


def test_creation_that_is_told_after_the_end_of_the_issue_ends_quietly(faulty: Ground) -> None:
    site = faulty.site()
    issue = site.create_issue(webhook=False, description=STORY)
    created = event(site, issue["key"], "jira:issue_created")
    site.ask("DELETE", f"/issues/{issue['key']}")
    tell(site, created, "created-after-its-end")
    ended = "SELECT state, attempts FROM runs WHERE issue_id = :i"
    eventually(lambda: acts.rows(faulty.stack, ended, i=issue["id"]) == [("cancelled", 1)], "quiet end of the analysis")
    assert faulty.stack.model("requests") == []
