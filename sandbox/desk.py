"""The ground of the control API: finding what a request names, and answering what makes no sense."""

from typing import Any

from sandbox import views
from sandbox.catalog import Project
from sandbox.people import User
from sandbox.prose import document, reading
from sandbox.site import Installation, Issue, Json, Site
from sandbox.world import Place

Body = dict[str, Any]


class ControlError(Exception):
    """A control request that makes no sense; status 400 with this text."""


class Desk:
    """Base of the handlers of one site."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.site: Site = place.site

    def installed(self) -> Installation:
        try:
            return self.site.installed
        except LookupError as error:
            raise ControlError(str(error)) from error

    def issue_named(self, key: Any) -> Issue:
        found = self.site.issue(key)
        if found is None:
            raise ControlError(f"there is no issue {key}")
        return found

    def project_named(self, key: Any) -> Project:
        found = self.site.project(key)
        if found is None:
            raise ControlError(f"there is no project {key}")
        return found

    def user_named(self, name: Any) -> User:
        found = self.site.user(name)
        if found is None:
            raise ControlError(f"there is nobody called {name}")
        return found

    def comments_of(self, issue: Issue) -> list[Json]:
        """The comments as REST shows them, with their properties and with the text somebody reads."""
        return [
            {
                **views.comment(self.site, issue, shown=comment),
                "properties": comment.properties,
                "text": reading(comment.body),
                "internal": views.is_internal(comment),
            }
            for comment in issue.comments
        ]


def rich(value: Any) -> Json | None:
    """A document from a document or from plain text."""
    if value is None or isinstance(value, dict):
        return value
    return document(str(value))
