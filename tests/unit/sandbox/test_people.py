"""Who may do what: the matrix everybody else's tests stand on."""

from typing import Any

import pytest

from tests.unit.sandbox.stage import Stage

MATRIX = [
    ("ann", "SHOP", "ADMINISTER_PROJECTS", True),
    ("paul", "SHOP", "ADMINISTER_PROJECTS", True),
    ("tess", "SHOP", "ADMINISTER_PROJECTS", False),
    ("tess", "SHOP", "CREATE_ISSUES", True),
    ("tess", "SHOP", "ADD_COMMENTS", True),
    ("vera", "SHOP", "BROWSE_PROJECTS", True),
    ("vera", "SHOP", "ADD_COMMENTS", False),
    ("vera", "SHOP", "CREATE_ISSUES", False),
    ("nina", "SHOP", "ADD_COMMENTS", True),
    ("nina", "SECRET", "BROWSE_PROJECTS", False),
    ("tess", "SECRET", "BROWSE_PROJECTS", False),
    ("ann", "SECRET", "BROWSE_PROJECTS", True),
    ("app", "SECRET", "BROWSE_PROJECTS", True),
    ("app", "SHOP", "ADMINISTER_PROJECTS", False),
]


def account(stage: Stage, slug: str) -> str:
    user = stage.site.user(slug)
    assert user is not None
    return user.account_id


async def check(stage: Stage, slug: str, **body: Any) -> dict[str, Any]:
    answer = await stage.ask("POST", "/permissions/check", {"accountId": account(stage, slug), **body})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(("slug", "project", "permission", "granted"), MATRIX)
async def test_only_granted_entries_come_back(
    stage: Stage, slug: str, project: str, permission: str, granted: bool
) -> None:
    found = stage.site.project(project)
    assert found is not None
    issue = next(i for i in stage.site.issues.values() if i.project is found)
    block = {"permissions": [permission], "projects": [int(found.id), 999], "issues": [issue.id]}
    answer = await check(stage, slug, projectPermissions=[block])
    whole = [{"permission": permission, "projects": [int(found.id)], "issues": [issue.id]}]
    assert answer["projectPermissions"] == (whole if granted else [])


async def test_only_ann_administers_the_site(stage: Stage) -> None:
    for slug, granted in (("ann", ["ADMINISTER"]), ("paul", []), ("app", [])):
        assert (await check(stage, slug, globalPermissions=["ADMINISTER"]))["globalPermissions"] == granted


@pytest.mark.parametrize(
    "body",
    [
        {"globalPermissions": ["FLY"]},
        {"projectPermissions": [{"permissions": ["FLY"], "projects": [10010]}]},
        {"projectPermissions": [{"permissions": ["BROWSE_PROJECTS"], "projects": ["10010"]}]},
        {"projectPermissions": [{"permissions": ["BROWSE_PROJECTS"], "issue": [1]}]},
        {"projectPermissions": [{"permissions": ["BROWSE_PROJECTS"], "issues": list(range(1001))}]},
        {"user": "x"},
    ],
)
async def test_a_wrong_question_about_rights_is_refused(stage: Stage, body: dict[str, Any]) -> None:
    assert (await stage.ask("POST", "/permissions/check", body)).status_code == 400


async def test_nobody_may_ask_about_others_as_a_user(stage: Stage) -> None:
    body = {"accountId": account(stage, "ann"), "globalPermissions": ["ADMINISTER"]}
    answer = await stage.ask("POST", "/permissions/check", body, token=await stage.bearer("tess"))
    assert answer.status_code == 403


async def test_mypermissions_answers_for_an_issue_or_a_project(stage: Stage) -> None:
    token = await stage.bearer("vera")
    target = "/mypermissions?permissions=BROWSE_PROJECTS,ADD_COMMENTS"
    for where in ("&issueKey=SHOP-142", "&projectKey=SHOP", "&issueId=10231", "&projectId=10010"):
        found = (await stage.ask("GET", target + where, token=token)).json()["permissions"]
        assert (found["BROWSE_PROJECTS"]["havePermission"], found["ADD_COMMENTS"]["havePermission"]) == (True, False)
    assert (await stage.ask("GET", f"{target}&issueKey=SECRET-7", token=token)).status_code == 404


