"""The questions put to a model. Their words stand in `prompts/`; a released file is never changed."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.results.summary import Summary
from addon.runs.feature import Work
from addon.summary.issues import SetIssue

MARK = 48
"""Characters of the line that stands before an issue."""

FOLDER = Path(__file__).resolve().parent / "prompts"
ISSUES = "summary.v1"
MERGE = "summary-merge.v1"
TEMPLATES = {name: Template((FOLDER / f"{name}.txt").read_text("utf-8")) for name in (ISSUES, MERGE)}

_QUIET = "always an empty list; nothing was asked"
_ASKED = (
    "the answer to this question of the person who reads you, one to four short statements, each with the issues it"
    " rests on; when the issues do not tell, one statement that says so: "
)
_PART = (
    "\nThese issues are part $number of $of of a larger set. Speak of what you see here; another colleague will join"
    " the parts."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """How one run wants to be answered. language: "auto" or ISO 639-1. steering: see framing.steering."""

    question: str = ""
    language: str = "auto"
    steering: str = ""
    suffix: str = ""

    @classmethod
    def of(cls, work: Work) -> "Wish":
        """What the person asked, and how the project wants things written."""
        prompt, settings = work.prompt, work.settings
        own = "\n".join(text for text in (settings.instruction, prompt.text if prompt else "") if text.strip())
        return cls(
            question=" ".join(str(work.run.params.get("question") or "").split()),
            language=settings.language,
            steering=framing.steering(project=own, person=str(work.run.params.get("instruction") or "")),
            suffix=f"+p{prompt.version}" if prompt else "",
        )

    @property
    def version(self) -> str:
        """Under which name answers are kept and compared."""
        return f"{ISSUES}{self.suffix}"


def of_issues(wish: Wish, issues: Sequence[SetIssue], *, now: float, part: tuple[int, int] = (1, 1)) -> Prompt:
    """About issues themselves. now: UTC seconds. part: its number and how many there are."""
    delimiter = framing.new_delimiter()
    number, of = part
    scope = Template(_PART).substitute(number=number, of=of) if of > 1 else ""
    system = TEMPLATES[ISSUES].substitute(_common(wish, delimiter), scope=scope)
    return Prompt(system.strip(), "\n".join(_data(issues, delimiter, now=now)), wish.version)


def of_parts(wish: Wish, parts: Sequence[Summary]) -> Prompt:
    """About what was said of the parts of a set."""
    delimiter = framing.new_delimiter()
    system = TEMPLATES[MERGE].substitute(_common(wish, delimiter))
    lines: list[str] = []
    for number, part in enumerate(parts, 1):
        # Our own checked words by now, but made of other people's: data like the issues.
        said = part.model_dump(mode="json", exclude={"language", "stale"})
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        lines += [f"{delimiter} part {number}", text.replace(delimiter, "")]
    lines.append(f"{delimiter} end of the parts")
    return Prompt(system.strip(), "\n".join(lines), f"{MERGE}{wish.suffix}")


def weight(issue: SetIssue, *, now: float) -> int:
    """Characters the issue takes in a question."""
    return MARK + sum(len(line) + 1 for line in _lines(issue, now=now))


def _common(wish: Wish, delimiter: str) -> dict[str, str]:
    return {
        "delimiter": delimiter,
        "language": _language(wish),
        "answer": _ASKED + wish.question if wish.question else _QUIET,
        "instruction": wish.steering,
    }


def _language(wish: Wish) -> str:
    if wish.question:
        return f"the language of this question: {wish.question[:200]}"
    if wish.language == "auto":
        return "the language in which most of the issues are written"
    return framing.language(wish.language)


def _data(issues: Sequence[SetIssue], delimiter: str, *, now: float) -> Iterator[str]:
    for issue in issues:
        yield f"{delimiter} issue {issue.key}"
        # The mark is random, so an issue holds it only by a leak; taken out, it could not end the data even then.
        yield from (line.replace(delimiter, "") for line in _lines(issue, now=now))
    yield f"{delimiter} end of the issues"


def _lines(issue: SetIssue, *, now: float) -> Iterator[str]:
    # Words and not codes: small models read "nobody assigned" better than "assignee: null".
    yield f"title: {issue.summary}"
    facts = [issue.type, f"status {issue.status} ({issue.category})", f"changed {issue.age_days(now)} days ago"]
    facts += [f"priority {issue.priority}"] if issue.priority else []
    facts += [] if issue.assigned or not issue.open else ["nobody assigned"]
    facts += [f"due {issue.due}"] if issue.due and issue.open else []
    facts += ["flagged"] if issue.flagged else []
    facts += [f"blocked by {', '.join(issue.blocked_by[:5])}"] if issue.blocked_by else []
    facts += [f"part of {issue.parent}"] if issue.parent else []
    yield "; ".join(facts)
    named = [("labels", issue.labels), ("components", issue.components)]
    yield from (f"{title}: {', '.join(names)}" for title, names in named if names)
    if issue.text:
        yield issue.text
