"""What calls to Jira cost in points.

Source: developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

from addon.jira.wire import Call

_EACH = {"myself": 2, "user.names": 2, "permissions.check": 2}  # users and permissions cost two, everything else one
_LISTS = {
    "issue.bulkfetch": ("issues",),
    "search.jql": ("issues",),
    "project.search": ("values",),
    "user.names": ("values",),
    "permissions.check": ("projectPermissions", "globalPermissions"),
}


def at_least(call: Call) -> int:
    """What a call costs however it ends: one, and, when it reads, one object."""
    return 1 if call.writes else 1 + _EACH.get(call.operation, 1)


def more(call: Call, answer: object) -> int:
    """What the objects of an answer cost beyond `at_least`."""
    lists = _LISTS.get(call.operation)
    if lists is None or not isinstance(answer, dict):
        return 0
    count = sum(len(found) for name in lists if isinstance(found := answer.get(name), list))
    return max(count - 1, 0) * _EACH.get(call.operation, 1)
