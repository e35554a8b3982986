"""The add-on's modules and the addresses Jira frames them under, with every parameter it appends."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.catalog import Project
from sandbox.signing import CONTEXT, CONTEXT_QSH, PAGE, Life, qsh, relative, symmetric
from sandbox.site import Installation, Issue, Json, Site


@dataclass(frozen=True, slots=True)
class Where:
    """What a module is shown beside: an issue, or a project, or neither."""

    issue: Issue | None = None
    project: Project | None = None

    def variables(self) -> dict[str, str]:
        """Values of the URL variables; empty when there is nothing to name."""
        issue, project = self.issue, self.issue.project if self.issue else self.project
        return {
            "issue.id": str(issue.id) if issue else "",
            "issue.key": issue.key if issue else "",
            "issuetype.id": issue.type_id if issue else "",
            "project.id": project.id if project else "",
            "project.key": project.key if project else "",
        }

    def context(self) -> Json:
        """The unsigned hints of AP.context.getContext, which are also the signed context of a context token."""
        has = self.variables()
        jira: Json = {}
        if self.issue is not None:
            jira["issue"] = {"id": has["issue.id"], "key": has["issue.key"], "issuetype": {"id": has["issuetype.id"]}}
        if has["project.id"]:
            jira["project"] = {"id": has["project.id"], "key": has["project.key"]}
        return {"jira": jira, "license": {"active": False}}


PLACES = (
    "jiraIssueContexts",
    "jiraIssueContents",
    "jiraProjectPages",
    "jiraProjectAdminTabPanels",
    "adminPages",
    "configurePage",
    "generalPages",
)


def modules(installation: Installation, place: str) -> list[Json]:
    found = installation.descriptor.get("modules", {}).get(place, [])
    return found if isinstance(found, list) else [found]


def module(installation: Installation, key: str) -> Json | None:
    return next((m for place in PLACES for m in modules(installation, place) if m.get("key") == key), None)


def label(installation: Installation, name: Any, *, language: str) -> str:
    """A label in the reader's language, English when it has no translation."""
    if not isinstance(name, dict):
        return str(name or "")
    # Descriptor languages carry a region (fr-FR), readers only choose a language.
    for locale, texts in installation.translations.items():
        if locale.lower().startswith(language) and name.get("i18n") in texts:
            return texts[name["i18n"]]
    return str(name.get("value", ""))


def address(site: Site, shown: Json, *, account_id: str, where: Where) -> str:
    """The URL of a module's iframe for one person."""
    template = str(shown["target"]["url"] if "target" in shown else shown["url"])
    # Both spellings of a variable are in use: {issue.id} and the older ${issue.id}.
    for name, value in where.variables().items():
        template = template.replace("${" + name + "}", quote(value)).replace("{" + name + "}", quote(value))
    return page(site, template, account_id=account_id, key=str(shown["key"]))


def page(site: Site, path: str, *, account_id: str | None, key: str = "page", life: Life = PAGE) -> str:
    """A framed page's full URL, signed. path: below the add-on's base URL, its own query included."""
    installation = site.installed
    # Everything Jira appends is covered by the hash, in whatever order it comes.
    appended = {
        "xdm_e": site.base_url,
        "xdm_c": f"channel-{installation.key}__{key}",
        "cp": "",
        "xdm_deprecated_addon_key_do_not_use": installation.key,
        "lic": "none",
        "cv": "1001.0.0-SNAPSHOT",
    }
    url = f"{installation.base_url}{path}{'&' if '?' in path else '?'}{urlencode(appended)}"
    claims: Json = {"iss": installation.client_key, "sub": account_id, "context": {}}
    hashed = qsh("GET", relative(url, installation.base_url))
    return f"{url}&jwt={symmetric(installation.signing_secret, {**claims, 'qsh': hashed}, life=life)}"


def context_token(site: Site, account_id: str | None, *, where: Where, life: Life = CONTEXT) -> str:
    """The token AP.context.getToken hands out."""
    installation = site.installed
    claims = {"iss": installation.client_key, "sub": account_id, "qsh": CONTEXT_QSH, "context": where.context()}
    return symmetric(installation.signing_secret, claims, life=life)
