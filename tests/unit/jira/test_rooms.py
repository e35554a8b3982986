from pathlib import Path

import httpx2
import pytest

from addon.jira import comments, fields, issues, permissions, projects, users
from addon.jira.errors import JiraDown
from addon.jira.issue import Issue, IssueType
from addon.jira.shape import epoch
from tests.unit.jira.conftest import ACCOUNT, SITE, Open, ok

ISSUES = Path(__file__).parents[2] / "data" / "issues"
EMPTY = {"type": "doc", "version": 1, "content": []}


def sample(name: str) -> Issue:
    return Issue.model_validate_json((ISSUES / name).read_bytes())


def test_rich_issue_is_read() -> None:
    issue = sample("01-rich-story.json")
    assert (issue.id, issue.key, issue.summary) == ("10231", "SHOP-142", "Explain why a voucher was refused")
    assert issue.issue_type == IssueType(id="10001", name="Story")
    assert (issue.project.key, issue.project.simplified, issue.project.service_desk) == ("SHOP", False, False)
    assert issue.labels == ["checkout", "voucher"]
    assert issue.components == ["Basket"]
    assert issue.parent is not None
    assert issue.parent.summary == "Checkout clarity"
    assert [task.key for task in issue.subtasks] == ["SHOP-143", "SHOP-144"]
    assert ("is blocked by", "SHOP-118") in [(link.relation, link.issue.key) for link in issue.links]
    assert [comment.restricted for comment in issue.comments].count(True) == 1
    assert issue.reporter_id == issue.creator_id == ACCOUNT
    assert issue.updated == epoch("2026-10-06T07:00:00.017Z")
    assert issue.status.category == "indeterminate"


def test_issue_with_almost_nothing_is_read() -> None:
    issue = sample("06-minimal-null-description.json")
    assert issue.description is None
    assert (issue.components, issue.links, issue.subtasks, issue.comments, issue.parent) == ([], [], [], [], None)
    assert issue.reporter_id is None


@pytest.mark.parametrize("name", sorted(path.name for path in ISSUES.glob("*.json")))
def test_every_sample_is_read(name: str) -> None:
    issue = sample(name)
    assert issue.key
    assert issue.issue_type.name
    assert issue.project.key


def test_odd_fields_are_read_as_absent() -> None:
    odd = {
        "summary": 3,
        "labels": "x",
        "components": [None, 1, {}],
        "issuelinks": {},
        "comment": [],
        "parent": "A-1",
        "subtasks": [3, {"id": 7}],
        "reporter": [],
        "project": None,
        "issuetype": {"name": "no id"},
        "updated": "?",
    }
    issue = Issue.model_validate({"id": 5, "key": "A-5", "fields": odd})
    assert (issue.id, issue.summary, issue.labels, issue.components, issue.links) == ("5", "", [], [], [])
    assert (issue.parent, issue.reporter, issue.project.id, issue.issue_type.id, issue.updated) == (
        None,
        None,
        "",
        "",
        0.0,
    )
    assert [task.id for task in issue.subtasks] == ["7"]


def test_team_managed_subtask_type_is_known() -> None:
    issue = sample("02-team-managed-subtask.json")
    assert issue.issue_type.subtask
    assert issue.project.simplified


async def test_issue_is_asked_for_by_fields_and_properties(over: Open) -> None:
    jira, wire = over(httpx2.Response(200, content=(ISSUES / "01-rich-story.json").read_bytes()))
    await issues.get(jira.as_app(SITE), "SHOP-142", fields=["summary", "labels"], properties=["a.b"])
    assert dict(wire.requests[0].url.params) == {"fields": "summary,labels", "properties": "a.b"}


async def test_answer_that_is_no_issue_is_trouble(over: Open) -> None:
    jira, _ = over(ok([]))
    with pytest.raises(JiraDown):
        await issues.get(jira.as_app(SITE), "A-1", fields=["summary"])


async def test_edit_sends_only_what_changes_and_nothing_for_nothing(over: Open) -> None:
    jira, wire = over(ok(None, 204))
    session = jira.as_app(SITE)
    await issues.edit(session, "A-1")
    await issues.edit(session, "A-1", properties={"p": {"run": "1"}}, trace="k/r")
    assert wire.bodies == [{"properties": [{"key": "p", "value": {"run": "1"}}]}]
    assert wire.requests[0].method == "PUT"
    assert wire.requests[0].headers["X-Atlassian-Webhook-Trace"] == "k/r"


