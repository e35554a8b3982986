"""Who is calling: one dependency per class of route. A route that declares none of them is a mistake a test finds.

public      nobody is asked
lifecycle   Atlassian (installed, uninstalled) or the site (enabled, disabled)
hook        the site
page        a person whose browser Jira sent to one of our frames
api         a page of ours on behalf of that person
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from pydantic import ValidationError
from starlette.routing import BaseRoute

from addon.connect import verify
from addon.connect.claims import Claims, Unverified
from addon.connect.payloads import EventType, Lifecycle
from addon.connect.verdicts import Refused, Verdict
from addon.jira.install_keys import InstallKeys
from addon.policy.rates import Rates
from addon.policy.tenants import Tenant, Tenants
from addon.settings import Settings


class Gatehouse(Protocol):
    """The part of the house that knows callers."""

    @property
    def settings(self) -> Settings: ...
    @property
    def tenants(self) -> Tenants: ...
    @property
    def install_keys(self) -> InstallKeys: ...
    @property
    def rates(self) -> Rates: ...
    def now(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """account_id: "" where the site itself calls. issue_id, project_id: where in Jira the page was opened, if known."""

    tenant: Tenant
    account_id: str
    issue_id: str | None = None
    project_id: str | None = None


@dataclass(frozen=True, slots=True)
class LifecycleCall:
    """A lifecycle body that its token vouches for. token_id: the same whenever the same token comes."""

    body: Lifecycle
    token_id: str


async def public() -> None:
    """Declares a route that everybody may call."""


async def page_caller(request: Request) -> Caller:
    """A person in a frame: `?jwt=` with the hash of this very request. Raises Refused, Anonymous, DatabaseDown."""
    with _explained(request):
        incoming = _incoming(request)
        read = verify.symmetric(verify.carried(incoming, in_url=True))
        caller = await _verified(
            request, read, check=lambda secrets, now: verify.page(read, secrets, incoming=incoming, now=now)
        )
        # What is said to a person who may not see a page is said in their site's frame.
        request.state.framed_by = caller.tenant
        return caller


async def hook_caller(request: Request) -> Caller:
    """Jira itself, delivering an event. Raises Refused, DatabaseDown."""
    with _explained(request):
        incoming = _incoming(request)
        read = verify.symmetric(verify.carried(incoming, in_url=True))
        return await _verified(
            request, read, check=lambda secrets, now: verify.hook(read, secrets, incoming=incoming, now=now)
        )


async def api_caller(request: Request) -> Caller:
    """A page of ours with a context token in the header. Raises Refused, Anonymous, TooMany, DatabaseDown."""
    # Not from the address: a context token opens every API route for its life, and addresses end up in logs.
    read = verify.symmetric(verify.carried(_incoming(request)))
    caller = await _verified(request, read, check=lambda secrets, now: verify.api(read, secrets, now=now))
    # Here alone: a delivery of Jira's that is refused is an event that nobody hears of.
    await _gatehouse(request).rates.count(caller.tenant.id, caller.account_id)
    return caller


class LifecycleDoor:
    """The dependency of one lifecycle route: Atlassian signs installed and uninstalled, the site the other two."""

    def __init__(self, event: EventType) -> None:
        self.event = event

    async def __call__(self, request: Request) -> LifecycleCall:
        """Raises Refused, InstallKeysDown, DatabaseDown. The body is not even parsed before the signature holds."""
        with _explained(request):
            by_atlassian = self.event in ("installed", "uninstalled")
            read, claims = await (_signed_by_atlassian(request) if by_atlassian else _signed_by_site(request))
        # Read by hand: FastAPI would parse a declared body before it asks any dependency.
        try:
            body = Lifecycle.model_validate_json(await request.body())
        except ValidationError:
            raise Refused(Verdict.MALFORMED_BODY) from None
        verify.matching(body, claims, app_key=_gatehouse(request).settings.addon_key, event=self.event)
        return LifecycleCall(body, read.fingerprint)


Check = Callable[[Sequence[str], float], Claims]
"""Of a token, by the secrets of its tenant and the time."""
Find = Callable[[str], Awaitable[Tenant | None]]

PageCaller = Annotated[Caller, Depends(page_caller)]
HookCaller = Annotated[Caller, Depends(hook_caller)]
ApiCaller = Annotated[Caller, Depends(api_caller)]
Installed = Annotated[LifecycleCall, Depends(LifecycleDoor("installed"))]
Uninstalled = Annotated[LifecycleCall, Depends(LifecycleDoor("uninstalled"))]
Enabled = Annotated[LifecycleCall, Depends(LifecycleDoor("enabled"))]
Disabled = Annotated[LifecycleCall, Depends(LifecycleDoor("disabled"))]

_CLASSES = {public: "public", page_caller: "page", hook_caller: "hook", api_caller: "api"}


def declared(routes: Sequence[BaseRoute]) -> dict[str, set[str]]:
    """ "GET /path" -> the classes the route declares, for everything an app answers; exactly one each is right."""
    found: dict[str, set[str]] = {}
    for route in iter_route_contexts(routes):
        # What is no route of FastAPI has no dependencies, and so declares nothing.
        dependant = getattr(route, "dependant", None)
        classes = _classes(dependant) if isinstance(dependant, Dependant) else set()
        for method in sorted(route.methods or ["*"]):
            found[f"{method} {route.path}"] = classes
    return found


def _classes(dependant: Dependant) -> set[str]:
    call = dependant.call
    own = "lifecycle" if isinstance(call, LifecycleDoor) else _CLASSES.get(call) if call is not None else None
    return ({own} if own else set()).union(*map(_classes, dependant.dependencies))


async def _signed_by_atlassian(request: Request) -> tuple[Unverified, Claims]:
    house, incoming = _gatehouse(request), _incoming(request)
    read, kid = verify.asymmetric(verify.carried(incoming))
    now = house.now()
    key = await house.install_keys.key(kid, now)
    return read, verify.lifecycle(read, key, incoming=incoming, base_urls=[house.settings.base_url], now=now)


async def _signed_by_site(request: Request) -> tuple[Unverified, Claims]:
    incoming = _incoming(request)
    read = verify.symmetric(verify.carried(incoming))
    find = _gatehouse(request).tenants.registered
    _, claims = await _tried(
        request, read, find=find, check=lambda secrets, now: verify.hook(read, secrets, incoming=incoming, now=now)
    )
    return read, claims


async def _verified(request: Request, read: Unverified, *, check: Check) -> Caller:
    tenant, claims = await _tried(request, read, find=_gatehouse(request).tenants.by_client_key, check=check)
    if tenant is None:  # pragma: no cover - the verifiers refuse a token without secrets
        raise Refused(Verdict.WRONG_SIGNATURE)
    where = claims.context.jira
    return Caller(tenant, claims.sub or "", issue_id=where.issue.id, project_id=where.project.id)


async def _tried(request: Request, read: Unverified, *, find: Find, check: Check) -> tuple[Tenant | None, Claims]:
    house, came = _gatehouse(request), monotonic()
    tenant, now = await find(read.issuer), house.now()
    try:
        return tenant, check(tenant.secrets(now) if tenant else (), now)
    except Refused as refused:
        # Another process may have taken an installation a moment ago, and a delivery that is refused never comes again.
        if refused.verdict is not Verdict.WRONG_SIGNATURE or not await house.tenants.outdated(read.issuer, came):
            raise
    tenant = await find(read.issuer)
    return tenant, check(tenant.secrets(now) if tenant else (), now)


def _incoming(request: Request) -> verify.Incoming:
    return verify.Incoming(
        method=request.method,
        # As sent: the decoded path of the framework has lost what the hash was made of.
        raw_path=request.scope["raw_path"],
        query_string=request.scope["query_string"],
        base_path=_gatehouse(request).settings.base_path,
        authorization=tuple(value.decode("latin-1") for name, value in request["headers"] if name == b"authorization"),
        parsed=request.scope.get("query"),
    )


def _gatehouse(request: Request) -> Gatehouse:
    return cast("Gatehouse", request.app.state.house)


@contextmanager
def _explained(request: Request) -> Iterator[None]:
    """Lets the texts behind a wrong qsh out during development only."""
    try:
        yield
    except Refused as refused:
        if not _gatehouse(request).settings.enable_debug_routes:
            refused.explanation = ()
        raise
