"""Reading and writing issues, comments and properties as the add-on does."""

from typing import Any

import pytest

from tests.unit.sandbox.stage import Stage, doc, fields, paragraph

MARK = [{"key": "com.jiravision.addon", "value": {"publication": "p1", "kind": "analysis"}}]


class TestReading:
    async def test_a_sample_issue_has_the_shape_of_v3(self, stage: Stage) -> None:
        issue = (await stage.ask("GET", "/issue/SHOP-142?expand=names,schema")).json()
        assert (issue["id"], issue["key"]) == ("10231", "SHOP-142")
        shown = issue["fields"]
        assert shown["description"]["type"] == "doc"
        assert shown["parent"]["key"] == "SHOP-90"
        assert [child["key"] for child in shown["subtasks"]] == ["SHOP-143", "SHOP-144"]
        assert shown["comment"]["total"] == len(shown["comment"]["comments"]) == 4
        assert issue["names"]["customfield_10058"] == "Acceptance criteria"
        assert issue["schema"]["customfield_10058"]["custom"].endswith(":textarea")
        assert shown["created"].endswith("+0000")

    async def test_the_id_and_any_case_of_the_key_find_it(self, stage: Stage) -> None:
        for name in ("10231", "shop-142"):
            assert (await stage.ask("GET", f"/issue/{name}")).json()["key"] == "SHOP-142"

    async def test_only_the_fields_asked_for_come_back(self, stage: Stage) -> None:
        issue = (await stage.ask("GET", "/issue/SHOP-142?fields=summary,labels")).json()
        assert set(issue["fields"]) == {"summary", "labels"}
        rest = (await stage.ask("GET", "/issue/SHOP-142?fields=*all,-comment")).json()
        assert "comment" not in rest["fields"]
        assert "worklog" in rest["fields"]

    async def test_several_issues_are_read_at_once(self, stage: Stage) -> None:
        body = {"issueIdsOrKeys": ["SHOP-250", "10231", "SHOP-9999"], "fields": ["summary"]}
        answer = (await stage.ask("POST", "/issue/bulkfetch", body)).json()
        assert [issue["key"] for issue in answer["issues"]] == ["SHOP-142", "SHOP-250"]
        assert answer["issueErrors"][0]["id"] == "SHOP-9999"
        assert (await stage.ask("POST", "/issue/bulkfetch", {"issueIdsOrKeys": []})).status_code == 400


class TestWriting:
    async def test_a_created_issue_can_be_read_back(self, stage: Stage) -> None:
        more = {"labels": ["a", "a"], "priority": {"id": "2"}, "customfield_10058": doc(paragraph("c"))}
        made = await stage.ask("POST", "/issue", {**fields(**more), "properties": MARK})
        assert made.status_code == 201
        issue = (await stage.ask("GET", f"/issue/{made.json()['key']}?properties=*all")).json()
        assert issue["fields"]["labels"] == ["a"]
        assert issue["fields"]["priority"]["name"] == "High"
        assert issue["fields"]["creator"]["accountId"] == stage.site.installed.app_account
        assert issue["properties"]["com.jiravision.addon"]["publication"] == "p1"

    @pytest.mark.parametrize(
        ("project", "kind", "parent"),
        [("10010", "10003", "SHOP-142"), ("10022", "10031", "MOBI-41"), ("10033", "10043", "FR-61")],
    )
    async def test_sub_tasks_go_under_their_parent(self, stage: Stage, project: str, kind: str, parent: str) -> None:
        body = fields(project={"id": project}, issuetype={"id": kind}, parent={"key": parent})
        made = (await stage.ask("POST", "/issue", body)).json()
        whole = await stage.control("GET", f"/issues/{parent}")
        assert made["key"] in [child["key"] for child in whole["children"]]
        assert stage.complaints() == []

    async def test_an_edit_changes_fields_labels_and_properties(self, stage: Stage) -> None:
        body = {
            "fields": {"summary": "New"},
            "update": {"labels": [{"add": "x"}, {"remove": "voucher"}]},
            "properties": MARK,
        }
        assert (await stage.ask("PUT", "/issue/SHOP-142", body)).status_code == 204
        issue = (await stage.ask("PUT", "/issue/SHOP-142?returnIssue=true", {"fields": {}})).json()
        assert issue["fields"]["summary"] == "New"
        assert issue["fields"]["labels"] == ["checkout", "x"]

    async def test_rights_of_the_app_user_hold(self, stage: Stage) -> None:
        body = {"user": "app", "project": "SHOP", "remove": ["CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS"]}
        await stage.control("POST", "/permissions", body)
        assert (await stage.ask("POST", "/issue", fields())).status_code == 403
        assert (await stage.ask("PUT", "/issue/SHOP-142", {"fields": {"summary": "x"}})).status_code == 403
        comment = {"body": doc(paragraph("x"))}
        assert (await stage.ask("POST", "/issue/SHOP-142/comment", comment)).status_code == 404
        assert stage.complaints() == []

    async def test_a_project_the_app_may_not_see_does_not_exist(self, stage: Stage) -> None:
        await stage.control("POST", "/permissions", {"user": "app", "project": "SHOP", "role": None})
        assert (await stage.ask("GET", "/issue/SHOP-142")).status_code == 404
        assert (await stage.ask("GET", "/project/SHOP")).status_code == 404
        assert (await stage.ask("POST", "/issue", fields())).status_code == 400


