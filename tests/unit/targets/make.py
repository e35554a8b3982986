"""Publications on their way out, for the tests of this room."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import httpx2

from addon.policy.projects import ProjectSettings
from addon.policy.tenants import Tenant
from addon.runs.feature import Writing
from addon.store.repos.publications import Publication
from tests.unit.targets.fake_jira import APP_ACCOUNT, SITE, FakeJira

NOW = 1_000_000.0
"""Seconds, long after everything that the tests say nothing else about."""
TENANT = Tenant("tenant-1", SITE, "https://jira.acme.example", APP_ACCOUNT, "en")


def publication(target: str, content: dict[str, Any], **changes: Any) -> Publication:
    item = changes.pop("item", 0)
    row = Publication(
        id="publication-1", tenant_id=TENANT.id, run_id="run-1", issue_id="10231", issue_key="SHOP-142",
        project_id="10010", target=target, item=item, marker=f"{target}:run-1:{item}", content=content, account_id=None,
        remote_id=None, remote_key=None, url=None, state="running", attempts=1, created_at=0.0, finished_at=None,
        error=None,
    )  # fmt: skip
    return replace(row, **changes)


def writing(
    jira: FakeJira,
    row: Publication,
    *,
    repeated: bool = False,
    previous: str | Publication | None = None,
    book: dict[str, Any] | None = None,
    answer: Callable[[httpx2.Request], httpx2.Response] | None = None,
    others_at: float = 0.0,
    now: float = NOW,
) -> Writing:
    """previous: what was written there before, or the id of the comment. book: where `keep` writes.

    answer: stands between us and the pretend Jira. others_at, now: as in `Writing`.
    """
    before = replace(row, id="publication-0", remote_id=previous) if isinstance(previous, str) else previous
    kept = book if book is not None else {}

    async def keep(value: Mapping[str, Any]) -> None:
        kept.clear()
        kept.update(value)

    return Writing(
        publication=row,
        tenant=TENANT,
        jira=jira.session(answer),
        addon_key=SITE.app_key,
        repeated=repeated,
        previous=before,
        keep=keep,
        others_at=others_at,
        now=lambda: now,
    )


class Settings:
    """The settings of every project."""

    def __init__(self, **changes: Any) -> None:
        self.settings = ProjectSettings(**changes)

    async def get(self, tenant_id: str, project_id: str) -> ProjectSettings:
        return self.settings
