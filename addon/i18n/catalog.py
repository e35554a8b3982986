"""Texts in other languages: English is written in the code, its translations stand in `<language>/*.po` beside it.

Python says `N_("…")` where a text is written and translates it with `Texts.of(language)` where it is shown; the pages
say `t("…")` or `data-i18n="…"` and get every catalog with the page, because one prebuilt page serves all languages.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.pofile import read_po

HERE = Path(__file__).resolve().parent

Entry = str | tuple[str, ...]
"""A translation, or the forms of one that counts: (one, many)."""


def N_(text: str) -> str:  # noqa: N802 - the name every extraction tool knows
    """Marks an English text for the catalogs and leaves it as it is."""
    return text


class Texts:
    """All catalogs, read once by each process.

    Raises OSError or ValueError when a catalog cannot be read: a broken build, not a state to live with.
    """

    def __init__(self, folder: Path = HERE) -> None:
        self._catalogs = {each.name: _read(each) for each in sorted(folder.iterdir()) if any(each.glob("*.po"))}

    @property
    def languages(self) -> tuple[str, ...]:
        return ("en", *self._catalogs)

    def of(self, language: str) -> Callable[[str], str]:
        """A function from the English text to that of `language` ("fr", "fr_CA", "fr-FR"); English when unknown."""
        catalog = self._catalogs.get(_primary(language), {})

        def translate(text: str) -> str:
            entry = catalog.get(text, text)
            return entry if isinstance(entry, str) else entry[0]

        return translate

    def messages_json(self) -> str:
        """{language: {English: translation or [one, many]}}, safe to stand as it is inside a script element."""
        text = json.dumps(self._catalogs, ensure_ascii=False, separators=(",", ":"))
        return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _primary(language: str) -> str:
    return language.replace("_", "-").split("-", 1)[0].lower()


@cache
def _read(folder: Path) -> Mapping[str, Entry]:
    # Understanding the catalogs takes 30 ms, and a process wants them twice.
    found: dict[str, Entry] = {}
    for message in messages(folder):
        if not message.id or message.fuzzy or not message.string:
            continue
        if isinstance(message.id, str):
            found[message.id] = str(message.string)
        elif all(message.string):
            found[message.id[0]] = tuple(message.string)
    return found


def messages(folder: Path) -> Iterator[Message]:
    """What stands in the catalogs of one language, a file after the other."""
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            yield from read_po(file, locale=folder.name, abort_invalid=True)
