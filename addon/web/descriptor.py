"""The descriptor at the address an administrator gives to Jira."""

from fastapi import APIRouter, Depends, Request, Response

from addon.settings import Settings
from addon.web.security import public
from addon.web.static_files import matches
from descriptor.build import MEDIA_TYPE, build


def router(settings: Settings) -> APIRouter:
    made = build(settings.base_url, settings.addon_key)
    routes = APIRouter(tags=["descriptor"], dependencies=[Depends(public)])

    @routes.api_route("/atlassian-connect.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def descriptor(request: Request) -> Response:
        """Made once from the settings; no header of a request can change an address in it."""
        headers = {"ETag": made.etag, "Cache-Control": "no-cache"}
        if matches(request, made.etag):
            return Response(status_code=304, headers=headers)
        return Response(made.body, media_type=MEDIA_TYPE, headers=headers)

    return routes
