"""What is done to an answer before anyone sees it: its keys are looked up in the set, limits kept, texts cleaned.

The shape has been validated by then; here stands what a schema cannot say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from addon.reading.spoken import Spoken
from addon.reading.wording import CUT, Wording
from addon.results.summary import Finding, Summary, Theme

MOST_THEMES = 8
MOST_FINDINGS = 8
MOST_KEYS = 25
TITLE = 120
SENTENCES = 600
OVERVIEW = 1_500
FINDINGS = ("progress", "blockers", "risks", "answer")
NEED_KEYS = frozenset(("themes", "blockers"))
"""Lists whose entries say nothing without an issue that shows it."""


class Check:
    """Checks the answers to one question.

    The first answer may be refused with a ValueError that tells the model what is wrong; of a second one whatever
    rests on invented keys is left out. `best` is the last answer that can be used, `dropped` counts its invented keys.
    """

    def __init__(self, keys: frozenset[str], wording: Wording, *, asked: bool, language: str = "auto") -> None:
        self._keys = {key.casefold(): key for key in keys}
        self._wording = wording
        self._asked = asked
        self._language = language
        self.spoken = Spoken(wanted=language)
        self._asked_again = False
        self.dropped = 0
        self.best: Summary | None = None

    def __call__(self, answer: Summary) -> Summary:
        """The answer as it may be shown. Raises ValueError with a message for the model."""
        unfounded = self._unfounded(answer)
        self.dropped = sum(key is None for key in self._found(_all_keys(answer))) + self._half(answer)
        self.best = self.clean(answer)
        # Checked on the cleaned answer: one that named invented issues only has lost its words by now.
        if self._asked and not self.best.answer:
            unfounded.append("answer: the question was not answered")
        problems = [*unfounded, *filter(None, (self.spoken.problem(_own_words(self.best)),))]
        if problems and not self._asked_again:
            self._asked_again = True
            raise ValueError("\n".join(problems))
        return self.best

    def compare(self, source: str, *, steering: str) -> None:
        """From now on answers are to be in the language of the source, unless people ask for another in words."""
        self.spoken = Spoken(source, wanted=self._language)
        self.spoken.hear(steering)

    def clean(self, answer: Summary) -> Summary:
        """The answer within every limit, each key one of the set's."""
        themes = (self._theme(theme) for theme in answer.themes)
        return Summary(
            language=self._code(answer.language),
            overview=self._wording.block(answer.overview, OVERVIEW),
            themes=[theme for theme in themes if theme.issues and theme.title][:MOST_THEMES],
            progress=self._findings(answer.progress),
            blockers=self._findings(answer.blockers, needed=True),
            risks=self._findings(answer.risks),
            # What lies untouched is found by looking at dates, which a model only guesses at.
            stale=[],
            answer=self._findings(answer.answer) if self._asked else [],
        )

    def preview(self, partial: Mapping[str, Any]) -> dict[str, Any]:
        """An unfinished answer: texts cleaned, keys that are none of the set's left out."""
        shown: dict[str, Any] = {}
        if isinstance(partial.get("overview"), str):
            shown["overview"] = self._wording.block(partial["overview"], OVERVIEW)
        for name in ("themes", *FINDINGS):
            items = partial.get(name)
            if isinstance(items, list) and (name != "answer" or self._asked):
                shown[name] = [self._item(item) for item in items[:MOST_FINDINGS] if isinstance(item, dict)]
        return shown

    def _item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        texts = {name: self._wording.block(text, SENTENCES) for name, text in item.items() if isinstance(text, str)}
        keys = item.get("issues")
        named = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
        return {**texts, "issues": self._known(named)}

    def _theme(self, theme: Theme) -> Theme:
        return Theme(
            title=self._wording.line(theme.title, TITLE),
            text=self._wording.block(theme.text, SENTENCES),
            issues=self._known(theme.issues),
        )

    def _findings(self, findings: Sequence[Finding], *, needed: bool = False) -> list[Finding]:
        found: list[Finding] = []
        for finding in findings:
            text, keys = self._wording.block(finding.text, SENTENCES), self._known(finding.issues)
            # Something that named issues, and none of the set's, was made up; a remark on the whole names none.
            founded = bool(keys) or not (needed or finding.issues)
            if text and founded and not self._is_cut(finding.text):
                found.append(Finding(text=text, issues=keys))
        return found[:MOST_FINDINGS]

    def _unfounded(self, answer: Summary) -> list[str]:
        """What is said to the model about entries none of whose keys is in the set."""
        lines: list[str] = []
        for name in ("themes", *FINDINGS):
            for number, item in enumerate(getattr(answer, name)):
                wanted = bool(item.issues) or name in NEED_KEYS
                if wanted and not self._known(item.issues):
                    named = ", ".join(item.issues)[:120] or "no issue at all"
                    lines.append(f"{name}[{number}]: names {named}; name issues of the set, or leave it out")
                elif self._is_cut(item.text):
                    lines.append(f"{name}[{number}]: its text names an issue or address that is none of the set's")
        return lines[:20]

    def _half(self, answer: Summary) -> int:
        """How many findings say something of an invented issue that is not counted by its key already."""
        findings = [item for name in FINDINGS for item in getattr(answer, name)]
        return sum(self._is_cut(item.text) and None not in self._found(item.issues) for item in findings)

    def _is_cut(self, text: str) -> bool:
        """Whether something is taken out of the text: what remains is a sentence about nothing."""
        return self._wording.block(text, SENTENCES).count(CUT) > text.count(CUT)

    def _known(self, keys: Sequence[str]) -> list[str]:
        found = dict.fromkeys(key for key in self._found(keys) if key is not None)
        return list(found)[:MOST_KEYS]

    def _found(self, keys: Iterable[str]) -> list[str | None]:
        return [self._keys.get(key.strip().casefold()) for key in keys]

    # The same rule as for an analysis: a wish of the project beats what the model claims.
    def _code(self, answered: str) -> str:
        """The language of the texts: what was wished for, else what the model says, as an ISO 639-1 code."""
        wanted = self._language if self._language != "auto" else answered
        code = wanted.strip().replace("_", "-").split("-")[0].lower()
        return code if len(code) == 2 and code.isascii() and code.isalpha() else "en"


def _all_keys(answer: Summary) -> list[str]:
    return [key for name in ("themes", *FINDINGS) for item in getattr(answer, name) for key in item.issues]


def _own_words(answer: Summary) -> Iterator[str]:
    yield answer.overview
    yield from (f"{theme.title}\n{theme.text}" for theme in answer.themes)
    yield from (finding.text for name in FINDINGS for finding in getattr(answer, name))
