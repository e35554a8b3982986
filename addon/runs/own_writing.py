"""What our publications of an issue left there, so that a reading tells it from what people wrote."""

from addon.reading.ours import NOTHING, Ours
from addon.store.db import Database
from addon.store.repos import publications as rows

_ISSUES = ("subtasks", "xray")


async def of_issue(db: Database, tenant_id: str, *, issue_id: str | None) -> Ours:
    """One query. Raises DatabaseDown."""
    if issue_id is None:
        return NOTHING
    async with db.single() as tx:
        found = await rows.standing(tx, tenant_id, issue_id=issue_id, targets=(*_ISSUES, "field"))
    keys = frozenset(each.remote_key for each in found if each.target in _ISSUES and each.remote_key)
    fields: dict[str, frozenset[str]] = {}
    for each in found:
        wrote = (each.kept or {}).get("wrote")
        if each.target == "field" and each.remote_id and wrote:
            # Any of them may stand there: an undo, or a person, brings an older one back.
            fields[each.remote_id] = fields.get(each.remote_id, frozenset()) | {str(wrote)}
    return Ours(keys, fields)
