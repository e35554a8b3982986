"""Fills a new site: samples of issues as real sites have them, and stories of our own in every project."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.people import User
from sandbox.prose import document
from sandbox.site import Comment, Issue, Json, Site

FOLDER = Path(__file__).parent / "seed"
EPOCH = datetime.fromisoformat("2026-11-02T08:00:00+00:00").timestamp()
OWN = {
    "summary",
    "description",
    "issuetype",
    "project",
    "status",
    "labels",
    "creator",
    "reporter",
    "created",
    "updated",
    "subtasks",
    "comment",
    "parent",
    "issuelinks",
}


def fill(site: Site) -> None:
    """Adds every issue of the seed folder. The same ids and keys appear on every site, as a tenant test wants it."""
    # The samples name the site they were taken from; their links should lead here.
    for path in sorted(FOLDER.glob("0*.json")):
        _load(site, json.loads(_text(path).replace("https://acme-demo.atlassian.net", site.base_url)))
    for index, row in enumerate(json.loads(_text(FOLDER / "stories.json"))):
        project, author = site.project(row["project"]), site.user(row["user"])
        kind = project.type_of(row["type"]) if project else None
        if project is None or author is None or kind is None:
            raise ValueError(f"the seed names an unknown project, type or person: {row}")
        moment = EPOCH + index * 3600
        site.add(
            Issue(
                site.next_id(),
                row["key"],
                project,
                kind.id,
                row["summary"],
                author.account_id,
                author.account_id,
                moment,
                moment,
                project.statuses[0].id,
                document(row["description"]),
                labels=row.get("labels", []),
            )
        )


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _load(site: Site, sample: Json) -> None:
    fields = sample["fields"]
    issue = _stub(site, sample, fields=fields)
    _people(site, fields)
    issue.summary, issue.description = fields["summary"], fields["description"]
    issue.creator = (fields.get("creator") or {}).get("accountId", "unknown")
    issue.reporter = (fields.get("reporter") or {}).get("accountId")
    issue.created, issue.updated = _moment(fields["created"]), _moment(fields["updated"])
    issue.labels = fields.get("labels", [])
    issue.fields = {name: value for name, value in fields.items() if name not in OWN}
    if parent := fields.get("parent"):
        issue.parent = _stub(site, parent, fields=parent["fields"]).id
    # Issues a sample only mentions exist too, so that every link on a page leads somewhere.
    for child in fields.get("subtasks", []):
        _stub(site, child, fields=child["fields"]).parent = issue.id
    issue.fields["issuelinks"] = fields.get("issuelinks", [])
    for comment in fields.get("comment", {}).get("comments", []):
        issue.comments.append(
            Comment(
                int(comment["id"]),
                comment["author"]["accountId"],
                comment["body"],
                _moment(comment["created"]),
                _moment(comment["updated"]),
                visibility=comment.get("visibility"),
            )
        )


def _stub(site: Site, sample: Json, *, fields: Json) -> Issue:
    """The issue a sample stands for or refers to, made on first sight."""
    known = site.issue(sample["id"])
    if known is not None:
        return known
    project = site.project(sample["key"].rpartition("-")[0])
    if project is None:
        raise ValueError(f"the sample {sample['key']} belongs to an unknown project")
    # A mentioned issue may have a type its project never had here.
    kind = project.type_of(fields["issuetype"]["id"]) or project.types[0]
    status = fields.get("status") or {"id": ""}
    return site.add(
        Issue(
            int(sample["id"]),
            sample["key"],
            project,
            kind.id,
            fields["summary"],
            "unknown",
            None,
            EPOCH,
            EPOCH,
            status["id"],
            fields={"priority": fields.get("priority")},
        )
    )


def _people(site: Site, value: Any) -> None:
    """Makes the people a sample names known, without any right."""
    if isinstance(value, list):
        for item in value:
            _people(site, item)
    elif isinstance(value, dict):
        if isinstance(value.get("accountId"), str) and "displayName" in value:
            account = User(value["accountId"], value["displayName"], kind=value.get("accountType", "atlassian"))
            site.users.setdefault(account.account_id, account)
        for item in value.values():
            _people(site, item)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
