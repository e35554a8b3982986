"""Gherkin's keywords in the language of a result, and clauses freed of the keywords a model puts before them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from gherkin.dialect import DIALECTS

Role = Literal["given", "when", "then"]

_CODES = {"nb": "no", "nn": "no", "zh": "zh-CN"}
"""Dialects that are not called by their ISO 639-1 code."""
_BETTER = {
    "fr": {"given": "Étant donné ", "and": "Et "},
    "es": {"given": "Dado "},
    "pt": {"given": "Dado ", "scenario": "Cenário", "feature": "Funcionalidade"},
}
"""Where the first keyword of a list is not the one people write."""
_EXAMPLES = frozenset(
    ("Example", "Exemple", "Beispiel", "Ejemplo", "Esempio", "Exemplo", "Voorbeeld", "Przykład", "Příklad", "Örnek")
)


@dataclass(frozen=True, slots=True)
class Keywords:
    """code: of the dialect, "" where the keywords are English. Step keywords end with the blank their language sets."""

    code: str
    feature: str
    scenario: str
    given: str
    when: str
    then: str
    and_: str


@cache
def keywords(language: str) -> Keywords:
    """Of an ISO 639-1 code; English where Gherkin does not know the language."""
    code = _CODES.get(language, language)
    if code not in DIALECTS:
        code = "en"
    better = _BETTER.get(code, {})

    def one(name: str) -> str:
        listed = [word for word in _listed(code, name) if word not in _EXAMPLES]
        return better.get(name) or (listed or _listed(code, name))[0]

    return Keywords(
        code="" if code == "en" else code,
        feature=one("feature"),
        scenario=one("scenario"),
        given=one("given"),
        when=one("when"),
        then=one("then"),
        and_=one("and"),
    )


def bare(clause: str, role: Role, *, language: str) -> str:
    """The clause without its own keyword, or an And, at its start; "que" stays: it belongs to the sentence."""
    # Twice: "And given a voucher".
    for _ in range(2):
        lower = clause.lower().replace("’", "'")
        found = [word for word in _openings(role, language) if lower.startswith(word)]
        if not found:
            break
        # The shortest, or "Étant donné que" would take the "que" along that the rest of the sentence needs.
        clause = clause[len(min(found, key=len)) :].lstrip(" :")
    return clause


@cache
def _openings(role: Role, language: str) -> frozenset[str]:
    codes = {"en", _CODES.get(language, language)} & set(DIALECTS)
    words = {word.lower() for code in codes for name in (role, "and") for word in _listed(code, name)}
    # Some languages write without blanks: a short word there may begin any other.
    apart = {word for word in words if word.endswith((" ", "'"))}
    return frozenset(apart | {f"{word.rstrip()}:" for word in apart})


def _listed(code: str, name: str) -> list[str]:
    spec: dict[str, Iterable[str]] = dict(DIALECTS[code])  # type: ignore[arg-type]
    # The asterisk stands for any keyword and says nothing to a reader.
    return [word for word in spec[name] if not word.startswith("*")]
