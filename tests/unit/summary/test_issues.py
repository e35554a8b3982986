"""What a summary reads of an issue, and what code finds out about it."""

from typing import Any

import pytest

from addon.jira.issue import Issue
from addon.summary.issues import COMMENT, TEXT, read
from tests.unit.summary.make import DAY, NOW, doc, issue_set, one, raw


def shown(**fields: Any) -> Any:
    return read(Issue.model_validate(raw(1, **fields)), flags=("customfield_1",))


def test_the_facts_of_an_issue_are_read() -> None:
    issue = shown(
        category="indeterminate", priority={"name": "High"}, labels=["a\nb"], components=[{"name": "Basket"}],
        duedate="2026-12-01", parent={"key": "SHOP-9"}, customfield_1=[{"value": "Impediment"}], assignee=None,
    )  # fmt: skip
    assert (issue.key, issue.type, issue.status, issue.category) == ("SHOP-1", "Story", "In Progress", "indeterminate")
    assert (issue.priority, issue.labels, issue.components) == ("High", ("a b",), ("Basket",))
    assert (issue.due, issue.parent, issue.flagged, issue.assigned) == ("2026-12-01", "SHOP-9", True, False)
    assert issue.text == "Some words about it."


def test_an_issue_with_odd_fields_is_read_all_the_same() -> None:
    odd = {"priority": 3, "duedate": "soon", "parent": 7, "status": None, "issuetype": [], "labels": None, "comment": 1}
    issue = shown(**odd)
    assert (issue.category, issue.type, issue.due, issue.priority) == ("new", "", "", "")


def comment(text: str, day: int, account: str = "tess", kind: str = "atlassian") -> dict[str, Any]:
    author = {"accountId": account, "accountType": kind}
    return {"id": str(day), "author": author, "body": doc(text), "created": f"2026-11-{day:02}T10:00:00.000+0000"}


def test_the_newest_comments_are_read_and_our_own_are_not() -> None:
    said = [comment("oldest", 1), comment("newer", 2), comment("newest", 3), comment("ours", 4, "us", "app")]
    issue = read(Issue.model_validate(raw(1, comment={"comments": said})), own_account_id="us")
    assert issue.text.splitlines() == ["Some words about it.", "Comment: newest", "Comment: newer"]
    unknown = read(Issue.model_validate(raw(1, comment={"comments": said})))
    assert "ours" not in unknown.text


def test_long_texts_leave_room_for_the_news() -> None:
    said = {"comments": [comment("w" * 3000, 1)]}
    issue = shown(text="v" * 9000, comment=said)
    assert len(issue.text) <= TEXT
    assert issue.text.count("w") == COMMENT - 1
    assert len(issue.within(100).text) == 100
    assert issue.within(0).text == ""


def link(inward: str, category: str, *, outward: bool = False) -> dict[str, Any]:
    other = {"id": "7", "key": "SHOP-7", "fields": {"status": {"statusCategory": {"key": category}}}}
    side = "outwardIssue" if outward else "inwardIssue"
    return {"type": {"inward": inward, "outward": "blocks"}, side: other}


@pytest.mark.parametrize(
    ("inward", "category", "blocked"),
    [
        ("is blocked by", "new", True),
        ("est bloqué par", "indeterminate", True),
        ("wird blockiert von", "new", True),
        ("depends on", "new", True),
        ("is blocked by", "done", False),
        ("relates to", "new", False),
    ],
)
def test_an_open_blocker_blocks(inward: str, category: str, blocked: bool) -> None:
    assert bool(shown(issuelinks=[link(inward, category)]).blocked_by) is blocked


def test_who_blocks_others_is_not_blocked() -> None:
    assert shown(issuelinks=[link("is blocked by", "new", outward=True)]).blocked_by == ()


@pytest.mark.parametrize(
    ("changes", "marks"),
    [
        ({}, []),
        ({"updated": NOW - 14 * DAY}, ["stale"]),
        ({"updated": NOW - 13.9 * DAY}, []),
        ({"due": "2020-01-01"}, ["overdue"]),
        ({"due": "2099-01-01"}, []),
        ({"flagged": True, "blocked_by": ("SHOP-2",)}, ["blocked", "flagged"]),
        ({"category": "done", "due": "2020-01-01", "flagged": True}, ["recent"]),
        ({"category": "done", "resolved": NOW - 20 * DAY}, []),
    ],
)
def test_marks_follow_from_dates_and_links_alone(changes: dict[str, Any], marks: list[str]) -> None:
    assert one(1, **changes).marks(NOW) == marks


def test_a_set_counts_what_it_holds() -> None:
    found = issue_set(
        one(1, components=("Basket",)), one(2, type="Bug", assigned=False, updated=NOW - 30 * DAY),
        one(3, category="done", assigned=False), one(4, category="indeterminate", blocked_by=("X-1",)), total=9,
    )  # fmt: skip
    counts = found.counts()
    assert (counts.total, counts.new, counts.indeterminate, counts.done) == (9, 2, 1, 1)
    assert (counts.unassigned, counts.stale, counts.blocked, counts.recent) == (1, 1, 1, 1)
    assert [(share.name, share.count) for share in counts.by_type] == [("Story", 3), ("Bug", 1)]
    assert [(share.name, share.count) for share in counts.by_component] == [("", 3), ("Basket", 1)]
    assert [line.age_days for line in found.lines()] == [1, 30, 1, 1]
    assert found.keys == {"SHOP-1", "SHOP-2", "SHOP-3", "SHOP-4"}


def test_equal_sets_have_equal_hashes_whenever_they_were_read() -> None:
    found = issue_set(one(1))
    assert found.input_hash() == issue_set(one(1), read_at=NOW + 60).input_hash()
    assert found.input_hash() != issue_set(one(1, text="other")).input_hash()
