"""One comment per issue that collects the sub-tasks which could not be created."""

from dataclasses import dataclass

from addon.adf.clean import one_line
from addon.adf.content import Block
from addon.adf.markdown import from_markdown
from addon.adf.nodes import STRONG, bullet_list, doc, heading, paragraph, text, weight
from addon.adf.read import to_markdown
from addon.i18n.catalog import N_, Texts
from addon.jira import comments
from addon.jira.issue import Comment, Issue
from addon.runs.feature import Writing
from addon.targets.marks import marked
from addon.targets.posting import post, replace
from addon.targets.settling import Doubt

KIND = "subtasks"
MOST = 30_000
"""Characters of compact JSON the comment may weigh."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why there is no sub-task. words: one of our English texts. fields: names that belong into it."""

    words: str
    fields: str = ""

    def english(self) -> str:
        return self.words.format(fields=self.fields)


class Instead:
    """Writes the comment, or adds to it.

    Sub-tasks of an issue have their turn one after the other, in all processes, so that each sees what the one before
    it added.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def suggest(self, doubt: Doubt, parent: Issue, *, reason: Reason) -> None:
        """Puts the sub-task into the comment, unless it stands there or our other comment lists it already.

        Raises Unsettled, JiraError.
        """
        writing = doubt.writing
        if writing.publication.content.get("in_comment"):
            return
        found = await comments.with_property(writing.jira, parent.id, property_key=writing.addon_key)
        ours = marked(found, writing.addon_key, kind=KIND, issue=writing.publication.issue_id)
        if ours is None:
            await doubt.of_place().require_over()
            document = doc(*self._opening(writing, reason), bullet_list([_item(writing)]))
            await post(writing, document, kind=KIND, internal=parent.project.service_desk)
        elif not _holds(ours, writing):
            await doubt.require_over()
            await replace(writing, ours.id, document=_longer(ours, writing))

    def _opening(self, writing: Writing, reason: Reason) -> list[Block]:
        say = self._texts.of(str(writing.publication.content.get("language") or "en"))
        why = say(reason.words).format(fields=reason.fields)
        return [
            heading(3, say(N_("Suggested sub-tasks"))),
            paragraph(why, " ", say(N_("JiraVision lists its suggestions here instead."))),
        ]


def _item(writing: Writing, *, short: bool = False) -> list[Block]:
    content = writing.publication.content
    description = [] if short else from_markdown(str(content.get("description") or ""))
    return [paragraph(text(one_line(str(content["title"])), STRONG)), *description]


def _holds(comment: Comment, writing: Writing) -> bool:
    item = to_markdown(bullet_list([_item(writing, short=True)])).strip()
    return any(line.strip() == item for line in to_markdown(comment.body).splitlines())


def _longer(comment: Comment, writing: Writing) -> dict[str, object]:
    """The comment's own document with the item at its end; without the description when it would grow too heavy."""
    body = comment.body if isinstance(comment.body, dict) else {}
    content = body.get("content")
    blocks: list[object] = list(content) if isinstance(content, list) else []
    last = blocks[-1] if blocks else None
    # The document comes back from Jira with ids of its own; what is there is passed on untouched.
    kept: list[object] = []
    if isinstance(last, dict) and last.get("type") == "bulletList" and isinstance(last.get("content"), list):
        kept = last["content"]
        blocks = blocks[:-1]
    document: dict[str, object] = {}
    for short in (False, True):
        added = bullet_list([_item(writing, short=short)])["content"]
        items = [*kept, *(added if isinstance(added, list) else [])]
        document = {"type": "doc", "version": 1, "content": [*blocks, {"type": "bulletList", "content": items}]}
        if weight(document) <= MOST:
            break
    return document
