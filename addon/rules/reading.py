"""Everything the rules found in one issue, read once and used by every judgement."""

import re
from dataclasses import dataclass
from functools import cached_property

from addon.rules.fold import clip, fold
from addon.rules.marks import BRACKETS, FIGURE, KEY, PLACE, SENTENCE_END, SOLUTION, WORD
from addon.rules.outline import Line, Outline, is_filler, outline
from addon.rules.story import Story
from addon.rules.tongue import Tongue
from addon.rules.tongues import TONGUES, tongue_for
from addon.rules.wish import Wish, find, parts


@dataclass(frozen=True, slots=True)
class Vague:
    """A word without a measure, as written, and the statement it stands in. kind: what to ask about it."""

    kind: str
    word: str
    statement: str


class Reading:
    """One story under the rules. tongue: the language of the answer; the text is searched in its own."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.text = f"{story.summary}\n{story.description}"
        self.tongue: Tongue = tongue_for(story.language, self.text)
        self.source: Tongue = tongue_for("auto", self.text)
        self.outline: Outline = outline(story.description)
        # Each by itself, so that no clause runs over the seam; a summary often shortens what the description says.
        self.wish: Wish = max(find(story.description[:20_000]), find(story.summary), key=lambda wish: wish.fullness)

    @cached_property
    def statements(self) -> list[str]:
        """Sentences and points of summary and description, verbatim; headings and fillers left out."""
        texts = [self.story.summary, *(line.text for line in self.outline.lines if _is_said(line))]
        return [part.strip() for text in texts for part in SENTENCE_END.split(text) if part.strip()]

    @cached_property
    def words(self) -> int:
        """Words of the description outside code."""
        return sum(len(WORD.findall(line.text)) for line in self.outline.lines)

    @cached_property
    def is_thin(self) -> bool:
        """True when there is too little to judge: hardly a sentence in all."""
        return self.words + len(WORD.findall(self.story.summary)) < 8

    @cached_property
    def aim(self) -> str:
        """The wish, or failing that the summary: what the issue is about, verbatim."""
        return clip(self.wish.goal or self.story.summary)

    @cached_property
    def joined(self) -> list[str]:
        """Two or more actions asked for in one wish; empty when there is one."""
        found = parts(self.wish) if self.wish.goal else []
        return found if len(found) > 1 else []

    @cached_property
    def criteria(self) -> list[str]:
        """Points that say when the work is done: what stands under such a heading, or is put as given-when-then."""
        section = [line for line in self.outline.of("criteria") if not is_filler(line.text)]
        found = (
            [line.text for line in section if line.kind == "point" and not line.nested]
            or _cases(section)
            or _cases(self.outline.lines)
        )
        return found or [line.text for line in section]

    @cached_property
    def points(self) -> list[str]:
        """Listed points which are not about something else, such as what is left out."""
        return [
            line.text for line in self.outline.points if line.section in ("", "criteria") and not is_filler(line.text)
        ]

    @cached_property
    def scope(self) -> list[str]:
        """Listed points that say what is wanted rather than how it is checked."""
        return [line.text for line in self.outline.points if not line.section and not is_filler(line.text)]

    @cached_property
    def vague(self) -> list[Vague]:
        """Words without a measure, each once, in order of the text; a figure beside them is a measure."""
        found: dict[str, Vague] = {}
        for statement in self.statements:
            folded = fold(statement)
            if FIGURE.search(folded):
                continue
            hits = [
                (match.start(), kind, statement[match.start() : match.end()])
                for kind in self.source.vague
                for match in self.source.patterns[f"vague.{kind}"].finditer(folded)
            ]
            for _, kind, word in sorted(hits):
                found.setdefault(fold(word), Vague(kind, word, statement))
        return list(found.values())

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
        return next((s for s in self.statements if s != self.story.summary and FIGURE.search(fold(s))), "")

    @cached_property
    def purpose(self) -> str:
        """What it is good for: the clause of the wish, or what stands under a heading such as "Why"."""
        told = next((line.text for line in self.outline.of("purpose")), "")
        return self.wish.benefit or told

    @cached_property
    def places(self) -> list[str]:
        """Statements which name a version, browser, device or system."""
        return [statement for statement in self.statements if PLACE.search(fold(statement))]

    @cached_property
    def waits(self) -> str:
        """The statement that ties the issue to other work, "" without one."""
        return self.told("waits") or next(
            (s for s in self.statements if KEY.search(s) and "://" not in s and s != self.story.summary), ""
        )

    def told(self, sign: str) -> str:
        """The first statement with a sign of that kind (see tongue.SIGNS), "" without one."""
        pattern = self.source.patterns[sign]
        return next((statement for statement in self.statements if pattern.search(fold(statement))), "")

    def signs(self, sign: str, most: int = 3) -> list[str]:
        """Different words of that sign, as written."""
        found: dict[str, str] = {}
        for statement in self.statements:
            for match in self.source.patterns[sign].finditer(fold(statement)):
                found.setdefault(match[0], statement[match.start() : match.end()])
            # The first few words make the point; a long text is not read to its end for them.
            if len(found) >= most:
                break
        return list(found.values())[:most]

    def is_verb(self, plain: str) -> bool:
        """True for an action word, as far as the table of joined actions knows them."""
        return bool(self.source.patterns["verb"].fullmatch(plain))

    def has(self, section: str) -> bool:
        """True when a section of that kind holds something."""
        return any(not is_filler(line.text) for line in self.outline.of(section))


def _is_said(line: Line) -> bool:
    return line.kind != "heading" and not is_filler(line.text)


def _cases(lines: "tuple[Line, ...] | list[Line]") -> list[str]:
    """Given-when-then lines joined to cases: the first line of each."""
    cases: list[str] = []
    for line in lines:
        folded = fold(line.text).lstrip("*_ ")
        if any(tongue.patterns["gherkin"].match(folded) for tongue in TONGUES.values()):
            cases.append(line.text)
    starts = [case for case in cases if _OPENS.match(fold(case).lstrip("*_ "))]
    # One "when" in a text is a sentence; a case has at least two of the three clauses.
    return (starts or cases[:1]) if len(cases) >= 2 else []


_OPENS = re.compile(r"(?:given|etant donne|soit|scenario)")
