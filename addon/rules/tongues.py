"""Every language the rules know, and telling one from another."""

import re
from collections.abc import Mapping

from addon.rules.english import ENGLISH
from addon.rules.fold import fold
from addon.rules.foreign import LAST_LATIN, LETTERS, SMALL_WORDS
from addon.rules.french import FRENCH
from addon.rules.tongue import Tongue

TONGUES: Mapping[str, Tongue] = {tongue.code: tongue for tongue in (ENGLISH, FRENCH)}
DEFAULT = ENGLISH.code
UNREAD = ""
"""Stands for any language that is none of ours."""

_WORD = re.compile(r"[a-z]+")
_MOST_CHARS = 20_000
_FEWEST = 2
"""So many signs of another language are needed: one word may be a name."""
TOLD = frozenset((*TONGUES, *SMALL_WORDS))
"""Every language that `told` may name."""
STRANGE = "?"
"""Stands for every language that is written in another alphabet than ours."""
_SURE_WORDS = 25
_SURE_SMALL = 6


def detect(text: str) -> str:
    """The code of the text's language, told by its smallest words; English when nothing tells, UNREAD for others."""
    text = text[:_MOST_CHARS]
    letters = [char for char in text if char.isalpha()]
    strange = sum(ord(char) > LAST_LATIN for char in letters)
    if strange > _FEWEST and 2 * strange > len(letters):
        return UNREAD
    words = _WORD.findall(fold(text))
    counts = {code: sum(word in tongue.stop for word in words) for code, tongue in TONGUES.items()}
    # Ties go to English: product names and code are mostly English words.
    best = max(counts, key=lambda code: counts[code])
    marked = sum(char in LETTERS for char in text.lower())
    others = max(sum(word in small for word in words) for small in SMALL_WORDS.values())
    if others + min(marked, 3) >= _FEWEST and others + min(marked, 3) > counts[best]:
        return UNREAD
    return best if counts[best] > counts[DEFAULT] else DEFAULT


def told(text: str) -> str:
    """The language a text is surely in, one of TOLD or STRANGE; "" for a short or mixed one and where two are close."""
    text = text[:_MOST_CHARS]
    letters = [char for char in text if char.isalpha()]
    strange = sum(ord(char) > LAST_LATIN for char in letters)
    if 10 * strange > len(letters):
        # Some languages write a sentence in a dozen letters; a text in two alphabets may be in either.
        return STRANGE if strange > 2 * _SURE_WORDS and 10 * strange > 7 * len(letters) else ""
    words = _WORD.findall(fold(text))
    known = {**{code: tongue.stop for code, tongue in TONGUES.items()}, **SMALL_WORDS}
    counts = sorted(((sum(word in small for word in words), code) for code, small in known.items()), reverse=True)
    (most, code), (second, _) = counts[:2]
    # A tenth of small words is little for prose: logs and lists of names have fewer.
    few = len(words) < _SURE_WORDS or most < _SURE_SMALL or 10 * most < len(words)
    return "" if few or 5 * most < 8 * second else code


def tongue_for(wanted: str, text: str) -> Tongue:
    """The language to answer in: the wanted one when we speak it, else that of the text, else English."""
    code = wanted.replace("_", "-").split("-")[0].lower()
    return TONGUES.get(code) or TONGUES.get(detect(text)) or TONGUES[DEFAULT]
