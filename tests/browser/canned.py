"""What the API would say: analyses, runs, settings and totals, as the pages get them."""

from typing import Any

Json = dict[str, Any]

HOSTILE = (
    '<script>window.pwned = 1</script><img src=x onerror="window.pwned=1"> [click](javascript:window.pwned=1) '
    "{{7*7}} ${7*7} </script></textarea> \u202egnp.exe\u202c https://evil.example/x"
)


def scores(*rows: tuple[str, int, str, str]) -> list[Json]:
    return [
        {"aspect": aspect, "score": score, "reason": reason, "quote": quote} for aspect, score, reason, quote in rows
    ]


def english() -> Json:
    return {
        "nature": "story",
        "language": "en",
        "summary": "Customers want to pay a basket with a saved card. The happy path is clear; what happens when the"
        " bank declines the payment is not described.",
        "scores": scores(
            (
                "independent",
                4,
                "It can be built without another story, once tokens are stored.",
                "uses the token of PAY-12",
            ),
            ("negotiable", 3, "The goal is open, but the layout is fixed in advance.", "the button must be green"),
            ("valuable", 5, "Says who gains what.", "so that I do not have to type my card number again"),
            ("estimable", 2, "The number of card providers is unknown.", ""),
            ("small", 3, "Fits an iteration when refunds are left out.", "pay, refund and list cards"),
            ("testable", 1, "No measurable outcome is named.", "payment should be fast"),
        ),
        "missing": [
            {
                "what": "What happens when the bank declines",
                "why": "Support needs a text, developers a state to build.",
            },
            {"what": "Which card providers", "why": "Each one has its own token format."},
        ],
        "questions": ["Which card providers must work on day one?", "How long may a payment take before we give up?"],
        "risks": [
            {"text": "Card data could be logged by the existing payment module.", "severity": "high"},
            {"text": "Tokens expire while a basket is open.", "severity": "medium"},
            {"text": "The button colour may clash with dark mode.", "severity": "low"},
        ],
        "criteria": [
            {
                "title": "Pay with a saved card",
                "given": "a customer with one saved card and a basket of 40 €",
                "when": "they choose the card and confirm",
                "then": "the order is paid and a receipt is shown within 5 seconds",
            },
            {
                "title": "Declined card",
                "given": "a saved card that the bank declines",
                "when": "the customer confirms",
                "then": "the basket stays as it is and the reason is shown",
            },
        ],
        "subtasks": [
            {
                "title": "Store card tokens per customer",
                "description": "Encrypted, one per provider.\n\n- migration\n- clean-up",
            },
            {
                "title": "Show saved cards in the basket",
                "description": "Newest first, at most five, the rest behind “Show all”.",
            },
            {"title": "Handle declined payments", "description": "Keep the basket, show the bank's reason in words."},
        ],
        "labels": ["payment", "checkout", "needs-clarification"],
    }


def hostile() -> Json:
    return {
        "nature": "bug",
        "language": "en",
        "summary": HOSTILE,
        "scores": scores(("steps", 2, HOSTILE, HOSTILE), ("expected", 0, "x" * 400, "")),
        "missing": [{"what": HOSTILE, "why": HOSTILE}],
        "questions": [HOSTILE],
        "risks": [{"text": HOSTILE, "severity": "high"}],
        "criteria": [{"title": HOSTILE, "given": HOSTILE, "when": HOSTILE, "then": HOSTILE}],
        "subtasks": [{"title": HOSTILE, "description": HOSTILE}],
        "labels": [HOSTILE[:60]],
    }


def result(analysis: Json, *, author: str = "model", notice: str = "", dropped: int = 0) -> Json:
    values = [score["score"] for score in analysis["scores"]]
    overall = round(sum(values) * 20 / len(values)) if values else 0
    return {"author": author, "overall": overall, "notice": notice, "dropped": dropped, "analysis": analysis}