class TestComments:
    async def create(self, stage: Stage, issue: str = "SHOP-142", **more: Any) -> str:
        answer = await stage.ask("POST", f"/issue/{issue}/comment", {"body": doc(paragraph("Hello")), **more})
        assert answer.status_code == 201
        return str(answer.json()["id"])

    async def test_its_properties_are_found_through_the_list_only(self, stage: Stage) -> None:
        comment = await self.create(stage, properties=MARK)
        plain = (await stage.ask("GET", "/issue/SHOP-142/comment?orderBy=-created&maxResults=1")).json()
        assert plain["comments"][0]["id"] == comment
        assert "properties" not in plain["comments"][0]
        listed = (await stage.ask("POST", "/comment/list?expand=properties", {"ids": [int(comment)]})).json()
        assert listed["values"][0]["properties"] == MARK
        direct = (await stage.ask("GET", f"/comment/{comment}/properties/com.jiravision.addon")).json()
        assert direct["value"]["publication"] == "p1"

    async def test_an_update_keeps_properties_it_does_not_name(self, stage: Stage) -> None:
        internal = [{"key": "sd.public.comment", "value": {"internal": True}}]
        comment = await self.create(stage, "DESK-11", properties=internal)
        updated = await stage.ask("PUT", f"/issue/DESK-11/comment/{comment}", {"body": doc(paragraph("New"))})
        assert updated.json()["jsdPublic"] is False
        (shown,) = (await stage.control("GET", "/issues/DESK-11/comments"))["comments"]
        assert (shown["text"], shown["internal"]) == ("New", True)

    async def test_a_comment_of_somebody_else_may_not_be_edited(self, stage: Stage) -> None:
        made = await stage.control("POST", "/issues/SHOP-142/comments", {"user": "tess", "text": "Mine"})
        body = {"body": doc(paragraph("Yours"))}
        assert (await stage.ask("PUT", f"/issue/SHOP-142/comment/{made['id']}", body)).status_code == 400
        token = await stage.bearer("paul")
        assert (await stage.ask("PUT", f"/issue/SHOP-142/comment/{made['id']}", body, token=token)).status_code == 200

    async def test_a_deleted_comment_is_not_found(self, stage: Stage) -> None:
        comment = await self.create(stage)
        await stage.control("DELETE", f"/issues/SHOP-142/comments/{comment}")
        body = {"body": doc(paragraph("x"))}
        assert (await stage.ask("PUT", f"/issue/SHOP-142/comment/{comment}", body)).status_code == 404
        assert (await stage.ask("GET", f"/comment/{comment}/properties")).status_code == 404
        assert stage.complaints() == []


class TestProperties:
    async def test_set_read_list_and_replace(self, stage: Stage) -> None:
        path = "/issue/SHOP-142/properties/com.jiravision.addon"
        assert (await stage.ask("PUT", path, {"a": 1})).status_code == 201
        assert (await stage.ask("PUT", path, {"a": 2})).status_code == 200
        assert (await stage.ask("GET", path)).json()["value"] == {"a": 2}
        assert (await stage.ask("GET", "/issue/SHOP-142/properties")).json()["keys"][0]["key"] == "com.jiravision.addon"
        assert (await stage.ask("GET", "/issue/SHOP-142/properties/other")).status_code == 404

    async def test_a_project_property_needs_an_administrator(self, stage: Stage) -> None:
        assert (await stage.ask("PUT", "/project/SHOP/properties/a", 1)).status_code == 403
        token = await stage.bearer("paul")
        assert (await stage.ask("PUT", "/project/SHOP/properties/a", 1, token=token)).status_code == 201
        assert (await stage.ask("GET", "/project/SHOP/properties/a")).json()["value"] == 1