async def test_children_are_read_through_the_issue_in_hundreds(over: Open) -> None:
    tasks = [{"id": str(number), "key": f"A-{number}"} for number in range(2, 152)]
    found = [{"id": "2", "key": "A-2", "properties": {"p": 1}}, {"id": "3", "key": "A-3", "properties": {}}]
    jira, wire = over(
        ok({"id": "1", "key": "A-1", "fields": {"subtasks": tasks}}), ok({"issues": found}), ok({"issues": []})
    )
    assert await issues.children_with_property(jira.as_app(SITE), "A-1", property_key="p") == [("2", "A-2", 1)]
    assert [len(body["issueIdsOrKeys"]) for body in wire.bodies if isinstance(body, dict)] == [100, 50]


async def test_issue_without_children_costs_one_call(over: Open) -> None:
    jira, wire = over(ok({"id": "1", "key": "A-1", "fields": {}}))
    assert await issues.children_with_property(jira.as_app(SITE), "A-1", property_key="p") == []
    assert len(wire.requests) == 1


async def test_comment_carries_its_mark_and_may_be_internal(over: Open) -> None:
    jira, wire = over(ok({"id": "7"}, 201))
    await comments.create(
        jira.as_app(SITE), "A-1", body_adf=EMPTY, properties={"k": {"n": 1}, **comments.INTERNAL}, trace="k/r"
    )
    assert wire.bodies == [
        {
            "body": EMPTY,
            "properties": [{"key": "k", "value": {"n": 1}}, {"key": "sd.public.comment", "value": {"internal": True}}],
        }
    ]


async def test_update_sends_no_properties(over: Open) -> None:
    jira, wire = over(ok({"id": "7"}))
    await comments.update(jira.as_app(SITE), "A-1", comment_id="7", body_adf=EMPTY, trace="k/r")
    assert wire.bodies == [{"body": EMPTY}]
    assert wire.requests[0].url.path == "/rest/api/3/issue/A-1/comment/7"


async def test_marked_comments_are_found_on_every_page(over: Open) -> None:
    first = [{"id": str(number)} for number in range(1, 101)]
    marked = {"id": "101", "properties": [{"key": "k", "value": {"n": 1}}]}
    jira, wire = over(
        ok({"comments": first, "total": 101}),
        ok({"comments": [{"id": "101"}], "total": 101}),
        ok({"values": [{"id": "1", "properties": [{"key": "other", "value": 1}]}, {"id": "2"}]}),
        ok({"values": [marked]}),
    )
    found = await comments.with_property(jira.as_app(SITE), "A-1", property_key="k")
    assert [(comment.id, comment.properties["k"]) for comment in found] == [("101", {"n": 1})]
    assert wire.bodies == [{"ids": list(range(1, 101))}, {"ids": [101]}]
    assert [request.url.params.get("startAt") for request in wire.requests[:2]] == ["0", "100"]


async def test_latest_comments_are_asked_newest_first(over: Open) -> None:
    jira, wire = over(ok({"comments": [{"id": "3", "jsdPublic": False}, {"id": "2"}], "total": 9}))
    newest, older = await comments.latest(jira.as_app(SITE), "A-1", limit=2)
    assert (newest.id, newest.public, older.public) == ("3", False, True)
    assert dict(wire.requests[0].url.params) == {"maxResults": "2", "orderBy": "-created"}


async def test_permissions_are_asked_with_numbers_and_answered_by_id(over: Open) -> None:
    granted = [{"permission": "BROWSE_PROJECTS", "projects": [10010], "issues": [10231, 666]}]
    jira, wire = over(ok({"globalPermissions": ["ADMINISTER", "OTHER"], "projectPermissions": granted}))
    found = await permissions.check(
        jira.as_app(SITE),
        ACCOUNT,
        global_permissions=["ADMINISTER"],
        project_permissions=["BROWSE_PROJECTS"],
        project_ids=["10010", "x"],
        issue_ids=["10231"],
    )
    asked = {"permissions": ["BROWSE_PROJECTS"], "projects": [10010], "issues": [10231]}
    assert wire.bodies == [{"accountId": ACCOUNT, "globalPermissions": ["ADMINISTER"], "projectPermissions": [asked]}]
    assert found.global_ == {"ADMINISTER"}
    assert found.project == {"BROWSE_PROJECTS": {"10010"}}
    assert found.issue == {"BROWSE_PROJECTS": {"10231"}}


async def test_nothing_to_ask_grants_nothing_without_a_call(over: Open) -> None:
    jira, wire = over(ok({}))
    found = await permissions.check(
        jira.as_app(SITE), ACCOUNT, project_permissions=["BROWSE_PROJECTS"], issue_ids=["A-1"]
    )
    assert (found, wire.requests) == (permissions.Granted(), [])


