"""Installing an add-on and everything after: the signed hooks Jira sends, and what it believes afterwards."""

import re
import secrets
import uuid
from typing import Any

import httpx2

from sandbox.people import User
from sandbox.signing import InstallKeys, qsh, relative, symmetric
from sandbox.site import Installation, Json, Site

TIMEOUT_S = 10.0
MODULE_KEY = re.compile(r"[a-zA-Z0-9-]{1,100}")


class HookError(Exception):
    """An install step the add-on refused or could not be reached for; the text is for the administrator."""


class Lifecycle:
    """Installs, disables and removes the add-on of one site."""

    def __init__(self, site: Site, keys: InstallKeys, *, client: httpx2.AsyncClient) -> None:
        self.site = site
        self.keys = keys
        self.client = client

    async def install(self, addon: str) -> Installation:
        """First install, upgrade, reinstall and rotation of the secret are one path, as in Jira. Raises HookError."""
        descriptor = await self._fetch(addon.rstrip("/"))
        known = self.site.installation
        installation = Installation(
            addon.rstrip("/"),
            descriptor,
            self.site.client_key,
            secrets.token_urlsafe(48),
            known.oauth_client_id if known else secrets.token_urlsafe(24),
            self._app_account(descriptor),
        )
        # Labels are translated by the host; the add-on only delivers the words.
        installation.translations = await self._translations(descriptor)
        # Jira signs with the new secret only after the add-on took it, yet the add-on may call back at once.
        if known and known.client_key == installation.client_key and known.state != "uninstalled":
            installation.replaces = known.signing_secret
        self.site.installation = installation
        try:
            await self._hook(installation, "installed", signed=True)
        except HookError:
            self.site.installation = known
            raise
        installation.replaces = None
        await self._quietly(installation, "enabled")
        return installation

    async def uninstall(self, *, late_disabled: bool = False) -> None:
        """Tells `disabled`, then `uninstalled` within milliseconds; late_disabled turns the order round."""
        installation = self._installed()
        if not late_disabled:
            await self._quietly(installation, "disabled")
        # Set before the hook is sent: an add-on that calls back now is refused already.
        installation.state = "uninstalled"
        await self._quietly(installation, "uninstalled", signed=True)
        if late_disabled:
            await self._quietly(installation, "disabled")

    async def set_enabled(self, enabled: bool) -> None:
        installation = self._installed()
        installation.state = "enabled" if enabled else "disabled"
        await self._quietly(installation, installation.state)

    async def import_site(self) -> Installation:
        """A site import: the same address with a new client key, an install, and no word about the old one."""
        addon = self._installed().addon
        # Nobody tells the add-on goodbye for the old key: tenants must be found by client key, never by address.
        self.site.client_key = str(uuid.uuid4())
        return await self.install(addon)

    async def announce(self, event: str, *, signed: bool) -> int:
        """Sends one hook again as it stands; answers the add-on's status."""
        return await self._send(self._installed(), event, signed=signed)

    def _installed(self) -> Installation:
        if self.site.installation is None:
            raise HookError("No add-on is installed on this site.")
        return self.site.installation

    def _app_account(self, descriptor: Json) -> str:
        known = self.site.user("app")
        if known is None:
            # The add-on's account survives a reinstall, and with it the authorship of its comments.
            known = User(f"557058:{uuid.uuid4()}", str(descriptor.get("name", descriptor["key"])), "app", kind="app")
            self.site.users[known.account_id] = known
        return known.account_id

    async def _fetch(self, addon: str) -> Json:
        try:
            answer = await self.client.get(f"{addon}/atlassian-connect.json", timeout=TIMEOUT_S)
            descriptor = answer.json() if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError) as error:
            raise HookError(f"The descriptor at {addon} could not be read: {type(error).__name__}.") from error
        if not isinstance(descriptor, dict):
            raise HookError(f"The descriptor at {addon} was answered {answer.status_code}.")
        found = faults_of(descriptor)
        if found:
            self.site.complain("descriptor", "; ".join(found), status=400)
            raise HookError(f"The descriptor is not acceptable: {'; '.join(found)}")
        return descriptor

    async def _translations(self, descriptor: Json) -> dict[str, dict[str, str]]:
        paths = descriptor.get("translations", {}).get("paths", {})
        found: dict[str, dict[str, str]] = {}
        for language, path in paths.items():
            try:
                answer = await self.client.get(str(descriptor["baseUrl"]) + path, timeout=TIMEOUT_S)
                found[language] = answer.json() if answer.status_code == 200 else {}
            except (httpx2.HTTPError, ValueError):
                self.site.complain("descriptor", f"the translation {path} could not be read", status=404)
        return found

    async def _hook(self, installation: Installation, event: str, *, signed: bool = False) -> None:
        status = await self._send(installation, event, signed=signed)
        # Atlassian counts every other answer as a failure, 202 included.
        if status not in (200, 204):
            self.site.complain(f"lifecycle.{event}", f"was answered {status}", status=status)
            raise HookError(f"The add-on answered {status} to {event}.")

    async def _quietly(self, installation: Installation, event: str, *, signed: bool = False) -> None:
        """Hooks other than `installed` are told once; what the add-on answers changes nothing."""
        try:
            await self._hook(installation, event, signed=signed)
        except HookError:
            return

    async def _send(self, installation: Installation, event: str, *, signed: bool) -> int:
        # Only the hooks a descriptor names are sent.
        path = installation.descriptor.get("lifecycle", {}).get(event)
        if path is None:
            return 204
        url = installation.base_url + path
        hashed = qsh("POST", relative(url, installation.base_url))
        own = {"iss": installation.client_key, "qsh": hashed, "jti": str(uuid.uuid4())}
        token = (
            self.keys.sign(installation.client_key, installation.base_url, hashed=hashed)
            if signed
            else symmetric(installation.shared_secret, own)
        )
        try:
            answer = await self.client.post(
                url,
                json=payload(self.site, installation, event=event),
                headers={"Authorization": f"JWT {token}"},
                timeout=TIMEOUT_S,
            )
        except httpx2.HTTPError as error:
            raise HookError(f"The add-on could not be reached for {event}: {type(error).__name__}.") from error
        return answer.status_code


