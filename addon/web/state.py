"""How a route reaches what was opened at start."""

from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from addon.house.between import Between
from addon.jira.client import Jira
from addon.llm.models import Models
from addon.policy.models import ModelPolicy
from addon.policy.places import Places
from addon.policy.projects import Projects
from addon.settings import Settings
from addon.store.db import Database
from addon.web.admission import Admission
from addon.web.decisions import Decisions
from addon.web.offers import Offers
from addon.web.workings import Workings


class House(Offers, Decisions, Workings, Admission, Protocol):
    """As much of the house as routes use: they know what is in it, not how it was put together."""

    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def between(self) -> Between: ...
    @property
    def jira(self) -> Jira: ...
    @property
    def models(self) -> Models: ...
    @property
    def places(self) -> Places: ...
    @property
    def projects(self) -> Projects: ...
    @property
    def model_policy(self) -> ModelPolicy: ...


# Not a plain function: FastAPI would send every request through a thread to call it.
async def house_of(request: Request) -> House:
    return cast("House", request.app.state.house)


HouseDep = Annotated[House, Depends(house_of)]
