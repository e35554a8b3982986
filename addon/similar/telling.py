"""Which words of an issue tell it from others."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from math import log

from addon.rules.fold import fold
from addon.rules.tongues import TONGUES

_WORD = re.compile(r"[^\W_]{3,40}")
_PLAIN = frozenset(word for tongue in TONGUES.values() for word in (*tongue.stop, *tongue.dull))
_MOST_CHARS = 12_000


def words(text: str) -> dict[str, str]:
    """The telling words: folded -> as the text spells it first. In the order of the text."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text[:_MOST_CHARS]):
        folded = _bare(fold(word))
        # Both spellings: the lists hold plurals as well.
        if folded not in _PLAIN and fold(word) not in _PLAIN and not folded.isdigit():
            found.setdefault(folded, word.lower())
    return found


def to_search(title: str, body: str, *, most: int = 6) -> list[str]:
    """Words worth a search, the most telling first: those of the title, longer ones and ones the body repeats."""
    named, told = words(title), words(body)
    repeated = Counter(_bare(fold(word)) for word in _WORD.findall(body[:_MOST_CHARS]))
    ranked = sorted(named, key=lambda word: (-min(repeated[word], 3), -len(word)))
    if len(ranked) < 2:
        # A title of one word, or of none that tells anything: the body has to help out.
        ranked += sorted((word for word in told if word not in named), key=lambda word: (-repeated[word], -len(word)))
    return [{**told, **named}[word] for word in ranked[:most]]


def rarity(texts: Iterable[Iterable[str]]) -> Mapping[str, float]:
    """How much each word weighs among these texts: one that most of them hold says little."""
    documents = [set(text) for text in texts]
    counts = Counter(word for document in documents for word in document)
    return {word: log(1 + len(documents) / count) for word, count in counts.items()}


def _bare(word: str) -> str:
    """Without the s of a plural, which English and French share."""
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
