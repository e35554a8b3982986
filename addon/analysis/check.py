"""What is done to an answer before anyone sees it: evidence is looked up, limits are kept, texts are cleaned.

The shape has been validated by then; here stands what a schema cannot say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from addon.reading.facts import Facts
from addon.reading.quotes import Source
from addon.reading.spoken import Spoken, decisive
from addon.reading.wording import Wording
from addon.results.analysis import (
    BUG_ASPECTS,
    INVEST,
    Analysis,
    Criterion,
    Missing,
    Nature,
    Risk,
    Score,
    Subtask,
)

T = TypeVar("T")

MOST_CRITERIA = 10
MOST_SUBTASKS = 10
MOST_QUESTIONS = 8
MOST_MISSING = 10
MOST_RISKS = 8
MOST_LABELS = 5
TITLE = 255
"""Characters of a title: what a summary in Jira holds."""
SENTENCE = 400
PARAGRAPH = 1200
DESCRIPTION = 3000
LABEL = 60
_NAMES = {"french": "fr", "français": "fr", "german": "de", "deutsch": "de", "spanish": "es", "español": "es"}


class Check:
    """Checks the answers to one question.

    The first answer may be refused with a ValueError that tells the model what is wrong; of a second one the invented
    quotes are dropped and counted, and its language is taken as it is. `best` is the last answer that can be used,
    whatever became of the repair.
    """

    def __init__(self, facts: Facts, *, language: str = "auto", hosts: frozenset[str] = frozenset()) -> None:
        text = facts.text()
        self._source = Source(facts.said())
        self._wording = Wording(text, hosts)
        self._nature: Nature = "bug" if facts.is_bug else "story"
        self._language = language
        self._labels = {label.casefold() for label in facts.labels}
        # Jira has no sub-tasks below sub-tasks, and an epic is divided into issues of its own.
        self._divisible = not facts.is_subtask and facts.level <= 0
        self.spoken = Spoken(decisive(facts), wanted=language)
        self._asked_again = False
        self.dropped = 0
        self.best: Analysis | None = None

    def __call__(self, answer: Analysis) -> Analysis:
        """The answer as it may be shown. Raises ValueError with a message for the model."""
        # Unlike a quote, an aspect cannot be mended here: a made-up score would count in the overall one.
        absent = self._absent(answer.scores)
        if absent:
            raise ValueError(f"scores: exactly one entry for each aspect is needed; missing: {', '.join(absent)}")
        invented = [score for score in answer.scores if self._source.find(score.quote) is None]
        self.dropped = len(invented)
        self.best = self.clean(answer)
        problems = list(self._problems(answer, invented))
        if problems and not self._asked_again:
            self._asked_again = True
            raise ValueError("\n".join(problems))
        return self.best

    def clean(self, answer: Analysis) -> Analysis:
        """The answer within every limit; quotes in the source's own spelling, "" where the source has none."""
        line = self._wording.line
        return Analysis(
            # What the issue is was decided by its type, not by a text somebody may have bent.
            nature=self._nature,
            language=self._code(answer.language),
            summary=line(answer.summary, PARAGRAPH),
            scores=self._scores(answer.scores),
            missing=_first(MOST_MISSING, (self._missing(item) for item in answer.missing)),
            questions=_first(MOST_QUESTIONS, _unique(line(item, SENTENCE) for item in answer.questions)),
            risks=_first(MOST_RISKS, (self._risk(item) for item in answer.risks)),
            criteria=_first(MOST_CRITERIA, (self.criterion(item) for item in answer.criteria)),
            subtasks=_first(MOST_SUBTASKS, (self.subtask(item) for item in answer.subtasks if self._divisible)),
            labels=_first(MOST_LABELS, _unique(self._label(item) for item in answer.labels)),
        )

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        """An unfinished answer with its texts cleaned and its quotes, which nobody has looked up yet, left out."""
        return {name: self.shown(partial[name]) for name in Analysis.model_fields if name in partial}

    def shown(self, value: Any) -> Any:
        """A piece of an unfinished answer, cleaned."""
        if isinstance(value, str):
            return self._wording.block(value, DESCRIPTION)
        if isinstance(value, list):
            return [self.shown(item) for item in value[:MOST_CRITERIA]]
        if isinstance(value, dict):
            return {name: self.shown(item) for name, item in value.items() if name != "quote"}
        return value

    def _problems(self, answer: Analysis, invented: Sequence[Score]) -> Iterator[str]:
        if invented:
            listed = "; ".join(f"{score.aspect}: {score.quote[:80]!r}" for score in invented)
            yield f'these quotes do not stand in the issue; copy a passage word for word or give "": {listed}'
        if strange := self.spoken.problem(_own_words(answer)):
            yield strange

    @property
    def aspects(self) -> tuple[str, ...]:
        return BUG_ASPECTS if self._nature == "bug" else INVEST

    def _absent(self, scores: Sequence[Score]) -> list[str]:
        given = {score.aspect for score in scores}
        return [aspect for aspect in self.aspects if aspect not in given]

    def _scores(self, scores: Sequence[Score]) -> list[Score]:
        first: dict[str, Score] = {}
        # A model that repeats an aspect repeats its first thought.
        for score in scores:
            first.setdefault(score.aspect, score)
        return [self._score(first[aspect]) for aspect in self.aspects if aspect in first]

    def _score(self, score: Score) -> Score:
        return Score(
            aspect=score.aspect,
            quote=self._source.find(score.quote) or "",
            reason=self._wording.line(score.reason, SENTENCE),
            score=min(max(score.score, 0), 5),
        )

    def _missing(self, item: Missing) -> Missing | None:
        what = self._wording.line(item.what, SENTENCE)
        return Missing(what=what, why=self._wording.line(item.why, SENTENCE)) if what else None

    def _risk(self, item: Risk) -> Risk | None:
        text = self._wording.line(item.text, SENTENCE)
        return Risk(text=text, severity=item.severity) if text else None

    def criterion(self, item: Criterion) -> Criterion | None:
        """The item within every limit, None when it says nothing."""
        line = self._wording.line
        then = line(item.then, SENTENCE)
        title = line(item.title, TITLE) or then[:TITLE]
        given, when = line(item.given, SENTENCE), line(item.when, SENTENCE)
        return Criterion(title=title, given=given, when=when, then=then) if then else None

    def subtask(self, item: Subtask) -> Subtask | None:
        """The item within every limit, None when it says nothing."""
        title = self._wording.line(item.title, TITLE)
        description = self._wording.block(item.description, DESCRIPTION)
        return Subtask(title=title, description=description) if title else None

    def _label(self, text: str) -> str:
        label = "-".join(self._wording.line(text, 4 * LABEL).strip("#").split())
        spoiled = len(label) > LABEL or not all(char.isalnum() or char in "-_." for char in label)
        return "" if spoiled or label.casefold() in self._labels else label

    def _code(self, answered: str) -> str:
        """The language of the texts: what the project asked for, else what the model says, as an ISO 639-1 code."""
        wanted = self._language if self._language != "auto" else answered
        code = wanted.strip().replace("_", "-").split("-")[0].lower()
        code = _NAMES.get(code, code)
        return code if len(code) == 2 and code.isascii() and code.isalpha() else "en"


def _own_words(answer: Analysis) -> Iterator[str]:
    """All that readers read but quotes, and labels, which hold few words of any language."""
    yield answer.summary
    yield from (score.reason for score in answer.scores)
    yield from (f"{item.what}\n{item.why}" for item in answer.missing)
    yield from answer.questions
    yield from (item.text for item in answer.risks)
    yield from ("\n".join((item.title, item.given, item.when, item.then)) for item in answer.criteria)
    yield from (f"{item.title}\n{item.description}" for item in answer.subtasks)


def _first(most: int, items: Iterable[T | None]) -> list[T]:
    return [item for item in items if item][:most]


def _unique(texts: Iterable[str]) -> list[str]:
    return list({text.casefold(): text for text in texts if text}.values())
