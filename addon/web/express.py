"""The short way of the two kinds of request that come most often: webhooks, and pages in their frames.

Their routes are declared with FastAPI like all others, which is where the schema and the class of each come from; but
a look-up by address finds them here, and their dependencies are called one after the other. The framework's own way
costs several times what the routes themselves do. It still takes whatever is not plain, and answers it the same.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from addon.connect.qsh import pairs
from addon.errors import AddonError
from addon.web.errors import Errors

IDENTIFIER = re.compile(r"[0-9]{1,18}").fullmatch
"""What the parameters of these routes have in common; anything else is for the framework to judge."""

Ways = Mapping[tuple[str, str], "Way"]
"""(method, path) -> the short way."""


class Way:
    """One route. Takes requests once `takes` says so; answers what the framework would have answered."""

    def __init__(self, route: APIRoute, errors: Errors) -> None:
        self._route = route
        self._errors = errors
        self._asks, self._request = _asks(route.dependant), route.dependant.request_param_name
        self._parameters = [(field.name, field.alias) for field in route.dependant.query_params]

    def takes(self, scope: Scope) -> bool:
        """Whether every parameter is there, once, and an identifier."""
        if not self._parameters:
            return True
        # Also for the check of the token, which reads the same.
        query = scope["query"] = pairs(scope["query_string"])
        found: dict[str, str] = {}
        for name, alias in self._parameters:
            values = [value for key, value in query if key == alias]
            if len(values) != 1 or not IDENTIFIER(values[0]):
                return False
            found[name] = values[0]
        scope["parameters"] = found
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self._route
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except AddonError as error:
            response = await self._errors.ours(request, error)
        except HTTPException as error:
            response = await self._errors.of_framework(request, error)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        values: dict[str, Any] = request.scope.get("parameters", {})
        for name, ask in self._asks:
            values[name] = await ask(request)
        if self._request:
            values[self._request] = request
        response: Response = await self._route.endpoint(**values)
        return response


def ways(routers: Sequence[APIRouter], *, base: str, errors: Errors) -> Ways:
    """Of every route of these routers. Raises ValueError for one that needs more than a short way has."""
    return {
        (method, base + route.path): Way(route, errors)
        for router in routers
        for route in _routes(router)
        for method in sorted(route.methods or ())
    }


def _routes(router: APIRouter) -> Iterator[APIRoute]:
    return (route for route in router.routes if isinstance(route, APIRoute))


class _Asked(Protocol):
    def __call__(self, request: Request) -> Awaitable[Any]: ...


def _asks(dependant: Dependant) -> list[tuple[str, _Asked]]:
    found: list[tuple[str, Callable[..., Any]]] = []
    for each in dependant.dependencies:
        others = (each.dependencies, each.query_params, each.header_params, each.path_params, each.body_params)
        if any(others) or each.call is None or each.name is None or each.request_param_name != "request":
            raise ValueError(f"{each.call} takes more than the request")
        found.append((each.name, each.call))
    if dependant.path_params or dependant.header_params or dependant.body_params:
        raise ValueError("a short way has identifiers in its address and nothing else")
    return found
