"""The JQL the pretend Jira understands, and paging by token."""

import time
from urllib.parse import quote

import pytest

from sandbox.jql import QueryError, checked, run
from sandbox.jql_tree import Clause, clauses, parse
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
        "project = SHOP OR",
        "(project = SHOP",
        "NOT",
        "project = NOPE",
        "status = Nowhere",
        "assignee = nobody",
        "key = A-1",
        "summary = voucher",
        "text ~ '*voucher'",
        "text ~ '[voucher'",
        "text ~ 'a\\:b'",
        "text ~ ''",
        "updated >= -7x",
        "updated >= startOfFortnight()",
        "assignee = openSprints()",
        "status was Done",
        "assignee is Done",
        "project in SHOP",
        "project = order",
        "project = 'SHOP",
        "project = SHOP ORDER BY labels",
        "project = SHOP ORDER BY key, key, key, key, key, key, key, key",
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
    (clause,) = clauses(parse(r'summary ~ "a \"b\" AND c"').where)
    assert [value.text for value in clause.values] == ['a "b" AND c']


def test_conditions_bind_as_in_jira() -> None:
    query = parse("NOT a = 1 AND (b = 2 OR c in (3, f())) ORDER BY a DESC, b")
    both = query.where
    assert not isinstance(both, Clause)
    assert both.operator == "and"
    assert [clause.field for clause in clauses(both)] == ["a", "b", "c"]
    assert query.order == (("a", True), ("b", False))


async def test_moments_people_and_sprints_are_understood(stage: Stage) -> None:
    site, tess = stage.site, stage.site.user("tess")
    one, other = site.issue("SHOP-401"), site.issue("SHOP-402")
    assert one
    assert other
    assert tess
    one.fields |= {
        "assignee": {"accountId": tess.account_id}, "customfield_10020": [{"id": 7, "name": "S", "state": "active"}],
        "duedate": "2026-01-31", "components": [{"id": "1", "name": "Basket"}],
    }  # fmt: skip
    one.updated = time.time()
    of_tess = {"account_id": tess.account_id}

    def found(jql: str) -> list[str]:
        return [issue.key for issue in run(site, f"key in (SHOP-401, SHOP-402) AND {jql}", **of_tess)]

    assert found("assignee = currentUser()") == found("sprint in openSprints()") == ["SHOP-401"]
    assert found("assignee is EMPTY") == found("due is empty") == ["SHOP-402"]
    assert found("updated >= -1d") == found("updated >= startOfDay(-1d) AND updated <= now()") == ["SHOP-401"]
    assert found("component = Basket AND due < startOfYear(1)") == ["SHOP-401"]
    assert found("sprint in closedSprints()") == found("due > endOfMonth()") == []
    assert found("resolution = Unresolved AND statusCategory != Done ORDER BY duedate DESC") == ["SHOP-401", "SHOP-402"]


def test_what_is_empty_differs_from_nothing(stage: Stage) -> None:
    assert keys(stage, "key in (SHOP-402, SHOP-403) AND labels != basket") == []
    assert keys(stage, "key in (SHOP-402, SHOP-403) AND NOT labels = basket") == ["SHOP-402"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("vouchers", True),
        ("remov* vouch*", True),
        ('"removing a voucher"', True),
        ('"voucher removing"', False),
        ("pay", False),
    ],
)
def test_text_is_found_by_words_and_phrases(stage: Stage, query: str, found: bool) -> None:
    quoted = query.replace('"', '\\"')
    assert keys(stage, f'key = SHOP-403 AND summary ~ "{quoted}"') == (["SHOP-403"] if found else [])
    assert keys(stage, f'key = SHOP-403 AND summary !~ "{quoted}"') == ([] if found else ["SHOP-403"])


async def test_the_parser_says_what_is_wrong_and_shows_the_tree(stage: Stage) -> None:
    asked = ["project = SHOP AND assignee = currentUser()", "project = NOPE", "colour = red", "ORDER BY key"]
    answer = (await stage.ask("POST", "/jql/parse?validation=strict", {"queries": asked})).json()["queries"]
    assert [found["query"] for found in answer] == asked
    tree = answer[0]["structure"]["where"]
    assert tree["operator"] == "and"
    assert tree["clauses"][1]["operand"]["function"] == "currentUser"
    assert answer[1]["errors"] == ["The value 'NOPE' does not exist for the field 'project'."]
    assert "do not have permission to view it" in answer[2]["errors"][0]
    assert "errors" not in answer[3], "only the search refuses a query without a condition"
    assert (await stage.ask("POST", "/jql/parse", {"queries": []})).status_code == 400


async def test_the_parser_knows_no_more_than_the_caller(stage: Stage) -> None:
    token = await stage.bearer("tess")
    body = {"queries": ["project = SECRET"]}
    (of_tess,) = (await stage.ask("POST", "/jql/parse", body, token=token)).json()["queries"]
    assert "does not exist" in of_tess["errors"][0]
    (of_app,) = (await stage.ask("POST", "/jql/parse", body)).json()["queries"]
    assert "errors" not in of_app


async def test_names_for_queries_are_listed(stage: Stage) -> None:
    answer = (await stage.ask("GET", "/jql/autocompletedata")).json()
    assert {"summary", "statuscategory", "assignee"} <= {field["value"] for field in answer["visibleFieldNames"]}
    assert "currentUser()" in [function["value"] for function in answer["visibleFunctionNames"]]
    for field in answer["visibleFieldNames"]:
        assert checked(stage.site, f'"{field["displayName"]}" is not empty')


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
    token = await stage.bearer("tess")
    # A project one may not see does not exist.
    refused = await stage.ask("POST", "/search/jql", body, token=token)
    assert refused.status_code == 400
    assert refused.json()["errorMessages"] == ["The value 'SECRET' does not exist for the field 'project'."]
    everything = {"jql": "created > -1000w", "fields": ["project"], "maxResults": 100}
    seen = (await stage.ask("POST", "/search/jql", everything, token=token)).json()["issues"]
    assert {issue["fields"]["project"]["key"] for issue in seen} >= {"SHOP", "NOSUB"}
    assert "SECRET" not in {issue["fields"]["project"]["key"] for issue in seen}
    counted = await stage.ask("POST", "/search/approximate-count", {"jql": "project = NOSUB"})
    assert counted.json() == {"count": 1}


async def test_lists_of_the_wrong_kind_are_refused(stage: Stage) -> None:
    for wrong in ({"fields": "summary"}, {"expand": ["names"]}, {"startAt": 3}, {"maxResults": 6000}):
        assert (await stage.ask("POST", "/search/jql", {"jql": "project = SHOP", **wrong})).status_code == 400
