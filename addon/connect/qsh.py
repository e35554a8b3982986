"""The qsh claim: the hash that ties a token to one request.

Sources: developer.atlassian.com/cloud/jira/platform/understanding-jwt-for-connect-apps and the behaviour of the npm
package atlassian-jwt 2.0.3, which Jira's own signatures agree with.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, unquote_to_bytes

CONTEXT = "context-qsh"
"""The literal which context tokens carry instead of a hash."""

TOKEN_PARAMETER = "jwt"  # noqa: S105 - the name of a parameter

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*").fullmatch

Pairs = Sequence[tuple[str, str]]


def canonical(method: str, path: str, *, query: Pairs) -> str:
    """The text that is hashed: METHOD&PATH&QUERY.

    path: as sent, add-on base path cut off; "" counts as "/". query: decoded pairs in any order; "jwt" is skipped.
    Never raises.
    """
    return _canonical(method, path, query=query, order=_quoted)


def of(method: str, path: str, *, query: Pairs) -> str:
    """The qsh claim of one request: 64 lower-case hex digits; arguments as for `canonical`."""
    return digest(canonical(method, path, query=query))


def of_target(method: str, target: str, *, base_path: str = "") -> str:
    """The claim for a request target exactly as it goes on the wire: "/raw/path?raw=query", without a fragment."""
    path, _, query = target.partition("?")
    return of(method, cut(path, base_path), query=pairs(query.encode("utf-8", "replace")))


def candidates(method: str, raw_path: bytes, *, query_string: bytes, base_path: str) -> list[str]:
    """Every hash that an honest sender may have computed for this incoming request, the likeliest first."""
    texts = canonical_forms(method, raw_path, query_string=query_string, base_path=base_path)
    return list(dict.fromkeys(map(digest, texts)))


def canonical_forms(method: str, raw_path: bytes, *, query_string: bytes, base_path: str) -> list[str]:
    """The texts behind `candidates`: 1 to 4 different ones."""
    return list(dict.fromkeys(forms(method, raw_path, query=pairs(query_string), base_path=base_path)))


def forms(method: str, raw_path: bytes, *, query: Pairs, base_path: str) -> Iterator[str]:
    """The same texts one by one, for the first is nearly always right; equal ones may come again."""
    path = cut(raw_path.decode("latin-1"), base_path)
    # Jira hashes the decoded path of some URLs although the written rule says otherwise (github-for-jira#1425), and
    # the npm library sorts names before encoding them while Java sorts them after.
    plain = path.isascii() and "%" not in path
    decoded = path if plain else unquote_to_bytes(path.encode("latin-1")).decode("utf-8", "replace")
    for order in (_quoted, _utf16):
        yield _canonical(method, path, query=query, order=order)
        if decoded != path:
            yield _canonical(method, decoded, query=query, order=order)


def pairs(query_string: bytes) -> list[tuple[str, str]]:
    """Names and values of a raw query: split on "&" only, "+" is a space, blanks stay, broken UTF-8 is replaced."""
    if not query_string.isascii():
        return [_pair(part) for part in query_string.split(b"&") if part]
    found: list[tuple[str, str]] = []
    for part in query_string.decode("ascii").split("&"):
        if "%" in part or "+" in part:
            found.append(_pair(part.encode()))
        elif part:
            name, _, value = part.partition("=")
            found.append((name, value))
    return found


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.partition(b"=")
    return _decoded(name), _decoded(value)


def cut(path: str, base_path: str) -> str:
    """The path below `base_path`; unchanged when the base path ends inside one of its segments."""
    base = base_path.rstrip("/")
    if base and (path == base or path.startswith(base + "/")):
        return path[len(base) :]
    return path


def _canonical(method: str, path: str, *, query: Pairs, order: Callable[[str], Any]) -> str:
    return "&".join((method.upper(), _canonical_path(path), _canonical_query(query, order)))


def _canonical_path(path: str) -> str:
    # "&" separates the three parts of the canonical form, so it cannot stand for itself in a path.
    path = path.replace("&", "%26")
    if not path.startswith("/"):
        path = "/" + path
    return path[:-1] if len(path) > 1 and path.endswith("/") else path


def _canonical_query(query: Pairs, order: Callable[[str], Any]) -> str:
    values: dict[str, list[str]] = {}
    for name, value in query:
        if name != TOKEN_PARAMETER:
            values.setdefault(name, []).append(value)
    pieces: list[str] = []
    for name in sorted(values, key=order):
        found = values[name]
        joined = _quoted(found[0]) if len(found) == 1 else ",".join(map(_quoted, sorted(found, key=_utf16)))
        pieces.append(f"{_quoted(name)}={joined}")
    return "&".join(pieces)


def _quoted(text: str) -> str:
    # Ids and flags mostly, which stand for themselves.
    return text if _PLAIN(text) else quote(text, safe="", errors="replace")


def _utf16(text: str) -> bytes:
    # JavaScript and Java compare UTF-16 code units: characters beyond the BMP come before U+E000..U+FFFF.
    return text.encode("utf-16-be", "surrogatepass")


def _decoded(raw: bytes) -> str:
    return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8", "replace")


def digest(text: str) -> str:
    """64 lower-case hex digits."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
