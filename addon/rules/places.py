# ruff: noqa: E501 - a table; a broken line would read worse than a long one
"""Where a fault was seen: browser, device, system, server, version."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from addon.rules.fold import fold

_NUMBER = r"(?: \d{1,4}(?:\.\d{1,6}){0,3})?"
_KINDS = {
    "browser": rf"(?:chrome|chromium|firefox|safari|opera|brave|(?:microsoft |ms )?edge(?= \d)|(?:microsoft|ms) edge|internet explorer|ie ?\d\d){_NUMBER}",
    "system": rf"(?:ios|ipados|android|windows|macos|mac os(?: x)?|linux|ubuntu|debian|fedora|chromeos){_NUMBER}(?: (?:pro|home|server|lts))?",
    "device": rf"(?:iphone|ipad|pixel(?= \d)|samsung|galaxy|thinkpad|macbook|huawei|xiaomi){_NUMBER}",
    "server": r"(?:(?:in|on|en|the|la|le) )?(?:production|prod|staging|recette|preprod|pre-?production|integration server|test server|serveur de test)",
    "software": rf"(?:java|node(?:\.js)?|python|postgres(?:ql)?|mysql|oracle)(?= v?\d){_NUMBER}",
    "version": r"(?:(?:version|release|build|app|v) ?)?(?<![\d./])\d{1,4}\.\d{1,5}\.\d{1,6}(?!\.?\d)|v\d{1,4}(?:\.\d{1,5}){0,3}|"
    r"(?:version|release|build|app) \d{1,6}(?:\.\d{1,5}){0,3}",
}  # fmt: skip
_PATTERN = re.compile("|".join(rf"(?P<{kind}>\b(?:{words})\b)" for kind, words in _KINDS.items()))
MOST = 6


@dataclass(frozen=True, slots=True)
class Place:
    """One word that says where, as written. kind: a key of _KINDS. statement: the sentence it stands in."""

    kind: str
    word: str
    statement: str


def places(statements: Iterable[str]) -> list[Place]:
    """What the statements name, in order, each kind of thing once; at most MOST."""
    found: dict[str, Place] = {}
    for statement in statements:
        for match in _PATTERN.finditer(fold(statement)):
            kind = str(match.lastgroup)
            found.setdefault(kind, Place(kind, statement[match.start() : match.end()], statement))
        if len(found) >= MOST:
            break
    return list(found.values())
