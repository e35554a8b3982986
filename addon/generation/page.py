"""What comments on criteria and scenarios have in common: who wrote it, how it ends, how it is kept short enough."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from addon.adf.content import Block
from addon.adf.nodes import EM, doc, heading, panel, paragraph, rule, text, weight
from addon.i18n.catalog import N_
from addon.results.part import Author, Kind, Notice

MOST = 30_000
"""Characters of compact JSON one comment may weigh; Jira refuses more than 32,767."""

Say = Callable[[str], str]
"""Turns one of our English texts into the language of the comment."""
Blocks = Callable[[frozenset[str]], Iterable[Block]]
"""Builds the blocks without the parts that are named."""

KINDS: Mapping[Kind, str] = {
    "happy": N_("Happy path"),
    "negative": N_("Negative"),
    "boundary": N_("Boundary"),
    "permission": N_("Permission"),
    "non_functional": N_("Non-functional"),
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the reader should know of where the text comes from. dropped: quotes that are not in the issue."""

    author: Author
    notice: Notice
    usage: Mapping[str, Any]
    dropped: int = 0


def fitted(build: Blocks, cuts: Sequence[str]) -> dict[str, Any]:
    """The document within MOST, without as few of the parts in `cuts` as possible, the first ones first."""
    # Built anew without one more part each time: only the finished document shows its weight.
    document: dict[str, Any] = {}
    for number in range(len(cuts) + 1):
        document = doc(*build(frozenset(cuts[:number])))
        if weight(document) <= MOST:
            break
    return document


def opening(title: str, told: Told, *, say: Say, after: Told | None = None) -> Iterator[Block]:
    """title: in the language of the comment. after: what the part before this one said of itself."""
    yield heading(3, title)
    # Said once where one and the same wrote both.
    if after and (after.author, after.notice) == (told.author, told.notice):
        return
    yield paragraph(text(_author(told, say), EM))
    if told.notice in ("model_failed", "budget_spent"):
        yield panel("note", paragraph(_instead(told.notice, say)))


def closing(told: Sequence[Told], *, say: Say, cut: bool) -> Iterator[Block]:
    sentences = [say(N_("These are suggestions; the team decides."))]
    if cut:
        sentences.append(say(N_("Shortened here; the JiraVision panel of this issue shows all of it.")))
    if dropped := sum(each.dropped for each in told):
        unfounded = N_("Quotes left out because the issue does not contain them: {count}.")
        sentences.append(say(unfounded).format(count=dropped))
    # Rules have no prompt, and of two halves by a model both versions stand in one bill.
    version = next((str(each.usage.get("prompt_version") or "") for each in told if each.author == "model"), "")
    if version:
        sentences.append(say(N_("Prompt {version}.")).format(version=version))
    if any(each.notice == "no_model" for each in told):
        sentences.append(say(N_("An administrator can connect a language model for better suggestions.")))
    yield rule()
    yield paragraph(text(" ".join(sentences), EM))


def _author(told: Told, say: Say) -> str:
    if told.author == "rules":
        return say(N_("Drafted by JiraVision's built-in rules, without a language model"))
    return say(N_("Written by JiraVision with {model}")).format(model=told.usage.get("model") or "AI")


def _instead(notice: Notice, say: Say) -> str:
    if notice == "budget_spent":
        return say(N_("The budget for the language model is used up, so the built-in rules stood in for it."))
    return say(N_("The language model could not answer, so the built-in rules stood in for it. Ask again later."))
