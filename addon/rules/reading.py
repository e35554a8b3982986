"""Everything the rules found in one issue, read once and used by every judgement."""

import re
from dataclasses import dataclass
from functools import cached_property

from addon.rules.criteria_lines import criteria_lines
from addon.rules.deeds import told as told_deeds
from addon.rules.fold import clip, fold
from addon.rules.lines import Line, is_filler
from addon.rules.marks import BRACKETS, FIGURE, KEY, SENTENCE_END, SOLUTION, WORD
from addon.rules.outline import Outline, outline
from addon.rules.places import Place, places
from addon.rules.story import Story
from addon.rules.tongue import Tongue
from addon.rules.tongues import UNREAD, detect, tongue_for
from addon.rules.vague import Vague, vague_words
from addon.rules.wish import Wish, find, parts, titled, together

THIN = 8
"""Fewer words than this in all are hardly a sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence or point, verbatim. section: where it stands. line: None for the summary."""

    text: str
    section: str
    line: Line | None


class Reading:
    """One story under the rules. tongue: the language of the answer; the text is searched in its own."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.text = f"{story.summary}\n{story.description}"
        self.outline: Outline = outline(story.description)
        prose = "\n".join([story.summary, *(line.text for line in self.outline.lines)])
        self.is_foreign: bool = detect(prose) == UNREAD
        self.tongue: Tongue = tongue_for(story.language, prose)
        self.source: Tongue = tongue_for("auto", prose)
        # Each by itself, so that no clause runs over the seam.
        self.wish: Wish = together(find(_told(story.description)), titled(story.summary[:500]))

    @cached_property
    def sentences(self) -> list[Sentence]:
        """Sentences and points of summary and description; headings and fillers left out."""
        lines: list[Line | None] = [None, *(line for line in self.outline.lines if _is_said(line))]
        return [
            Sentence(part.strip(), line.section if line else "", line)
            for line in lines
            for part in SENTENCE_END.split(line.text if line else self.story.summary)
            if part.strip()
        ]

    @cached_property
    def statements(self) -> list[str]:
        return [sentence.text for sentence in self.sentences]

    @cached_property
    def words(self) -> int:
        """Words of the description outside code, what a template left behind not counted."""
        return sum(len(WORD.findall(line.text)) for line in self.outline.lines if _is_said(line))

    @cached_property
    def is_thin(self) -> bool:
        """True when there is too little to judge: hardly a sentence in all."""
        return self.words + len(WORD.findall(self.story.summary)) < THIN

    @cached_property
    def is_task(self) -> bool:
        """True for work that nobody wishes for as a user: by its type or by what it begins with."""
        signs, kind = self.source.patterns, fold(self.story.issue_type)
        named = bool(signs["task"].search(kind)) and "feature" not in kind
        return not self.wish.role and (named or bool(signs["technical"].match(fold(self.story.summary.lstrip()))))

    @cached_property
    def is_whole(self) -> bool:
        """True when it is asked for in the terms of somebody who uses it; not for tasks, sub-tasks and epics."""
        return not (self.is_task or self.story.is_subtask or self.story.level)

    @cached_property
    def aim(self) -> str:
        """The wish, or failing that the summary: what the issue is about, verbatim."""
        return clip(self.wish.goal or self.story.summary)

    @cached_property
    def topic(self) -> str:
        """What it is called in a title or question: a wish put as an action, else the summary."""
        return self.aim if self.wish.is_deed else clip(self.story.summary) or self.aim

    @cached_property
    def who(self) -> str:
        """Who it is for: the role of the wish, else people named in summary or purpose; "" when nobody is."""
        if self.wish.role:
            return self.wish.role
        told = (s.text for s in self.sentences if s.line is None or s.section == "purpose")
        return next((match for text in told if (match := self._match("people", text))), "")

    def _match(self, sign: str, text: str) -> str:
        found = self.source.patterns[sign].search(fold(text))
        return text[found.start() : found.end()].strip() if found else ""

    @cached_property
    def joined(self) -> list[str]:
        """Two or more actions asked for in one wish; empty when there is one."""
        found = parts(self.wish) if self.wish.goal else []
        return found if len(found) > 1 else []

    @cached_property
    def criteria(self) -> list[str]:
        """What says when the work is done: lines under such a heading, or put as given-when-then."""
        return criteria_lines(self.outline.of("criteria"), self.outline.lines)

    @cached_property
    def points(self) -> list[str]:
        """Listed points which are not about something else, such as what is left out."""
        return [
            line.text for line in self.outline.points if line.section in ("", "criteria") and not is_filler(line.text)
        ]

    @cached_property
    def vague(self) -> list[Vague]:
        """Words without a measure in what is asked for, one of each family."""
        return vague_words(self.source, [s.text for s in self.sentences if self._asks(s)], benefit=self.wish.benefit)

    def _asks(self, sentence: Sentence) -> bool:
        """True for what asks for something: not for pleas to the team, for what is so today, and for side remarks."""
        signs, folded = self.source.patterns, fold(sentence.text)
        if signs["plea"].search(folded) or sentence.section in ("purpose", "impact", "environment"):
            return False
        # Any sentence may say that a point is still open.
        return bool(signs["vague.later"].search(folded)) or not (
            sentence.section == "notes" or (sentence.line and signs["context"].search(folded))
        )

    @cached_property
    def brackets(self) -> list[str]:
        """Remarks in brackets inside the summary or the wish; one with a figure is a measure."""
        found = BRACKETS.finditer(f"{self.story.summary}\n{self.wish.goal}")
        return [match[0] for match in found if not FIGURE.search(fold(match[0]))][:3]

    @cached_property
    def solutions(self) -> list[tuple[str, str]]:
        """Technical choices: the words and the statement they stand in."""
        found: dict[str, tuple[str, str]] = {}
        for statement in self.statements:
            for match in SOLUTION.finditer(fold(statement)):
                found.setdefault(match[0], (statement[match.start() : match.end()], statement))
        return list(found.values())

    @cached_property
    def figure(self) -> str:
        """The first statement of the description with a number that can be checked, "" without one."""
        return next((s.text for s in self.sentences if s.line and FIGURE.search(fold(s.text))), "")

    @cached_property
    def purpose(self) -> str:
        """What it is good for: the clause of the wish, or what stands under a heading such as "Why"."""
        told = next((s.text for s in self.sentences if s.section == "purpose"), "")
        return self.wish.benefit or told or (self.told("reason") if self.is_task else "")

    @cached_property
    def places(self) -> list[Place]:
        """What is named of the environment."""
        return places(self.statements)

    @cached_property
    def deeds(self) -> list[str]:
        """Statements of the description which tell what somebody does, once for every action; expectations left out."""
        told = (s.text for s in self.sentences if s.line and s.section in ("", "steps", "actual"))
        return told_deeds(self.source, told)

    @cached_property
    def waits(self) -> str:
        """The statement that ties the issue to other work, "" without one."""
        return self.told("waits") or next(
            (s.text for s in self.sentences if s.line and KEY.search(s.text) and "://" not in s.text), ""
        )

    def told(self, sign: str) -> str:
        """The first statement with a sign of that kind (see tongue.SIGNS), "" without one."""
        pattern = self.source.patterns[sign]
        return next((statement for statement in self.statements if pattern.search(fold(statement))), "")

    def shows(self, sign: str, statement: str) -> bool:
        """True when the statement has a sign of that kind."""
        return bool(self.source.patterns[sign].search(fold(statement)))

    def signs(self, sign: str, most: int = 3) -> list[str]:
        """Different words of that sign, as written, one of each family."""
        found: dict[str, str] = {}
        for statement in self.statements:
            for match in self.source.patterns[sign].finditer(fold(statement)):
                found.setdefault(match[0][:5], statement[match.start() : match.end()])
            # The first few words make the point; a long text is not read to its end for them.
            if len(found) >= most:
                break
        return list(found.values())[:most]

    def has(self, section: str) -> bool:
        """True when a section of that kind holds something."""
        return any(not is_filler(line.text) for line in self.outline.of(section))


def _told(description: str) -> str:
    """The beginning of the description without the wish of a template nobody has filled in."""
    lines = description[:20_000].split("\n")
    return "\n".join("" if is_filler(line) else line for line in lines)


def _is_said(line: Line) -> bool:
    return line.kind != "heading" and not is_filler(line.text) and bool(_CONTENT.search(line.text))


_CONTENT = re.compile(r"\w")
