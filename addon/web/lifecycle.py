"""The four calls by which a site tells that the add-on comes and goes; Jira counts 204 as success, nothing else."""

from typing import Protocol, cast

from fastapi import APIRouter, Request, Response

from addon.connect.sites import allowed_site, display_site
from addon.connect.verdicts import Refused, Verdict
from addon.policy.lifecycle import Installation, Lifecycle, Replayed
from addon.settings import Settings
from addon.web.security import Disabled, Enabled, Installed, LifecycleCall, Uninstalled

router = APIRouter(prefix="/lifecycle", include_in_schema=False)


class _House(Protocol):
    @property
    def settings(self) -> Settings: ...
    @property
    def lifecycle(self) -> Lifecycle: ...
    def now(self) -> float: ...


@router.post("/installed", status_code=204, response_class=Response)
async def installed(request: Request, call: Installed) -> None:
    """First install, renewal of the secret, move to another address: whatever it is, what came counts from now on."""
    house = _house(request)
    came = _installation(call, house.settings.jira_allowed_hosts)
    try:
        await house.lifecycle.installed(came, house.now())
    except Replayed as error:
        raise Refused(Verdict.REPLAYED) from error


@router.post("/uninstalled", status_code=204, response_class=Response)
async def uninstalled(request: Request, call: Uninstalled) -> None:
    try:
        house = _house(request)
        await house.lifecycle.uninstalled(call.body.client_key, call.token_id, now=house.now())
    except Replayed as error:
        raise Refused(Verdict.REPLAYED) from error


@router.post("/enabled", status_code=204, response_class=Response)
async def enabled(request: Request, call: Enabled) -> None:
    house = _house(request)
    await house.lifecycle.enabled(call.body.client_key, call.token_id, now=house.now())


@router.post("/disabled", status_code=204, response_class=Response)
async def disabled(request: Request, call: Disabled) -> None:
    house = _house(request)
    await house.lifecycle.disabled(call.body.client_key, call.token_id, now=house.now())


def _installation(call: LifecycleCall, patterns: tuple[str, ...]) -> Installation:
    """Raises Refused (site_not_allowed) unless everything we will ever send there stays on an allowed site."""
    body = call.body
    # Checked last and against our own list: the body is unsigned, and we will send signed requests to this address.
    base_url = allowed_site(body.base_url, patterns)
    return Installation(
        client_key=body.client_key,
        base_url=base_url,
        display_url=display_site(body.display_url, base_url),
        shared_secret=body.shared_secret or "",
        oauth_client_id=body.oauth_client_id,
        token_id=call.token_id,
    )


def _house(request: Request) -> _House:
    return cast("_House", request.app.state.house)
