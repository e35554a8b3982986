"""Criteria for the tests of this room and of those above it."""

from typing import Any

from addon.results.criteria import AcceptanceCriterion, Criteria


def criterion(**changes: Any) -> AcceptanceCriterion:
    values: dict[str, Any] = {
        "id": "AC-1",
        "quote": "I want to know why my voucher was refused",
        "assumption": "",
        "kind": "negative",
        "title": "An expired voucher is refused with its date",
        "given": ["a voucher that expired on 1 May"],
        "when": "it is entered at checkout",
        "then": ["the date it expired is shown", "the total stays as it was"],
    }
    return AcceptanceCriterion(**{**values, **changes})


def criteria(*items: AcceptanceCriterion, **changes: Any) -> Criteria:
    values: dict[str, Any] = {
        "language": "en",
        "feature": "Refused vouchers",
        "narrative": "A shopper wants to know why a voucher was refused.",
        "criteria": list(items or [criterion()]),
        "questions": ["Which vouchers are meant?"],
    }
    return Criteria(**{**values, **changes})
