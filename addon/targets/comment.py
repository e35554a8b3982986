"""The comments an issue gets, one of each kind: written once, then kept up to date in place."""

from collections.abc import Sequence

from addon.adf.nodes import weight
from addon.adf.read import to_markdown
from addon.i18n.catalog import N_
from addon.jira import comments
from addon.jira.errors import JiraNotFound
from addon.runs.contents import CommentContent
from addon.runs.feature import Preview, Shown, Writing, Written
from addon.targets.marks import commented, marked
from addon.targets.posting import MOST, TOO_LONG, internal, post, remove, replace
from addon.targets.settling import Doubt, first_known

WHERE = N_("A comment on the issue")
REPLACED = N_("The comment that JiraVision wrote before is replaced.")


class CommentTarget:
    """content: CommentContent."""

    name = "comment"

    async def publish(self, writing: Writing) -> Written:
        """Replaces our comment of this kind where there is one, else writes it. Raises Unsettled, JiraError."""
        content = _content(writing)
        async with first_known(writing):
            doubt = Doubt.of(writing).of_place()
            for comment_id in await self._known(writing, content):
                try:
                    return commented(writing, (await replace(writing, comment_id, document=content.adf)).id)
                except JiraNotFound:
                    # Somebody deleted it; a new one is wanted all the same.
                    continue
            await doubt.require_over()
            hidden = await internal(writing, content.service_desk)
            return commented(writing, (await post(writing, content.adf, kind=content.kind, internal=hidden)).id)

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        writing = writings[0]
        content = _content(writing)
        found = await comments.with_property(writing.jira, writing.publication.issue_id, property_key=writing.addon_key)
        ours = marked(found, writing.addon_key, kind=content.kind, issue=writing.publication.issue_id)
        problems = (TOO_LONG,) if weight(content.adf) > MOST else ()
        shown = Shown(0, "", "adf", to_markdown(content.adf), content.adf, problems)
        return Preview(WHERE, (shown,), warnings=(REPLACED,) if ours else ())

    async def undo(self, writing: Writing) -> None:
        """Deletes our comment. Raises JiraError."""
        await remove(writing, kind=_content(writing).kind)

    async def _known(self, writing: Writing, content: CommentContent) -> list[str]:
        """Ids of comments of ours that may stand there, the likeliest first."""
        stored = writing.previous.remote_id if writing.previous else None
        if stored and not writing.repeated:
            return [stored]
        if content.fresh and not (writing.repeated or writing.others_at):
            return []
        # An earlier attempt may have written although no answer came, or our database may be younger than the comment.
        found = await comments.with_property(writing.jira, writing.publication.issue_id, property_key=writing.addon_key)
        ours = marked(found, writing.addon_key, kind=content.kind, issue=writing.publication.issue_id)
        return [*([stored] if stored else []), *([ours.id] if ours and ours.id != stored else [])]


def _content(writing: Writing) -> CommentContent:
    return CommentContent.model_validate(writing.publication.content)
