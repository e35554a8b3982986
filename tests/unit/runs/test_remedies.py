"""Every error a row can end with has words for whoever looks after the site."""

import pytest

from addon.runs import remedies
from tests.unit.i18n.test_words import UNSEEN, codes

NEVER = {
    **UNSEEN,
    "database_down": "the row is given back, and nothing is held against it",
    "redis_down": "nothing a row needs",
    "site_paused": "the row waits",
    "issue_deleted": "ends as cancelled",
    "nothing_to_do": "ends as cancelled",
    "superseded": "ends as cancelled",
    "tenant_gone": "ends as cancelled",
    "uninstalled": "ends as cancelled",
    "method_not_allowed": "an answer to a request",
    "no_schedule": "an answer to a request",
    "not_ready": "an answer to a request",
    "too_large": "an answer to a request",
    "too_many_requests": "an answer to a request",
    "unauthenticated": "an answer to a request",
    "unavailable": "an answer to a request",
    "unsupported_media_type": "an answer to a request",
    "no_schema": "told to the operator by a command",
    "table_in_use": "told to the operator by a command",
    "upstream_failed": "the base of others, never raised itself",
}
"""Codes with which no row ends as failed, and why."""


def test_every_code_a_row_can_fail_with_has_words_of_its_own() -> None:
    silent = {code for code in codes() if remedies.of({"error": code}) is remedies.UNKNOWN}
    assert silent - set(NEVER) == set()


@pytest.mark.parametrize("cause", ["jira_down", "jira_busy", "xray_down", "zephyr_busy", "model_busy"])
def test_what_was_given_up_names_who_did_not_answer(cause: str) -> None:
    of_cause = remedies.of({"error": "gave_up", "cause": cause})
    assert of_cause != remedies.of({"error": "gave_up"})
    assert "given up" in of_cause.said


@pytest.mark.parametrize("error", [{}, {"error": ""}, {"error": "never_heard_of"}, {"error": "gave_up", "cause": ""}])
def test_what_nobody_foresaw_has_words_as_well(error: dict[str, str]) -> None:
    remedy = remedies.of(error)
    assert remedy.said
    assert remedy.todo