def run(number: int, status: str, **more: Any) -> Json:
    """A run that started `number` hours before the pages' test time."""
    at = f"2026-11-20T{12 - number:02}:15:00Z"
    return {
        "id": f"run-{number}", "kind": "analysis", "status": status, "issue_key": "PAY-42", "issue_id": "10042",
        "project_id": "10000", "trigger": "webhook" if number else "panel", "created_at": at, "started_at": at,
        "finished_at": None if status in ("queued", "running") else at,
        "progress": {"stage": status, "done": 0, "total": 0},
        "result": None, "error": None, "publications": [], "facts_read": ["summary", "description", "comment"],
        "usage": {"provider": "openai", "model": "gpt-5-mini", "prompt_version": "1", "input_tokens": 2100},
        **more,
    }  # fmt: skip


def publication(target: str, item: int, status: str, **more: Any) -> Json:
    return {
        "id": f"{target}-{item}",
        "target": target,
        "item": item,
        "status": status,
        "url": None,
        "error": None,
        **more,
    }


COMMENT = publication("comment", 0, "done", remote_id="9", url="https://site.example/browse/PAY-42?focusedCommentId=9")


def history() -> list[Json]:
    return [
        run(1, "succeeded", result=result(english()), publications=[COMMENT]),
        run(2, "failed", error={"error": "model_unauthorized", "detail": "The model refused the key."}),
        run(3, "cancelled"),
        run(4, "succeeded", result=result(english(), author="rules", notice="no_model"), usage=None),
    ]


SETTINGS: Json = {
    "auto_analyze": True, "auto_comment": True, "auto_subtasks": False, "auto_criteria": False,
    "issue_types": ["10001"], "language": "auto", "instruction": "", "criteria_field": None, "subtask_type": None,
    "ignore_apps": True, "rerun_on_update": False, "rerun_cooldown_minutes": 30,
    "min_quality": None, "updated_by": {"account_id": "a-1", "name": "Ada Admin"}, "updated_at": "2026-11-20T09:30:00Z",
}  # fmt: skip

OPTIONS: Json = {
    "issue_types": [
        {"id": "10001", "name": "Story", "subtask": False}, {"id": "10002", "name": "Bug", "subtask": False},
        {"id": "10003", "name": "Task", "subtask": False}, {"id": "10004", "name": "Sub-task", "subtask": True},
    ],
    "fields": [{"id": "customfield_10050", "name": "Acceptance criteria"}], "languages": ["auto", "en", "fr"],
}  # fmt: skip

MODEL: Json = {
    "provider": "openai", "model": "gpt-5-mini", "has_key": True, "deployment": {"provider": "rules", "model": ""},
    "updated_by": {"account_id": "a-1", "name": "Ada Admin"}, "updated_at": "2026-11-20T09:30:00Z",
}  # fmt: skip

WAITS: Json = {
    "error": {"error": "jira_down", "detail": "Jira did not answer as it should."},
    "next_attempt_at": "2099-11-20T09:35:00Z",
}  # fmt: skip

TROUBLE: Json = {
    "code": "jira_unauthorized", "since": "2026-11-20T09:30:00Z", "next_probe_at": "2026-11-20T09:35:00Z",
}  # fmt: skip

AUDIT: Json = {
    "events": [
        {"at": "2026-11-20T09:30:00Z", "action": "site.model", "account_id": "557058:0f1e2d3c-aaaa-bbbb-1234567890ab",
         "subject": "openai", "detail": {"provider": "openai", "model": "gpt-5-mini", "key_changed": True}},
        {"at": "2026-11-19T08:00:00Z", "action": "tenant.installed", "account_id": None, "subject": None, "detail": {}},
        {"at": "2026-11-18T08:00:00Z", "action": "project.settings", "account_id": "a-2", "subject": "10000",
         "detail": {"changed": ["auto_subtasks", "language"]}},
    ],
}  # fmt: skip
