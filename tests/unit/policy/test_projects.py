from typing import Any

import pytest
from sqlalchemy import insert

from addon.errors import Invalid
from addon.policy.projects import LANGUAGES, InvalidSettings, Projects, ProjectSettings, merge, read
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.tables.projects import projects
from addon.store.tables.tenants import tenants


async def add_tenant(db: Database, tenant_id: str = "tenant-a") -> str:
    async with db.begin() as tx:
        await tx.execute(
            insert(tenants).values(
                id=tenant_id,
                client_key=f"client-{tenant_id}",
                state="installed",
                base_url=f"https://{tenant_id}.atlassian.net",
                display_url=f"https://{tenant_id}.atlassian.net",
                installed_at=0.0,
                updated_at=0.0,
            )
        )
    return tenant_id


def test_a_new_project_is_analysed_and_gets_one_comment() -> None:
    settings = ProjectSettings()
    assert settings.auto_analyze
    assert settings.auto_comment
    assert settings.ignore_apps
    assert not settings.auto_subtasks
    assert not settings.auto_criteria


def test_issue_types_are_wanted_by_id_or_name_and_all_when_none_is_named() -> None:
    assert ProjectSettings().wants("10001", "Story")
    some = ProjectSettings(issue_types=["10001", "bug"])
    assert some.wants("10001", "Récit")
    assert some.wants("10004", "Bug")
    assert not some.wants("10002", "Task")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"autoanalyze": True}, "autoanalyze"),
        ({"language": "english"}, "language"),
        ({"min_quality": 101}, "min_quality"),
        ({"min_quality": "5"}, "min_quality"),
        ({"auto_comment": "yes"}, "auto_comment"),
        ({"instruction": "x" * 2001}, "instruction"),
        ({"criteria_field": "summary"}, "criteria_field"),
        ({"issue_types": ["x"] * 101}, "issue_types"),
        ({"issue_types": [""]}, "issue_types"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_not_repeated(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid, match=place) as refused:
        merge(ProjectSettings(), changes)
    assert "english" not in refused.value.detail


def test_criteria_cannot_be_written_to_no_field() -> None:
    with pytest.raises(InvalidSettings) as refused:
        merge(ProjectSettings(), {"auto_criteria": True})
    assert list(refused.value.fields) == ["criteria_field"]
    assert merge(ProjectSettings(), {"auto_criteria": True, "criteria_field": "customfield_1"}).auto_criteria


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_on_offer_can_be_chosen(language: str) -> None:
    assert merge(ProjectSettings(), {"language": language}).language == language


def test_nothing_chosen_in_a_form_means_none() -> None:
    assert merge(ProjectSettings(criteria_field="customfield_1"), {"criteria_field": ""}).criteria_field is None


def test_what_another_release_left_behind_falls_back_to_the_default() -> None:
    assert read({"language": "klingon", "future": 1, "auto_comment": False}) == ProjectSettings(auto_comment=False)
    assert read(None) == ProjectSettings()


async def test_a_part_is_put_over_what_is_stored(database: Database) -> None:
    tenant_id = await add_tenant(database)
    policy = Projects(database, now=lambda: 500.0)
    await policy.save(tenant_id, "10000", changes={"language": "fr"}, account_id="ann")
    saved = await policy.save(tenant_id, "10000", changes={"auto_subtasks": True}, account_id="bob")
    assert saved.settings == ProjectSettings(language="fr", auto_subtasks=True)
    assert (saved.updated_by, saved.updated_at) == ("bob", 500.0)
    assert await Projects(database).saved(tenant_id, "10000") == saved
    assert await Projects(database).get(tenant_id, "10000") == saved.settings


async def test_only_differences_are_stored_and_the_change_is_audited(database: Database) -> None:
    tenant_id = await add_tenant(database)
    await Projects(database).save(
        tenant_id, "10000", changes=ProjectSettings(language="fr").model_dump(), account_id="ann"
    )
    async with database.begin() as tx:
        assert (await tx.execute(projects.select())).one().settings == {"language": "fr"}
        event = (await audit.latest(tx, tenant_id))[0]
    assert (event.action, event.account_id, event.subject) == ("project.settings", "ann", "10000")
    assert event.detail == {"changed": ["language"]}


async def test_a_refused_change_leaves_everything_as_it_was(database: Database) -> None:
    tenant_id = await add_tenant(database)
    policy = Projects(database)
    with pytest.raises(Invalid):
        await policy.save(tenant_id, "10000", changes={"language": "fr", "unknown": 1}, account_id="ann")
    assert (await policy.saved(tenant_id, "10000")).updated_at is None


async def test_settings_belong_to_one_tenant_and_one_project(database: Database) -> None:
    a, b = await add_tenant(database), await add_tenant(database, "tenant-b")
    policy = Projects(database)
    await policy.save(a, "10000", changes={"auto_analyze": False}, account_id="ann")
    assert not (await policy.get(a, "10000")).auto_analyze
    assert (await policy.get(b, "10000")).auto_analyze
    assert (await policy.get(a, "10001")).auto_analyze


async def test_a_change_elsewhere_is_noticed_within_ten_seconds(database: Database) -> None:
    tenant_id, now = await add_tenant(database), [0.0]
    here, elsewhere = Projects(database, clock=lambda: now[0]), Projects(database)
    assert (await here.get(tenant_id, "10000")).auto_analyze
    await elsewhere.save(tenant_id, "10000", changes={"auto_analyze": False}, account_id="ann")
    assert (await here.get(tenant_id, "10000")).auto_analyze
    now[0] = 11.0
    assert not (await here.get(tenant_id, "10000")).auto_analyze
