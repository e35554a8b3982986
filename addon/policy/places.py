"""Where the tests of a project are kept: connected by its administrators, with secrets that never leave again."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from addon.errors import Conflict, Invalid
from addon.settings import Settings
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.repos import places as rows
from addon.store.repos.places import PlaceRow
from addon.store.secrets import Seals
from addon.testmgmt import xray, zephyr
from addon.testmgmt.errors import NAMES, ToolError, ToolNotFound, ToolUnauthorized
from addon.testmgmt.tools import Tools
from addon.testmgmt.xray import Xray, XrayAccess
from addon.testmgmt.zephyr import Zephyr, ZephyrAccess

Tool = Literal["xray", "zephyr"]
Key = Annotated[SecretStr, Field(max_length=4_000)]
ProjectKey = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,254}$")]
_PLAIN = r"^[\x21-\x7e]*$"


class NotConnected(Conflict):
    """An administrator of the project has to enter credentials first."""

    code = "not_connected"

    def __init__(self, tool: str) -> None:
        super().__init__(
            f"{NAMES[tool]} is not connected to this project; an administrator does that in the project's settings."
        )


class XrayChange(BaseModel):
    """client_secret: absent or null keeps the stored one. project_key: null for the project itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Literal["global", "us", "eu", "au"] = "global"
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=_PLAIN)]
    client_secret: Key | None = None
    project_key: ProjectKey | None = None


class ZephyrChange(BaseModel):
    """token: absent or null keeps the stored one. project_key: null for the project itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Literal["global", "eu"] = "global"
    token: Key | None = None
    project_key: ProjectKey | None = None


class Places:
    """Stores and opens credentials. A project picks a region, never an address: only the operator names hosts."""

    def __init__(
        self, db: Database, seals: Seals, *, settings: Settings, tools: Tools, now: Callable[[], float] | None = None
    ) -> None:
        self._db = db
        self._seals = seals
        self._settings = settings
        self._tools = tools
        self._now = now or db.utc

    async def saved(self, tenant_id: str, project_id: str) -> Mapping[str, PlaceRow]:
        """By tool; secrets stay sealed."""
        async with self._db.single() as tx:
            return await rows.of_project(tx, tenant_id, project_id=project_id)

    async def save(
        self,
        tenant_id: str,
        project_id: str,
        *,
        changes: Mapping[str, XrayChange | ZephyrChange | None],
        account_id: str,
    ) -> Mapping[str, PlaceRow]:
        """By tool what is to be stored, None to disconnect it; tools not named stay. Raises Invalid."""
        async with self._db.begin() as tx:
            known = await rows.of_project(tx, tenant_id, project_id=project_id, lock=True)
            for tool, change in changes.items():
                if change is None:
                    await rows.remove(tx, tenant_id, project_id=project_id, tool=tool)
                else:
                    row = self._row(tenant_id, tool, known=known.get(tool), change=change)
                    await rows.save(tx, tenant_id, project_id=project_id, row=replace(row, updated_by=account_id))
                detail = _told(change)
                await audit.record(
                    tx, tenant_id, account_id=account_id, action=f"place.{tool}", subject=project_id, detail=detail
                )
            return await rows.of_project(tx, tenant_id, project_id=project_id)

    async def connected(self, tenant_id: str, project_id: str, *, tool: str) -> bool:
        found = (await self.saved(tenant_id, project_id)).get(tool)
        return found is not None and found.secret is not None

    async def project_key(self, tenant_id: str, project_id: str, *, tool: str) -> str | None:
        """Where the tests belong when that is another project."""
        found = (await self.saved(tenant_id, project_id)).get(tool)
        return found.project_key if found else None

    async def xray(self, tenant_id: str, project_id: str) -> tuple[Xray, str | None]:
        """The project's Xray, and the key of the project for its tests if that is another. Raises NotConnected."""
        row, secret = await self._opened(tenant_id, project_id, tool="xray")
        base_url = self._settings.xray_base_url or xray.REGIONS[row.region]
        return self._tools.xray(XrayAccess(base_url, row.client_id or "", secret)), row.project_key

    async def zephyr(self, tenant_id: str, project_id: str) -> tuple[Zephyr, str | None]:
        """As `xray`."""
        row, secret = await self._opened(tenant_id, project_id, tool="zephyr")
        base_url = self._settings.zephyr_base_url or zephyr.REGIONS[row.region]
        return self._tools.zephyr(ZephyrAccess(base_url, secret)), row.project_key

    async def test(self, tenant_id: str, project_id: str, *, project_key: str, tool: str) -> str:
        """Authenticates for real; "" when that works, else a sentence for the administrator. Raises NotConnected."""
        wanted = await self.project_key(tenant_id, project_id, tool=tool) or project_key
        try:
            if tool == "zephyr":
                client, _ = await self.zephyr(tenant_id, project_id)
                enabled = await client.project_enabled(wanted)
                return "" if enabled else f"Zephyr Scale is switched off in the project {wanted}."
            tests, _ = await self.xray(tenant_id, project_id)
            await tests.authenticate()
            await tests.test_types(wanted)
            return ""
        except ToolUnauthorized:
            return REFUSED[tool]
        except ToolNotFound:
            return f"{NAMES[tool]} does not know the project {wanted}, or the owner of the key may not see it."
        except ToolError as error:
            return error.detail

    async def _opened(self, tenant_id: str, project_id: str, *, tool: str) -> tuple[PlaceRow, str]:
        row = (await self.saved(tenant_id, project_id)).get(tool)
        if row is None or row.secret is None:
            raise NotConnected(tool)
        return row, self._seals.open(row.secret, tenant_id)

    def _row(self, tenant_id: str, tool: str, *, known: PlaceRow | None, change: XrayChange | ZephyrChange) -> PlaceRow:
        given = change.client_secret if isinstance(change, XrayChange) else change.token
        client_id = change.client_id if isinstance(change, XrayChange) else None
        text = given.get_secret_value().strip() if given else ""
        if text and not (text.isascii() and text.isprintable() and " " not in text):
            raise Invalid("The key holds characters that no key has; copy it once more.")
        sealed = self._seals.seal(text, tenant_id) if text else None
        # A secret belongs to the account and the region it was entered for: no other one may receive it.
        if sealed is None and known and (known.client_id, known.region) == (client_id, change.region):
            sealed = known.secret
        if sealed is None:
            raise Invalid("Enter the key: there is none stored for this account and region.")
        return PlaceRow(tool, change.region, client_id, sealed, change.project_key, None, self._now())


REFUSED = {
    "xray": "Xray does not accept this client id and secret; make an API key in Xray's global settings and try again.",
    "zephyr": "Zephyr Scale does not accept this token; make one under “Zephyr API keys” in your Jira menu.",
}


def _told(change: XrayChange | ZephyrChange | None) -> dict[str, Any]:
    """For the audit: what was decided, never a secret."""
    if change is None:
        return {"connected": False}
    given = change.client_secret if isinstance(change, XrayChange) else change.token
    return {
        "connected": True,
        "region": change.region,
        "project_key": change.project_key,
        "key_changed": bool(given and given.get_secret_value()),
    }
