"""Issues like one, as the caller may see them."""

from typing import Any

from fastapi import APIRouter

from addon.errors import NotFound
from addon.web.api import eyes, seen
from addon.web.security import ApiCaller
from addon.web.state import HouseDep

routes = APIRouter(prefix="/api/v1/issues", tags=["issues"])


@routes.get("/{issue}/similar")
async def similar_issues(house: HouseDep, caller: ApiCaller, *, issue: seen.IssueIdOrKey) -> dict[str, Any]:
    """{"similar"}: the best matches of the same project first, each with a score of 0 to 100 and its reasons.

    Found and read with the caller's own rights; remembered for a minute.
    """
    # First, so that an issue one may not see reads like one that does not exist.
    issue_id = await seen.issue_id(house, caller, id_or_key=issue)
    session = eyes.of(house, caller)
    try:
        found = await house.similar.find(session, issue_id, tenant_id=caller.tenant.id, account_id=caller.account_id)
    except NotFound:
        raise seen.no_issue() from None
    # Codes and words: the page says them in the reader's language.
    shown = [
        {
            "key": match.key,
            "summary": match.summary,
            "status": match.status,
            "category": match.category,
            "type": match.type,
            "score": match.score,
            "near_duplicate": match.near_duplicate,
            "reasons": [{"code": reason.code, "words": list(reason.words)} for reason in match.reasons],
            "url": eyes.browse_url(caller, match.key),
        }
        for match in found
    ]
    return {"similar": shown}
