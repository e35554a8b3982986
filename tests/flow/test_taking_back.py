"""What was written is taken back: by who may, once, and only while it is as it was left."""

from typing import Any

import pytest

from tests.flow.acts import over
from tests.flow.publishing import (
    FIELD,
    TARGETS,
    at_once,
    connect,
    expected,
    kind_for,
    publish,
    result,
    settled,
    standing,
    wish,
)
from tests.stack import JiraSite, Stack

pytestmark = pytest.mark.process
UNDOABLE = [target for target in TARGETS if target != "zephyr"]


@pytest.fixture
def site(stack: Stack) -> JiraSite:
    found = stack.site()
    found.ask("POST", "/clear", {"what": ["requests", "complaints", "faults"]})
    connect(found)
    return found


def written(site: JiraSite, target: str, **more: Any) -> tuple[Any, list[Any]]:
    run = result(site, kind_for(target))
    publish(site, wish(run, target, **more))
    found = settled(site, run["id"], target)
    assert {p["status"] for p in found} == {"done"}
    assert all(p["undoable"] is (target != "zephyr") for p in found)
    return run, found


def undo(site: JiraSite, publication: Any, user: str = "ann") -> Any:
    return site.api("POST", f"/publications/{publication['id']}/undo", user=user, body={})


@pytest.mark.parametrize("target", UNDOABLE)
def test_clicked_five_times_it_is_gone_once_and_may_be_written_again(site: JiraSite, target: str) -> None:
    run, found = written(site, target)
    for publication in found:
        assert set(at_once(lambda p=publication: undo(site, p), 5)) == {202}
    gone = settled(site, run["id"], target)
    assert {(p["status"], p["undoable"], p["url"]) for p in gone} == {("undone", False, None)}
    assert standing(site, run["issue_key"], run["id"])[target] == 0
    publish(site, wish(run, target))
    assert {p["status"] for p in settled(site, run["id"], target)} == {"done"}
    assert standing(site, run["issue_key"], run["id"])[target] == expected(target)
    assert site.complaints() == []


def test_a_field_gets_back_what_stood_in_it(site: JiraSite) -> None:
    issue = site.create_issue(webhook=False)
    site.ask("PUT", f"/issues/{issue['key']}", {FIELD: _document("Ours, by hand")})
    run = result(site, "criteria", issue)
    publish(site, wish(run, "field"))
    (refused,) = settled(site, run["id"], "field")
    assert (refused["status"], refused["error"]["error"]) == ("skipped", "field_not_empty")
    publish(site, wish(run, "field", replace=True))
    (done,) = settled(site, run["id"], "field")
    assert done["status"] == "done"
    undo(site, done)
    (gone,) = settled(site, run["id"], "field")
    assert gone["status"] == "undone"
    assert site.ask("GET", f"/issues/{issue['key']}")["fields"][FIELD] == _document("Ours, by hand")


def test_a_section_somebody_wrote_into_stays(site: JiraSite) -> None:
    run, (publication,) = written(site, "description")
    issue = site.ask("GET", f"/issues/{run['issue_key']}")
    description = issue["fields"]["description"]
    description["content"][-1]["content"].append(_document("and this")["content"][0])
    site.ask("PUT", f"/issues/{run['issue_key']}", {"description": description})
    _stays(site, run, publication, "description", "cannot_undo")


def test_a_field_somebody_changed_stays(site: JiraSite) -> None:
    run, (publication,) = written(site, "field")
    site.ask("PUT", f"/issues/{run['issue_key']}", {FIELD: _document("Better words")})
    _stays(site, run, publication, "field", "cannot_undo")


def test_a_subtask_somebody_worked_on_stays(site: JiraSite) -> None:
    run, found = written(site, "subtasks")
    site.ask("POST", f"/issues/{found[0]['remote_key']}/comments", {"text": "I am on it"})
    undo(site, found[0])
    undo(site, found[1])
    first, second = settled(site, run["id"], "subtasks")
    assert (first["status"], first["error"]["error"]) == ("done", "cannot_undo")
    assert second["status"] == "undone"


def test_a_test_that_was_executed_stays(site: JiraSite) -> None:
    run, found = written(site, "xray")
    site.ask("POST", f"/tests/{found[0]['remote_key']}/execute", {})
    _stays(site, run, found[0], "xray", "cannot_undo")


def test_what_a_newer_result_replaced_is_not_taken_back(site: JiraSite) -> None:
    run, (first,) = written(site, "description")
    again = site.api(
        "POST", "/generate/acceptance-criteria", user="tess", body={"issue": run["issue_id"], "force": True}
    )
    newer = over(site, again.json()["run"]["id"])
    publish(site, wish(newer, "description"))
    settled(site, newer["id"], "description")
    _stays(site, run, first, "description", "cannot_undo")
    assert standing(site, run["issue_key"], newer["id"])["description"] == 1


def test_zephyr_takes_nothing_back_and_says_so(site: JiraSite) -> None:
    run, found = written(site, "zephyr")
    answer = undo(site, found[0])
    assert answer.status_code == 409
    assert "no way to delete" in answer.json()["detail"]
    assert standing(site, run["issue_key"], run["id"])["zephyr"] == 2


@pytest.mark.parametrize("target", UNDOABLE)
def test_who_may_not_do_it_in_jira_may_not_undo_it_here(site: JiraSite, target: str) -> None:
    run, found = written(site, target)
    assert undo(site, found[0], "vera").status_code == 403
    # Deleting an issue is a right of its own; the comment one had written oneself may go.
    own = {"subtasks": 403, "xray": 403}.get(target, 202)
    assert undo(site, found[0], "tess").status_code == own
    settled(site, run["id"], target)
    assert (standing(site, run["issue_key"], run["id"])[target] == expected(target)) is (own == 403)


def test_who_took_back_what_is_on_record(site: JiraSite) -> None:
    run, (publication,) = written(site, "comment")
    undo(site, publication, "tess")
    settled(site, run["id"], "comment")
    seen = site.api("GET", "/audit", user="ann").json()
    assert f'"publication": "{publication["id"]}"' in str(seen).replace("'", '"')
    assert "publication.undo" in str(seen)


def _stays(site: JiraSite, run: Any, publication: Any, target: str, code: str) -> None:
    assert undo(site, publication).status_code == 202
    found = [p for p in settled(site, run["id"], target) if p["id"] == publication["id"]]
    assert [(p["status"], p["error"]["error"], p["undoable"]) for p in found] == [("done", code, True)]


def _document(words: str) -> dict[str, Any]:
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": [{"type": "text", "text": words}]}],
    }
