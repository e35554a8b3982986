"""Connects a project of a pretend site to the pretend test management tools, as its administrator would by hand."""

import httpx2

from addon.errors import Upstream
from sandbox.frames import Where, context_token
from sandbox.site import Site

PROJECT = "SHOP"


async def connect(site: Site, addon_url: str) -> None:
    """Stores the site's keys of Xray and Zephyr Scale in the add-on. Raises Upstream."""
    administrator = site.user("ann")
    project = site.project(PROJECT)
    token = context_token(site, administrator.account_id if administrator else None, where=Where(project=project))
    keys = {
        "xray": {"client_id": site.xray_client_id, "client_secret": site.xray_secret},
        "zephyr": {"token": site.zephyr_token},
    }
    url = f"{addon_url}/api/v1/projects/{PROJECT}/places"
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        try:
            answer = await client.put(url, json=keys, headers={"Authorization": f"JWT {token}"})
        except httpx2.HTTPError as error:
            raise Upstream(f"the add-on does not answer: {type(error).__name__}") from error
    if answer.status_code != 200:
        raise Upstream(f"the add-on did not take the keys of the pretend tools: {answer.status_code}")