async def test_people_are_read_one_by_one_and_together(stage: Stage) -> None:
    ids = [account(stage, slug) for slug in ("paul", "tess")]
    one = (await stage.ask("GET", f"/user?accountId={ids[0].replace(':', '%3A')}")).json()
    assert (one["displayName"], one["locale"]) == ("Paul Verne", "fr_FR")
    query = "&".join(f"accountId={id_.replace(':', '%3A')}" for id_ in [*ids, "unknown"])
    together = (await stage.ask("GET", f"/user/bulk?{query}")).json()
    assert [user["displayName"] for user in together["values"]] == ["Paul Verne", "Tess Marlow"]
    assert (await stage.ask("GET", "/user?accountId=unknown")).status_code == 404
    assert (await stage.ask("GET", "/user/bulk")).status_code == 400


class TestProjects:
    async def test_each_kind_of_project_shows_what_makes_it_different(self, stage: Stage) -> None:
        shown = {key: (await stage.ask("GET", f"/project/{key}")).json() for key in ("SHOP", "MOBI", "DESK")}
        assert (shown["SHOP"]["simplified"], shown["MOBI"]["simplified"]) == (False, True)
        assert shown["MOBI"]["style"] == "next-gen"
        assert shown["DESK"]["projectTypeKey"] == "service_desk"
        assert shown["SHOP"]["lead"]["displayName"] == "Ann Lee"

    @pytest.mark.parametrize(
        ("project", "name"), [("SHOP", "Sub-task"), ("MOBI", "Subtask"), ("FR", "Sous-tâche"), ("NOSUB", None)]
    )
    async def test_the_sub_task_type_has_the_name_of_its_project(
        self, stage: Stage, project: str, name: str | None
    ) -> None:
        types = (await stage.ask("GET", f"/issue/createmeta/{project}/issuetypes")).json()["issueTypes"]
        assert [t["name"] for t in types if t["subtask"]] == ([name] if name else [])
        assert all(t["subtask"] == (t["hierarchyLevel"] == -1) for t in types)

    async def test_no_right_to_create_means_no_types(self, stage: Stage) -> None:
        answer = await stage.ask("GET", "/issue/createmeta/SHOP/issuetypes", token=await stage.bearer("vera"))
        assert answer.json()["issueTypes"] == []

    async def test_fields_say_which_are_rich_and_which_are_required(self, stage: Stage) -> None:
        target = "/issue/createmeta/SHOP/issuetypes/10003"
        fields = {f["fieldId"]: f for f in (await stage.ask("GET", target)).json()["fields"]}
        assert fields["parent"]["required"]
        assert fields["customfield_10058"]["schema"]["custom"].endswith(":textarea")
        assert fields["customfield_10063"]["schema"]["custom"].endswith(":textfield")
        assert (await stage.ask("GET", "/issue/createmeta/SHOP/issuetypes/1")).status_code == 404

    async def test_what_may_be_edited_depends_on_the_person(self, stage: Stage) -> None:
        mine = (await stage.ask("GET", "/issue/SHOP-142/editmeta")).json()["fields"]
        assert "customfield_10058" in mine
        assert "project" not in mine
        theirs = await stage.ask("GET", "/issue/SHOP-142/editmeta", token=await stage.bearer("vera"))
        assert theirs.json()["fields"] == {}

    async def test_projects_are_found_by_name_and_by_right(self, stage: Stage) -> None:
        token = await stage.bearer("paul")
        target = "/project/search?action=edit&query=shop&expand=issueTypes"
        (project,) = (await stage.ask("GET", target, token=token)).json()["values"]
        assert (project["key"], len(project["issueTypes"])) == ("SHOP", 5)
        tess = await stage.ask("GET", "/project/search?action=edit", token=await stage.bearer("tess"))
        assert tess.json()["values"] == []

    async def test_the_rest_of_the_site_answers(self, stage: Stage) -> None:
        for target in (
            "/serverInfo", "/configuration", "/field", "/project/SHOP/statuses", "/issueLinkType",
            "/issue/SHOP-142/changelog", "/issue/SHOP-142/remotelink",
        ):  # fmt: skip
            assert (await stage.ask("GET", target)).status_code == 200
        assert stage.complaints() == []
