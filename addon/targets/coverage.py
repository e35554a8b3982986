"""The link by which Jira and Xray know which issue a test tests."""

import time

from addon.errors import Conflict
from addon.jira import links
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.jira.issue import Issue
from addon.jira.links import LinkType
from addon.runs.feature import Writing
from addon.targets.marks import trace

KNOWN_S = 300.0
_IS_TESTED_BY = "is tested by"


class NotLinked(Conflict):
    """The test exists, and its link to the issue does not. Trying again makes the link alone."""

    code = "xray_not_linked"


class Coverage:
    """The site's link type is kept for a while: every test of a result needs it."""

    def __init__(self) -> None:
        self._types: dict[str, tuple[float, LinkType]] = {}

    async def link(self, writing: Writing, story: Issue, *, test_id: str, known: bool) -> None:
        """known: the test is not of this attempt, so the link may exist. Raises NotLinked, JiraError."""
        kind = await self._type(writing)
        if known and _linked(story, test_id, kind=kind):
            return
        try:
            await links.create(writing.jira, kind.id, source=test_id, target=story.id, trace=trace(writing))
        except (JiraForbidden, JiraNotFound, JiraRefused) as error:
            raise NotLinked(
                "The test was made, but JiraVision may not link it to this issue: give the add-on's account the"
                " permissions Browse projects and Link issues."
            ) from error

    async def _type(self, writing: Writing) -> LinkType:
        place, now = writing.tenant.id, time.monotonic()
        known = self._types.get(place)
        if known and known[0] > now:
            return known[1]
        try:
            types = await links.link_types(writing.jira)
        except JiraNotFound as error:
            raise NotLinked("The test was made, but issue links are switched off on this site.") from error
        # Xray names it "Test" or "Tests"; the words are what it relies on itself.
        kind = next((each for each in types if each.inward.strip().casefold() == _IS_TESTED_BY), None)
        if kind is None:
            raise NotLinked(
                "The test was made, but the site has no link type by which an issue “is tested by” another."
            )
        self._types[place] = (now + KNOWN_S, kind)
        return kind


def _linked(story: Issue, test_id: str, *, kind: LinkType) -> bool:
    found = story.fields.get("issuelinks")
    for each in found if isinstance(found, list) else []:
        if not isinstance(each, dict):
            continue
        of_kind, source = each.get("type"), each.get("inwardIssue")
        if not (isinstance(of_kind, dict) and isinstance(source, dict)):
            continue
        if str(of_kind.get("id")) == kind.id and str(source.get("id")) == test_id:
            return True
    return False
