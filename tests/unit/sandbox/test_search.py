"""The JQL the pretend Jira understands, and paging by token."""

from urllib.parse import quote

import pytest

from sandbox.jql import QueryError, parse, run
from tests.unit.sandbox.stage import Stage


def keys(stage: Stage, jql: str) -> list[str]:
    return [issue.key for issue in run(stage.site, jql)]


@pytest.mark.parametrize(
    ("jql", "found"),
    [
        ("parent = SHOP-142", ["SHOP-143", "SHOP-144"]),
        ("parent = 10231 ORDER BY key DESC", ["SHOP-144", "SHOP-143"]),
        ("key in (SHOP-142, 'MOBI-36')", ["MOBI-36", "SHOP-142"]),
        ('project = "Web shop" AND issuetype = Bug', ["SHOP-201", "SHOP-403", "SHOP-404"]),
        ("project = FR and type not in (Bogue, Sous-tâche) order by created asc", ["FR-61", "FR-55"]),
        ("text ~ 'voucher removing'", ["SHOP-403"]),
        ("summary ~ \"read* aloud\"", ["MOBI-41"]),
        ("labels = voucher", ["SHOP-142", "SHOP-403"]),
        ("project = MOBI AND parent is not empty", ["MOBI-36"]),
        ("project = MOBI AND labels is empty AND status != 'In progress' AND key != MOBI-36", ["MOBI-41", "MOBI-42"]),
        ("project = NOSUB AND created >= '2026-01-01' AND updated < 2036-01-01", ["NOSUB-3"]),
        ("project = NOSUB AND created < -1000w", []),
        ("statusCategory = done AND project = SHOP AND key = SHOP-143", ["SHOP-143"]),
    ],
)  # fmt: skip
def test_a_query_finds_what_it_says(stage: Stage, jql: str, found: list[str]) -> None:
    assert keys(stage, jql) == found


@pytest.mark.parametrize(
    "jql",
    [
        "",
        "   ",
        "ORDER BY key",
        "project",
        "project =",
        "project = SHOP OR key = A-1",
        "key in SHOP-1",
        "key in (SHOP-1",
        "colour = red",
        "project < SHOP",
        "created = 'x'",
        "created ~ -1d",
        "project = a;b",
        "project = SHOP ORDER BY colour",
        "project = SHOP ORDER BY key up now",
        "project is empt",
        "x ! y",
    ],
)
def test_what_it_does_not_understand_is_refused_and_never_guessed(stage: Stage, jql: str) -> None:
    with pytest.raises(QueryError):
        keys(stage, jql)


def test_quotes_keep_what_they_hold() -> None:
    (clause,), _ = parse(r'summary ~ "a \"b\" AND c"')
    assert clause.values == ('a "b" AND c',)


async def test_pages_follow_a_token_and_show_ids_only(stage: Stage) -> None:
    seen: list[str] = []
    token = ""
    for _ in range(20):
        target = f"/search/jql?jql={quote('project = SHOP')}&maxResults=7" + (
            f"&nextPageToken={token}" if token else ""
        )
        page = (await stage.ask("GET", target)).json()
        assert all(set(issue) == {"id"} for issue in page["issues"])
        seen += [issue["id"] for issue in page["issues"]]
        if page["isLast"]:
            assert "nextPageToken" not in page
            break
        token = page["nextPageToken"]
    assert len(seen) == len(set(seen)) == len(keys(stage, "project = SHOP"))


async def test_a_token_belongs_to_its_query(stage: Stage) -> None:
    first = (await stage.ask("POST", "/search/jql", {"jql": "project = SHOP", "maxResults": 2})).json()
    other = {"jql": "project = MOBI", "nextPageToken": first["nextPageToken"]}
    assert (await stage.ask("POST", "/search/jql", other)).status_code == 400


async def test_properties_come_with_the_children_that_carry_them(stage: Stage) -> None:
    child = stage.site.issue("SHOP-143")
    assert child is not None
    child.properties["k"] = {"publication": "p"}
    body = {"jql": "parent = SHOP-142", "fields": [], "properties": ["k"]}
    page = (await stage.ask("POST", "/search/jql", body)).json()
    assert page["issues"][0]["properties"] == {"k": {"publication": "p"}}
    assert "fields" not in page["issues"][0]


async def test_a_person_finds_only_what_they_may_see(stage: Stage) -> None:
    body = {"jql": "project in (SECRET, NOSUB)", "fields": ["summary"]}
    assert len((await stage.ask("POST", "/search/jql", body)).json()["issues"]) == 2
    seen = (await stage.ask("POST", "/search/jql", body, token=await stage.bearer("tess"))).json()["issues"]
    assert [issue["key"] for issue in seen] == ["NOSUB-3"]
    counted = await stage.ask("POST", "/search/approximate-count", {"jql": "project = NOSUB"})
    assert counted.json() == {"count": 1}


async def test_lists_of_the_wrong_kind_are_refused(stage: Stage) -> None:
    for wrong in ({"fields": "summary"}, {"expand": ["names"]}, {"startAt": 3}):
        assert (await stage.ask("POST", "/search/jql", {"jql": "project = SHOP", **wrong})).status_code == 400
