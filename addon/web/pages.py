"""The four pages Jira shows in a frame. Each is one prebuilt run of bytes; what varies is fetched by its script."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from addon.i18n.catalog import N_, Texts
from addon.policy.access import ADMINISTER_PROJECT, BROWSE
from addon.policy.tenants import Tenant
from addon.settings import ROOT, Settings
from addon.store.secrets import SealBroken
from addon.web.security import PageCaller
from addon.web.state import HouseDep
from addon.web.static_files import Assets

HTML = "text/html; charset=utf-8"
TOKEN_ASSETS = "https://ds-cdn.prod-east.frontend.public.atl-paas.net"  # noqa: S105 - design tokens, nothing secret
JIRA_FRAMES = ("https://*.atlassian.net", "https://*.jira.com")
PAGES = ("panel", "project", "project_settings", "site_admin")

IssueId = Annotated[str, Query(alias="issueId", pattern=r"^\d{1,18}$")]
ProjectId = Annotated[str, Query(alias="projectId", pattern=r"^\d{1,18}$")]

WORDS: dict[int | str, tuple[str, str]] = {
    401: (
        N_("JiraVision could not open this page"),
        N_("Your session with Jira may have ended. Reload the Jira page; if this stays, tell your Jira administrator."),
    ),
    403: (
        N_("You may not open this page"),
        N_("Jira says that you lack the right to see it."),
    ),
    404: (N_("There is nothing to show here"), N_("The issue or project does not exist, or you may not see it.")),
    503: (
        N_("JiraVision cannot be reached right now"),
        N_("Jira or the database does not answer. Reload the Jira page in a minute."),
    ),
    SealBroken.code: (
        N_("JiraVision has lost the key to this site"),
        N_("Its operator has to bring back the APP_SECRET_KEY with which it was installed, or you install it again."),
    ),
}


class Pages:
    """Renders everything once. Raises jinja2's TemplateError at start rather than at a reader's request."""

    def __init__(self, settings: Settings, assets: Assets, *, texts: Texts) -> None:
        bridge = urlsplit(settings.connect_bridge_url)
        self._bridge = f"{bridge.scheme}://{bridge.netloc}"
        self._texts = texts
        shared = {
            "base": settings.base_path,
            "bridge_url": settings.connect_bridge_url,
            "version": assets.version,
            "messages_json": Markup(texts.messages_json()),  # noqa: S704 - escaped for a script element by its maker
        }
        env = _templates()
        self._bytes = {
            name: env.get_template(f"{name}.html").render(shared, modules=assets.modules(f"{name}.js")).encode()
            for name in PAGES
        }
        # An answer is made once for every page of a site, and sent as it is from then on.
        self._shown = lru_cache(maxsize=1024)(self._made)
        refused = env.get_template("refused.html")
        self._refused = {
            (reason, language): refused.render(shared, language=language, title=say(title), detail=say(detail))
            for language in texts.languages
            for say in (texts.of(language),)
            for reason, (title, detail) in WORDS.items()
        }

    def show(self, name: str, tenant: Tenant) -> Response:
        """A page as the tenant's own site may frame it."""
        return self._shown(name, tenant.site.base_url, tenant.display_url)

    def _made(self, name: str, *framed_by: str) -> Response:
        headers = {"Content-Security-Policy": self._policy(framed_by)}
        return Response(self._bytes[name], media_type=HTML, headers=headers)

    def refusal(self, request: Request, status: int, *, code: str, headers: Mapping[str, str]) -> Response:
        """Why there is no page, in the reader's language. Without a verified caller only Jira's own hosts frame it."""
        known = next((reason for reason in (code, status) if reason in WORDS), 503 if status >= 429 else 404)
        language = preferred(request.headers.get("accept-language", ""), self._texts.languages)
        # Both are ours and plain: a code of the tree of errors and a checked request id.
        body = self._refused[known, language].replace("{code}", code).replace("{reference}", request.state.request_id)
        site: Tenant | None = getattr(request.state, "framed_by", None)
        policy = self._policy((site.site.base_url, site.display_url) if site else ())
        csp = {"Content-Security-Policy": policy, "Vary": "Accept-Language"}
        return Response(body, status, media_type=HTML, headers={**headers, **csp})

    def _policy(self, addresses: tuple[str, ...]) -> str:
        """addresses: of the site, where it is known."""
        # With the token it is known whose page it is: no other site, not even another Jira, may frame it.
        named = [_origin(url) for url in addresses] if addresses else JIRA_FRAMES
        frames = dict.fromkeys(origin for origin in named if origin) or ("'none'",)
        return "; ".join(
            (
                "default-src 'none'",
                f"script-src 'self' {self._bridge}",
                f"style-src 'self' {self._bridge} {TOKEN_ASSETS}",
                f"font-src 'self' {TOKEN_ASSETS}",
                "img-src 'self' data:",
                "connect-src 'self'",
                "form-action 'none'",
                "base-uri 'none'",
                "object-src 'none'",
                f"frame-ancestors {' '.join(frames)}",
            )
        )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    """Compiled once, however many applications a process makes."""
    return Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(),
        # A name the template uses and nobody gives shall stop the start, not show as a gap.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _origin(url: str) -> str | None:
    """Scheme, host and port; None for what is no plain address, so that nothing else can enter the header."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or not host.replace(".", "").replace("-", "").isalnum():
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") if host.isascii() else None


def preferred(accepted: str, languages: tuple[str, ...]) -> str:
    """The best of our languages for an Accept-Language header; the first of them when none fits."""
    ranked: list[tuple[float, str]] = []
    # Cut off, because a header may be as long as the server allows.
    for part in accepted[:400].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((float(quality or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    for _, name in sorted(ranked, key=lambda pair: -pair[0]):
        if name in languages:
            return name
    return languages[0]


def router(pages: Pages) -> APIRouter:
    routes = APIRouter(prefix="/ui", tags=["pages"], default_response_class=Response)

    @routes.get("/issue-panel")
    async def issue_panel(house: HouseDep, caller: PageCaller, *, issue_id: IssueId) -> Response:
        """The panel beside an issue, for whoever may see the issue."""
        await house.access.require_issue(caller.tenant, caller.account_id, issue_id, BROWSE)
        return pages.show("panel", caller.tenant)

    @routes.get("/project")
    async def project(house: HouseDep, caller: PageCaller, *, project_id: ProjectId) -> Response:
        """The page of a project, for whoever may see the project."""
        await house.access.require_project(caller.tenant, caller.account_id, project_id, BROWSE)
        return pages.show("project", caller.tenant)

    @routes.get("/project-settings")
    async def project_settings(house: HouseDep, caller: PageCaller, *, project_id: ProjectId) -> Response:
        """The page in a project's settings, for its administrators."""
        await house.access.require_project(caller.tenant, caller.account_id, project_id, ADMINISTER_PROJECT)
        return pages.show("project_settings", caller.tenant)

    @routes.get("/site-admin")
    async def site_admin(house: HouseDep, caller: PageCaller) -> Response:
        """The page of the site's administrators."""
        await house.access.require_site_admin(caller.tenant, caller.account_id)
        return pages.show("site_admin", caller.tenant)

    return routes
