"""The pretend Xray understands what clients send and refuses what its schema does not hold."""

import pytest

from sandbox.graphql import QueryError, check, filled, parse
from sandbox.xray import SCHEMA


def test_an_operation_is_read_with_its_variables_and_arguments() -> None:
    operation = parse(
        """mutation Make($jira: JSON!, $steps: [CreateStepInput]) { # a comment
          made: createTest(testType: {name: "Manual"}, steps: $steps, jira: $jira, folderPath: null) {
            test { issueId, jira(fields: ["key", "summary"]) } warnings
          }
        }"""
    )
    assert (operation.kind, operation.variables) == ("mutation", {"jira": "JSON!", "steps": "[CreateStepInput]"})
    (made,) = operation.selections
    assert (made.alias, made.name, made.arguments["testType"], made.arguments["folderPath"]) == (
        "made",
        "createTest",
        {"name": "Manual"},
        None,
    )
    check(operation, SCHEMA)
    assert filled(made.arguments, {"jira": {"a": 1}})["jira"] == {"a": 1}
    assert filled([made.arguments["steps"]], {}) == [None]
    assert parse("{ getTests(limit: -1, jql: 1.5, issueIds: [true]) { total } }").selections[0].arguments == {
        "limit": -1,
        "jql": 1.5,
        "issueIds": [True],
    }


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "Expected Name"),
        ("{ getTests(limit: 1) }", "must have a selection"),
        ("{ getTests(limit: 1) { total { x } } }", "must not have a selection"),
        ("{ nothing }", 'Cannot query field "nothing" on type "Query"'),
        ("{ getTests { total } }", '"limit" of type "Int!" is required'),
        ("{ getTests(limit: 1, page: 2) { total } }", 'Unknown argument "page"'),
        ("query($l: Int) { getTests(limit: $l) { total } }", "used in position expecting"),
        ("query($l: String!) { getTests(limit: $l) { total } }", "used in position expecting"),
        ("{ getTests(limit: $l) { total } }", '"$l" is not defined'),
        ("query($x: Int) { getTests(limit: 1) { total } }", '"$x" is never used'),
        ("{ getTests(limit: ) { total } }", "Unexpected )"),
        ("{ a } { b }", "one operation"),
        ("subscription { a }", "Unexpected Name"),
        ("{ ä }", "Unexpected character"),
        ("{ }", "Expected Name, found }"),
        ("{ a(", "Expected Name"),
    ],
)
def test_what_does_not_fit_is_refused_in_graphqls_words(source: str, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        check(parse(source), SCHEMA)
    assert words in str(caught.value)
