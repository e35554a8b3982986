"""What we wrote about an issue ourselves: no words of its author, and no change of the issue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize


@dataclass(frozen=True, slots=True)
class Ours:
    """keys: of sub-tasks and tests that we made. fields: Markdown that we wrote, by the id of the field."""

    keys: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def holds(self, field_id: str, markdown: str) -> bool:
        """Whether this text in the field is ours, untouched."""
        return any(normalize("NFC", text).strip() == markdown for text in self.fields.get(field_id, ()))


NOTHING = Ours()
