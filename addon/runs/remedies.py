"""What a failure means to whoever looks after a site, and what to do about it; pages translate both.

The detail of a row is our own English sentence: a page shows none of it but what others said in there.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from addon.i18n.catalog import N_
from addon.llm.faults import QUOTA_SPENT


@dataclass(frozen=True, slots=True)
class Remedy:
    """Two English texts that the catalogs know. said: what happened. todo: what to do next."""

    said: str
    todo: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words no catalog knows, in whatever language. by: who said them; "about": the names of fields or issues."""

    by: Literal["jira", "xray", "zephyr", "about"]
    text: str


_WITH_JIRA = N_("Run it again once Jira answers.")
_AGAIN_LATER = N_("Run it again once the other side answers.")
_TOOL_KEY = N_("A project administrator enters its key in the project's settings; then run it again.")
_FIELD = N_("Put the field on the edit screen, or choose another in the project's settings; then run it again.")
_MODEL = N_("Test the model in the site's administration; run it again once it answers.")
_LOG = N_("Run it again; if it stays, the operator finds the cause in the log.")

UNKNOWN = Remedy(N_("Something went wrong."), _LOG)
_CODES: Mapping[str, Remedy] = {
    "worker_lost": Remedy(N_("The process that worked on it ended in the middle, again and again."), _LOG),
    "timed_out": Remedy(
        N_("It took longer than it may and was stopped."),
        N_("Run it again; a faster model or a shorter issue is done sooner."),
    ),
    "internal": Remedy(
        N_("Something broke on JiraVision's side."),
        N_("The operator finds the cause in the log; run it again once that is mended."),
    ),
    "forbidden": Remedy(
        N_("Jira does not allow this."),
        N_("Give JiraVision the permission that is missing in the project; then run it again."),
    ),
    "budget_spent": Remedy(
        N_("The budget for the model was spent."),
        N_("Raise the budget, or wait until it is fresh again; then run it again."),
    ),
    "model_unauthorized": Remedy(
        N_("The model's provider refused the key."),
        N_("Enter a valid key in the site's administration; then run it again."),
    ),
    "model_rejected": Remedy(
        N_("The model did not accept the request."),
        N_("Check the model's name in the site's administration; then run it again."),
    ),
    "model_needed": Remedy(
        N_("Only a language model can do this, and none is set up."),
        N_("Choose a model in the site's administration; then run it again."),
    ),
    "model_refused": Remedy(
        N_("The model declined to answer."),
        N_("Its filter may dislike a passage of the issue; another model may not."),
    ),
    "model_too_long": Remedy(N_("The answer was too long for the model."), N_("Shorten the issue; then run it again.")),
    "model_nonsense": Remedy(
        N_("The model's answer could not be used."), N_("Run it again, or choose another model first.")
    ),
    "no_field": Remedy(
        N_("No field is chosen for acceptance criteria."),
        N_("A project administrator chooses one in the project's settings; then run it again."),
    ),
    "no_subtasks": Remedy(
        N_("The project has no type of issue for sub-tasks."),
        N_("A Jira administrator adds one to the project; then run it again."),
    ),
    "jql_refused": Remedy(N_("Jira does not understand the query."), N_("Ask with another query instead.")),
    "jira_too_large": Remedy(
        N_("Jira takes no text as long as this."), N_("Choose fewer items, and write them from the panel.")
    ),
    "not_connected": Remedy(N_("The test management tool is not connected to the project."), _TOOL_KEY),
    "not_found": Remedy(
        N_("What this was about is no longer there."), N_("There is nothing to do unless it was moved by mistake.")
    ),
    "nothing_to_test": Remedy(
        N_("The issue says nothing that could be tested."), N_("Say more in the issue; then run it again.")
    ),
    "conflict": Remedy(
        N_("Somebody changed the same thing at the same moment."), N_("Look at the issue; then run it again.")
    ),
    "invalid": Remedy(N_("The request did not hold together."), N_("Ask for it anew in the panel.")),
    "cannot_undo": Remedy(
        N_("This could not be taken back."), N_("It was changed since, or its place keeps everything: look there.")
    ),
    "secret_unreadable": Remedy(
        N_("No key of the operator's opens what this site has stored."),
        N_("The operator brings the older APP_SECRET_KEY back; then run it again."),
    ),
    "unstorable": Remedy(
        N_("A text in it cannot be kept."), N_("Remove characters that are no text from the issue; then run it again.")
    ),
}
_FAMILIES: tuple[tuple[str, Remedy], ...] = (
    ("unknown_", Remedy(
        N_("The release that worked on it does not know this kind of work."),
        N_("The operator brings every process to the newest release; then run it again."),
    )),
    ("field_", Remedy(N_("The field could not be written."), _FIELD)),
    ("description_", Remedy(
        N_("The description could not be added to."),
        N_("Shorten it, or write a comment from the panel instead."),
    )),
    ("xray_unauthorized", Remedy(N_("The test management tool refused the key."), _TOOL_KEY)),
    ("zephyr_unauthorized", Remedy(N_("The test management tool refused the key."), _TOOL_KEY)),
    ("xray_", Remedy(N_("The test management tool did not take it."), _AGAIN_LATER)),
    ("zephyr_", Remedy(N_("The test management tool did not take it."), _AGAIN_LATER)),
    ("jira_unauthorized", Remedy(
        N_("Jira refuses JiraVision."), N_("A Jira administrator installs JiraVision again; then run it again.")
    )),
    ("jira_forbidden", _CODES["forbidden"]),
    ("jira_not_found", _CODES["not_found"]),
    ("jira_down", Remedy(N_("Jira did not answer."), _WITH_JIRA)),
    ("jira_", Remedy(
        N_("Jira refused this."),
        N_("A required field or a rule of the project may be in the way; mend that, then run it again."),
    )),
    ("model_", Remedy(N_("The model did not answer."), _MODEL)),
    ("misconfigured", _CODES["internal"]),
)  # fmt: skip
_TOOL_GIVEN_UP = Remedy(
    N_("The test management tool did not answer, try after try, so this was given up."), _AGAIN_LATER
)
_GIVEN_UP: tuple[tuple[str, Remedy], ...] = (
    (
        "jira_",
        Remedy(N_("Jira did not answer, try after try, so this was given up."), _WITH_JIRA),
    ),
    ("xray_", _TOOL_GIVEN_UP),
    ("zephyr_", _TOOL_GIVEN_UP),
    ("model_", Remedy(N_("The model did not answer, try after try, so this was given up."), _MODEL)),
    ("", Remedy(N_("This was given up after many tries."), _AGAIN_LATER)),
)
_QUOTA_SPENT = Remedy(
    N_("The quota of the key is used up at the model's provider."),
    N_("Raise it there, or enter another key in the site's administration; then run it again."),
)
_QUOTES: tuple[tuple[str, Literal["jira", "xray", "zephyr", "about"], re.Pattern[str]], ...] = (
    ("jql_refused", "jira", re.compile(r"(.+)", re.DOTALL)),
    ("xray_refused", "xray", re.compile(r"^Xray refused the request: “(.+)”$", re.DOTALL)),
    ("zephyr_refused", "zephyr", re.compile(r"^Zephyr Scale refused the request: “(.+)”$", re.DOTALL)),
    ("jira_refused", "about", re.compile(r"^Jira refused these fields: (.+)\.$")),
    ("field_too_short", "about", re.compile(r"^The field (.+) holds one line of ")),
    ("cannot_undo", "about", re.compile(r"^Somebody has worked on (\S+) since ")),
    ("cannot_undo", "about", re.compile(r"^(\S+) was executed since ")),
    ("xray_incomplete", "about", re.compile(r"^(\S+) was made, but ")),
)
"""Code, who speaks, and where in the stored detail: read from the sentence, because older rows have nothing else."""


def of(error: Mapping[str, str]) -> Remedy:
    """For the error of a row: {"error": code, "cause": the code of the last try's error where there were many}."""
    code = error.get("error", "")
    if code == "gave_up":
        cause = error.get("cause", "")
        return next(remedy for family, remedy in _GIVEN_UP if cause.startswith(family))
    if code == "model_rejected" and error.get("detail") == QUOTA_SPENT:
        return _QUOTA_SPENT
    return _CODES.get(code) or next((found for family, found in _FAMILIES if code.startswith(family)), UNKNOWN)


def quoted(error: Mapping[str, str]) -> Quote | None:
    """What Jira or a tool said, or what it is about, in the detail of a row's error; None when all of it is ours."""
    detail = error.get("detail", "")
    for code, by, pattern in _QUOTES:
        if code == error.get("error") and (found := pattern.search(detail)):
            return Quote(by, found[1])
    return None
