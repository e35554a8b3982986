"""Jira's own JQL parser, and the names a caller may use in a query."""

from functools import partial
from typing import Any

from sandbox.jql import UNBOUNDED, QueryError, checked
from sandbox.jql_fields import FIELDS
from sandbox.jql_tree import RESERVED
from sandbox.jql_words import FUNCTIONS
from sandbox.rest.call import Answer, Call, RefusedError, operation

VALIDATIONS = ("strict", "warn", "none", "")


@operation("jql.parse", "POST", path="/jql/parse")
def parse(call: Call) -> Answer:
    queries = call.document({"queries"}).get("queries")
    if not isinstance(queries, list) or not queries or not all(isinstance(query, str) for query in queries):
        raise RefusedError(400, "The list of queries must not be empty.")
    if call.asked("validation") not in VALIDATIONS:
        raise RefusedError(400, "The validation must be strict, warn or none.")
    # Also an invalid query is answered with 200: the verdict stands inside.
    return 200, {"queries": [_verdict(call, query) for query in queries]}


@operation("jql.names", "GET", path="/jql/autocompletedata")
def names(_: Call) -> Answer:
    fields = [
        {
            "value": name,
            "displayName": field.display,
            "operators": list(field.operators),
            "orderable": str(field.orderable).lower(),
            "searchable": "true",
            "types": ["java.lang.String"],
        }
        for name, field in FIELDS.items()
    ]
    functions = [{"value": name, "displayName": name, "types": ["java.lang.String"]} for name in FUNCTIONS]
    answer = {"visibleFieldNames": fields, "visibleFunctionNames": functions, "jqlReservedWords": sorted(RESERVED)}
    return 200, answer


def _verdict(call: Call, query: str) -> dict[str, Any]:
    sees = partial(call.may, "BROWSE_PROJECTS")
    try:
        found = checked(call.site, query, account_id=call.caller.account_id, sees=sees)
    except QueryError as error:
        # To the parser a query without a condition is fine: it is the search that refuses to walk everything.
        if str(error) == UNBOUNDED:
            return {"query": query, "structure": {}}
        return {"query": query, "errors": [str(error)]}
    return {"query": query, "structure": found.shown()}
