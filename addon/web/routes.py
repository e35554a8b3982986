"""Every route of the add-on in one list, with the answers to what goes wrong in them."""

from fastapi import APIRouter, Depends, FastAPI
from fastapi.responses import JSONResponse

from addon.i18n.catalog import Texts
from addon.settings import ROOT, Settings
from addon.web import descriptor, health, lifecycle, pages, static_files, webhooks
from addon.web.api import (
    analyses,
    failures,
    freshness,
    generate,
    history,
    jira,
    load,
    money,
    places,
    projects,
    prompts,
    publish,
    runs,
    similar,
    site,
    summaries,
    verdicts,
)
from addon.web.errors import Errors
from addon.web.express import Ways, ways
from addon.web.pages import Pages
from addon.web.security import public
from addon.web.static_files import Assets


def add_to(app: FastAPI, settings: Settings) -> Ways:
    """Puts all of them below the path part of BASE_URL, the probes at the root as well; the short ways among them.

    Raises OSError or TemplateError for a broken build.
    """
    base = settings.base_path
    assets = Assets(ROOT / "static")
    # Rendered before the first request, so that a broken template is noticed by whoever deploys it.
    framed = Pages(settings, assets, texts=Texts())
    errors = Errors(framed, pages_below=f"{base}/ui/", debug=settings.enable_debug_routes)
    errors.install(app)
    in_frames = pages.router(framed)
    for routes in (
        health.probes,
        health.routes,
        descriptor.router(settings),
        static_files.router(assets),
        in_frames,
        lifecycle.router,
        webhooks.routes,
        analyses.routes,
        generate.routes,
        runs.routes,
        verdicts.routes,
        freshness.routes,
        history.routes,
        publish.routes,
        places.routes,
        projects.routes,
        summaries.routes,
        similar.routes,
        jira.routes,
        prompts.routes,
        site.routes,
        money.routes,
        load.routes,
        failures.routes,
        _schema(app),
    ):
        app.include_router(routes, prefix=base)
    if base:
        app.include_router(health.probes, include_in_schema=False)
    return ways([webhooks.routes, in_frames], base=base, errors=errors)


def _schema(app: FastAPI) -> APIRouter:
    routes = APIRouter(dependencies=[Depends(public)])

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi() -> JSONResponse:
        """What the HTTP API offers, as OpenAPI."""
        return JSONResponse(app.openapi())

    return routes
