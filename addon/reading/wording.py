"""What may stand in a text that a model wrote: words. No links out, no images, no mentions, no strange issue keys."""

import re
from urllib.parse import urlsplit

from addon.adf.clean import visible

CUT = "[…]"
"""Stands where something was taken out."""
_ROOM = 4
"""So many times the limit is cleaned before it is cut: addresses that are taken out make room."""

# No piece may run over the bracket that ends it: on hostile text every other form needs seconds.
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\](?:\([^()\n]{0,1000}\)|\[[^\[\]\n]{0,200}\])")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(([^()\n]{0,1000})\)")
_REFERENCE = re.compile(r"(?m)^[ ]{0,3}\[[^\]\n]{1,200}\]:\s*\S+.*$")
_WIKI_MENTION = re.compile(r"\[~[^\]\n]{0,200}\]")
_WIKI_IMAGE = re.compile(r"!(?:https?:)?//[^!\s]{1,2000}!")
_ADDRESS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{1,15}://|(?:javascript|data|vbscript|file|mailto|tel):(?=\S)|www\.)[^\s<>\"'`)\]|]+"
)
_MENTION = re.compile(r"(?<![\w.@/+-])@(?=[\w\[])")
_KEY = re.compile(r"\b([A-Z][A-Z0-9_]{1,15})-\d{1,9}\b")
# French sets a space that does not break before its double marks; a line of it would otherwise begin with one.
_BLANKS = re.compile(r"(?!(?<!\s)[\u00a0\u202f](?!\s))\s+")
_STANDARDS = """
    AES ANSI API CP CVE CWE DIN EN FIPS GPT HTTP IEC IEEE IPV ISO KB LATIN MD MP NF NIST OWASP PEP RFC RS RSA SHA SSL
    SQL TC TLS UC UTF US V VERSION WCAG WIN WINDOWS
"""
_NOT_KEYS = frozenset(_STANDARDS.split())


class Wording:
    """Cleans the texts of one answer.

    source: what the model was shown; addresses and keys that stand in it may be repeated. hosts: hosts that may be
    linked besides, the tenant's own.
    """

    def __init__(self, source: str, hosts: frozenset[str] = frozenset()) -> None:
        self._hosts = hosts
        self._addresses = {match.group().rstrip(".,;:!?") for match in _ADDRESS.finditer(source)}
        self._keys = {match.group() for match in _KEY.finditer(source)}

    def line(self, text: str, limit: int) -> str:
        """One line of plain words."""
        return clip(_BLANKS.sub(" ", self._clean(text[: _ROOM * limit])).strip(), limit)

    def block(self, text: str, limit: int) -> str:
        """Markdown of several lines."""
        lines = [line.rstrip() for line in self._clean(text[: _ROOM * limit]).strip().splitlines()]
        return clip(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)), limit)

    def _clean(self, text: str) -> str:
        text = _WIKI_IMAGE.sub(CUT, _IMAGE.sub(r"\1", visible(text)))
        text = _WIKI_MENTION.sub(CUT, _REFERENCE.sub("", text))
        # Links before bare addresses, so that a forbidden link leaves its words behind.
        text = _LINK.sub(self._link, text)
        text = _ADDRESS.sub(self._address, text)
        return _KEY.sub(self._key, _MENTION.sub("", text))

    def _link(self, match: re.Match[str]) -> str:
        address = match[2].split(None, 1)[0].strip("<>") if match[2].strip() else ""
        return match.group() if self._allowed(address) else match[1]

    def _address(self, match: re.Match[str]) -> str:
        return match.group() if self._allowed(match.group()) else CUT

    def _allowed(self, address: str) -> bool:
        """An address may carry data away: unless the host is the tenant's own, it must stand in the issue."""
        try:
            url = urlsplit(address)
        except ValueError:
            return False
        # Anything but these runs or opens something when clicked.
        if url.scheme not in ("http", "https"):
            return False
        return address.rstrip(".,;:!?") in self._addresses or (url.hostname or "") in self._hosts

    def _key(self, match: re.Match[str]) -> str:
        return match.group() if match.group() in self._keys or match[1] in _NOT_KEYS else CUT


def clip(text: str, limit: int) -> str:
    """The text, or its beginning up to a word's end with an ellipsis, never longer than `limit`."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    whole = head.rsplit(None, 1)[0] if any(char.isspace() for char in head) else head
    return whole.rstrip(" ,;:-") + "…"
