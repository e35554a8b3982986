"""Acceptance criteria, whoever wrote them. `Criteria` is also the wire schema given to models (see analysis.py)."""

from addon.results.part import Answer, Kind, Part


class AcceptanceCriterion(Part):
    """One behaviour. id: "AC-1", "AC-2", … in the order of the list. given, when, then: clauses without keyword.

    quote: the passage of the issue it rests on, verbatim, "" when it rests on an assumption, which is then stated.
    given and then may hold several clauses (And); there is exactly one when.
    """

    id: str
    quote: str
    assumption: str
    kind: Kind
    title: str
    given: list[str]
    when: str
    then: list[str]


class Criteria(Part):
    """language: ISO 639-1 of the texts. feature: name of the Gherkin feature. narrative: who wants what and why.

    questions: what the author has to answer before more can be said.
    """

    language: str
    feature: str
    narrative: str
    criteria: list[AcceptanceCriterion]
    questions: list[str]


class CriteriaResult(Answer):
    """What a run of kind `criteria` stores. gherkin: the whole feature file, parsed before it was stored.

    dropped: quotes a model claimed which are not in the issue. lint: what could not be mended, in words, one line each.
    """

    dropped: int
    gherkin: str
    lint: list[str]
    criteria: Criteria
