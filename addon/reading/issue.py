"""From Jira's issue to facts: one request, and one each for neighbours, many comments and fields of the site."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from unicodedata import normalize

from addon.adf.clean import one_line
from addon.adf.read import to_markdown
from addon.adf.sections import without_ours
from addon.jira import comments, fields, issues
from addon.jira.errors import JiraForbidden, JiraNotFound, JiraRefused
from addon.jira.issue import Comment, Issue, Linked
from addon.jira.session import Session
from addon.reading.facts import Facts, Section, fit
from addon.reading.natures import is_bug
from addon.reading.ours import NOTHING, Ours

# Worklogs and attachments are the heavy fields nobody reads here; ids of custom fields are not known beforehand.
FIELDS = ("*all", "-worklog", "-attachment")
MOST_COMMENTS = 10
MOST_LINKS = 20

CHANGES = frozenset(
    ("summary", "description", "environment", "issuetype", "labels", "components", "parent", "issueparentassociation")
) | {"link"}
"""Fields of Jira's change log, in lower case, whose change makes other facts; the site's own fields come on top."""
_WORTH_READING = re.compile(
    r"accept|criteri|crit[eè]re|akzeptanz|aceptaci|aceita|accettazione|definition of|scenario|sc[ée]nario|gherkin|test"
    r"|step|[ée]tape|schritt|reproduc|reprodui|expected|attendu|erwartet|actual|observ|environment|environnement|umgebung"
    r"|version|browser|navigateur|user story|business rule|r[èe]gle|requirement|exigence|scope|p[ée]rim[èe]tre|impact",
    re.IGNORECASE,
)
"""Names of text fields that belong to what is asked for; others may hold anything and are not read."""


async def read(
    session: Session,
    issue_id: str,
    *,
    own_account_id: str | None,
    criteria_field: str | None = None,
    ours: Ours = NOTHING,
) -> Facts:
    """The facts of one issue. own_account_id: of the add-on, whose comments are no facts. Raises JiraError.

    ours: what we wrote there; of it only sub-tasks and links are read, marked as ours.
    """
    # A webhook carries the issue as it was, in the old markup: the text is always read afresh.
    issue = await issues.get(session, issue_id, fields=FIELDS)
    texts, came = _texts(issue), _comments_of(issue)
    # From here on others are waited for, and of a large issue only what is read may stay in memory meanwhile.
    issue = issue.model_copy(update={"fields": {k: v for k, v in issue.fields.items() if k not in (*texts, "comment")}})
    named = await _named_fields(session, issue.id, texts=texts, criteria_field=criteria_field, ours=ours)
    # Our own are among them: ask for more than are read.
    said = came if came is not None else await comments.latest(session, issue.id, limit=2 * MOST_COMMENTS)
    around = _around(issue, ours)
    neighbours = await _neighbours(session, issue, around=around)
    theirs = [
        *_sections(issue, texts, named=named),
        *_placed(around, neighbours, ours=False),
        *_spoken(said, own_account_id),
    ]
    # Last, so that what people wrote finds the same room with it and without.
    sections = fit([*theirs, *_placed(around, neighbours, ours=True)])
    kind = issue.issue_type
    return Facts(
        issue_id=issue.id,
        issue_key=issue.key,
        project_id=issue.project.id,
        issue_type=one_line(kind.name),
        is_bug=is_bug(kind.name),
        is_subtask=kind.subtask or kind.hierarchy_level < 0,
        level=kind.hierarchy_level,
        service_desk=issue.project.service_desk,
        labels=tuple(one_line(label) for label in issue.labels[:50]),
        components=tuple(one_line(name) for name in issue.components[:50]),
        sections=sections,
    )


def is_read(field_id: str, name: str, *, criteria_field: str | None) -> bool:
    """Whether a change of this field, as a change log names it, can change the facts."""
    if field_id.startswith("customfield_"):
        return field_id == criteria_field or bool(_WORTH_READING.search(name))
    return field_id.casefold() in CHANGES or name.casefold() in CHANGES


def _texts(issue: Issue) -> dict[str, str]:
    """Markdown of all that may be read, by the id of the field; empty where there is none."""
    # What we added to the description is no word of the author's, and writing it is no change of the issue.
    found = {name: _markdown(without_ours(issue.fields.get(name))) for name in ("description", "environment")}
    own = {name: _words(value) for name, value in issue.fields.items() if name.startswith("customfield_")}
    return found | {name: text for name, text in own.items() if text}


def _words(value: object) -> str:
    """Markdown of a text of more than two words or of a document, "" of anything else."""
    if isinstance(value, dict):
        return _markdown(value) if value.get("type") == "doc" else ""
    text = _markdown(value) if isinstance(value, str) else ""
    return text if len(text.split()) > 2 else ""


def _sections(issue: Issue, texts: Mapping[str, str], *, named: Mapping[str, str]) -> Iterator[Section]:
    summary = normalize("NFC", one_line(issue.summary))
    plain = {"summary": summary, "description": texts["description"], "environment": texts["environment"]}
    yield from (Section(name=name, text=text) for name, text in plain.items() if text)
    for field_id, title in named.items():
        yield Section(name="field", title=title, text=texts[field_id])


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """name: of the section it becomes. ours: we made it."""

    name: str
    relation: str
    issue: Linked
    ours: bool = False


def _around(issue: Issue, ours: Ours) -> list[_Neighbour]:
    links = [
        _Neighbour("link", one_line(each.relation), each.issue, each.issue.key in ours.keys) for each in issue.links
    ]
    children = [_Neighbour("subtask", "", child, child.key in ours.keys) for child in issue.subtasks]
    found = [_Neighbour("parent", "", issue.parent)] if issue.parent else []
    for group in (links, children):
        # Counted apart: what we made must not push out what people made.
        for made in (False, True):
            found += [each for each in group if each.ours is made][:MOST_LINKS]
    return found


def _placed(around: list[_Neighbour], neighbours: frozenset[str], *, ours: bool) -> Iterator[Section]:
    for each in around:
        if each.ours is ours:
            text = f"{each.relation} {_shown(each.issue, neighbours)}".strip()
            yield Section(name=each.name, text=text, ours=ours)


async def _neighbours(session: Session, issue: Issue, *, around: list[_Neighbour]) -> frozenset[str]:
    """Keys of the parent, links and sub-tasks whose titles every reader of the issue may see.

    The add-on sees more projects, and more issues of a project, than the readers of its comment may.
    """
    others = [each.issue.key for each in around]
    keys = list(dict.fromkeys(key for key in others if _project(key) == _project(issue.key)))
    try:
        return await issues.without_security_level(session, keys) if keys else frozenset()
    except (JiraForbidden, JiraNotFound, JiraRefused):
        return frozenset()


def _shown(other: Linked, neighbours: frozenset[str]) -> str:
    if other.key not in neighbours:
        return "an issue that not everybody may see"
    return normalize("NFC", f"{other.key}: {one_line(other.summary)}")


def _project(key: str) -> str:
    return key.rsplit("-", 1)[0]


def _markdown(value: object) -> str:
    return normalize("NFC", to_markdown(value)).strip()


def _spoken(said: list[Comment], own_account_id: str | None) -> Iterator[Section]:
    for comment in said[:MOST_COMMENTS]:
        # Without knowing our own account, no app's words are read: quoting ourselves would prove anything.
        ours = comment.author.account_id == own_account_id if own_account_id else comment.author.account_type == "app"
        # What only one role may read must not come back in a comment that everybody reads.
        text = "" if ours or comment.restricted else _markdown(comment.body)
        if text:
            day = datetime.fromtimestamp(comment.created, UTC).date().isoformat()
            yield Section(name="comment", title=day, text=text)


def _comments_of(issue: Issue) -> list[Comment] | None:
    """Those to be read, newest first, when all came with the issue; None when they did not."""
    page = issue.fields.get("comment")
    total, came = page.get("total") if isinstance(page, dict) else None, issue.comments
    if isinstance(total, int) and total <= len(came):
        return sorted(came, key=lambda comment: comment.created, reverse=True)[:MOST_COMMENTS]
    return None


async def _named_fields(
    session: Session, issue_id: str, *, texts: Mapping[str, str], criteria_field: str | None, ours: Ours
) -> dict[str, str]:
    """Names by id of the site's own text fields that are worth reading, the configured one first."""
    own = (name for name in texts if name.startswith("customfield_"))
    filled = [name for name in own if not ours.holds(name, texts[name])]
    if not filled:
        return {}
    try:
        meta = await fields.edit_meta(session, issue_id)
    except (JiraForbidden, JiraNotFound, JiraRefused):
        # Without a name nobody knows what a field is for, and the description alone can be judged too.
        meta = {}
    names = {name: one_line(meta[name].name) for name in filled if name in meta and meta[name].text}
    chosen = {name: title for name, title in names.items() if name == criteria_field}
    return chosen | {name: title for name, title in names.items() if _WORTH_READING.search(title)}
