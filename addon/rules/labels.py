"""Labels: things the text comes back to."""

import re
from collections import Counter

from addon.rules.fold import fold
from addon.rules.reading import Reading

MOST = 3
_MOST_STATEMENTS = 400
_TOKEN = re.compile(r"[^\W_]+|[^\w\s]")
_LONG = re.compile(r"[^\W\d_]{4,30}")


def labels(reading: Reading) -> list[str]:
    """Up to three things named in summary or wish, in lower case, none the issue has already.

    A thing is a word right after an article and before a small word or mark ("the basket is"), or a pair of words that
    the summary and the description both name ("data room"): what else repeats is as likely a verb or a number.
    """
    spoken = _stems(f"{reading.story.summary} {reading.wish.goal}"[:2000])
    taken = {
        stem for name in (*reading.story.labels, *reading.story.components) for stem in (fold(name), *_stems(name))
    }
    counts: Counter[str] = Counter()
    things: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for statement in reading.statements[:_MOST_STATEMENTS]:
        tokens = _TOKEN.findall(statement[:2000])
        stems = [_stem(token) for token in tokens]
        counts.update(set(stems))
        _name(reading, tokens, stems=stems, things=things, pairs=pairs)
    kept = {
        stem: label
        for stem, label in {**pairs, **things}.items()
        if stem not in taken and all(part in spoken for part in stem.split())
    }
    repeated = [stem for stem in kept if all(counts[part] > 1 for part in stem.split())]
    inside = {part for stem in repeated if " " in stem for part in stem.split()}
    ranked = sorted((stem for stem in repeated if stem not in inside), key=lambda stem: -counts[stem.split()[0]])
    return [kept[stem] for stem in ranked[:MOST]]


def _name(
    reading: Reading, tokens: list[str], *, stems: list[str], things: dict[str, str], pairs: dict[str, str]
) -> None:
    """Add the things of one statement."""
    source = reading.source
    small = source.stop | source.dull
    for at in range(1, len(tokens)):
        after = stems[at + 1] if at + 1 < len(tokens) else "."
        ends = after in small or not after[0].isalnum()
        if not ends or not _is_thing(reading, tokens[at]):
            continue
        if fold(tokens[at - 1]) in source.articles or (tokens[at - 1] in "'’" and at > 1):
            things.setdefault(stems[at], tokens[at].lower())
        elif (
            at > 1
            and fold(tokens[at - 2]) in source.articles
            and source.code == "en"
            and _is_thing(reading, tokens[at - 1])
        ):
            pairs.setdefault(f"{stems[at - 1]} {stems[at]}", f"{tokens[at - 1]}-{tokens[at]}".lower())


def _is_thing(reading: Reading, token: str) -> bool:
    plain = fold(token)
    return bool(_LONG.fullmatch(token)) and plain not in reading.source.stop and plain not in reading.source.dull


def _stem(token: str) -> str:
    plain = fold(token)
    return plain[:-1] if len(plain) > 4 and plain.endswith("s") and not plain.endswith("ss") else plain


def _stems(text: str) -> set[str]:
    return {_stem(token) for token in _TOKEN.findall(text)}
