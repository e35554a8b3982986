"""What the API would say of criteria and scenarios: results, documents to be written, changes, similar issues."""

from typing import Any

from tests.browser.canned import HOSTILE

Json = dict[str, Any]


def criteria() -> Json:
    listed = [
        {
            "id": "AC-1",
            "quote": "pay with a **saved card**",
            "assumption": "",
            "kind": "happy",
            "title": "Pay with a saved card",
            "given": ["a customer with one saved card", "a basket of 40 €"],
            "when": "they choose the card and confirm",
            "then": ["the order is paid", "a receipt is shown within 5 seconds"],
        },
        {
            "id": "AC-2",
            "quote": "",
            "assumption": "The basket is kept when the bank declines.",
            "kind": "negative",
            "title": "Declined card",
            "given": ["a saved card that the bank declines"],
            "when": "the customer confirms",
            "then": ["the basket stays as it is", "the reason is shown"],
        },
        {
            "id": "AC-3",
            "quote": "",
            "assumption": "Only the owner of a card may use it.",
            "kind": "permission",
            "title": "A card of somebody else",
            "given": ["a card that was saved by another customer"],
            "when": "the customer opens the list of cards",
            "then": ["that card is not listed"],
        },
    ]
    rest = "And a basket of 40 €\n    When they choose the card and confirm\n"
    gherkin = "Feature: Saved cards\n\n  @AC-1 @happy\n  Scenario: Pay with a saved card\n    Given a customer"
    return {
        "author": "model",
        "notice": "",
        "dropped": 1,
        "gherkin": f"{gherkin} with one saved card\n    {rest}",
        "lint": ["AC-2: “the reason is shown” names no text.", "No criterion says how fast the list opens."],
        "criteria": {
            "language": "en",
            "feature": "Saved cards",
            "narrative": "Customers pay without typing their card number again.",
            "criteria": listed,
            "questions": ["Which card providers must work on day one?", "May a card be used in two countries?"],
        },
    }


def scenarios() -> Json:
    steps = [
        {"action": "Open the basket", "data": "", "expected": "The saved card is offered"},
        {"action": "Choose the card", "data": "card ending in 4242", "expected": "The card is marked"},
        {"action": "Confirm", "data": "", "expected": "A receipt is shown within 5 seconds"},
    ]
    listed = [
        {
            "id": "TS-1",
            "title": "Paying with the one saved card",
            "kind": "happy",
            "priority": "high",
            "covers": ["AC-1"],
            "preconditions": ["A customer with one saved card is signed in"],
            "steps": steps,
        },
        {
            "id": "TS-2",
            "title": "The bank declines",
            "kind": "negative",
            "priority": "medium",
            "covers": ["AC-1", "AC-2"],
            "preconditions": [],
            "steps": [{"action": "Pay with a declined card", "data": "", "expected": "The reason is shown"}],
        },
    ]
    coverage = [
        {"id": "AC-1", "title": "Pay with a saved card", "kind": "happy", "scenarios": ["TS-1", "TS-2"]},
        {"id": "AC-2", "title": "Declined card", "kind": "negative", "scenarios": ["TS-2"]},
        {"id": "AC-3", "title": "A card of somebody else", "kind": "permission", "scenarios": []},
    ]
    return {
        "author": "model",
        "notice": "",
        "criteria_from": "run",
        "coverage": coverage,
        "scenarios": {"language": "en", "scenarios": listed},
    }


def pipeline() -> Json:
    return {"criteria": criteria(), "scenarios": scenarios(), "targets": []}


RESULTS = {"criteria": criteria, "scenarios": scenarios, "pipeline": pipeline}


def marked(value: Any) -> Any:
    """The same document with hostile text wherever people or models could have put it."""
    fixed = {"kind", "priority", "author", "notice", "criteria_from", "dropped"}
    if isinstance(value, dict):
        return {name: each if name in fixed else marked(each) for name, each in value.items()}
    if isinstance(value, list):
        return [marked(each) for each in value]
    return f"{value} {HOSTILE}" if isinstance(value, str) else value


def hostile(kind: str) -> Json:
    found = marked(RESULTS[kind]())
    assert isinstance(found, dict)
    return found


