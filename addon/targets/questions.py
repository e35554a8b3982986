"""Open questions to the author of an issue, as a comment that really mentions them."""

from collections.abc import Sequence

from addon.adf.content import Inline
from addon.adf.nodes import EM, doc, inlines, mention, ordered_list, paragraph, text, weight
from addon.adf.read import to_markdown
from addon.i18n.catalog import N_, Texts
from addon.jira import comments, issues
from addon.jira.issue import Person
from addon.runs.contents import QuestionsContent
from addon.runs.feature import Preview, Shown, Writing, Written
from addon.targets.marks import commented, marked
from addon.targets.posting import MOST, TOO_LONG, internal, post, remove
from addon.targets.settling import Doubt, first_known

KIND = "questions"
WHERE = N_("A comment that asks the author of the issue")
NOBODY = N_("The issue names no author who could be mentioned; the questions are posted all the same.")
ASK = N_("before work begins on this issue, could you answer these questions?")
ASK_NOBODY = N_("Before work begins on this issue, these questions need an answer.")
FOOTER = N_("Asked with JiraVision by a member of the team.")


class QuestionsTarget:
    """content: QuestionsContent."""

    name = "questions"

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def publish(self, writing: Writing) -> Written:
        """One comment per run. Raises Unsettled, JiraError."""
        issue = writing.publication.issue_id
        async with first_known(writing):
            if writing.repeated:
                doubt = Doubt.of(writing)
                found = await comments.with_property(writing.jira, issue, property_key=writing.addon_key)
                ours = marked(found, writing.addon_key, kind=KIND, publication=writing.publication.marker)
                if ours is not None:
                    return commented(writing, ours.id)
                await doubt.require_over()
            document = self._document(writing, await _author(writing))
            hidden = await internal(writing, _content(writing).service_desk)
            return commented(writing, (await post(writing, document, kind=KIND, internal=hidden)).id)

    async def preview(self, writings: Sequence[Writing]) -> Preview:
        writing = writings[0]
        author = await _author(writing)
        document = self._document(writing, author)
        problems = (TOO_LONG,) if weight(document) > MOST else ()
        shown = Shown(0, "", "adf", to_markdown(document), document, problems)
        return Preview(WHERE, (shown,), place=author.name if author else "", warnings=() if author else (NOBODY,))

    async def undo(self, writing: Writing) -> None:
        """Deletes our comment; what people answered stays. Raises JiraError."""
        await remove(writing, kind=KIND, publication=writing.publication.marker)

    def _document(self, writing: Writing, author: Person | None) -> dict[str, object]:
        content = _content(writing)
        say = self._texts.of(content.language)
        opening: list[str | Inline] = [say(ASK_NOBODY)]
        if author is not None:
            opening = [mention(author.account_id, author.name), ", ", say(ASK)]
        questions = [inlines([question]) for question in content.questions]
        footer = paragraph(text(say(FOOTER), EM))
        return doc(paragraph(*opening), ordered_list(questions), footer)


async def _author(writing: Writing) -> Person | None:
    """Who wrote the issue, as Jira knows them now: the reporter, else the creator; apps answer no questions."""
    issue = await issues.get(writing.jira, writing.publication.issue_id, fields=["reporter", "creator"])
    people = [person for person in (issue.reporter, issue.creator) if person is not None]
    return next((one for one in people if one.account_id and one.account_type not in ("app", "customer")), None)


def _content(writing: Writing) -> QuestionsContent:
    return QuestionsContent.model_validate(writing.publication.content)