def payload(site: Site, installation: Installation, *, event: str) -> Json:
    """The body of a lifecycle hook; only `installed` carries the shared secret."""
    answer: Json = {
        "key": installation.key,
        "clientKey": installation.client_key,
        "oauthClientId": installation.oauth_client_id,
        "publicKey": "",
        "serverVersion": "100300",
        "pluginsVersion": "1001.0.0-SNAPSHOT",
        "baseUrl": site.base_url,
        "displayUrl": site.base_url,
        "displayUrlServicedeskHelpCenter": site.base_url,
        "productType": "jira",
        "description": f"{site.name}, a pretend Jira site",
        "eventType": event,
    }
    return answer | {"sharedSecret": installation.shared_secret} if event == "installed" else answer


def faults_of(descriptor: Json) -> list[str]:
    """What Jira would refuse in a descriptor; only the rules that matter for a running add-on."""
    found = [f"{name} is missing" for name in ("key", "baseUrl", "authentication") if name not in descriptor]
    if found:
        return found
    modules: dict[str, Any] = descriptor.get("modules", {})
    if descriptor["authentication"].get("type") == "jwt" and "installed" not in descriptor.get("lifecycle", {}):
        found.append("authentication jwt needs the lifecycle hook installed")
    if modules.get("webhooks") and not {"READ", "read"} & set(descriptor.get("scopes", [])):
        found.append("webhooks need the scope READ")
    if not str(descriptor["baseUrl"]).startswith(("https://", "http://127.0.0.1", "http://localhost")):
        found.append("baseUrl must be https")
    keyed = [
        m
        for name, value in modules.items()
        if name != "webhooks"
        for m in (value if isinstance(value, list) else [value])
    ]
    keys = [str(module.get("key", "")) for module in keyed]
    found += [f"module key {key!r} is not allowed" for key in keys if not MODULE_KEY.fullmatch(key)]
    found += [f"module key {key!r} is used twice" for key in set(keys) if keys.count(key) > 1]
    return found
