"""Why two sides computed different query hashes: the canonical strings beside each other."""

import hashlib
from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt

from addon.connect.qsh import canonical as canonical_of
from addon.connect.qsh import canonical_forms, cut, pairs


@dataclass(frozen=True, slots=True)
class Explanation:
    """agrees: True when the expected hash is one we accept, or none was given."""

    lines: list[str]
    agrees: bool


def explain(method: str, url: str, *, base_url: str, expected: str = "") -> Explanation:
    """The strings we accept for a request, and the likely mistake behind another hash.

    url: whole, or from the path on. expected: 64 hex digits, or a token whose qsh claim is meant; "" asks for nothing.
    """
    parts = urlsplit(url)
    base_path = urlsplit(base_url).path
    accepted = canonical_forms(method, parts.path.encode(), query_string=parts.query.encode(), base_path=base_path)
    lines = [f"base path cut off: {base_path or '(none)'}"]
    for text in accepted:
        lines += [f"we compute:  {text}", f"             {digest(text)}"]
    wanted = _claim(expected)
    if not wanted:
        return Explanation(lines, True)
    lines.append(f"they have:   {wanted}")
    if wanted in map(digest, accepted):
        return Explanation([*lines, "The hashes agree."], True)
    for reason, text in _mistakes(method, parts.path, query=parts.query, base_path=base_path):
        if digest(text) == wanted:
            return Explanation([*lines, f"they hashed: {text}", f"The cause: {reason}."], False)
    hint = "None of the usual mistakes explains it; compare method, path and every parameter with what was sent."
    return Explanation([*lines, hint], False)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _claim(expected: str) -> str:
    # Two dots make it a token; its signature is of no interest here.
    if expected.count(".") != 2:
        return expected.strip().lower()
    try:
        return str(jwt.decode(expected, options={"verify_signature": False}).get("qsh", ""))
    except jwt.InvalidTokenError:
        return "(not a token)"


def _mistakes(method: str, path: str, *, query: str, base_path: str) -> list[tuple[str, str]]:
    """(cause, the string that would have been hashed) of what goes wrong in practice."""
    below, named = cut(path, base_path), pairs(query.encode())
    # A receiver that believes in a longer prefix hashed only the end of the path.
    segments = below.strip("/").split("/")
    shorter = ["/" + "/".join(segments[count:]) for count in range(1, len(segments))]
    literal = [(name, value.replace(" ", "+")) for name, value in named]
    return [
        (
            "the base path was not cut off, or a proxy added or took away a prefix",
            canonical_of(method, path, query=named),
        ),
        ("the query was left out", canonical_of(method, below, query=[])),
        ("the method was taken for GET", canonical_of("GET", below, query=named)),
        ("the method was taken for POST", canonical_of("POST", below, query=named)),
        ("a plus sign was not read as a space", canonical_of(method, below, query=literal)),
        (
            "the path kept its trailing slash",
            f"{method.upper()}&{below}&{canonical_of(method, '', query=named).split('&', 2)[2]}",
        ),
        (
            "only the last of repeated parameters was taken",
            canonical_of(method, below, query=list(dict(named).items())),
        ),
        ("it is a context token, which carries no hash", "context-qsh"),
        *(("another base path was cut off", canonical_of(method, path, query=named)) for path in shorter),
    ]
