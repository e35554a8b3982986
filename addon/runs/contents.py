"""What a draft holds, by target: written down by features, read by targets, kept in the row of the publication."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Content(BaseModel):
    """Base of all. Rows outlive releases, so unknown names are let pass."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class CommentContent(Content):
    """adf: the whole document. service_desk: the project is one. fresh: no comment of ours can stand there yet.

    kind: of which an issue has one comment each: analysis, criteria, scenarios, pipeline.
    """

    adf: dict[str, Any]
    kind: str = "analysis"
    service_desk: bool | None = None
    fresh: bool = False


class DescriptionContent(Content):
    """One section of our own in the description. section: names it. adf: a document that holds its blocks."""

    section: Literal["analysis", "criteria", "scenarios"]
    title: str
    adf: dict[str, Any]


class SubtaskContent(Content):
    """description: Markdown. in_comment: the run's comment lists it too."""

    title: str
    description: str
    language: str = "en"
    in_comment: bool = False


class FieldContent(Content):
    """field: id of a custom field, "" for the project's own. adf for rich fields, text for plain ones.

    replace: overwrite what stands there. The publisher fills in field and replace as the person asked.
    """

    field: str = ""
    adf: dict[str, Any]
    text: str
    replace: bool = False


class TestStep(Content):
    action: str
    data: str = ""
    expected: str = ""


class TestContent(Content):
    """One test case for a test management tool, linked to the issue.

    style "gherkin": `gherkin` holds the steps of one scenario, without its heading, in `language`. style "manual":
    `steps`. precondition: Markdown, "" without. labels: plain words without blanks.
    """

    style: Literal["gherkin", "manual"]
    title: str
    objective: str = ""
    precondition: str = ""
    gherkin: str = ""
    steps: list[TestStep] = []
    priority: Literal["low", "medium", "high"] = "medium"
    labels: list[str] = []
    language: str = "en"


class QuestionsContent(Content):
    """Questions to the author of the issue, posted as a comment that mentions them. account_id: None when unknown."""

    questions: list[str]
    account_id: str | None
    language: str = "en"
    service_desk: bool | None = None
