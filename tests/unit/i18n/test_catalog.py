"""The catalogs: complete, without leftovers, in good typography, and safe inside a page."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from addon.i18n.catalog import HERE, N_, Texts, messages
from tests.unit.i18n.extract import ROOT, Key, everything, of_python, of_script, of_shell

PLACE = re.compile(r"\{\w+\}")
CATALOG = [message for message in messages(HERE / "fr") if message.id]


def key(message: Message) -> Key:
    return message.id if isinstance(message.id, str) else (message.id[0], message.id[1])


def forms(message: Message) -> list[tuple[str, str]]:
    """Each English form beside its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string or (), strict=True))


def test_every_text_is_translated() -> None:
    known = {key(message) for message in CATALOG if all(french for _, french in forms(message)) and not message.fuzzy}
    assert {text: where for text, where in everything().items() if text not in known} == {}


def test_nothing_is_translated_twice() -> None:
    said = [key(message) for message in CATALOG]
    assert [text for text in set(said) if said.count(text) > 1] == []


def test_no_translation_is_left_over() -> None:
    marked = everything()
    assert [key(message) for message in CATALOG if key(message) not in marked] == []


def test_what_is_looked_up_by_a_variable_was_marked_elsewhere() -> None:
    # t(variable) slips through the extraction: only the tables of names, whose texts carry N_, may be read that way.
    tables = r"text\b|title\b|STAGES\[|ACTIONS\[|Object\.hasOwn\(|element\.dataset"
    loose = re.compile(rf"\bt\((?!\s*(?:\"|{tables}))[^)]*\)")
    scripts = sorted((ROOT / "static").rglob("*.js"))
    assert [f"{path.name}: {hit[0]}" for path in scripts for hit in loose.finditer(path.read_text("utf-8"))] == []


def test_translations_keep_the_places_to_fill_in() -> None:
    wrong = [
        text
        for message in CATALOG
        for text, french in forms(message)
        if sorted(PLACE.findall(text)) != sorted(PLACE.findall(french))
    ]
    assert wrong == []


def test_french_typography_is_respected() -> None:
    french = [translated for message in CATALOG for _, translated in forms(message)]
    assert [text for text in french if "'" in text] == []
    assert [text for text in french if re.search(r"[^\s\u00a0\u202f:][:;!?»]|[ ][:;!?»]|«[^\u00a0]", text)] == []


@pytest.mark.parametrize("language", ["fr", "fr_FR", "fr-CA", "FR"])
def test_locales_find_their_language(language: str) -> None:
    assert Texts().of(language)("Analysis") == "Analyse"


@pytest.mark.parametrize("language", ["en", "xx", "", "auto"])
def test_unknown_languages_read_english(language: str) -> None:
    assert Texts().of(language)("Analysis") == "Analysis"


def test_unknown_text_stays_as_it_is() -> None:
    assert Texts().of("fr")("never marked") == "never marked"
    assert N_("x") == "x"


def test_messages_cannot_leave_their_script_element(tmp_path: Path) -> None:
    (tmp_path / "fr").mkdir()
    (tmp_path / "fr" / "base.po").write_text(
        'msgid "a"\nmsgstr "</script><!-- & \\u2028"\n\nmsgid "b"\nmsgid_plural "bs"\nmsgstr[0] "c"\nmsgstr[1] "cs"\n',
        "utf-8",
    )
    text = Texts(tmp_path).messages_json()
    assert not set("<>&") & set(text)
    assert '"b":["c","cs"]' in text
    assert Texts(tmp_path).of("fr")("b") == "c"


def test_extraction_finds_all_kinds_of_marks() -> None:
    assert of_script(
        't("a \\"b\\""); x(t(\n  "c",\n  {n})); plural(list.filter((x) => x).length, "d", "e"); N_("f"); set("g")'
    ) >= {'a "b"', "c", "f"}
    assert of_script('plural(n, "d", "e")') == {("d", "e")}
    assert of_shell('<p data-i18n="a" data-i18n-label="b">') == {"a", "b"}
    assert of_python('x = N_("a" "b")\ny = other("c")') == {"ab"}
