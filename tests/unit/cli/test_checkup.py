"""What `doctor` finds in good and bad configurations."""

from pathlib import Path
from typing import Any

import pytest

from addon.cli.checkup import Finding, checkup
from addon.settings import Settings
from addon.store.keyring import open_seals
from addon.store.migrate import migrate
from tests.services import free_port


def settings(folder: Path, **other: Any) -> Settings:
    base = {"base_url": f"http://127.0.0.1:{free_port()}", "database_url": f"sqlite+aiosqlite:///{folder / 'a.db'}"}
    return Settings(**{**base, **other}, _env_file=None)


def contents(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def found(wanted: Settings) -> dict[str, Finding]:
    return {finding.what: finding for finding in await checkup(wanted)}


async def test_a_fresh_checkout_works_and_says_what_will_be_made(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path))
    assert "fail" not in [finding.state for finding in findings.values()]
    assert "will be made" in findings["DATABASE_URL"].said
    assert "will be made" in findings["APP_SECRET_KEY"].said
    assert findings["Descriptor"].state == "warn"
    assert "rules judge" in findings["Model"].said
    assert contents(tmp_path) == []


async def test_a_database_at_the_newest_schema_is_fine(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    await migrate(wanted.database_url)
    open_seals(wanted)
    findings = await found(wanted)
    assert findings["DATABASE_URL"].said == "SQLite, newest schema"
    assert findings["APP_SECRET_KEY"].said == f"kept in {tmp_path / 'a.db.key'}"


async def test_an_empty_database_file_is_behind(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch()
    finding = (await found(settings(tmp_path)))["DATABASE_URL"]
    assert (finding.state, "migrate" in finding.todo) == ("warn", True)


async def test_a_key_file_others_can_read_is_told(tmp_path: Path) -> None:
    key = tmp_path / "a.db.key"
    key.write_text("k" * 40)
    key.chmod(0o644)
    finding = (await found(settings(tmp_path)))["APP_SECRET_KEY"]
    assert (finding.state, finding.todo) == ("warn", f"chmod 600 {key}")


@pytest.mark.parametrize(
    ("other", "what", "said"),
    [
        ({"app_secret_key": "short"}, "APP_SECRET_KEY", ""),
        ({"database_url": f"postgresql+asyncpg://u:p@127.0.0.1:{free_port()}/d"}, "DATABASE_URL", ""),
        ({"database_url": "postgresql+asyncpg://u:p@127.0.0.1:1/d"}, "APP_SECRET_KEY", "PostgreSQL"),
        ({"database_url": "mysql://x"}, "DATABASE_URL", ""),
        ({"database_url": "mysql://x"}, "APP_SECRET_KEY", ""),
        ({"jira_allowed_hosts": ""}, "JIRA_ALLOWED_HOSTS", "no Jira"),
        (
            {"llm_provider": "openai", "llm_model": "m", "llm_base_url": f"http://127.0.0.1:{free_port()}/v1",
             "llm_api_key": "k", "llm_timeout": 5},
            "Model", "",
        ),
    ],
)  # fmt: skip
async def test_what_will_not_work_fails_with_a_reason(
    tmp_path: Path, other: dict[str, Any], what: str, said: str
) -> None:
    finding = (await found(settings(tmp_path, **other)))[what]
    assert finding.state == "fail"
    assert finding.said
    assert said in finding.said


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"jira_allowed_hosts": "127.0.0.1:8090"}, "JIRA_ALLOWED_HOSTS"),
        ({"install_keys_url": "http://127.0.0.1:8090/install-keys"}, "INSTALL_KEYS_URL"),
        ({"oauth_url": "http://127.0.0.1:8090/oauth"}, "OAUTH_URL"),
        ({"enable_debug_routes": True, "base_url": "https://addon.invalid"}, "ENABLE_DEBUG_ROUTES"),
    ],
)
async def test_what_is_right_for_development_only_is_a_warning(
    tmp_path: Path, other: dict[str, Any], what: str
) -> None:
    finding = (await found(settings(tmp_path, **other)))[what]
    assert finding.state == "warn"


async def test_a_long_enough_key_of_the_operator_is_fine(tmp_path: Path) -> None:
    findings = await found(settings(tmp_path, app_secret_key="k" * 48, base_url="https://addon.invalid"))
    assert findings["APP_SECRET_KEY"].said == "set"
    assert findings["BASE_URL"].state == "ok"
    assert not any("k" * 48 in finding.said for finding in findings.values())
