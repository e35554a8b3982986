"""The control API of a site: what tests and the demo do to it and read from it. Loopback only, JSON both ways."""

import json
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.control_addon import AddonControl
from sandbox.control_issues import IssueControl
from sandbox.control_tools import ToolControl
from sandbox.desk import Body, ControlError
from sandbox.lifecycle import HookError
from sandbox.world import Place

Handler = Callable[[Body, Request], Awaitable[Any]]


def routes(place: Place) -> list[Route]:
    """Every control route of a site, below /sandbox."""
    addon, issues, tools = AddonControl(place), IssueControl(place), ToolControl(place)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/state", addon.state),
        ("POST", "/install", addon.install),
        ("POST", "/uninstall", addon.uninstall),
        ("POST", "/enable", addon.enable),
        ("POST", "/disable", addon.disable),
        ("POST", "/import", addon.import_site),
        ("POST", "/settings", addon.settings),
        ("GET", "/faults", addon.list_faults),
        ("POST", "/faults", addon.order_fault),
        ("GET", "/requests", addon.requests),
        ("GET", "/complaints", addon.complaints),
        ("GET", "/deliveries", addon.deliveries),
        ("POST", "/deliveries/{n:int}/repeat", addon.repeat),
        ("POST", "/webhooks/raw", addon.raw_webhook),
        ("GET", "/token", addon.token),
        ("POST", "/clear", addon.clear),
        ("GET", "/issues", issues.issues),
        ("POST", "/issues", issues.create_issue),
        ("GET", "/issues/{key}", issues.issue),
        ("PUT", "/issues/{key}", issues.edit_issue),
        ("DELETE", "/issues/{key}", issues.delete_issue),
        ("GET", "/issues/{key}/comments", issues.comments),
        ("POST", "/issues/{key}/comments", issues.create_comment),
        ("DELETE", "/issues/{key}/comments/{comment}", issues.delete_comment),
        ("POST", "/permissions", issues.permissions),
        ("GET", "/keys", tools.keys),
        ("GET", "/tests", tools.tests),
        ("POST", "/tests/{key}/execute", tools.execute),
        ("GET", "/cases", tools.cases),
    ]
    return [Route(f"/sandbox{path}", endpoint(handler), methods=[method]) for method, path, handler in table]


def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """JSON in, JSON out; a request that makes no sense is 400, an add-on that refuses is 502."""

    async def answer(request: Request) -> Response:
        # The API hands out secrets and signs anything; a port opened by mistake must not give that away.
        if request.client is None or not _local(request.client.host):
            return JSONResponse({"error": "the control API answers this machine only"}, 403)
        try:
            raw = await request.body()
            return JSONResponse(await handler(json.loads(raw) if raw else {}, request))
        except (ControlError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        # A refusal by the add-on is not the test's mistake: another status tells them apart.
        except HookError as error:
            return JSONResponse({"error": str(error)}, 502)

    return answer


def _local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
