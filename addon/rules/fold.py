"""Plain letters for comparing, offsets kept for quoting."""

import re
import unicodedata


def _table() -> dict[int, str]:
    plain = {ord("’"): "'", ord("İ"): "I", 0xA0: " ", 0x202F: " "}
    for code in range(0xC0, 0x180):
        # The first character of the decomposition is the letter without its accent.
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            plain.setdefault(code, base)
    return plain


_PLAIN = _table()
_MARKS = re.compile(r"[`*]+")


def fold(text: str) -> str:
    """Lower case without accents, exactly as long as the text, so that a match in it is a slice of the original."""
    return text.translate(_PLAIN).lower()


def clip(text: str, most: int = 160) -> str:
    """The beginning of the text up to a word's end, still verbatim: nothing is added."""
    text = text.strip()
    if len(text) <= most:
        return text
    head = text[:most]
    # A word longer than half the room is cut in its middle rather than lost.
    cut = head.rfind(" ")
    return head[:cut].rstrip() if cut > most // 2 else head


def short(text: str, most: int = 90) -> str:
    """The text on one line, with an ellipsis when it was cut; for titles, not for quotes."""
    line = " ".join(text.split())
    cut = clip(line, most)
    return cut if cut == line else cut.rstrip(" ,;:.") + "…"


def title_of(text: str, most: int = 90) -> str:
    """The text as a title: one line without marks of Markdown."""
    line = short(_MARKS.sub("", text), most).rstrip(".;,")
    return line[:1].upper() + line[1:]
