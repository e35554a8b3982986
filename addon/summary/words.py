"""JQL from plain words: written by a model, read by Jira's own parser, shown to the person, and never run by itself."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from addon.adf.clean import one_line
from addon.jira import jql as queries
from addon.jira import projects
from addon.jira.jql import Names, Parsed
from addon.jira.session import Session
from addon.llm.asker import Asker
from addon.llm.prompt import Prompt
from addon.reading import framing
from addon.reading.wording import Wording
from addon.results.part import Part
from addon.summary.prompt import FOLDER

VERSION = "jql.v1"
TEMPLATE = Template((FOLDER / f"{VERSION}.txt").read_text("utf-8"))
LONGEST = 2_000
EXPLANATION = 600
MOST_PROJECTS = 50
MOST_FIELDS = 120
_HISTORY = frozenset(("was", "was not", "was in", "was not in", "changed"))


class JqlAnswer(Part):
    """What a model answers; a wire schema."""

    jql: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Written:
    """A query as it is shown. errors: why it cannot be run as it stands, in Jira's words or ours."""

    jql: str
    explanation: str
    errors: tuple[str, ...] = ()


async def write(model: Asker, session: Session, *, words: str, project_key: str = "") -> Written:
    """session: as the person. project_key: where they are. Raises JiraError, ModelError.

    A query that Jira's parser refuses is given back once, with its words; the second one is shown as it is.
    """
    # As the person: a query may only name what they may see.
    known = await queries.names(session)
    places = await projects.visible(session, limit=MOST_PROJECTS)
    names = [(place.key, place.name) for place in places]
    system = ""
    written = Written("", "")
    for _ in ("first", "repair"):
        delimiter = framing.new_delimiter()
        system = TEMPLATE.substitute(
            delimiter=delimiter, words=words, language=f"the language of these words: {words[:200]}",
            project=project_key or "the person has in mind",
        )  # fmt: skip
        data = "\n".join(_data(delimiter, known, names=names, refused=written))
        answer = await model.ask(Prompt(system.strip(), data, VERSION), shape=JqlAnswer, check=checked)
        # Jira is asked outside the model's check, which cannot wait: a repair is a question of its own.
        parsed = await queries.parse(session, answer.value.jql)
        written = Written(parsed.jql, answer.value.explanation, (*parsed.errors, *_beyond(parsed, known)))
        if not written.errors:
            break
    return written


def checked(answer: JqlAnswer) -> JqlAnswer:
    """The answer as it may be shown. Raises ValueError with a message for the model."""
    # Models wrap queries in code marks now and then.
    query = one_line(answer.jql).strip("`").removeprefix("jql ").strip()
    if not query:
        raise ValueError("jql: the query is empty")
    if len(query) > LONGEST:
        raise ValueError(f"jql: the query is longer than {LONGEST} characters")
    return JqlAnswer(jql=query, explanation=Wording(answer.jql).line(answer.explanation, EXPLANATION))


def _beyond(parsed: Parsed, known: Names) -> Iterator[str]:
    """What goes further than this page writes: properties of other apps, the history, functions nobody named."""
    functions = {name.value.removesuffix("()").casefold() for name in known.functions}
    for clause in queries.clauses(parsed.structure):
        field = clause.get("field")
        if isinstance(field, Mapping) and field.get("property"):
            yield "Entity properties are not used here."
        if str(clause.get("operator", "")).casefold() in _HISTORY:
            yield "History operators (WAS, CHANGED) are not used here."
        for function in _functions(clause.get("operand")):
            if functions and function.casefold() not in functions:
                yield f"The function {function[:60]}() is not offered on this site."


def _functions(operand: Any) -> list[str]:
    if not isinstance(operand, Mapping):
        return []
    own = [str(operand["function"])] if operand.get("function") else []
    values = operand.get("values")
    return own + [name for value in (values if isinstance(values, list) else []) for name in _functions(value)]


def _data(delimiter: str, known: Names, *, names: Sequence[tuple[str, str]], refused: Written) -> Iterator[str]:
    fields = [field.value for field in known.fields[:MOST_FIELDS]]
    functions = [function.value for function in known.functions]
    lists = (("fields", fields), ("functions", functions), ("projects", [f"{key}: {name}" for key, name in names]))
    for title, items in lists:
        yield f"{delimiter} {title}"
        yield "\n".join(one_line(item).replace(delimiter, "") for item in items)
    if refused.jql:
        yield f"{delimiter} your last query, and why Jira refused it"
        yield json.dumps({"jql": refused.jql, "errors": refused.errors}, ensure_ascii=False).replace(delimiter, "")
    yield f"{delimiter} end of the data"
