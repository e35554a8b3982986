# ruff: noqa: E501 - these are tables; a broken line would read worse than a long one
"""Words by which a criterion shows its faults, in English and French; searched in lower case without accents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """several: a second event inside one When. whens: how a clause begins that is a When of its own.

    trivia: how a screen is used. vague: an outcome without anything to see. unseen: an outcome inside a head or a
    machine.
    """

    several: re.Pattern[str]
    whens: re.Pattern[str]
    trivia: re.Pattern[str]
    vague: re.Pattern[str]
    unseen: re.Pattern[str]


def _whole(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})(?!\w)")


LINT: Mapping[str, Words] = {
    "en": Words(
        several=re.compile(r"(?:,| and) then\b|;\s|\band when\b"),
        whens=re.compile(r"(?:and )?when\b"),
        trivia=_whole(
            r"click(?:s|ed|ing)?|double-clicks?|right-clicks?|taps?(?: on)? the|tapping|hovers?|hovering|scrolls?|scrolling"
            r"|press(?:es|ing)? (?:the|a|on)(?: \w+){0,3} (?:button|key|icon|link)|press(?:es)? enter"
            r"|(?:ticks?|checks?|unticks?|unchecks?) the(?: \w+){0,3} (?:box|checkbox)|drop-?down(?: list| menu)?"
            r"|text ?box(?:es)?|radio buttons?|mouse"
        ),
        vague=_whole(
            r"(?:works?|functions?|behaves?|performs?|is displayed|is shown|is handled|is processed|are displayed)"
            r" (?:correctly|properly|well|fine|normally|as (?:expected|intended|required|desired|it should))"
            r"|as (?:expected|intended|required|desired|appropriate)|correctly|properly|appropriately|adequately|successfully"
            r"|(?:is|are) (?:ok|okay|fine|good|correct|right|successful|user[- ]friendly|easy to use|fast|intuitive)$"
            r"|no (?:problems?|issues?|errors?) (?:occurs?|happens?|arises?)|everything (?:works|is fine|is ok)|works?$|etc"
        ),
        unseen=re.compile(
            r"^(?:the |a |an )?(?:\w+ )?(?:users?|customers?|system|application|app|they|he|she|software)"
            r" (?:is |are )?(?:knows?|thinks?|understands?|feels?|wants?|likes?|happy|satisfied|aware|able to understand"
            r"|tries|try|handles?|manages?|processes|supports?|takes? into account)\b"
            r"|\b(?:is|are) (?:handled|taken into account|considered|supported)$"
        ),
    ),
    "fr": Words(
        several=re.compile(r"(?:,| et) (?:puis|ensuite)\b|\bpuis\b|;\s|\bet (?:quand|lorsque|lorsqu')"),
        whens=re.compile(r"(?:et )?(?:quand|lorsque|lorsqu')"),
        trivia=_whole(
            r"cliqu(?:e|es|er|ez|ent|ant|ons)|double-clic|clic droit|clics?|appuie(?:nt)? sur|survol(?:e|er|ent|ant)"
            r"|fait defiler|faire defiler|defil(?:e|er|ent) (?:la page|l'ecran|jusqu)|(?:coche|decoche)(?:r|nt)? la case"
            r"|liste deroulante|menu deroulant|zone de texte|bouton radio|souris"
        ),
        vague=_whole(
            r"(?:fonctionne(?:nt)?|marche(?:nt)?|se passe(?:nt)?|se comporte(?:nt)?|s'affiche(?:nt)?|est affichee?)"
            r" (?:bien|correctement|normalement|comme (?:prevu|attendu|il faut))"
            r"|comme (?:prevu|attendu|il se doit|il faut)|correctement|convenablement|normalement|avec succes"
            r"|de (?:maniere|facon) (?:appropriee|adequate|correcte)|(?:est|sont) (?:ok|bone?s?|bonnes?|correcte?s?|rapides?"
            r"|conviviale?s?|intuitifs?|intuitives?)$|aucun probleme|sans probleme|tout (?:fonctionne|marche|va bien)|(?:fonctionne|marche)(?:nt)?$|etc"
        ),
        unseen=re.compile(
            r"^(?:le |la |l'|les |un |une )?(?:utilisateurs?|clients?|clientes?|systeme|application|il|elle|ils|elles|logiciel)"
            r" (?:est |sont )?(?:sait|savent|pense(?:nt)?|comprend|comprennent|ressent|veut|veulent|satisfaite?s?|contente?s?"
            r"|consciente?s?|essaie|tente|gere|prend en compte|supporte)\b"
            r"|\b(?:est|sont) (?:geree?s?|prise?s? en compte|consideree?s?|supportee?s?)$"
        ),
    ),
}
"""By language; what stands here is not searched in any other."""
