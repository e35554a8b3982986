"""What can be said about a set of issues without a model: counts and dates, and nothing that needs judgement."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from addon.i18n.catalog import N_
from addon.results.summary import Finding, Summary, Theme
from addon.rules.tongues import DEFAULT, TONGUES, detect
from addon.summary.check import MOST_FINDINGS, MOST_KEYS, TITLE
from addon.summary.issue_set import IssueSet
from addon.summary.issues import SetIssue

GROUPS = 4
"""Types, and components, that become a theme each."""

Say = Callable[[str], str]
"""Turns one of our English texts into the language of the summary."""


def language_of(found: IssueSet, *, wanted: str, question: str) -> str:
    """The language the rules answer in: the question's, else the one wanted, else that of most issues."""
    if question:
        return detect(question) or DEFAULT
    if wanted != "auto":
        return wanted if wanted in TONGUES else DEFAULT
    # Issue by issue, so that one long log does not outvote twenty short stories.
    told = Counter(detect(f"{issue.summary}\n{issue.text}") or DEFAULT for issue in found.issues)
    return told.most_common(1)[0][0] if told else DEFAULT


def by_rules(found: IssueSet, *, language: str, say: Say, asked: bool) -> Summary:
    """The whole summary, its texts in `language`. asked: there is a question, which only a model could answer."""
    if not found.issues:
        return Summary(
            language=language, overview="", themes=[], progress=[], blockers=[], risks=[], stale=[], answer=[]
        )
    needs_model = N_("Answering a question needs a language model; an administrator can connect one.")
    return Summary(
        language=language,
        overview=_overview(found, say),
        themes=[*_themes(found, say)],
        progress=[*_progress(found, say)],
        blockers=blockers(found, say),
        risks=[*_risks(found, say)],
        stale=stale(found, say),
        answer=[Finding(text=say(needs_model), issues=[])] if asked else [],
    )


def blockers(found: IssueSet, say: Say, *, told: Sequence[Finding] = ()) -> list[Finding]:
    """Who waits for whom, by the links and flags of the issues. told: what is known already."""
    known = {key for finding in told for key in finding.issues}
    waiting = [issue for issue in found.marked("blocked") if issue.key not in known]
    lines = [
        Finding(
            text=say(N_("Waits for {keys}, not done yet.")).format(keys=", ".join(one.blocked_by[:5])), issues=[one.key]
        )
        for one in waiting
    ]
    # A flag says that something is wrong and not what: links say more, so they are told first.
    flagged = [issue for issue in found.marked("flagged") if issue.key not in known and not issue.blocked_by]
    if flagged:
        lines.insert(0, Finding(text=say(N_("Flagged as an impediment.")), issues=_keys(flagged)))
    return lines[:MOST_FINDINGS]


def stale(found: IssueSet, say: Say) -> list[Finding]:
    """What is open and lies untouched, the longest first."""
    lying = sorted(found.marked("stale"), key=lambda issue: issue.updated)
    if not lying:
        return []
    days = lying[0].age_days(found.read_at)
    text = say(N_("Open and untouched for two weeks or more; the oldest for {days} days.")).format(days=days)
    return [Finding(text=text, issues=_keys(lying))]


def _overview(found: IssueSet, say: Say) -> str:
    counts = found.counts()
    states = say(N_("Issues read: {read}. Not started: {new}; in progress: {moving}; done: {done}."))
    trouble = say(N_("Of the open ones, blocked: {blocked}; overdue: {overdue}; assigned to nobody: {nobody}."))
    return " ".join(
        (
            states.format(read=len(found.issues), new=counts.new, moving=counts.indeterminate, done=counts.done),
            trouble.format(blocked=counts.blocked, overdue=counts.overdue, nobody=counts.unassigned),
        )
    )


def _themes(found: IssueSet, say: Say) -> Iterator[Theme]:
    groups: dict[str, dict[str, list[SetIssue]]] = {"type": {}, "component": {}}
    for issue in found.issues:
        groups["type"].setdefault(issue.type, []).append(issue)
        for name in issue.components:
            groups["component"].setdefault(name, []).append(issue)
    titles = {"type": say(N_("Type: {name}")), "component": say(N_("Component: {name}"))}
    for kind, by_name in groups.items():
        # Stable: groups of equal size stay in the order of the query.
        largest = sorted(by_name.items(), key=lambda item: -len(item[1]))[:GROUPS]
        for name, issues in largest:
            still = sum(issue.open for issue in issues)
            text = say(N_("Issues: {count}, of which open: {open}.")).format(count=len(issues), open=still)
            yield Theme(title=titles[kind].format(name=name)[:TITLE], text=text, issues=_keys(issues))


def _progress(found: IssueSet, say: Say) -> Iterator[Finding]:
    done = sorted(found.marked("recent"), key=lambda issue: -(issue.resolved or issue.updated))
    if done:
        yield Finding(
            text=say(N_("Done within the last two weeks: {count}.")).format(count=len(done)), issues=_keys(done)
        )
    moving = [issue for issue in found.issues if issue.category == "indeterminate"]
    if moving:
        yield Finding(text=say(N_("In progress: {count}.")).format(count=len(moving)), issues=_keys(moving))


def _risks(found: IssueSet, say: Say) -> Iterator[Finding]:
    late = sorted(found.marked("overdue"), key=lambda issue: issue.due)
    if late:
        yield Finding(text=say(N_("Open and past the due date: {count}.")).format(count=len(late)), issues=_keys(late))
    # Not started and unassigned is how every issue begins; under way and unassigned is odd.
    alone = [issue for issue in found.issues if issue.category == "indeterminate" and not issue.assigned]
    if alone:
        text = say(N_("In progress, but assigned to nobody: {count}.")).format(count=len(alone))
        yield Finding(text=text, issues=_keys(alone))


def _keys(issues: Sequence[SetIssue]) -> list[str]:
    return [issue.key for issue in issues[:MOST_KEYS]]
