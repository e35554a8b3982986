"""What belongs to one site stays there, and within a site everybody gets what Jira would let them have, no more."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from sandbox.signing import qsh
from tests.flow.insider import NEVER_USED, Insider, ask, paths, told
from tests.stack import Stack

pytestmark = pytest.mark.process

NOWHERE = "999999999"
"""The id of no issue and no project of any site."""
SECRET_WORDS = "Acquire the walrus company"

SEES, TAKES_PART, ADMINISTERS, RUNS_SITE = "sees", "takes part", "administers", "runs the site"


@dataclass(frozen=True)
class Place:
    """What a call is about: ids to fill into routes and bodies."""

    issue: str
    run: str
    project: str


def publishing(target: str, *items: int) -> Callable[[Place], Any]:
    return lambda place: {"run": place.run, "target": target, "items": list(items)}


def summarising(place: Place) -> Any:
    return {"project": place.project, "jql": f"project = {place.project}", "max_issues": 2}


# What everybody reads with their own eyes, or what is one person's alone; see test_summaries.
OWN = {"GET /api/v1/jira/search", "POST /api/v1/jira/jql", "GET /api/v1/runs/{run_id}/markdown", "GET /api/v1/history"}

# They start runs that would meet each other here; who may is tested in test_people and test_prompts.
STARTERS = {
    "POST /api/v1/runs/{run_id}/items/{part}/{item}/regenerate",
    "POST /api/v1/projects/{project}/prompts/{kind}/preview",
    *(
        f"POST /api/v1/generate/{what}{way}"
        for what in ("acceptance-criteria", "test-scenarios", "full-pipeline")
        for way in ("", "/stream")
    ),
}

# What was written or has failed has an address of its own, and a tool must be connected before it can be tried: who may
# is tested in test_publishing, test_taking_back, test_failures and test_places_api.
WRITTEN = {
    "POST /api/v1/failures/{failure_id}/again",
    *(f"POST /api/v1/publications/{{publication_id}}/{act}" for act in ("retry", "undo")),
    "POST /api/v1/projects/{project}/places/{tool}/test",
}

# Route -> what a person needs for it, and bodies to send. A route that is missing here fails a test.
API: dict[str, tuple[str, list[Callable[[Place], Any]]]] = {
    "GET /api/v1/issues/{issue}/runs": (SEES, []),
    "GET /api/v1/runs/{run_id}": (SEES, []),
    "GET /api/v1/runs/{run_id}/events": (SEES, []),
    "POST /api/v1/ai/analyze-issue": (TAKES_PART, [lambda place: {"issue": place.issue}]),
    "POST /api/v1/ai/analyze-issue/stream": (TAKES_PART, [lambda place: {"issue": place.issue}]),
    "GET /api/v1/issues/{issue}/similar": (SEES, []),
    "GET /api/v1/jira/story/{issue}": (SEES, []),
    "GET /api/v1/projects/{project}/summaries": (SEES, []),
    "POST /api/v1/ai/summarize-jql": (SEES, [lambda place: summarising(place)]),
    "POST /api/v1/ai/summarize-jql/stream": (SEES, [lambda place: summarising(place)]),
    "POST /api/v1/jira/publish": (TAKES_PART, [publishing("comment"), publishing("subtasks", 0)]),
    "POST /api/v1/jira/publish/preview": (TAKES_PART, [publishing("comment")]),
    "GET /api/v1/projects/{project}/places": (ADMINISTERS, []),
    "PUT /api/v1/projects/{project}/places": (ADMINISTERS, [lambda _: {}]),
    "GET /api/v1/projects/{project}/runs": (SEES, []),
    "GET /api/v1/projects/{project}/settings": (ADMINISTERS, []),
    "PUT /api/v1/projects/{project}/settings": (ADMINISTERS, [lambda _: {"language": "auto"}]),
    "GET /api/v1/projects/{project}/options": (ADMINISTERS, []),
    "GET /api/v1/issues/{issue}/freshness": (SEES, []),
    "GET /api/v1/runs/{run_id}/changes": (SEES, []),
    "PUT /api/v1/runs/{run_id}/items/{part}/{item}": (TAKES_PART, [lambda _: {"verdict": "accepted"}]),
    "GET /api/v1/projects/{project}/acceptance": (ADMINISTERS, []),
    "GET /api/v1/projects/{project}/prompts": (ADMINISTERS, []),
    "POST /api/v1/projects/{project}/prompts/{kind}": (ADMINISTERS, [lambda _: {"text": "Be brief."}]),
    "GET /api/v1/projects/{project}/prompts/{kind}/{version}": (ADMINISTERS, []),
    "POST /api/v1/projects/{project}/prompts/{kind}/activate": (ADMINISTERS, [lambda _: {"version": None}]),
    "GET /api/v1/site/model": (RUNS_SITE, []),
    "PUT /api/v1/site/model": (RUNS_SITE, [lambda _: {"provider": None}]),
    "POST /api/v1/site/model/test": (RUNS_SITE, [lambda _: None]),
    "GET /api/v1/site/health": (RUNS_SITE, []),
    "GET /api/v1/usage": (RUNS_SITE, []),
    "GET /api/v1/budget": (RUNS_SITE, []),
    "PUT /api/v1/budget": (RUNS_SITE, [lambda _: {}]),
    "GET /api/v1/audit": (RUNS_SITE, []),
    "GET /api/v1/load": (RUNS_SITE, []),
    "GET /api/v1/failures": (RUNS_SITE, []),
    "POST /api/v1/failures/again": (RUNS_SITE, [lambda _: {"error": "no_such_code"}]),
    # Last: it ends the run the others ask for.
    "DELETE /api/v1/runs/{run_id}": (TAKES_PART, []),
}
PAGES: dict[str, str] = {
    "/ui/issue-panel?issueId={issue}": SEES,
    "/ui/project?projectId={project}": SEES,
    "/ui/project-settings?projectId={project}": ADMINISTERS,
    "/ui/site-admin": RUNS_SITE,
}
STANDING = {
    "10010": {
        "ann": {SEES, TAKES_PART, ADMINISTERS, RUNS_SITE},
        "paul": {SEES, TAKES_PART, ADMINISTERS},
        "tess": {SEES, TAKES_PART},
        "nina": {SEES, TAKES_PART},
        "vera": {SEES},
        "712020:a-stranger": set(),
    },
    "10055": {
        "ann": {SEES, TAKES_PART, ADMINISTERS, RUNS_SITE},
        "paul": {SEES, TAKES_PART, ADMINISTERS},
        "tess": set(),
        "nina": set(),
        "vera": set(),
        "712020:a-stranger": set(),
    },
}
"""Project -> person -> what the pretend sites let them do there."""


def calls(
    insider: Insider, place: Place, person: str | None, routes: Iterable[str] = API
) -> Iterator[tuple[str, str, httpx2.Response]]:
    """API routes for one person, with all of them the pages too: what each needs, what was asked, the answer."""
    for route in routes:
        needs, bodies = API[route]
        method, path = route.split(" ")
        parts = {"part": "criteria", "item": 0, "kind": "analysis", "version": 1}
        path = path.format(issue=place.issue, run_id=place.run, project=place.project, **parts)
        for body in [make(place) for make in bodies] or [None]:
            yield needs, f"{method} {path} {body}", insider.call(method, path, person, body)
    if routes is API:
        yield from pages(insider, place, person)


def pages(insider: Insider, place: Place, person: str | None) -> Iterator[tuple[str, str, httpx2.Response]]:
    for template, needs in PAGES.items():
        path = template.format(issue=place.issue, project=place.project)
        token = insider.token(person, qsh=qsh("GET", path))
        join = "&" if "?" in path else "?"
        yield needs, f"GET {path}", ask(insider.stack, "GET", f"{path}{join}jwt={token}")


def test_every_route_of_the_running_server_stands_in_the_tables_above(stack: Stack) -> None:
    documented = paths(stack)
    assert {route for route in documented if "/api/" in route} == set(API) | OWN | STARTERS | WRITTEN
    assert {route for route in documented if "/ui/" in route} == {f"GET {path.partition('?')[0]}" for path in PAGES}


# Between sites


@pytest.fixture(scope="module")
def theirs(stack: Stack) -> Place:
    """An analysed issue of the first site, of which the second has no issue by that id or key."""
    first, second = stack.site(0), stack.site(1)
    known = {issue["id"] for issue in second.ask("GET", "/issues")["issues"]}
    while True:
        issue = first.create_issue(summary=SECRET_WORDS)
        if issue["id"] not in known:
            break
    run = Insider.of(stack, 0).settled(issue["id"])
    return Place(issue["id"], run["id"], issue["project_id"])


def test_ids_of_another_site_read_like_ids_of_nothing(stack: Stack, theirs: Place) -> None:
    neighbour = Insider.of(stack, 1)
    unknown = Place(NOWHERE, NEVER_USED, NOWHERE)
    asked = list(calls(neighbour, Place(theirs.issue, theirs.run, NOWHERE), "ann"))
    for (needs, what, answer), (_, _, nothing) in zip(asked, calls(neighbour, unknown, "ann"), strict=True):
        if needs == RUNS_SITE:
            continue
        assert answer.status_code == 404, what
        assert told(answer) == told(nothing), what


def test_keys_of_another_site_read_like_keys_of_nothing(stack: Stack, theirs: Place) -> None:
    neighbour = Insider.of(stack, 1)
    key = Insider.of(stack, 0).call("GET", f"/api/v1/runs/{theirs.run}").json()["issue_key"]
    for other in ("SHOP-999999", "NONE-1"):
        for method, path, body in (
            ("GET", "/api/v1/issues/{}/runs", None),
            ("POST", "/api/v1/ai/analyze-issue", {"issue": "{}"}),
        ):
            answers = [neighbour.call(method, path.format(k), "ann", body and {"issue": k}) for k in (key, other)]
            assert told(answers[0]) == told(answers[1])
            assert answers[0].status_code == 404


def test_nothing_of_another_site_shows_in_lists_and_sums(stack: Stack, theirs: Place) -> None:
    owner, neighbour = Insider.of(stack, 0), Insider.of(stack, 1)
    shown = "".join(
        neighbour.call("GET", path).text
        for path in ("/api/v1/audit?limit=500", "/api/v1/usage", "/api/v1/projects/10010/runs?limit=200")
    )
    assert theirs.run not in shown
    assert owner.call("GET", "/api/v1/projects/10010/runs?limit=200").text.count(theirs.run) == 1


def test_the_same_project_id_on_two_sites_is_two_projects(stack: Stack) -> None:
    owner, neighbour = Insider.of(stack, 0), Insider.of(stack, 1)
    owner.settings("10033", instruction=SECRET_WORDS, auto_analyze=False)
    theirs = neighbour.call("GET", "/api/v1/projects/10033/settings")
    assert theirs.json()["auto_analyze"] is True
    assert SECRET_WORDS not in theirs.text
    owner.settings("10033", instruction="", auto_analyze=True)


def test_the_same_issue_id_on_two_sites_is_two_issues(stack: Stack) -> None:
    """The seed issues have the same ids everywhere: here a right on one's own issue must not open the other's run."""
    owner, neighbour = Insider.of(stack, 0), Insider.of(stack, 1)
    before = neighbour.call("GET", "/api/v1/issues/10520/runs").json()
    run = owner.call("POST", "/api/v1/ai/analyze-issue", "ann", {"issue": "10520"}).json()["run"]
    settled = owner.settled("10520")
    assert neighbour.call("GET", "/api/v1/issues/10520/runs").json() == before
    theirs, unknown = (Place("10520", run_id, "10033") for run_id in (run["id"], NEVER_USED))
    about_runs = [route for route in API if "{run_id}" in route or "publish" in route]
    assert len(about_runs) >= 6
    for (_, what, answer), (_, _, nothing) in zip(
        calls(neighbour, theirs, "ann", about_runs), calls(neighbour, unknown, "ann", about_runs), strict=True
    ):
        assert answer.status_code == 404, what
        assert told(answer) == told(nothing), what
    assert owner.call("GET", f"/api/v1/runs/{run['id']}").json() == settled


def test_what_a_stranger_tried_left_no_trace_on_the_run(stack: Stack, theirs: Place) -> None:
    owner, neighbour = Insider.of(stack, 0), Insider.of(stack, 1)
    before = owner.call("GET", f"/api/v1/runs/{theirs.run}").json()
    assert neighbour.call("DELETE", f"/api/v1/runs/{theirs.run}").status_code == 404
    body = {"run": theirs.run, "target": "subtasks", "items": [0]}
    assert neighbour.call("POST", "/api/v1/jira/publish", "ann", body).status_code == 404
    assert owner.call("GET", f"/api/v1/runs/{theirs.run}").json() == before


# Within a site


@pytest.fixture(scope="module")
def places(model_stack: Stack) -> dict[str, Place]:
    """One analysed issue of an open project and one of a closed project, by project id."""
    site, found = model_stack.site(), {}
    for project, user in (("SHOP", "tess"), ("SECRET", "ann")):
        issue = site.create_issue(project, SECRET_WORDS, user=user)
        run = Insider.of(model_stack).settled(issue["id"], "ann")
        found[issue["project_id"]] = Place(issue["id"], run["id"], issue["project_id"])
    return found


def expected(person: str, project: str, needs: str) -> int | None:
    """The refusal, None when the person may."""
    standing = STANDING[project][person]
    if needs in standing:
        return None
    # Who may not even see the thing must not learn that it exists; the site itself is no secret to anybody.
    return 403 if needs == RUNS_SITE or SEES in standing else 404


def test_who_lacks_a_right_gets_nothing_and_causes_nothing(
    model_stack: Stack, places: dict[str, Place], model: Callable[..., Any]
) -> None:
    insider, site = Insider.of(model_stack), model_stack.site()
    before = _state(insider, places)
    # The admin first: what was granted to one person must not be remembered for the next.
    for place in places.values():
        assert insider.call("GET", f"/api/v1/issues/{place.issue}/runs", "ann").status_code == 200
        assert insider.call("GET", f"/api/v1/projects/{place.project}/settings", "ann").status_code == 200
    model("reset")
    site.ask("POST", "/clear")
    refusals = 0
    for project, place in places.items():
        for person in STANDING[project]:
            for needs, what, answer in _without_rights(insider, place, person):
                wanted = expected(person, project, needs)
                assert answer.status_code == wanted, f"{person}: {what}: {answer.status_code} {answer.text[:300]}"
                assert SECRET_WORDS not in answer.text, what
                refusals += 1
    assert refusals > 100
    time.sleep(0.3)
    assert model("requests") == []
    assert _changes(site.ask("GET", "/requests")["requests"]) == []
    assert _state(insider, places) == before


Asked = Iterator[tuple[str, str, httpx2.Response]]


def _without_rights(insider: Insider, place: Place, person: str) -> Asked:
    """The calls that person should be refused, and only those are made."""
    return _asked(insider, place, person, {SEES, TAKES_PART, ADMINISTERS, RUNS_SITE} - STANDING[place.project][person])


def _with_rights(insider: Insider, place: Place, person: str) -> Asked:
    return _asked(insider, place, person, STANDING[place.project][person])


def _asked(insider: Insider, place: Place, person: str, rights: set[str]) -> Asked:
    """The calls that need one of these rights."""
    yield from calls(insider, place, person, [route for route, (needs, _) in API.items() if needs in rights])
    yield from (page for page in pages(insider, place, person) if page[0] in rights)


def _changes(requests: list[Any]) -> list[str]:
    """The requests to Jira that were not mere reading."""
    reading = {"permissions.check", "oauth.token", "search.jql", "issue.bulkfetch", "comment.bulk"}
    return [r["operation"] for r in requests if r["method"] != "GET" and r["operation"] not in reading]


def _state(insider: Insider, places: dict[str, Place]) -> list[Any]:
    """What refused calls could have changed."""
    paths = ["/api/v1/audit?limit=500", "/api/v1/usage", "/api/v1/site/model"]
    for place in places.values():
        paths += [f"/api/v1/issues/{place.issue}/runs", f"/api/v1/projects/{place.project}/settings"]
    return [insider.call("GET", path).json() for path in paths]


def test_who_has_the_right_is_served(model_stack: Stack, places: dict[str, Place]) -> None:
    """The counterpart: were everybody refused, the test above would prove nothing."""
    insider = Insider.of(model_stack)
    for project, place in places.items():
        for person in STANDING[project]:
            for _, what, answer in _with_rights(insider, place, person):
                assert answer.status_code in (200, 201, 202), f"{person}: {what}: {answer.text[:300]}"


def test_after_others_were_served_the_rest_is_still_refused(model_stack: Stack, places: dict[str, Place]) -> None:
    insider = Insider.of(model_stack)
    for place in places.values():
        for person in ("vera", "712020:a-stranger"):
            for needs, what, answer in _without_rights(insider, place, person):
                assert answer.status_code == expected(person, place.project, needs), f"{person}: {what}"


def test_a_closed_issue_reads_like_no_issue(model_stack: Stack, places: dict[str, Place]) -> None:
    insider = Insider.of(model_stack)
    closed = list(calls(insider, places["10055"], "tess"))
    nothing = list(calls(insider, Place(NOWHERE, NEVER_USED, NOWHERE), "tess"))
    for (needs, what, answer), (_, _, unknown) in zip(closed, nothing, strict=True):
        if needs != RUNS_SITE:
            assert told(answer) == told(unknown), what


def test_keys_of_a_closed_project_read_like_keys_of_nothing(model_stack: Stack) -> None:
    insider = Insider.of(model_stack)
    for key, other in (("SECRET", "NOPE"), ("SECRET-7", "SECRET-70000")):
        for path in ("/api/v1/projects/{}/runs", "/api/v1/projects/{}/settings", "/api/v1/issues/{}/runs"):
            answers = [insider.call("GET", path.format(name), "tess") for name in (key, other)]
            assert told(answers[0]) == told(answers[1]), path


def test_where_jira_names_nobody_there_is_no_service(model_stack: Stack, places: dict[str, Place]) -> None:
    insider = Insider.of(model_stack)
    for place in places.values():
        for _, what, answer in calls(insider, place, None):
            assert answer.status_code == 403, what
            if "/api/" in what:
                assert answer.json()["error"] == "anonymous", what
        empty = ask(model_stack, "GET", "/api/v1/usage", f"JWT {insider.token(None, sub='')}")
        assert empty.status_code == 403


def test_a_claim_about_where_the_page_was_opened_gives_no_right(model_stack: Stack, places: dict[str, Place]) -> None:
    """The context is signed, but it says where a person is, not what they may do."""
    insider, place = Insider.of(model_stack), places["10055"]
    where = {"jira": {"issue": {"id": place.issue}, "project": {"id": place.project}}}
    token = f"JWT {insider.token('nina', context=where)}"
    for path in (f"/api/v1/issues/{place.issue}/runs", f"/api/v1/runs/{place.run}"):
        assert ask(model_stack, "GET", path, token).status_code == 404


def test_jira_being_away_opens_nothing(model_stack: Stack, places: dict[str, Place]) -> None:
    """A right that could not be asked for is a right nobody has."""
    insider, site = Insider.of(model_stack, 2), model_stack.site(2)
    site.fault("permissions.check", status=403, times=50)
    try:
        for path in ("/api/v1/projects/10010/settings", "/api/v1/issues/10231/runs", "/api/v1/usage"):
            answer = insider.call("GET", path, "ann")
            assert answer.status_code >= 400, path
            assert set(json.loads(answer.text)) >= {"error", "detail"}
    finally:
        site.ask("POST", "/clear", {"what": ["faults"]})