@pytest.mark.parametrize(
    ("names", "wanted", "expected"),
    [
        (["Sub-task"], None, "Sub-task"),
        (["Subtask"], None, "Subtask"),
        (["Sous-tâche"], None, "Sous-tâche"),
        (["Technical task", "Sub-task"], None, "Sub-task"),
        (["Technical task", "Sub-task"], "technical task", "Technical task"),
        (["Technical task", "Sub-task"], "0", "Technical task"),
        (["Technical task", "하위 작업"], "gone", "Technical task"),
        ([], "Sub-task", None),
    ],
)
def test_subtask_type_is_chosen(names: list[str], wanted: str | None, expected: str | None) -> None:
    types = [
        IssueType(id="9", name="Story"),
        *(IssueType(id=str(n), name=x, subtask=True) for n, x in enumerate(names)),
    ]
    chosen = fields.subtask_type(types, wanted)
    assert (chosen.name if chosen else None) == expected


def test_subtask_type_is_known_by_its_level() -> None:
    assert fields.subtask_type([IssueType.model_validate({"id": "1", "name": "x", "hierarchyLevel": -1})]) is not None


async def test_create_types_are_read_to_the_last_page(over: Open) -> None:
    page = [{"id": str(number), "name": "T"} for number in range(200)]
    last = {"id": "200", "name": "Sub-task", "subtask": True}
    jira, wire = over(ok({"issueTypes": page, "total": 201}), ok({"issueTypes": [last], "total": 201}))
    types = await fields.create_types(jira.as_app(SITE), "10010")
    assert len(types) == 201
    assert types[-1].subtask
    assert [dict(request.url.params) for request in wire.requests] == [
        {"startAt": "0", "maxResults": "200"},
        {"startAt": "200", "maxResults": "200"},
    ]


@pytest.mark.parametrize("name", ["fields", "results"])
async def test_required_fields_leave_out_what_is_given_or_has_a_default(over: Open, name: str) -> None:
    described = [
        {"fieldId": "summary", "required": True},
        {
            "fieldId": "customfield_1",
            "name": "Team",
            "required": True,
            "hasDefaultValue": False,
            "schema": {"type": "x"},
        },
        {"fieldId": "priority", "required": True, "hasDefaultValue": True},
        {"fieldId": "labels", "required": False},
    ]
    jira, _ = over(ok({name: described, "total": 4}))
    found = await fields.required_fields(jira.as_app(SITE), "SHOP", type_id="10003")
    assert [(one.id, one.name) for one in found] == [("customfield_1", "Team")]


async def test_edit_meta_names_fields_by_id(over: Open) -> None:
    textarea = {"type": "string", "custom": "com.atlassian.jira.plugin.system.customfieldtypes:textarea"}
    described = {"customfield_1": {"name": "Criteria", "schema": textarea, "operations": ["set"]}, "odd": 3}
    jira, _ = over(ok({"fields": described}))
    meta = await fields.edit_meta(jira.as_app(SITE), "A-1")
    assert list(meta) == ["customfield_1"]
    assert meta["customfield_1"].rich_text


def test_rich_text_is_told_from_plain_text() -> None:
    prefix = "com.atlassian.jira.plugin.system.customfieldtypes:"
    assert fields.is_rich_text({"type": "string", "custom": prefix + "textarea"})
    assert fields.is_rich_text({"type": "string", "system": "description"})
    assert not fields.is_rich_text({"type": "string", "custom": prefix + "textfield"})
    assert not fields.is_rich_text({"type": "string", "system": "summary"})
    assert not fields.is_rich_text(None)


async def test_all_fields_and_their_kind(over: Open) -> None:
    prefix = "com.atlassian.jira.plugin.system.customfieldtypes:"
    jira, _ = over(ok([{"id": "c1", "name": "A", "schema": {"custom": prefix + "textfield"}}, {"id": "labels"}, 3]))
    assert [(one.id, one.text, one.rich_text) for one in await fields.all_fields(jira.as_app(SITE))] == [
        ("c1", True, False),
        ("labels", False, False),
    ]


async def test_project_tells_service_desk_and_types(over: Open) -> None:
    answer = {"id": "1", "key": "HELP", "name": "Help", "projectTypeKey": "service_desk", "issueTypes": [{"id": "7"}]}
    jira, _ = over(ok(answer))
    project = await projects.get(jira.as_app(SITE), "HELP")
    assert (project.service_desk, project.simplified, [one.id for one in project.issue_types]) == (True, False, ["7"])


async def test_display_names_are_read_in_fifties(over: Open) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        ids = request.url.params.get_list("accountId")
        return ok({"values": [{"accountId": one, "displayName": f"N {one}"} for one in ids if one != "hidden"]})

    jira, wire = over(answer)
    names = await users.display_names(jira.as_app(SITE), [*(f"id:{n}" for n in range(60)), "hidden", "id:0", ""])
    assert len(names) == 60
    assert names["id:0"] == "N id:0"
    assert len(wire.requests) == 2


def test_time_stamps_are_utc_seconds() -> None:
    assert epoch("2026-10-02T09:14:03.120+0100") == epoch("2026-10-02T08:14:03.120Z") == 1790928843.12
    assert epoch(None) == epoch("soon") == 0.0
