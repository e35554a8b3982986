"""Whether an answer is in the language it should be in."""

import re
from collections.abc import Iterable

from addon.reading.facts import Facts
from addon.reading.framing import LANGUAGES, language
from addon.rules.fold import fold
from addon.rules.tongues import TOLD, told

# What is between marks may be repeated from the issue, or is code; either keeps its own language.
_OTHERS_WORDS = re.compile(
    r"```.{0,20000}?(?:```|\Z)|`[^`\n]{1,300}`|“[^”\n]{1,400}”|«[^»\n]{1,400}»|\"[^\"\n]{1,400}\"|„[^“”\n]{1,400}[“”]",
    re.DOTALL,
)
_NAMED = re.compile(
    rf"\b(?:{'|'.join(name.lower() for name in LANGUAGES.values())}|bilingual|bilingue|anglais"
    r"|francais|allemande?|espagnol|italien|portugais|neerlandais|polonais|deutsch|englisch|franzosisch"
    r"|spanisch|italienisch)\b"
)


class Spoken:
    """Compares the language of answers with what was ordered, or with that of what was read.

    sources: texts whose languages an answer may have, the one that decides first; others are quoted or built upon.
    wanted: "auto" or ISO 639-1.
    """

    def __init__(self, *sources: str, wanted: str = "auto") -> None:
        ordered = wanted.replace("_", "-").split("-")[0].lower()
        found = [ordered if ordered in TOLD else ""] if ordered != "auto" else [_of(text) for text in sources]
        # Nothing is compared with a language nobody can tell, so that nobody is asked to mend what is right.
        self._allowed = frozenset(found) if found and found[0] else frozenset()
        self._first = found[0] if found else ""

    def hear(self, words: str) -> None:
        """What people ask of the answer in words of their own: where they name a language, nothing is compared."""
        if _NAMED.search(fold(words)):
            self._allowed = frozenset()

    def problem(self, texts: Iterable[str]) -> str:
        """What is said to the model when its own words are in another language, "" when nobody is sure."""
        answered = _of("\n".join(texts)) if self._allowed else ""
        if not answered or answered in self._allowed:
            return ""
        return f"the texts are in another language; write everything but quotes in {language(self._first)}"


def decisive(facts: Facts) -> str:
    """The text of an issue whose language its answers have: the description, else the summary."""
    return facts.first("description") or facts.first("summary")


def _of(text: str) -> str:
    return told(_OTHERS_WORDS.sub(" ", text))