def partial(kind: str) -> list[Json]:
    """What is heard while it is written."""
    feature = {"language": "en", "feature": "Saved cards", "criteria": [{"id": "AC-1", "title": "Pay wi"}]}
    made: dict[str, list[Json]] = {
        "analysis": [{"nature": "story", "language": "en"}],
        "criteria": [{"language": "en"}, feature],
        "scenarios": [{"language": "en", "scenarios": [{"id": "TS-1", "title": "Paying with the one saved card"}]}],
        "pipeline": [{"criteria": feature}],
    }
    return made[kind]


DECLINES = [
    {"action": "Pay with an expired card", "data": "12/20", "expected": "The expiry is named"},
]

FRESH: Json = {"run": "run-1", "fresh": True, "changed": []}
STALE: Json = {"run": "run-1", "fresh": False, "changed": ["description", "comment"]}

CHANGES: Json = {
    "since": "run-4",
    "facts": [
        {
            "section": "description",
            "before": "Customers pay with a saved card. Payment should be fast.",
            "after": "Customers pay with a saved card. Payment takes at most 5 seconds.",
        }
    ],
    "items": {
        "added": [{"part": "criteria", "item": 2, "title": "A card of somebody else"}],
        "removed": [{"part": "criteria", "item": 3, "title": "Colour of the button"}],
        "changed": [
            {
                "part": "criteria",
                "item": 0,
                "was": 0,
                "title": "Pay with a saved card",
                "before": {"title": "Pay", "then": ["the order is paid"]},
                "after": {"title": "Pay with a saved card", "then": ["the order is paid and told"]},
            }
        ],
    },
    "scores": [{"aspect": "testable", "before": 1, "after": 4}, {"aspect": "small", "before": None, "after": 3}],
    "overall": {"before": 50, "after": 60},
}

SIMILAR: Json = {
    "similar": [
        {
            "key": "PAY-12", "summary": "Pay with a stored card", "status": "In Progress", "category": "indeterminate",
            "type": "Story", "score": 91, "near_duplicate": True, "url": "https://site.example/browse/PAY-12",
            "reasons": [{"code": "very_similar_title", "words": []}, {"code": "same_words", "words": ["card", "pay"]}],
        },
        {
            "key": "PAY-30", "summary": "Refund a card payment", "status": "To Do", "category": "new", "type": "Story",
            "score": 41, "near_duplicate": False, "url": "https://site.example/browse/PAY-30",
            "reasons": [{"code": "same_component", "words": ["Checkout"]}],
        },
    ]
}  # fmt: skip


def paragraph(text: str, *marks: Json) -> Json:
    return {
        "type": "paragraph",
        "content": [{"type": "text", "text": text, **({"marks": list(marks)} if marks else {})}],
    }


def document(*texts: str) -> Json:
    """An Atlassian document with most of what ours have."""
    cell = {"type": "tableCell", "content": [paragraph("Testable")]}
    head = {"type": "tableHeader", "content": [paragraph("Aspect", {"type": "strong"})]}
    rows = [{"type": "tableRow", "content": [one]} for one in (head, cell)]
    status = {"type": "status", "attrs": {"text": "HIGH", "color": "red"}}
    link = {"type": "link", "attrs": {"href": "javascript:window.pwned=1"}}
    mention = {"type": "mention", "attrs": {"id": "a-1", "text": "@Ada Author"}}
    items = [{"type": "listItem", "content": [paragraph(text)]} for text in texts]
    return {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "heading", "attrs": {"level": 3}, "content": [{"type": "text", "text": "Acceptance criteria"}]},
            {"type": "paragraph", "content": [mention, {"type": "text", "text": " please answer "}, status]},
            *(paragraph(text, link) for text in texts),
            {"type": "bulletList", "content": items},
            {"type": "table", "content": rows},
            {"type": "codeBlock", "content": [{"type": "text", "text": "Given a customer"}]},
            {"type": "rule"},
            {"type": "panel", "attrs": {"panelType": "info"}, "content": [paragraph("Written by JiraVision")]},
            {"type": "neverHeardOf", "content": [paragraph("Read all the same")]},
        ],
    }
