"""Bodies that Jira sends: lenient about what is new, strict about what we use."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

EventType = Literal["installed", "uninstalled", "enabled", "disabled"]


def _as_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _object_or_none(value: object) -> object:
    return value if isinstance(value, Mapping) else None


def _storable(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not hold the character NUL")
    return value


Plain = Annotated[str, AfterValidator(_storable)]
"""A text as PostgreSQL takes it."""

Id = Annotated[str, BeforeValidator(_as_id), Field(pattern=r"^[0-9]{1,18}$")]
"""Jira's ids are numbers as texts, but some versions of some payloads bring them as numbers."""

AccountId = Annotated[Plain, Field(min_length=1, max_length=128)]

ClientKey = Annotated[Plain, Field(min_length=1, max_length=255)]

_LENIENT = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Lifecycle(BaseModel):
    """Body of the four lifecycle calls; unknown fields are expected and ignored."""

    model_config = _LENIENT

    event_type: EventType = Field(alias="eventType")
    key: str = Field(max_length=255)
    client_key: ClientKey = Field(alias="clientKey")
    base_url: str | None = Field(None, alias="baseUrl", max_length=255)
    display_url: str | None = Field(None, alias="displayUrl", max_length=2000)
    shared_secret: str | None = Field(None, alias="sharedSecret", max_length=1024, repr=False)
    oauth_client_id: Plain | None = Field(None, alias="oauthClientId", max_length=255)


class Person(BaseModel):
    """Who caused an event; account_type is "atlassian", "app" or "customer"."""

    model_config = _LENIENT

    account_id: str | None = Field(None, alias="accountId")
    account_type: str | None = Field(None, alias="accountType")


class IssueType(BaseModel):
    model_config = _LENIENT

    id: Id
    name: str = ""
    subtask: bool = False


class ProjectRef(BaseModel):
    model_config = _LENIENT

    id: Id
    key: str = ""


class IssueFields(BaseModel):
    """The few fields that decide whether an issue is analysed; its text is read again through REST.

    `summary`, `description` and `updated` only serve to tell two deliveries with the same content.
    """

    model_config = _LENIENT

    project: ProjectRef
    issue_type: IssueType = Field(alias="issuetype")
    # Deliveries differ in shape by version and by what the site hides; only ids decide anything.
    summary: str | None = None
    description: object = None
    updated: str | None = None
    labels: object = None
    creator: Annotated[Person | None, BeforeValidator(_object_or_none)] = None
    reporter: Annotated[Person | None, BeforeValidator(_object_or_none)] = None


class WebhookIssue(BaseModel):
    model_config = _LENIENT

    id: Id
    key: Plain = Field(min_length=1, max_length=64)
    fields: IssueFields
    properties: Annotated[dict[str, object] | None, BeforeValidator(_object_or_none)] = None


class IssueCreated(BaseModel):
    """Body of jira:issue_created; timestamp in milliseconds since 1970."""

    model_config = _LENIENT

    webhook_event: Literal["jira:issue_created"] = Field(alias="webhookEvent")
    timestamp: float | None = None
    user: Annotated[Person | None, BeforeValidator(_object_or_none)] = None
    issue: WebhookIssue


class ChangedField(BaseModel):
    """field: its name, in the site's language for its own fields. field_id: as REST knows it, "" in older payloads."""

    model_config = _LENIENT

    field: str = ""
    field_id: str = Field("", alias="fieldId")


class ChangeLog(BaseModel):
    model_config = _LENIENT

    items: list[ChangedField] = []


class IssueUpdated(BaseModel):
    """Body of jira:issue_updated. Without a change log it tells of a comment or the like."""

    model_config = _LENIENT

    webhook_event: Literal["jira:issue_updated"] = Field(alias="webhookEvent")
    user: Annotated[Person | None, BeforeValidator(_object_or_none)] = None
    issue: WebhookIssue
    changelog: Annotated[ChangeLog | None, BeforeValidator(_object_or_none)] = None
