from typing import Any

import pytest
from pydantic import ValidationError

from addon.connect.payloads import IssueCreated, Lifecycle
from tests.tokens import installation


def created(**fields: Any) -> dict[str, Any]:
    return {
        "timestamp": 1763650000123,
        "webhookEvent": "jira:issue_created",
        "issue_event_type_name": "issue_created",
        "user": {"accountId": "ann", "accountType": "atlassian", "displayName": "Ann"},
        "issue": {
            "id": "10023",
            "key": "ABC-7",
            "fields": {
                "summary": "Login fails",
                "description": "h2. Steps",
                "issuetype": {"id": "10001", "name": "Bug", "subtask": False},
                "project": {"id": "10000", "key": "ABC", "name": "Alpha"},
                "creator": {"accountId": "ann"},
                "reporter": None,
                "labels": [],
            }
            | fields,
        },
    }


def test_issue_created_is_read() -> None:
    event = IssueCreated.model_validate(created())
    fields = event.issue.fields
    assert (event.issue.id, event.issue.key, fields.project.id, fields.issue_type.name) == (
        "10023",
        "ABC-7",
        "10000",
        "Bug",
    )
    assert (event.user and event.user.account_type, fields.creator and fields.creator.account_id) == (
        "atlassian",
        "ann",
    )


def test_numeric_ids_are_texts() -> None:
    assert IssueCreated.model_validate(created(project={"id": 10000})).issue.fields.project.id == "10000"


@pytest.mark.parametrize("description", [None, "wiki", {"type": "doc", "content": []}])
def test_description_may_be_wiki_text_or_a_document(description: object) -> None:
    assert IssueCreated.model_validate(created(description=description)).issue.fields.description == description


@pytest.mark.parametrize("person", [None, "ann", [], {}])
def test_a_missing_person_is_no_error(person: object) -> None:
    event = IssueCreated.model_validate(created(creator=person) | {"user": person})
    assert not (event.user and event.user.account_id)


@pytest.mark.parametrize("wrong", [{"webhookEvent": "jira:issue_updated"}, {"issue": None}, {"issue": {"id": "1"}}])
def test_another_event_or_half_an_issue_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IssueCreated.model_validate(created() | wrong)


def test_lifecycle_body_ignores_what_is_new() -> None:
    found = Lifecycle.model_validate(installation())
    assert (found.event_type, found.client_key[:5], found.oauth_client_id) == ("installed", "jira:", "oauth-client")


@pytest.mark.parametrize("wrong", [{"clientKey": ""}, {"clientKey": "x" * 256}, {"clientKey": 7}, {"eventType": "x"}])
def test_lifecycle_body_with_an_unusable_field_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Lifecycle.model_validate(installation(**wrong))
