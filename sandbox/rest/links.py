"""Links between issues."""

from sandbox import views
from sandbox.rest.call import Answer, Call, RefusedError, operation
from sandbox.site import Issue, Json

TYPES = (
    ("10000", "Blocks", "is blocked by", "blocks"),
    ("10003", "Relates", "relates to", "relates to"),
    ("10300", "Test", "is tested by", "tests"),
)


@operation("link.types", "GET", path="/issueLinkType")
def link_types(call: Call) -> Answer:
    return 200, {"issueLinkTypes": [_type(entry) for entry in TYPES]}


@operation("link.create", "POST", path="/issueLink", scope="WRITE")
def create(call: Call) -> Answer:
    body = call.document({"type", "inwardIssue", "outwardIssue", "comment"})
    wanted = body.get("type") or {}
    kind = next((entry for entry in TYPES if wanted.get("id") == entry[0] or wanted.get("name") == entry[1]), None)
    if kind is None:
        raise RefusedError(404, f"No issue link type with id '{wanted.get('id')}' found.", wrong=True)
    source, target = (_end(call, body.get(name)) for name in ("inwardIssue", "outwardIssue"))
    for issue in (source, target):
        call.needs("LINK_ISSUES", issue.project, text="No Link Issue Permission for issue.")
    shown = _type(kind)
    # The end a link starts from sees the other one as "outward", and the other way round.
    _add(source, {"type": shown, "outwardIssue": views.brief(call.site, target)})
    _add(target, {"type": shown, "inwardIssue": views.brief(call.site, source)})
    call.site.touch(source)
    call.site.touch(target)
    return 201, None


def _end(call: Call, value: object) -> Issue:
    named = (value.get("id") or value.get("key")) if isinstance(value, dict) else None
    return call.issue(named)


def _add(issue: Issue, link: Json) -> None:
    """The same link made twice is one."""
    known: list[Json] = issue.fields.get("issuelinks", [])
    if not any(_same(link, other) for other in known):
        issue.fields["issuelinks"] = [*known, {"id": str(len(known) + 1), **link}]


def _same(one: Json, other: Json) -> bool:
    ends = [(link.get(name) or {}).get("id") for link in (one, other) for name in ("inwardIssue", "outwardIssue")]
    return one["type"]["id"] == (other.get("type") or {}).get("id") and ends[:2] == ends[2:]


def _type(entry: tuple[str, str, str, str]) -> Json:
    return dict(zip(("id", "name", "inward", "outward"), entry, strict=True))
