"""Comments of issues, and their list with properties."""

import time

from sandbox.adf import problems
from sandbox.rest.call import Answer, Call, RefusedError, operation, property_list
from sandbox.site import Comment, Issue, Json
from sandbox.views import comment as view
from sandbox.views import page

ORDERS = {"": False, "created": False, "+created": False, "-created": True}


@operation("comment.list", "GET", path="/issue/{key}/comment")
def listing(call: Call) -> Answer:
    issue = call.issue(call.path["key"])
    order = call.asked("orderBy")
    if order not in ORDERS:
        raise RefusedError(400, "The orderBy parameter is invalid.")
    shown = [
        view(call.site, issue, shown=c) for c in sorted(issue.comments, key=lambda c: c.created, reverse=ORDERS[order])
    ]
    answer = page("comments", shown, start=call.number("startAt", 0), size=call.number("maxResults", 100, most=5000))
    return 200, {name: value for name, value in answer.items() if name != "isLast"}


@operation("comment.get", "GET", path="/issue/{key}/comment/{comment}")
def get(call: Call) -> Answer:
    issue, comment = _find(call)
    return 200, view(call.site, issue, shown=comment, properties="properties" in call.asked("expand"))


@operation("comment.create", "POST", path="/issue/{key}/comment", scope="WRITE")
def create(call: Call) -> Answer:
    issue = call.issue(call.path["key"])
    body = call.document({"body", "visibility", "properties"})
    # Jira answers 404 here, not 403, when only the right to comment is missing.
    call.needs("ADD_COMMENTS", issue.project, status=404, text="You do not have permission to comment on this issue.")
    text = _body(body)
    # One of the published limits per issue.
    if len(issue.comments) >= 5000:
        raise RefusedError(413, "The issue has reached its limit of comments.")
    now = time.time()
    comment = Comment(
        call.site.next_id(),
        call.caller.account_id,
        text,
        now,
        now,
        property_list(body.get("properties")),
        body.get("visibility"),
    )
    issue.comments.append(comment)
    issue.updated = now
    call.site.touch(issue)
    call.events.append(("comment_created", (issue, comment)))
    return 201, view(call.site, issue, shown=comment)


@operation("comment.update", "PUT", path="/issue/{key}/comment/{comment}", scope="WRITE")
def update(call: Call) -> Answer:
    issue, comment = _find(call)
    own = comment.author == call.caller.account_id
    # Jira says 400 here, though it is a matter of rights.
    if not call.may("EDIT_OWN_COMMENTS" if own else "EDIT_ALL_COMMENTS", issue.project):
        raise RefusedError(400, "You do not have the permission to edit this comment.", wrong=False)
    body = call.document({"body", "visibility", "properties"})
    comment.body = _body(body)
    comment.updated = issue.updated = time.time()
    # Naming none keeps them: an internal comment stays internal when its text is replaced.
    if "properties" in body:
        comment.properties = property_list(body["properties"])
    call.site.touch(issue)
    call.events.append(("comment_updated", (issue, comment)))
    return 200, view(call.site, issue, shown=comment)


@operation("comment.delete", "DELETE", path="/issue/{key}/comment/{comment}", scope="DELETE")
def delete(call: Call) -> Answer:
    issue, comment = _find(call)
    own = comment.author == call.caller.account_id
    if not call.may("DELETE_OWN_COMMENTS" if own else "DELETE_ALL_COMMENTS", issue.project):
        raise RefusedError(400, "You do not have the permission to delete this comment.", wrong=False)
    issue.comments.remove(comment)
    call.site.touch(issue)
    return 204, None


@operation("comment.bulk", "POST", path="/comment/list")
def bulk(call: Call) -> Answer:
    ids = call.document({"ids"}).get("ids")
    if not isinstance(ids, list) or not all(isinstance(i, int) for i in ids) or not 0 < len(ids) <= 1000:
        raise RefusedError(400, "ids must hold between 1 and 1000 comment ids as numbers.")
    wanted, properties = set(ids), "properties" in call.asked("expand")
    shown = [
        view(call.site, issue, shown=comment, properties=properties)
        for issue in call.site.issues.values()
        for comment in issue.comments
        if comment.id in wanted and call.may("BROWSE_PROJECTS", issue.project)
    ]
    # The only operation whose comments carry their properties.
    return 200, page("values", shown, start=0, size=1048)


def find(call: Call, comment_id: str) -> tuple[Issue, Comment] | None:
    """A comment by its id alone, when the caller may see its issue."""
    for issue in call.site.issues.values():
        for comment in issue.comments:
            if str(comment.id) == comment_id and call.may("BROWSE_PROJECTS", issue.project):
                return issue, comment
    return None


def _find(call: Call) -> tuple[Issue, Comment]:
    issue = call.issue(call.path["key"])
    comment = next((c for c in issue.comments if str(c.id) == call.path["comment"]), None)
    if comment is None:
        raise RefusedError(404, f"Can not find a comment for the id: {call.path['comment']}.")
    return issue, comment


def _body(body: Json) -> Json:
    document = body.get("body")
    if not isinstance(document, dict):
        raise RefusedError(
            400, fields={"comment": "Comment body is not valid!"}, note="comment: body must be an Atlassian document"
        )
    found = problems(document, serialised=True)
    if found:
        raise RefusedError(
            400, fields={"comment": "Comment body is not valid!"}, note=f"comment: {'; '.join(found[:5])}"
        )
    if not document.get("content"):
        raise RefusedError(400, fields={"comment": "Comment body can not be empty!"})
    return document
