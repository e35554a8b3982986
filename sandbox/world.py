"""What several pretend sites share: the key server of install hooks, the authorization server, one HTTP client."""

from dataclasses import dataclass, field

import httpx2

from sandbox.auth import Bearers
from sandbox.gate import Gate
from sandbox.lifecycle import Lifecycle
from sandbox.seed import fill
from sandbox.signing import InstallKeys
from sandbox.site import Json, Site
from sandbox.webhooks import Webhooks
from sandbox.xray import Xray
from sandbox.zephyr import Zephyr

NAMES = ("Northwind Books", "Gallery 12", "Atelier Sud", "Harbour Freight Desk", "Fjord Press")


@dataclass(slots=True)
class Place:
    """One site with everything that works for it."""

    site: Site
    webhooks: Webhooks
    lifecycle: Lifecycle
    gate: Gate


@dataclass(slots=True)
class World:
    """base: address of the first site's server, which also answers for keys, tokens, Xray and Zephyr Scale.

    hooked: every site with its webhooks, as the tools know them.
    """

    base: str
    client: httpx2.AsyncClient
    keys: InstallKeys = field(default_factory=InstallKeys)
    bearers: Bearers = field(default_factory=Bearers)
    places: list[Place] = field(default_factory=list)
    hooked: list[tuple[Site, Webhooks]] = field(default_factory=list)
    xray: Xray = field(init=False)
    zephyr: Zephyr = field(init=False)

    def __post_init__(self) -> None:
        self.xray, self.zephyr = Xray(self.hooked), Zephyr(self.hooked)

    def found(self, base_url: str) -> Place:
        """Adds a site at an address and fills it with issues."""
        site = Site(NAMES[len(self.places) % len(NAMES)], base_url, self.base)
        fill(site)
        webhooks = Webhooks(site, self.client)
        place = Place(
            site, webhooks, Lifecycle(site, self.keys, client=self.client), Gate(site, self.bearers, webhooks=webhooks)
        )
        self.places.append(place)
        self.hooked.append((site, webhooks))
        return place

    @property
    def audiences(self) -> set[str]:
        """Values of `aud` an assertion may carry: the authorization server by its origin or by its whole address."""
        # Atlassian's server has no path; ours has one, and clients name it either way.
        return {self.base, f"{self.base}/oauth"}

    def announcement(self) -> Json:
        """Everything an add-on and a test need to know, as printed by --announce."""
        hosts = ",".join(place.site.base_url.split("//")[1] for place in self.places)
        sites = [
            {
                "name": p.site.name,
                "url": p.site.base_url,
                "client_key": p.site.client_key,
                "xray": {"client_id": p.site.xray_client_id, "client_secret": p.site.xray_secret},
                "zephyr": {"token": p.site.zephyr_token},
            }
            for p in self.places
        ]
        return {
            "sites": sites,
            "environment": {
                "INSTALL_KEYS_URL": f"{self.base}/install-keys",
                "OAUTH_URL": f"{self.base}/oauth",
                "CONNECT_BRIDGE_URL": f"{self.base}/atlassian-connect/all.js",
                "JIRA_ALLOWED_HOSTS": hosts,
                "XRAY_BASE_URL": f"{self.base}/xray",
                "ZEPHYR_BASE_URL": f"{self.base}/zephyr/v2",
            },
        }

    async def close(self) -> None:
        for place in self.places:
            await place.webhooks.close()
        await self.client.aclose()
