"""Takes out of a text what a reader cannot see but a model or a program would read."""

import unicodedata

_HIDDEN = frozenset(
    # Grapheme joiner and Hangul fillers are letters by category and blank on screen; variation selectors beyond the
    # sixteen that emoji need can carry any bytes unseen.
    (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xE0100, 0xE01F0))
)
_BASIC_PLANE = 0x10000


def _keep(code: int) -> int | None:
    if code in _HIDDEN or unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return None
    return code


class _Table(dict[int, int | None]):
    """Fills itself as characters are met; only the basic plane is remembered, or a hostile text would grow it."""

    def __missing__(self, code: int) -> int | None:
        kept = _keep(code)
        if code < _BASIC_PLANE:
            self[code] = kept
        return kept


_TABLE = _Table({ord("\n"): ord("\n"), ord("\t"): ord("\t"), 0x2028: ord("\n"), 0x2029: ord("\n")})


def visible(text: str) -> str:
    """The text without zero-width, bidi, tag, private-use, unassigned and control characters and lone surrogates.

    Newlines and tabs stay; CR LF, CR and the Unicode line and paragraph separators become newlines. Emoji joined by
    a zero-width joiner fall apart into their members: the price of leaving no hidden channel.
    """
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)


def one_line(text: str) -> str:
    """`visible` with every run of white space folded into one space, and none at the ends."""
    return " ".join(visible(text).split())
