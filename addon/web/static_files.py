"""Scripts, styles and images of our pages, held in memory and named by a hash of all of them."""

import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response

from addon.errors import NotFound
from addon.web.security import public

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"
VERSIONED = re.compile(r"v-([0-9a-z]+)/(.+)")
"""A version in front of a name: modules import each other by relative names, which then carry the version along."""
IMPORT = re.compile(r'^(?:import|export) [^;()="]*from "(\.[^"]+)"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    media_type: str
    etag: str


class Assets:
    """Every file below a folder. version: changes whenever any of them does, because modules import each other."""

    def __init__(self, folder: Path) -> None:
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        self._files = {path.relative_to(folder).as_posix(): _read(path) for path in paths}
        whole = hashlib.sha256("\n".join(f"{name} {file.etag}" for name, file in self._files.items()).encode())
        self.version = whole.hexdigest()[:16]

    def get(self, name: str) -> Asset:
        """Raises NotFound; a name with `..` is simply none of ours."""
        try:
            return self._files[name]
        except KeyError:
            raise NotFound("There is no such file.") from None

    def modules(self, entry: str) -> tuple[str, ...]:
        """What a script imports, and what that imports in turn: a page names them all, so that they load at once."""
        found = [entry]
        # Grows while it is walked.
        for name in found:
            near = IMPORT.findall(self.get(name).body.decode())
            paths = (posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) for path in near)
            found += [path for path in dict.fromkeys(paths) if path not in found]
        return tuple(found[1:])


def _read(path: Path) -> Asset:
    # Read once: a file cannot change under a version that promised it would not.
    body = path.read_bytes()
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(body, TYPES.get(path.suffix, guessed), f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def matches(request: Request, etag: str) -> bool:
    """Whether the caller already has this version (If-None-Match)."""
    return any(
        tag.strip().removeprefix("W/") in (etag, "*") for tag in request.headers.get("if-none-match", "").split(",")
    )


def router(assets: Assets) -> APIRouter:
    routes = APIRouter(tags=["static"], dependencies=[Depends(public)])

    @routes.api_route(
        "/static/{name:path}", methods=["GET", "HEAD"], include_in_schema=False, dependencies=[Depends(public)]
    )
    async def static_file(request: Request, name: str) -> Response:
        """A file; cacheable for ever under `v-<the current version>/name`, asked for again under any other address."""
        named = VERSIONED.fullmatch(name)
        version, path = named.groups() if named else (request.query_params.get("v"), name)
        asset = assets.get(path)
        headers = {"ETag": asset.etag, "Cache-Control": FOREVER if version == assets.version else ASK_AGAIN}
        if matches(request, asset.etag):
            return Response(status_code=304, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    return routes
