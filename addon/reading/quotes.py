"""Finding again, in the source, what a model claims to have read there."""

import re
from unicodedata import normalize

LONGEST = 300
"""Characters of a quote that are kept."""

_LINE_MARK = re.compile(
    r"(?m)^[ \t]*(?:>[ \t]*)*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,3}[.)][ \t]+)?|<br>"
)
_ELLIPSIS = re.compile(r"\.{3,}|…|\[…\]")
_SAME = str.maketrans(dict.fromkeys("’‘ʼ′‛´", "'") | dict.fromkeys("‐‑‒–—―−", "-") | {"…": "..."})
_SILENT = frozenset('*`\\"“”„‟«»')
_CLOSING = frozenset(",.;:!?)]")
_BLANK = frozenset("|")


class Source:
    """The text of one issue, prepared for many searches."""

    def __init__(self, text: str) -> None:
        self._text = normalize("NFC", text)
        self._folded, self._places = _fold(self._text)

    def find(self, quote: str) -> str | None:
        """The passage as the source spells it, at most LONGEST characters; "" for an empty quote; None when not there.

        Blanks, case, Markdown marks, and the shapes of quotes, apostrophes and dashes make no difference. A quote with
        an ellipsis counts when every piece of it is found; its longest piece is the answer.
        """
        pieces = [piece for piece in map(_needle, _ELLIPSIS.split(normalize("NFC", quote))) if piece]
        if not pieces:
            return ""
        # Every piece must be there, else an ellipsis would let anything pass.
        spans = [self._span(piece) for piece in pieces]
        found = [span for span in spans if span is not None]
        if len(found) < len(spans):
            return None
        start, end = max(found, key=lambda span: span[1] - span[0])
        return _clip(self._text[start:end])

    def _span(self, needle: str) -> tuple[int, int] | None:
        at = self._folded.find(needle)
        return None if at < 0 else (self._places[at], self._places[at + len(needle) - 1] + 1)


def _needle(quote: str) -> str:
    folded = _fold(quote.strip().strip("'’‘"))[0].strip()
    return folded if any(char.isalnum() for char in folded) else ""


def _fold(text: str) -> tuple[str, list[int]]:
    """The text as it is compared, and for each of its characters the place in `text` it comes from."""
    skipped = {place for match in _LINE_MARK.finditer(text) for place in range(*match.span())}
    folded: list[str] = []
    places: list[int] = []
    gap = -1
    for place, char in enumerate(text):
        if char in _SILENT:
            continue
        # Marks at the start of a line are layout: a quote may begin after them or run across them.
        if place in skipped or char.isspace() or char in _BLANK:
            gap = place if folded else -1
            continue
        # French sets a space before these signs, English does not, and models mix the two.
        if gap >= 0 and char not in _CLOSING:
            folded.append(" ")
            places.append(gap)
        gap = -1
        for part in char.translate(_SAME).lower():
            folded.append(part)
            places.append(place)
    return "".join(folded), places


def _clip(passage: str) -> str:
    if len(passage) <= LONGEST:
        return passage.strip()
    return passage[:LONGEST].rsplit(None, 1)[0].strip()
