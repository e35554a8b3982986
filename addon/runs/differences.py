"""What is different between two results of the same kind."""

from collections.abc import Mapping
from typing import Any

from rapidfuzz import fuzz

from addon.results import edits
from addon.store.repos.runs import Run

ALIKE = 55.0
"""From this likeness on, in percent, two items are one that was changed and not one that went and one that came."""

Items = list[dict[str, Any]]


def of_items(before: Run, after: Run) -> dict[str, Items]:
    """{"added", "removed": [{"part", "item", "title"}], "changed": [the same with "was", "before", "after"]}.

    was: the number of the item in the older result. before, after: its fields.
    """
    found: dict[str, Items] = {"added": [], "removed": [], "changed": []}
    for part in edits.PARTS.get(after.kind, {}):
        old = edits.items(before.kind, part, result=before.result or {})
        new = edits.items(after.kind, part, result=after.result or {})
        pairs = _pairs(old, new)
        for number, item in enumerate(new):
            was = pairs.get(number)
            if was is None:
                found["added"].append({"part": part, "item": number, "title": title(item)})
            elif old[was] != item:
                changed = {"part": part, "item": number, "was": was, "title": title(item)}
                found["changed"].append({**changed, "before": old[was], "after": item})
        left = set(range(len(old))) - set(pairs.values())
        found["removed"] += [{"part": part, "item": was, "title": title(old[was])} for was in sorted(left)]
    return found


def of_scores(before: Run, after: Run) -> list[dict[str, Any]]:
    """[{"aspect", "before", "after"}] of those that moved; None where an aspect was not judged."""
    old, new = _scores(before), _scores(after)
    return [
        {"aspect": aspect, "before": old.get(aspect), "after": new.get(aspect)}
        for aspect in dict.fromkeys((*new, *old))
        if old.get(aspect) != new.get(aspect)
    ]


def of_overall(before: Run, after: Run) -> dict[str, int] | None:
    """{"before", "after"}, None unless both have been scored."""
    if not (_scores(before) and _scores(after)):
        return None
    return {"before": int((before.result or {})["overall"]), "after": int((after.result or {})["overall"])}


def title(item: Mapping[str, Any]) -> str:
    """What stands for an item in a list."""
    return str(item.get("title") or item.get("text") or "")


def _pairs(old: Items, new: Items) -> dict[int, int]:
    """Number of a new item -> number of the old one it comes from; each old one at most once, the likest first."""
    # A result holds some dozens of items at most: every pair can be looked at.
    likeness = [
        (_likeness(was, item), -abs(before - after), after, before)
        for after, item in enumerate(new)
        for before, was in enumerate(old)
    ]
    pairs: dict[int, int] = {}
    # The surest pairs first; among equals the one that moved least.
    for alike, _, after, before in sorted(likeness, reverse=True):
        if alike >= ALIKE and after not in pairs and before not in pairs.values():
            pairs[after] = before
    return pairs


def _likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    if one == other:
        return 101.0
    # The same title over other steps is the same item; the order of words in a sentence matters little.
    if title(one).casefold() == title(other).casefold():
        return 100.0
    return max(fuzz.token_sort_ratio(_text(one), _text(other)), fuzz.ratio(title(one), title(other)))


def _text(item: Mapping[str, Any]) -> str:
    return " ".join(str(value) for value in item.values())


def _scores(run: Run) -> dict[str, int]:
    analysis = (run.result or {}).get("analysis") or {}
    return {str(score["aspect"]): int(score["score"]) for score in analysis.get("scores") or ()}
