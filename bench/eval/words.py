# ruff: noqa: E501 - tables; a broken line would read worse than a long one
"""Telling by words what a text asks for, and which language it is in: by code, so that every run is judged alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

_QUOTED = re.compile(r"“[^”]*”|«[^»]*»|`[^`]*`|\"[^\"]*\"")
_WORD = re.compile(r"[a-zà-ÿœßäöü']+")

FINDS: Mapping[str, str] = {
    "role": r"who (?:needs|is it for|will use|uses|wants|is asking)|for whom|\broles? (?:is|does|needs)|persona|target user"
    r"|who it is for|which (?:users?|people|customers) |pour qui|qui (?:en a besoin|utilise|en a l'usage|est concerne)"
    r"|quels? (?:utilisateurs?|profils?|role|public)|a qui (?:c'est|cela|il)|le role concerne",
    "benefit": r"good for|benefit|purpose|why (?:is|do|does|has|have|should|are) |the reason$|the reason\b(?! code)"
    r"|reason for (?:it|this)|will be better|what problem|which problem|business value"
    r"|a quoi (?:cela|ca) sert|benefice|dans quel but|le but\b|pourquoi|raison d'etre|sera mieux|quel probleme|utilite|le motif",
    "criteria": r"acceptance criteri|(?:how|when) (?:would|will|do|can|does) (?:you|we|one|somebody|the team) "
    r"(?:show|notice|tell|check|know|see|test|verify)|definition of done|how .{0,40} (?:verified|tested|measured|checked)"
    r"|what .{0,30} looks? like when done|criteres? d'acceptation|comment (?:montr|saur|verifi|constat|reconn|voi)"
    r"|a quoi (?:verrez|reconnai|voi)|condition de recette|quand (?:est-ce|sera-t-il) fini",
    "errors": r"\berror cases?|does not succeed|goes wrong|wrong input|invalid input|\bfails?\b|failure"
    r"|cas d'erreur|echou|echec|saisie (?:fausse|erronee|incorrecte)|n'aboutit|en cas d'erreur",
    "permissions": r"permission|who (?:may|can|is allowed)|access rights?|allowed to|droits?\b.{0,20}(?:qui|acces)|autorisation"
    r"|qui (?:peut|a le droit)|habilitation",
    "data": r"which (?:fields|data|columns|formats?)|the data involved|mandatory (?:fields|values)|file format"
    r"|quel(?:le)?s (?:champs|donnees|colonnes|formats?)|les donnees concernees|champs obligatoires",
    "scope": r"out of scope|left out|what is not part|hors perimetre|n'en fait pas partie|exclus?\b",
    "split": r"\bsplit|divide|too (?:large|big)|which one comes first|delivered first|parts? .{0,20}separately|in one go"
    r"|several (?:stories|wishes)|smaller (?:stories|issues|pieces)|decoup|trop (?:grand|gros|volumineux|large)"
    r"|plusieurs (?:recits|souhaits)|lequel .{0,20}d'abord|separement|en une (?:seule )?fois",
    "decision": r"\bdecision|who takes it|to be (?:decided|defined|determined)|open point|\btbd\b|still open|not (?:yet )?(?:chosen|decided)"
    r"|before this is settled|point ouvert|a definir|reste a (?:definir|decider|trancher)|la decision|pas encore (?:choisi|decide)"
    r"|qui (?:la|le) prend|soit regle|tranche",
    "text": r"a description|no description|description is (?:empty|missing)|in detail|what should change|what (?:has to|must) be done"
    r"|une description|description (?:est )?(?:vide|absente|manque)|en detail|que (?:doit|faut)|qu'est-ce qui doit|doit-il changer",
    "steps": r"steps? to reproduce|reproduc|step by step|what (?:do|did) (?:you|they) do|the steps|etapes|reprodui|pas a pas"
    r"|que (?:faites|fait-on|faisiez)",
    "expected": r"expected (?:result|behaviou?r)|what (?:was|is|did you) expect|should have happened|what should happen"
    r"|resultat attendu|comportement attendu|attendu|aurait du|devrait se passer",
    "actual": r"actual (?:result|behaviou?r)|what do you see|which message|exact (?:error|message|text|value)|what (?:exactly )?happens"
    r"|what is (?:shown|seen)|error message|resultat (?:obtenu|reel|constate|observe)|que voyez|quel message|message exact"
    r"|que se passe|ce que vous voyez|ce qui se passe",
    "environment": r"environment|which (?:version|browser|device|server|system)|version, browser|version and browser"
    r"|environnement|quelle? (?:version|navigateur|appareil|systeme)|version, (?:le )?navigateur",
    "frequency": r"how often|every time|reproducible|intermittent|since when|frequen|a chaque fois|combien de fois|systematique"
    r"|depuis quand|se produit-il toujours",
    "impact": r"who is (?:hit|affected|concerned)|how (?:many|badly)|\bimpact|affected|way round|workaround|severity"
    r"|qui est (?:touche|concerne)|combien de (?:personnes|clients|utilisateurs)|contourne|gravite|a quel point|incidence",
}  # fmt: skip
"""Kinds of information by what shows that somebody asks for them, on folded text, English and French."""

_PATTERNS = {kind: re.compile(words) for kind, words in FINDS.items()}

_SMALL: Mapping[str, frozenset[str]] = {
    code: frozenset(words.split())
    for code, words in {
        "en": "the and is are of to in it that this be with for not what how which who when does will should they you has have an was why my",
        "fr": "le la les de des et est sont une du que qui pour dans pas ce cette il elle au aux sur avec plus ou être à quel quelle en je par sans afin tant sera comment",
        "de": "der die das und ist nicht ein eine zu mit für auf dem den des wird werden sich von wie wer oder kann wenn einen",
        "es": "el los las y es una del qué quién para no con por se su como cuando esta este",
    }.items()
}


def fold(text: str) -> str:
    """Lower case, no accents, straight apostrophes, single blanks."""
    plain = unicodedata.normalize(
        "NFKD", text.translate({0x2019: "'", 0x0153: "oe", 0x202F: " ", 0xA0: " "}).casefold()
    )
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def asks(text: str, kind: str) -> bool:
    """Whether a folded text asks for a kind of information. Raises KeyError for a kind there is not."""
    return bool(_PATTERNS[kind].search(text))


def says(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words occurs in a folded text."""
    return any(fold(word) in text for word in words)


def language(texts: Iterable[str]) -> str:
    """ISO 639-1 by the commonest small words, what is quoted from elsewhere left out; "" without any."""
    counted: Counter[str] = Counter()
    for text in texts:
        for word in _WORD.findall(_QUOTED.sub(" ", text.casefold())):
            counted.update(code for code, known in _SMALL.items() if word in known)
    first, second = [*counted.most_common(2), ("", 0), ("", 0)][:2]
    # Neighbouring languages share small words: a text that both might have written tells nothing.
    return first[0] if first[1] > second[1] else ""
