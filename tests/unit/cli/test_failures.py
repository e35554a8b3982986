"""`jiravision failures`: what the operator sees of all sites, and what nobody but a site may see."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from addon.errors import Conflict, Misconfigured, NotFound
from addon.store.db import Database
from addon.store.repos import audit
from addon.store.tables.runs import publications, runs
from tests.rows import add_publication, add_run, add_tenant, row_of
from tests.unit.cli.test_main import invoke

SECRET_WORDS = "Pay the ransom by Friday"
LOST = {"error": "worker_lost", "detail": SECRET_WORDS}
REFUSED = {"error": "gave_up", "cause": "jira_down", "detail": SECRET_WORDS}


class Site:
    """A database with one tenant, and the command over it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self.tenant_id = self.do(add_tenant)

    def do(self, act: Any, *given: Any, **more: Any) -> Any:
        async def whole() -> Any:
            db = Database.open(self.url)
            try:
                return await act(db, *given, **more)
            finally:
                await db.close()

        return asyncio.run(whole())

    def failed(self, **values: Any) -> str:
        base = {"state": "failed", "finished_at": time.time() - 200, "error": LOST, "attempts": 3}
        return str(self.do(add_run, self.tenant_id, **{**base, **values}))

    def says(self, *arguments: str, code: int = 0, **environment: str) -> str:
        found, said, error = invoke("failures", *arguments, folder=self._folder, DATABASE_URL=self.url, **environment)
        if error is not None and not isinstance(error, SystemExit):
            raise error
        assert found == code, said
        return said


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Site:
    return Site(database_url, tmp_path)


def test_failures_stand_in_a_table_with_what_to_do_and_no_word_of_an_issue(site: Site) -> None:
    site.failed(facts={"summary": SECRET_WORDS}, issue_key="ABC-1")
    run_id = site.do(add_run, site.tenant_id, state="succeeded")
    values = {"state": "failed", "finished_at": time.time(), "error": REFUSED, "content": {"title": SECRET_WORDS}}
    site.do(add_publication, site.tenant_id, run_id, **values, undoing=True)
    said = site.says()
    for expected in ("acme.atlassian.net", "ABC-1", "3 min ago", "worker_lost", "gave_up (jira_down)", "undo comment"):
        assert expected in said
    assert "Jira did not answer, try after try" in said
    assert "2 of 2 shown" in said
    assert SECRET_WORDS not in said + site.says("--json")


@pytest.mark.parametrize("width", [80, 100, 200])
def test_an_id_can_be_copied_from_any_terminal(site: Site, width: int) -> None:
    run_id = site.failed(issue_key="LONGKEY-12345")
    said = site.says(COLUMNS=str(width))
    assert all(len(line) <= width for line in said.splitlines())
    for expected in (run_id, "acme.atlassian.net", "LONGKEY-12345", "3 min ago", "worker_lost"):
        assert expected in said


def test_json_has_every_field_of_a_failure_and_the_counts(site: Site) -> None:
    ids = {site.failed(), site.failed(error=REFUSED)}
    told = json.loads(site.says("--json"))
    assert {each["id"] for each in told["failures"]} == ids
    assert told["codes"] == {"gave_up": 1, "worker_lost": 1}
    assert {each["site"] for each in told["failures"]} == {"acme.atlassian.net"}
    assert not {"detail", "quote"} & set(told["failures"][0])
    of_code = json.loads(site.says("--json", "--code", "gave_up"))
    assert [each["error"] for each in of_code["failures"]] == ["gave_up"]
    assert of_code["codes"] == {"gave_up": 1}
    assert len(json.loads(site.says("--json", "--limit", "1"))["failures"]) == 1


def test_without_failures_it_says_so(site: Site) -> None:
    assert "Nothing has failed for good." in site.says()
    site.failed()
    assert "Nothing has failed with that error." in site.says("--code", "gave_up")


def test_one_is_run_again_and_the_audit_names_the_operator(site: Site) -> None:
    run_id = site.failed()
    assert "in the queue again" in site.says("--again", run_id)
    assert site.do(row_of, runs, run_id).state == "queued"
    with pytest.raises(Conflict):
        site.says("--again", run_id)
    with pytest.raises(NotFound):
        site.says("--again", "0199a1b2-0000-7000-8000-000000000000")

    async def noted(db: Database) -> Any:
        async with db.single() as tx:
            return [(each.account_id, each.detail) for each in await audit.latest(tx, site.tenant_id)]

    assert site.do(noted) == [(None, {"run": run_id, "by": "operator"})]


def test_all_of_a_code_are_run_again_on_every_site(site: Site) -> None:
    site.failed()
    other = site.do(add_tenant)
    run_id = site.do(add_run, other, state="succeeded")
    row_id = site.do(add_publication, other, run_id, state="failed", finished_at=1.0, error=LOST)
    kept = site.failed(error=REFUSED)
    assert "2 are in the queue again." in site.says("--again-all", "--code", "worker_lost")
    assert site.do(row_of, publications, row_id).state == "queued"
    assert site.do(row_of, runs, kept).state == "failed"


def test_all_of_everything_has_to_be_said_in_full(site: Site) -> None:
    with pytest.raises(Misconfigured, match="--again-all needs --code"):
        site.says("--again-all")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--json",), "--again goes without --json"),
        (("--code", "worker_lost"), "--again goes without --code"),
        (("--limit", "50"), "--again goes without --limit"),
        (("--again-all", "--code", "worker_lost"), "--again goes without --again-all and --code"),
    ],
)
def test_one_that_is_run_again_is_named_by_its_id_alone(site: Site, arguments: tuple[str, ...], said: str) -> None:
    run_id = site.failed()
    with pytest.raises(Misconfigured, match=f"^{said}$"):
        site.says("--again", run_id, *arguments)
    assert site.do(row_of, runs, run_id).state == "failed"


@pytest.mark.parametrize("others", [("--json",), ("--limit", "1")])
def test_all_of_a_code_are_named_by_the_code_alone(site: Site, others: tuple[str, ...]) -> None:
    run_id = site.failed()
    with pytest.raises(Misconfigured, match=f"^--again-all goes without {others[0]}$"):
        site.says("--again-all", "--code", "worker_lost", *others)
    assert site.do(row_of, runs, run_id).state == "failed"


@pytest.mark.parametrize("option", ["--again", "--code"])
def test_a_variable_that_was_never_set_is_no_leave_to_show_everything(site: Site, option: str) -> None:
    with pytest.raises(Misconfigured, match=f"^{option} is given without a value$"):
        site.says(option, "")


@pytest.mark.parametrize("failed", [False, True])
def test_error_that_nothing_failed_with_is_refused(site: Site, failed: bool) -> None:
    run_id = site.failed() if failed else ""
    with pytest.raises(Misconfigured) as caught:
        site.says("--again-all", "--code", "worker_lots")
    assert caught.value.detail == (
        "nothing has failed with worker_lots, only with worker_lost"
        if failed
        else "nothing has failed for good, so nothing of worker_lots can be run again"
    )
    if failed:
        assert site.do(row_of, runs, run_id).state == "failed"


@pytest.mark.parametrize("command", ["top", "failures"])
def test_who_looks_leaves_no_database_behind(tmp_path: Path, command: str) -> None:
    _, _, error = invoke(command, folder=tmp_path)
    assert isinstance(error, Misconfigured)
    assert "no database" in error.detail
    assert list(tmp_path.iterdir()) == []
