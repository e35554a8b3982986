"""What is different between two readings of the same issue."""

from collections.abc import Iterator
from dataclasses import dataclass

from addon.reading.facts import Facts, Section

_PLAIN = ("issue_type", "labels", "components")


@dataclass(frozen=True, slots=True)
class Change:
    """section: name of the section, or issue_type, labels, components. title: tells it from others of its name.

    before, after: the text, "" where there was none.
    """

    section: str
    title: str
    before: str
    after: str


def between(before: Facts, after: Facts) -> list[Change]:
    """In the order of the newer reading, then what is gone. How much found room is no change, nor what we made."""
    return [*_plain(before, after), *_sections(before, after)]


def names(changes: list[Change]) -> list[str]:
    """The sections concerned, each once."""
    return list(dict.fromkeys(change.section for change in changes))


def _plain(before: Facts, after: Facts) -> Iterator[Change]:
    for name in _PLAIN:
        was, now = _line(getattr(before, name)), _line(getattr(after, name))
        if was != now:
            yield Change(name, "", was, now)


def _sections(before: Facts, after: Facts) -> Iterator[Change]:
    # Comments and links have no identity of their own: two with the same words are the same.
    left, theirs = _said(before, other=after), _said(after, other=before)
    new: list[Section] = []
    for section in theirs:
        same = next((other for other in left if _same(other, section)), None)
        if same is not None:
            left.remove(same)
        else:
            new.append(section)
    for section in new:
        # Where there is one of a name and title at most, its old text is what it was changed from.
        was = next((other for other in left if _place(other) == _place(section) and _alone(section)), None)
        if was is not None:
            left.remove(was)
        yield Change(section.name, section.title, was.text if was else "", section.text)
    # What no newer section took the place of is gone.
    for section in left:
        yield Change(section.name, section.title, section.text, "")


def _said(facts: Facts, *, other: Facts) -> list[Section]:
    """What is not ours, and was not known to be ours by the other reading."""
    ours = [section for section in other.sections if section.ours]
    said = [section for section in facts.sections if not section.ours]
    return [section for section in said if not any(_same(section, each) for each in ours)]


def _same(one: Section, other: Section) -> bool:
    return _place(one) == _place(other) and one.text == other.text


def _place(section: Section) -> tuple[str, str]:
    return section.name, section.title


def _alone(section: Section) -> bool:
    return section.name not in ("comment", "link", "subtask")


def _line(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)
