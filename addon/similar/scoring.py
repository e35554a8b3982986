"""How alike two issues are, from 0 to 100, and by what one sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import sqrt

from rapidfuzz import fuzz

from addon.rules.fold import fold
from addon.similar.telling import words

NEAR_DUPLICATE = 85
"""From this score on two issues are probably the same."""
VERY_SIMILAR = 85.0
ALIKE = 60.0
MOST_WORDS = 5
_FEW = 4
"""A text with fewer telling words than this says nothing about likeness."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """As much of an issue as is compared. reporter: account id, "" for nobody.

    words: of all of it, told: of the body, see telling.words.
    """

    title: str
    components: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reporter: str = ""
    parent: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, title: str, body: str, **more: object) -> "Sketch":
        return cls(title=title, words=words(f"{title}\n{body}"), told=words(body), **more)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Reason:
    """code: very_similar_title | similar_title | same_words | same_component | same_labels | same_reporter
    | same_parent. words: which ones, where that says something."""

    code: str
    words: tuple[str, ...] = ()


def compare(one: Sketch, other: Sketch, *, weights: Mapping[str, float]) -> tuple[int, list[Reason]]:
    """The score and its reasons, the strongest first. weights: see telling.rarity."""
    title = _titles(one.title, other.title)
    shared = sorted(one.words.keys() & other.words.keys(), key=lambda word: -weights.get(word, 0.0))
    body = _overlap(one, other, weights=weights)
    score = title if body is None else 0.6 * title + 0.4 * body
    if body is not None:
        # The same text below another title is a copy all the same.
        score = max(score, 0.9 * body)
    components = tuple(name for name in one.components if name in other.components)
    labels = tuple(name for name in one.labels if name in other.labels)
    # Company alone makes nothing alike: it only lifts what is alike already.
    score += (3 if components else 0) + (2 if labels else 0) if score >= ALIKE / 2 else 0
    found = [
        (Reason("very_similar_title"), title >= VERY_SIMILAR),
        (Reason("similar_title"), ALIKE <= title < VERY_SIMILAR),
        (Reason("same_words", tuple(one.words[word] for word in shared[:MOST_WORDS])), bool(shared)),
        (Reason("same_component", components[:3]), bool(components)),
        (Reason("same_labels", labels[:3]), bool(labels)),
        (Reason("same_parent", (one.parent,)), bool(one.parent) and one.parent == other.parent),
        (Reason("same_reporter"), bool(one.reporter) and one.reporter == other.reporter),
    ]
    return min(100, round(score)), [reason for reason, holds in found if holds]


def _titles(one: str, other: str) -> float:
    """0 to 100. The order of the words counts little, words that are missing count."""
    # Sorted words forgive another order, sets forgive an addition; sets alone would call "Payment" any payment issue.
    left, right = fold(" ".join(one.split())), fold(" ".join(other.split()))
    return 0.7 * fuzz.token_sort_ratio(left, right) + 0.3 * fuzz.token_set_ratio(left, right)


def _overlap(one: Sketch, other: Sketch, *, weights: Mapping[str, float]) -> float | None:
    """0 to 100, rare words weighing more than common ones; None when a text is too short to tell."""
    if min(len(one.told), len(other.told)) < _FEW:
        return None
    weight = {word: weights.get(word, 1.0) for word in {*one.told, *other.told}}
    mine, theirs = (sum(weight[word] for word in side.told) for side in (one, other))
    shared = sum(weight[word] for word in one.told.keys() & other.told.keys())
    return 100 * shared / sqrt(mine * theirs) if mine and theirs else None
