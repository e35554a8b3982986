"""A summary as a Markdown file to keep or to pass on. Nothing in it can become markup, a link or a formula."""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from addon.adf.clean import one_line, visible
from addon.i18n.catalog import N_
from addon.results.summary import Counts, Finding, IssueLine, Share, SummaryResult, Theme

Say = Callable[[str], str]

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~&#])")
_OPENING = re.compile(r"^(\s*)([-+=]|\d{1,9}[.)])")
_BACKTICKS = re.compile(r"`+")
_FORMULA = ("=", "+", "-", "@", "\t")

MARKS = {
    "blocked": N_("blocked"),
    "flagged": N_("flagged"),
    "overdue": N_("overdue"),
    "stale": N_("untouched"),
    "recent": N_("recently done"),
}
CATEGORIES = {"new": N_("Not started"), "indeterminate": N_("In progress"), "done": N_("Completed")}


class Markdown:
    """base_url: of the Jira site, for links. say: into the language of the summary. made_at: UTC seconds."""

    def __init__(self, result: SummaryResult, *, base_url: str, say: Say, made_at: float) -> None:
        self._result = result
        self._base_url = base_url.rstrip("/")
        self._say = say
        self._made_at = made_at

    def text(self) -> str:
        return "\n".join(self._lines()).rstrip() + "\n"

    def _lines(self) -> Iterator[str]:
        result, summary, say = self._result, self._result.summary, self._say
        yield f"# {say(N_('Summary of issues'))}"
        yield ""
        yield from self._about()
        if not result.issues:
            yield say(N_("The query is fine, but it finds no issue that you may see."))
            yield ""
            return
        if result.question:
            yield f"## {say(N_('Answer'))}"
            yield ""
            yield f"> {escaped(result.question)}"
            yield ""
            yield from self._findings(summary.answer)
        if summary.overview:
            yield f"## {say(N_('Overview'))}"
            yield ""
            yield from _paragraphs(summary.overview)
        yield from self._themes(summary.themes)
        lists = (
            (N_("Progress"), summary.progress),
            (N_("Blockers"), summary.blockers),
            (N_("Risks"), summary.risks),
            (N_("Left untouched"), summary.stale),
        )
        for title, findings in lists:
            if findings:
                yield f"## {say(title)}"
                yield ""
                yield from self._findings(findings)
        yield from self._counted(result.counts)
        yield from self._issues(result.issues)

    def _about(self) -> Iterator[str]:
        result, say = self._result, self._say
        day = datetime.fromtimestamp(self._made_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
        yield f"{say(N_('Query:'))} {code(result.jql)}"
        yield ""
        some, every = N_("{read} of about {total} issues read, {day}."), N_("{read} issues read, {day}.")
        read = some if result.truncated else every
        yield escaped(say(read).format(read=len(result.issues), total=result.counts.total, day=day))
        yield ""
        if result.author == "rules":
            yield escaped(say(N_("Made by built-in rules, without a language model.")))
            yield ""

    def _themes(self, themes: Sequence[Theme]) -> Iterator[str]:
        if not themes:
            return
        yield f"## {self._say(N_('Themes'))}"
        yield ""
        for theme in themes:
            # Escaped although they were cleaned before: a file is read by programs that know no better.
            yield f"### {escaped(theme.title)}"
            yield ""
            yield from _paragraphs(theme.text)
            yield self._keys(theme.issues)
            yield ""

    def _findings(self, findings: Sequence[Finding]) -> Iterator[str]:
        for finding in findings:
            keys = self._keys(finding.issues)
            yield f"- {escaped(finding.text)}" + (f" ({keys})" if keys else "")
        yield ""

    def _counted(self, counts: Counts) -> Iterator[str]:
        say = self._say
        rows = [
            (say(N_("Found by the query")), counts.total),
            (say(CATEGORIES["new"]), counts.new),
            (say(CATEGORIES["indeterminate"]), counts.indeterminate),
            (say(CATEGORIES["done"]), counts.done),
            (say(N_("Open, assigned to nobody")), counts.unassigned),
            (say(N_("Open, blocked")), counts.blocked),
            (say(N_("Open, overdue")), counts.overdue),
            (say(N_("Open, untouched for two weeks")), counts.stale),
            (say(N_("Done within two weeks")), counts.recent),
        ]
        yield from self._table(
            N_("Counts"), (N_("What"), N_("Number")), rows=[[cell(name), str(n)] for name, n in rows]
        )
        for title, shares in ((N_("By type"), counts.by_type), (N_("By component"), counts.by_component)):
            # A single share would only repeat the number above.
            if len(shares) > 1:
                yield from self._shares(title, shares)

    def _shares(self, title: str, shares: Sequence[Share]) -> Iterator[str]:
        rows = [[cell(share.name or self._say(N_("none"))), str(share.count)] for share in shares]
        yield from self._table(title, (N_("What"), N_("Number")), rows=rows)

    def _issues(self, issues: Sequence[IssueLine]) -> Iterator[str]:
        if issues:
            columns = (N_("Key"), N_("Title"), N_("Type"), N_("Status"), N_("Changed"), N_("Remarks"))
            yield from self._table(N_("Issues"), columns, rows=[self._row(issue) for issue in issues])

    def _row(self, issue: IssueLine) -> list[str]:
        changed = datetime.fromtimestamp(issue.updated, UTC).date().isoformat() if issue.updated else ""
        # What is done needs nobody any more.
        marks = [self._say(MARKS[mark]) for mark in issue.marks]
        if issue.category != "done" and not issue.assigned:
            marks.append(self._say(N_("nobody assigned")))
        texts = (issue.summary, issue.type, issue.status, changed, ", ".join(marks))
        return [self._link(issue.key), *(cell(text) for text in texts)]

    def _table(self, title: str, columns: Sequence[str], *, rows: Sequence[Sequence[str]]) -> Iterator[str]:
        yield f"## {self._say(title)}"
        yield ""
        yield f"| {' | '.join(cell(self._say(name)) for name in columns)} |"
        yield f"|{' --- |' * len(columns)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""

    def _keys(self, keys: Sequence[str]) -> str:
        return ", ".join(self._link(key) for key in keys)

    def _link(self, key: str) -> str:
        return f"[{escaped(key)}]({self._base_url}/browse/{quote(key, safe='')})"


def escaped(text: str) -> str:
    """One line in which nothing is markup."""
    return _OPENING.sub(_shielded, _SPECIAL.sub(r"\\\1", one_line(text)))


def cell(text: str) -> str:
    """A table cell: one line, nothing in it markup, and no formula where the table ends up in a spreadsheet."""
    # An apostrophe is what spreadsheets themselves put before text that looks like a formula.
    line = one_line(text)
    return escaped(f"'{line}" if line.startswith(_FORMULA) else line)


def code(text: str) -> str:
    """A piece of code in a line, fenced by more backticks than stand in it."""
    # Longer than any run inside, or the text could close it.
    line = one_line(text)
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(line)), default=0))
    return f"{fence} {line} {fence}"


def _paragraphs(text: str) -> Iterator[str]:
    for line in visible(text).splitlines():
        if line.strip():
            yield escaped(line)
            yield ""


def _shielded(match: re.Match[str]) -> str:
    """What would begin a list or underline a heading; a number keeps its digits, its mark is the last character."""
    return f"{match[1]}{match[2][:-1]}\\{match[2][-1]}"
