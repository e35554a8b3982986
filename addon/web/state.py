"""How a route reaches what was opened at start."""

from typing import Annotated, cast

from fastapi import Depends, Request

from addon.house import House
from addon.web.drain import Drain


def house_of(request: Request) -> House:
    return cast("House", request.app.state.house)


def drain_of(request: Request) -> Drain:
    return cast("Drain", request.app.state.drain)


HouseDep = Annotated[House, Depends(house_of)]
DrainDep = Annotated[Drain, Depends(drain_of)]
