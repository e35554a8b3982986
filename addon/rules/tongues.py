"""Every language the rules know, and telling one from another."""

import re
from collections.abc import Mapping

from addon.rules.english import ENGLISH
from addon.rules.fold import fold
from addon.rules.french import FRENCH
from addon.rules.tongue import Tongue

TONGUES: Mapping[str, Tongue] = {tongue.code: tongue for tongue in (ENGLISH, FRENCH)}
DEFAULT = ENGLISH.code

_WORD = re.compile(r"[a-z]+")
_MOST_CHARS = 20_000


def detect(text: str) -> str:
    """The language of the text, told by its smallest words; English when nothing tells."""
    words = _WORD.findall(fold(text[:_MOST_CHARS]))
    counts = {code: sum(word in tongue.stop for word in words) for code, tongue in TONGUES.items()}
    # Ties go to English: product names and code are mostly English words.
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > counts[DEFAULT] else DEFAULT


def tongue_for(wanted: str, text: str) -> Tongue:
    """The language to answer in: the wanted one when we speak it, that of the text for "auto", else English."""
    code = detect(text) if wanted == "auto" else wanted.replace("_", "-").split("-")[0].lower()
    return TONGUES.get(code, TONGUES[DEFAULT])
