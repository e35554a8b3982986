"""The types the AI service answers with: a closed table, so that a request can name one and never describe one."""

from pydantic import BaseModel

from addon.llm.remote_wire import ROOMS
from addon.results.analysis import Analysis, Criterion, Subtask
from addon.results.criteria import Criteria
from addon.results.scenarios import Scenarios
from addon.results.summary import Summary
from addon.summary.words import JqlAnswer

KNOWN: dict[str, type[BaseModel]] = {
    each.__name__: each for each in (Analysis, Criteria, Criterion, JqlAnswer, Scenarios, Subtask, Summary)
}
SHAPES: dict[str, dict[str, type[BaseModel]]] = {
    room: {name: KNOWN[name] for name in names} for room, names in ROOMS.items()
}
"""Route below /ai/ -> name -> type."""
