"""The settings as an operator meets them: read, refused, shown."""

from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from addon.cli.settings import app
from addon.cli.settings_table import current, env_example, markdown_table, rows
from addon.errors import Misconfigured
from addon.settings import Settings, is_loopback, load_settings

CANARY = "canary-0123456789-0123456789-0123456789"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without a variable of ours, in a folder without .env."""
    for name, *_ in rows():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_defaults_serve_on_this_machine_with_the_rules() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.llm_provider) == ("127.0.0.1", 8080, "rules")
    assert settings.base_path == ""


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{CANARY}\n")
    monkeypatch.setenv("APP_SECRET_KEY_FILE", str(tmp_path / "key"))
    assert load_settings().app_secret_key.get_secret_value() == CANARY


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model").write_text("from-file")
    monkeypatch.setenv("LLM_MODEL_FILE", str(tmp_path / "model"))
    monkeypatch.setenv("LLM_MODEL", "from-environment")
    assert load_settings().llm_model == "from-environment"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_API_KEY_FILE", "/nowhere/key")
    with pytest.raises(Misconfigured, match="/nowhere/key"):
        load_settings()


def test_a_secret_file_that_is_no_text_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\x80\xff\x00" * 20)
    monkeypatch.setenv("APP_SECRET_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(Misconfigured, match=f"APP_SECRET_KEY_FILE: {tmp_path}/key"):
        load_settings()


def test_a_dotenv_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("LLM_MODEL=modèle\n".encode("latin-1"))
    with pytest.raises(Misconfigured, match=r"\.env"):
        load_settings()


def test_addresses_of_the_sandbox_may_do_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTALL_KEYS_URL", "http://127.0.0.1:8090/install-keys/")
    monkeypatch.setenv("OAUTH_URL", "http://[::1]:8090/oauth")
    settings = load_settings()
    assert settings.install_keys_url == "http://127.0.0.1:8090/install-keys"
    assert settings.oauth_url == "http://[::1]:8090/oauth"


def test_a_dotenv_file_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=9000\nBASE_URL=https://ai.example.com/jira/\n")
    settings = load_settings()
    assert (settings.port, settings.base_url, settings.base_path) == (9000, "https://ai.example.com/jira", "/jira")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("BASE_URL", "http://ai.example.com", "https"),
        ("BASE_URL", "ai.example.com", "https://host"),
        ("BASE_URL", "https://user@ai.example.com", "https://host"),
        ("BASE_URL", "https://ai.example.com/?a=1", "https://host"),
        ("BASE_URL", "https://ai.example.com/a b", "https://host"),
        ("BASE_URL", "https://ai example.com", "https://host"),
        ("BASE_URL", "https://ai.example.com//jira", "https://host"),
        ("BASE_URL", "https://ai.example.com/a/../b", "https://host"),
        ("BASE_URL", "https://ai.example.com/{a}", "https://host"),
        ("BASE_URL", "https://ai.example.com:70000", "https://host"),
        ("BASE_URL", "https://ai.example.com:port", "https://host"),
        ("INSTALL_KEYS_URL", "http://keys.example.com", "INSTALL_KEYS_URL: must be https"),
        ("INSTALL_KEYS_URL", "ftp://127.0.0.1/keys", "https://host"),
        ("OAUTH_URL", "http://10.0.0.1/oauth", "OAUTH_URL: must be https"),
        ("OAUTH_URL", "", "https://host"),
        ("PORT", "seventy", "PORT: must be a whole number"),
        ("ADDON_KEY", "with space", "ADDON_KEY: must be 1 to 64 letters, digits"),
        ("ADDON_KEY", "ümlaut", "ADDON_KEY: must be 1 to 64 letters, digits"),
        ("LLM_KEEP_ALIVE", "soon", "LLM_KEEP_ALIVE: must be a number of seconds"),
        ("LLM_KEEP_ALIVE", "30m\n", "LLM_KEEP_ALIVE: must be a number of seconds"),
        ("AI_SLOTS", "0", "AI_SLOTS: must be at least 1"),
        ("AI_SLOTS", "2.5", "AI_SLOTS: must be a whole number"),
        ("SITE_CALLS_PER_MINUTE", "9999999", "SITE_CALLS_PER_MINUTE: must be at most 1,000,000"),
        ("BUDGET_USD_PER_DAY", "many", "BUDGET_USD_PER_DAY: must be a number"),
        ("AI_AUTH_ENABLED", "perhaps", "AI_AUTH_ENABLED: must be true or false"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: must be one of DEBUG, INFO, WARNING, ERROR"),
        ("LLM_PRICES", "gpt=1", "LLM_PRICES: each entry is model=input/output"),
        ("LLM_PRICES", "gpt=a/b", "LLM_PRICES: each entry is model=input/output"),
        ("LLM_PRICES", "1/2", "LLM_PRICES: each entry is model=input/output"),
        ("LLM_PROVIDER", "oracle", "rules"),
        ("LLM_PROVIDER", "openai", "LLM_MODEL is required"),
        ("LLM_TIMEOUT", "0", "LLM_TIMEOUT: must be more than 0"),
        ("REDIS_URL", "localhost:6379", "REDIS_URL: must be an address such as redis://host"),
        ("REDIS_URL", "redis://127.0.0.1:port", "REDIS_URL: must be an address such as redis://host"),
        ("REDIS_URL", "redis://127.0.0.1:6379/0", "DATABASE_URL=postgresql"),
        ("NIGHTLY", "half past two", "five cron fields"),
        ("NIGHTLY", "61 2 * * *", "five cron fields"),
        ("TIMEZONE", "Europe/Atlantis", "IANA"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured) as refused:
        load_settings()
    assert said in refused.value.detail
    assert "\n" not in refused.value.detail
    assert "Value error" not in refused.value.detail


def refusal() -> str:
    try:
        load_settings()
    except Misconfigured as refused:
        return refused.detail
    return ""


@pytest.mark.parametrize("name", [name for name, *_ in rows()])
def test_a_refusal_repeats_no_value_and_speaks_of_no_insides(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for value in (CANARY, f"http://user:{CANARY}@host:port", f"{CANARY}=x", f"{CANARY}={CANARY}/1", f"{CANARY}\n"):
        monkeypatch.setenv(name, value)
        said = refusal()
        assert not said or said.startswith((f"{name}: ", "settings: "))
        assert not [word for word in (CANARY, "pattern", "Input should", "String", "parse", "^") if word in said]


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("a.b", False)],
)
def test_loopback_is_told_from_everything_else(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_hosts_are_split_and_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_ALLOWED_HOSTS", " *.Atlassian.net , 127.0.0.1:8090 ,")
    assert load_settings().jira_allowed_hosts == ("*.atlassian.net", "127.0.0.1:8090")


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_a_providers_own_key_serves_where_no_other_is_given(provider: str) -> None:
    asked = {"llm_provider": provider, "llm_model": "m", f"{provider}_api_key": SecretStr("a")}
    assert Settings(**asked).model_key == "a"
    assert Settings(**asked, llm_api_key=SecretStr("b")).model_key == "b"


def test_a_key_is_not_used_for_another_provider() -> None:
    settings = Settings(llm_provider="anthropic", llm_model="m", openai_api_key=SecretStr("a"))
    assert (settings.model_key, settings.provider_key("openai"), settings.provider_key("ollama")) == ("", "a", "")


def test_what_is_in_force_is_shown_without_secrets() -> None:
    shown = dict(current(Settings(app_secret_key=SecretStr(CANARY))))
    assert shown["APP_SECRET_KEY"] == "(set)"
    assert shown["LLM_API_KEY"] == "(not set)"
    assert CANARY not in str(shown)


def test_passwords_in_addresses_are_not_shown() -> None:
    database, redis = f"postgresql+asyncpg://jv:{CANARY}@db.internal/jv", f"rediss://:{CANARY}@cache.internal:6380/1"
    shown = dict(current(Settings(database_url=database, redis_url=redis)))
    assert CANARY not in str(shown)
    assert shown["DATABASE_URL"] == "postgresql+asyncpg://jv:(set)@db.internal/jv"
    assert shown["REDIS_URL"] == "rediss://:(set)@cache.internal:6380/1"


def test_every_setting_has_a_meaning() -> None:
    assert [name for name, _, meaning in rows() if len(meaning) < 10] == []


def test_the_command_prints_the_table_and_the_documents() -> None:
    runner = CliRunner()
    assert "DATABASE_URL" in runner.invoke(app, []).stdout
    assert runner.invoke(app, ["--markdown"]).stdout.strip() == markdown_table()
    assert runner.invoke(app, ["--env"]).stdout == env_example()


@pytest.mark.parametrize("entry", ["claude", "rules:none", "hal:9000", "openai:"])
def test_a_fallback_that_names_no_model_is_refused(entry: str) -> None:
    with pytest.raises(Misconfigured, match="LLM_FALLBACKS: each entry is provider:model"):
        load_settings(llm_fallbacks=f"openai:gpt-x, {entry}", _env_file=None)


def test_names_of_models_keep_their_capitals() -> None:
    made = load_settings(llm_fallbacks="openai:Qwen/Qwen3-8B", llm_prices="Qwen/Qwen3-8B=0.1/0.2", _env_file=None)
    assert made.llm_fallbacks == ("openai:Qwen/Qwen3-8B",)
    assert made.llm_prices == {"Qwen/Qwen3-8B": (0.1, 0.2)}
