"""The one comment an issue gets: written once, then kept up to date in place."""

from addon.jira import comments
from addon.jira.errors import JiraNotFound
from addon.runs.feature import Writing, Written
from addon.targets.marks import commented, marked
from addon.targets.posting import internal, post, replace

KIND = "analysis"


class CommentTarget:
    """content: {"adf": document, "service_desk": bool, None when unknown, "fresh": none of ours can be there yet}."""

    name = "comment"

    async def publish(self, writing: Writing) -> Written:
        """Replaces our comment where there is one, else writes it. Raises JiraError."""
        content = writing.publication.content
        document = content["adf"]
        for comment_id in await self._known(writing):
            try:
                return commented(writing, (await replace(writing, comment_id, document=document)).id)
            except JiraNotFound:
                # Somebody deleted it; a new one is wanted all the same.
                continue
        hidden = await internal(writing, content.get("service_desk"))
        return commented(writing, (await post(writing, document, kind=KIND, internal=hidden)).id)

    async def _known(self, writing: Writing) -> list[str]:
        """Ids of comments of ours that may stand there, the likeliest first."""
        stored = writing.previous.remote_id if writing.previous else None
        if stored and not writing.repeated:
            return [stored]
        if writing.publication.content.get("fresh") and not writing.repeated:
            return []
        # An earlier attempt may have written although no answer came, or our database may be younger than the comment.
        found = await comments.with_property(writing.jira, writing.publication.issue_id, property_key=writing.addon_key)
        ours = marked(found, writing.addon_key, kind=KIND, issue=writing.publication.issue_id)
        return [*([stored] if stored else []), *([ours.id] if ours and ours.id != stored else [])]
