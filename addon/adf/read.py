"""Atlassian Document Format to Markdown, as a prompt or a rule reads it."""

from addon.adf.clean import visible
from addon.adf.inline import MOST_TEXT, TOO_LONG, is_whole
from addon.adf.render import Render

_ROOM_FOR_NOTE = 40  # the note with a number of up to twelve digits


def to_markdown(document: object, limit: int | None = None) -> str:
    """Markdown of an ADF document, a single node or a list of nodes; of None "", of a string its visible text.

    Never raises, whatever it is given. limit: most characters of the result; what is cut is said at the end as
    `[… truncated n chars]`. Of what is longer than any Jira stores the beginning is read, which is said as well.
    Invisible characters are gone, white text and unsafe links are marked, people are `@name`.
    """
    if document is None:
        return ""
    if isinstance(document, str):
        text = visible(document[:MOST_TEXT]).strip()
        return shorten(f"{text}\n\n{TOO_LONG}" if len(document) > MOST_TEXT else text, limit)
    return shorten(Render().document(document), limit)


def shorten(text: str, limit: int | None) -> str:
    """The text in at most `limit` characters, the note about what is missing included; the cut prefers a line's end.

    Of a text that is not whole itself the note does not say how much.
    """
    if limit is None or len(text) <= limit:
        return text
    kept = text[: max(limit - _ROOM_FOR_NOTE, 0)]
    # Half a table row or sentence misleads more than a missing one, unless that costs a quarter of the text.
    line_end = kept.rfind("\n")
    if line_end > len(kept) * 3 // 4:
        kept = kept[:line_end]
    kept = kept.rstrip()
    note = f"[… truncated {len(text) - len(kept)} chars]" if is_whole(text) else "[… truncated]"
    return (f"{kept}\n{note}" if kept else note)[: max(limit, 0)]
