"""Secrets at rest, and where their keys come from."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from addon.errors import Misconfigured
from addon.settings import Settings
from addon.store.keyring import open_seals
from addon.store.secrets import SealBroken, Seals

OLD = "the old key of at least thirty-two characters"
NEW = "the new key of at least thirty-two characters"


@given(st.text(), st.text())
def test_what_was_sealed_opens_for_its_owner(text: str, owner: str) -> None:
    seals = Seals([NEW])
    assert seals.open(seals.seal(text, owner), owner) == text


def test_sealed_secret_does_not_open_for_another_owner(seals: Seals) -> None:
    with pytest.raises(SealBroken):
        seals.open(seals.seal("s3cret", "tenant-a"), "tenant-b")


def test_altered_secret_does_not_open(seals: Seals) -> None:
    sealed = bytearray(seals.seal("s3cret", "tenant-a"))
    sealed[-5] ^= 1
    with pytest.raises(SealBroken):
        seals.open(bytes(sealed), "tenant-a")


def test_secret_is_not_readable_in_what_is_stored(seals: Seals) -> None:
    assert b"s3cret" not in seals.seal("s3cret", "tenant-a")


def test_old_key_still_opens_and_renewing_makes_it_dispensable() -> None:
    sealed = Seals([OLD]).seal("s3cret", "tenant-a")
    renewed = Seals([NEW, OLD]).renew(sealed, "tenant-a")
    assert Seals([NEW]).open(renewed, "tenant-a") == "s3cret"
    with pytest.raises(SealBroken):
        Seals([NEW]).open(sealed, "tenant-a")


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_missing_and_short_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(Misconfigured):
        Seals(keys)


def test_keys_do_not_show_in_repr() -> None:
    assert NEW not in repr(Seals([NEW]))


def test_configured_keys_are_used_in_order(tmp_path: Path) -> None:
    sealed = Seals([OLD]).seal("s3cret", "t")
    seals = open_seals(settings(tmp_path, app_secret_key=f"{NEW}, {OLD}"))
    assert seals.open(sealed, "t") == "s3cret"
    assert Seals([NEW]).open(seals.seal("more", "t"), "t") == "more"


def test_short_part_of_a_configured_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="APP_SECRET_KEY"):
        open_seals(settings(tmp_path, app_secret_key=f"{NEW},short"))


def test_key_file_is_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    sealed = open_seals(settings(tmp_path)).seal("s3cret", "t")
    file = tmp_path / "new" / "jv.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_seals(settings(tmp_path)).open(sealed, "t") == "s3cret"
    assert [path.name for path in file.parent.iterdir()] == ["jv.db.key"]


def test_processes_that_start_together_agree_on_one_key_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: open_seals(settings(tmp_path)), range(16)))
    sealed = made[0].seal("s3cret", "t")
    assert [seals.open(sealed, "t") for seals in made] == ["s3cret"] * 16


def test_a_key_configured_later_still_opens_what_the_key_file_sealed(tmp_path: Path) -> None:
    sealed = open_seals(settings(tmp_path)).seal("s3cret", "t")
    seals = open_seals(settings(tmp_path, app_secret_key=NEW))
    assert seals.open(sealed, "t") == "s3cret"
    assert Seals([NEW]).open(seals.seal("more", "t"), "t") == "more", "the file's key seals nothing any more"


def test_a_configured_key_makes_no_key_file(tmp_path: Path) -> None:
    open_seals(settings(tmp_path, app_secret_key=NEW))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 30])
def test_a_key_file_that_holds_no_key_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "jv.db.key").write_bytes(content)
    for key in ("", NEW):
        with pytest.raises(Misconfigured, match=r"jv\.db\.key"):
            open_seals(settings(tmp_path, app_secret_key=key))


def test_postgresql_needs_a_configured_key(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="required with PostgreSQL"):
        open_seals(settings(tmp_path, database_url="postgresql+asyncpg://jv@db/jv"))


def settings(folder: Path, **values: str) -> Settings:
    return Settings(**{"database_url": f"sqlite+aiosqlite:///{folder}/new/jv.db", "app_secret_key": "", **values})  # type: ignore[arg-type]
