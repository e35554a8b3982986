"""Links between issues."""

from pydantic import Field

from addon.jira.paths import path
from addon.jira.session import Session
from addon.jira.shape import Lenient, parts


class LinkType(Lenient):
    """outward: how the source of a link stands to its target, in the site's words; inward: the other way round."""

    id: str
    name: str = ""
    inward: str = ""
    outward: str = ""


class _Types(Lenient):
    types: list[dict[str, object]] = Field(default_factory=list, alias="issueLinkTypes")


async def link_types(session: Session) -> list[LinkType]:
    """Raises JiraNotFound when linking is switched off on the site."""
    answer = await session.get(path("issueLinkType"), operation="link.types")
    return parts(LinkType, answer.get("issueLinkTypes") if isinstance(answer, dict) else None)


async def create(session: Session, type_id: str, *, source: str, target: str, trace: str | None = None) -> None:
    """`source` <outward> `target`, both ids. Making the same link twice leaves one."""
    # Jira names the source "inward": the words at the other end are what the source is to it.
    body = {"type": {"id": type_id}, "inwardIssue": {"id": source}, "outwardIssue": {"id": target}}
    await session.write("POST", path("issueLink"), operation="link.create", body=body, trace=trace)
