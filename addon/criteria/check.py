"""What is done to criteria before anyone sees them: evidence is looked up, faults are named, texts are cleaned.

The shape has been validated by then; here stands what a schema cannot say.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from addon.generation.language import code_of
from addon.gherkin import lint
from addon.gherkin.dialects import Role, bare
from addon.reading.facts import Facts
from addon.reading.quotes import Source
from addon.reading.spoken import Spoken, decisive
from addon.reading.wording import Wording
from addon.results.criteria import AcceptanceCriterion, Criteria

MOST_CRITERIA = 12
MOST_CLAUSES = 6
MOST_QUESTIONS = 6
TITLE = 255
"""Characters of a title: what a summary in Jira holds."""
CLAUSE = 300
SENTENCE = 400
PARAGRAPH = 800


@dataclass(frozen=True, slots=True)
class Replaced:
    """The list of which one item is written anew."""

    base: Criteria
    item: int

    @property
    def others(self) -> list[AcceptanceCriterion]:
        return [criterion for number, criterion in enumerate(self.base.criteria) if number != self.item]

    @property
    def id(self) -> str:
        return self.base.criteria[self.item].id


class Check:
    """Checks the answers to one question.

    The first answer may be refused with a ValueError that tells the model what is wrong; of a second one the invented
    quotes are dropped and counted, and other faults are told in `faults`. `best` is the last answer that can be used.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        language: str = "auto",
        hosts: frozenset[str] = frozenset(),
        replaced: Replaced | None = None,
    ) -> None:
        text = facts.text()
        self._source = Source(facts.said())
        self._wording = Wording(text, hosts)
        self._language = language
        self._replaced = replaced
        self.spoken = Spoken(decisive(facts), wanted=language)
        self._asked_again = False
        self.dropped = 0
        self.best: Criteria | None = None

    def __call__(self, answer: Criteria) -> Criteria:
        """The answer as it may be shown. Raises ValueError with a message for the model."""
        cleaned = self.clean(answer)
        # Nothing can be mended about a list that is none, so this is refused in the second round too.
        if not cleaned.criteria and (answer.criteria or self._replaced or not cleaned.questions):
            raise ValueError("criteria: at least one is needed that has a `when` and a `then`, else ask in `questions`")
        # An empty quote is found everywhere: a stated assumption is no invention.
        self.dropped = sum(self._source.find(criterion.quote) is None for criterion in answer.criteria)
        self.best = cleaned
        problems = list(self._problems(answer, cleaned))
        if problems and not self._asked_again:
            self._asked_again = True
            raise ValueError("\n".join(problems))
        return cleaned

    def clean(self, answer: Criteria) -> Criteria:
        """The answer within every limit; quotes in the source's own spelling, "" where the source has none."""
        line, language = self._wording.line, code_of(self._language, answer.language)
        wanted = answer.criteria[:1] if self._replaced else answer.criteria
        kept = [made for criterion in wanted if (made := self._criterion(criterion, language))][:MOST_CRITERIA]
        questions = {text.casefold(): text for item in answer.questions if (text := line(item, SENTENCE))}
        return Criteria(
            language=language,
            feature=line(answer.feature, TITLE),
            narrative=line(answer.narrative, PARAGRAPH),
            criteria=[
                criterion.model_copy(update={"id": self._replaced.id if self._replaced else f"AC-{number}"})
                for number, criterion in enumerate(kept, 1)
            ],
            questions=list(questions.values())[:MOST_QUESTIONS],
        )

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        """An unfinished answer with its texts cleaned and its quotes, which nobody has looked up yet, left out."""
        return {name: self._cleaned(partial[name]) for name in Criteria.model_fields if name in partial}

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._wording.line(value, PARAGRAPH)
        if isinstance(value, list):
            return [self._cleaned(item) for item in value[:MOST_CRITERIA]]
        if isinstance(value, dict):
            return {name: self._cleaned(item) for name, item in value.items() if name != "quote"}
        return value

    def _problems(self, answer: Criteria, cleaned: Criteria) -> Iterator[str]:
        for number, criterion in enumerate(answer.criteria, 1):
            name = self._replaced.id if self._replaced else f"AC-{number}"
            if self._source.find(criterion.quote) is None:
                invented = repr(criterion.quote[:80])
                yield f'{name}: the issue does not hold {invented}; copy a passage word for word or give ""'
            elif not criterion.quote.strip() and not criterion.assumption.strip():
                yield f"{name}: it needs a quote from the issue, or the assumption it rests on"
        if self._replaced and len(answer.criteria) > 1:
            yield f"criteria: exactly one entry is wanted, {self._replaced.id}"
        if strange := self.spoken.problem(_own_words(answer)):
            yield strange
        others = self._replaced.others if self._replaced else []
        yield from (
            finding.said(str)
            for finding in lint.findings([*others, *self._numbered(answer)], cleaned.language)
            if finding.id not in {criterion.id for criterion in others}
        )

    def _numbered(self, answer: Criteria) -> list[AcceptanceCriterion]:
        """As they were given, by the numbers they should have, so that what was cleaned away is told as well."""
        ids = [self._replaced.id] if self._replaced else [f"AC-{n}" for n in range(1, len(answer.criteria) + 1)]
        return [
            criterion.model_copy(update={"id": name})
            for name, criterion in zip(ids, answer.criteria[:MOST_CRITERIA], strict=False)
        ]

    def _criterion(self, item: AcceptanceCriterion, language: str) -> AcceptanceCriterion | None:
        line = self._wording.line
        given, then = (
            self._clauses(item.given, "given", language=language),
            self._clauses(item.then, "then", language=language),
        )
        when = next(iter(self._clauses([item.when], "when", language=language)), "")
        if not when or not then:
            return None
        # Never a quote and an assumption at once, so that readers can trust a quote.
        quote = self._source.find(item.quote) or ""
        return AcceptanceCriterion(
            id=item.id,
            quote=quote,
            # One that rests on nothing must not look like one that rests on the issue.
            assumption="" if quote else line(item.assumption, SENTENCE),
            kind=item.kind,
            title=line(item.title, TITLE) or then[0][:TITLE],
            given=given,
            when=when,
            then=then,
        )

    def _clauses(self, clauses: Iterable[str], role: Role, *, language: str) -> list[str]:
        cleaned = (bare(self._wording.line(clause, CLAUSE), role, language=language) for clause in clauses)
        return [clause for clause in cleaned if clause][:MOST_CLAUSES]


def _own_words(answer: Criteria) -> Iterator[str]:
    """All that readers read but quotes."""
    yield from (answer.feature, answer.narrative, *answer.questions)
    for item in answer.criteria:
        yield "\n".join((item.title, *item.given, item.when, *item.then, item.assumption))
