"""A slow Jira makes one of what it was sent: nobody sends it again before it is certain that it was not made."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest

from addon.adf.nodes import doc, paragraph
from addon.errors import AddonError
from addon.i18n.catalog import Texts
from addon.jira import wire
from addon.jira.errors import JiraBusy, JiraDown, JiraError, JiraForbidden
from addon.results.analysis import Subtask
from addon.runs.feature import LeaseLost, Target, Writing, Written
from addon.store.repos.publications import Publication
from addon.targets.comment import CommentTarget
from addon.targets.questions import QuestionsTarget
from addon.targets.settling import JIRA_SETTLED_S, Unsettled
from addon.targets.subtasks import NoSubtasks, SubtasksTarget
from tests.unit.targets.fake_jira import COMPANY, FakeJira
from tests.unit.targets.make import NOW, Settings, publication, writing

LATE_S = 5.0
"""When the attempt after one that failed looks for what that one sent."""
QUESTIONS = {"questions": ["Who may pay?"], "account_id": None, "service_desk": False}
CONTENTS: Mapping[str, dict[str, Any]] = {
    "comment": {"adf": doc(paragraph("A review")), "service_desk": False, "fresh": True},
    "questions": QUESTIONS,
    "subtasks": {**Subtask(title="One", description="").model_dump(), "language": "en", "in_comment": False},
    "instead": {**Subtask(title="One", description="").model_dump(), "language": "en", "in_comment": False},
}
"""By what comes into being: a comment, or an issue, or a comment in its place."""
PATHS = {"subtasks": "/issue"}


@dataclass
class Life:
    """One publication, attempt after attempt, each with what the one before it left."""

    what: str
    jira: FakeJira = field(default_factory=FakeJira)
    now: float = NOW
    attempts: int = 0

    def __post_init__(self) -> None:
        if self.what == "instead":
            self.jira.kinds = COMPANY[:1]
        self.target: Target = {
            "comment": CommentTarget(),
            "questions": QuestionsTarget(Texts()),
        }.get(self.what) or SubtasksTarget(Settings(), Texts(), now=lambda: self.now)
        name = "subtasks" if self.what == "instead" else self.what
        self.row: Publication = publication(name, dict(CONTENTS[self.what]), run_at=self.now)

    @property
    def path(self) -> str:
        return PATHS.get(self.what, "/issue/10231/comment")

    async def attempt(self, **changes: Any) -> Written | None:
        """None where it stands in a comment instead. Raises as the target does; the row is put back all the same."""
        self.attempts += 1
        try:
            return await self.target.publish(self.writing(**changes))
        except NoSubtasks:
            return None
        except AddonError as error:
            self.row = replace(self.row, run_at=self.now + (error.retry_after_s or 0.0))
            raise

    def writing(self, **changes: Any) -> Writing:
        made = writing(self.jira, self.row, repeated=self.attempts > 1, now=self.now, **changes)

        async def keep(kept: Mapping[str, Any]) -> None:
            self.row = replace(self.row, kept=dict(kept))

        return replace(made, keep=keep)

    async def unanswered(self, *, later_s: float = 0.0) -> Any:
        """An attempt whose request stays without an answer; what Jira will make of it one day."""
        self.jira.next("POST", self.path, 504)
        with pytest.raises(JiraDown):
            await self.attempt()
        _, path, body, _ = next(said for said in reversed(self.jira.said) if said[:2] == ("POST", self.path))
        self.passes(LATE_S)
        return lambda: self.jira._real("POST", path, body)

    def passes(self, seconds: float) -> None:
        self.now += seconds

    @property
    def standing(self) -> int:
        made = [issue for issue in self.jira.issues.values() if "made" in issue]
        return len(made) + len(self.jira.ours())

    @property
    def sent(self) -> int:
        return self.jira.writes().count(("POST", self.path))


@pytest.fixture(params=CONTENTS)
def life(request: pytest.FixtureRequest) -> Life:
    return Life(request.param)


async def waits(life: Life, **changes: Any) -> float:
    """How long the attempt says that it is to be waited."""
    with pytest.raises(Unsettled) as caught:
        await life.attempt(**changes)
    assert (caught.value.code, caught.value.retry_after_s) == ("jira_unsettled", caught.value.wait_s)
    assert "Jira gave no answer" in caught.value.detail
    return caught.value.wait_s


def test_it_is_waited_longer_than_any_exchange_may_take() -> None:
    assert JIRA_SETTLED_S > wire.LONGEST_EXCHANGE_S


async def test_what_jira_makes_late_is_found_and_not_made_twice(life: Life) -> None:
    land = await life.unanswered()
    assert await waits(life) == JIRA_SETTLED_S
    life.passes(JIRA_SETTLED_S / 2)
    land()
    life.passes(JIRA_SETTLED_S / 2)
    await life.attempt()
    assert (life.standing, life.sent) == (1, 1)


async def test_what_jira_made_at_once_is_found_without_any_wait(life: Life) -> None:
    (await life.unanswered())()
    await life.attempt()
    assert (life.standing, life.sent) == (1, 1)


async def test_what_never_turned_up_is_made_after_the_wait(life: Life) -> None:
    await life.unanswered()
    life.passes(await waits(life))
    await life.attempt()
    assert (life.standing, life.sent) == (1, 2)


async def test_second_one_without_an_answer_is_waited_for_anew(life: Life) -> None:
    await life.unanswered()
    life.passes(await waits(life))
    land = await life.unanswered()
    assert 0 < await waits(life) <= JIRA_SETTLED_S
    land()
    life.passes(JIRA_SETTLED_S)
    await life.attempt()
    assert (life.standing, life.sent) == (1, 2)


async def test_wait_goes_on_where_it_was_after_another_death(life: Life) -> None:
    await life.unanswered()
    assert await waits(life) == JIRA_SETTLED_S
    # The next process finds the row due at once, long before.
    life.passes(10.0)
    life.row = replace(life.row, run_at=life.now)
    assert await waits(life) == JIRA_SETTLED_S - 10.0


async def test_who_died_before_anything_was_kept_is_waited_for_from_when_the_row_came_free(life: Life) -> None:
    life.attempts = 1
    life.passes(7.0)
    assert await waits(life) == JIRA_SETTLED_S - 7.0
    assert life.sent == 0


async def test_row_that_waited_for_long_since_then_waits_no_more(life: Life) -> None:
    life.attempts = 1
    life.passes(JIRA_SETTLED_S)
    await life.attempt()
    assert (life.standing, life.sent) == (1, 1)


async def test_row_dated_by_a_clock_that_was_ahead_waits_no_longer(life: Life) -> None:
    life.attempts = 1
    life.row = replace(life.row, run_at=life.now + 3_600.0)
    assert await waits(life) == JIRA_SETTLED_S
    life.row = replace(life.row, kept={"sent_at": life.now + 3_600.0})
    assert await waits(life) == JIRA_SETTLED_S
    assert life.row.kept == {"sent_at": life.now}


@pytest.mark.parametrize(("status", "error"), [(429, JiraBusy), (403, JiraForbidden), (409, JiraError)])
async def test_definite_answer_leaves_nothing_to_wait_for(
    life: Life, status: int, error: type[JiraError], no_patience: None
) -> None:
    life.jira.next("POST", life.path, status)
    with pytest.raises(error):
        await life.attempt()
    await life.attempt()
    assert (life.standing, life.sent) == (1, 2)


async def test_definite_answer_after_a_wait_leaves_nothing_to_wait_for(life: Life, no_patience: None) -> None:
    await life.unanswered()
    life.passes(await waits(life))
    life.jira.next("POST", life.path, 429)
    with pytest.raises(JiraBusy):
        await life.attempt()
    await life.attempt()
    assert (life.standing, life.sent) == (1, 3)


async def test_connection_that_never_was_leaves_nothing_to_wait_for(life: Life, no_patience: None) -> None:
    def refused(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    with pytest.raises(JiraDown):
        await life.attempt(answer=refused)
    await life.attempt()
    assert (life.standing, life.sent) == (1, 1)


async def test_failure_before_anything_is_sent_leaves_nothing_to_wait_for(no_patience: None) -> None:
    for what in ("questions", "subtasks", "instead"):
        life = Life(what)
        life.jira.next("GET", "/issue/10231", 503)
        with pytest.raises(JiraDown):
            await life.attempt()
        await life.attempt()
        assert (life.standing, life.sent) == (1, 1)


async def test_who_lost_the_row_in_the_middle_says_nothing_of_what_was_sent(life: Life) -> None:
    def lost(request: httpx2.Request) -> httpx2.Response:
        if (request.method, request.url.path) == ("POST", f"/rest/api/3{life.path}"):
            raise LeaseLost
        return life.jira.answer(request)

    with pytest.raises(LeaseLost):
        await life.attempt(answer=lost)
    assert life.row.kept is None
    await waits(life)


async def test_what_stood_there_once_is_made_anew_without_a_wait() -> None:
    life = Life("comment")
    written = await life.attempt()
    assert written is not None
    life.jira.comments["10231"].clear()
    life.row = replace(life.row, remote_id=written.remote_id, run_at=life.now)
    await life.attempt()
    assert life.standing == 1


async def test_what_was_taken_back_is_made_anew_without_a_wait(life: Life) -> None:
    life.attempts = 3
    life.row = replace(life.row, kept={})
    await life.attempt()
    assert life.standing == 1


@pytest.mark.parametrize("what", ["comment", "instead"])
async def test_what_another_one_sent_to_the_same_place_is_waited_for_and_found(what: str) -> None:
    first, second = Life(what), Life(what)
    second.jira, second.target = first.jira, first.target
    second.row = replace(second.row, id="publication-2", run_id="run-2", marker="another", item=1)
    land = await first.unanswered()
    second.passes(LATE_S)
    assert await waits(second, others_at=first.row.run_at) == JIRA_SETTLED_S
    # Also after a death in between, when nothing is known of the other one any more.
    second.passes(LATE_S)
    assert await waits(second) == JIRA_SETTLED_S - LATE_S
    land()
    second.passes(JIRA_SETTLED_S)
    await second.attempt()
    assert (first.standing, first.sent) == (1, 1)


@pytest.mark.parametrize("what", ["comment", "instead"])
async def test_what_another_one_sent_long_ago_is_looked_for_at_once(what: str) -> None:
    first, second = Life(what), Life(what)
    second.jira, second.target = first.jira, first.target
    second.row = replace(second.row, id="publication-2", run_id="run-2", marker="another", item=1)
    (await first.unanswered())()
    second.passes(JIRA_SETTLED_S + LATE_S)
    await second.attempt(others_at=first.row.run_at)
    assert (first.standing, first.sent) == (1, 1)


async def test_what_another_one_sent_by_a_clock_that_was_ahead_is_waited_for_no_longer() -> None:
    life = Life("comment")
    assert await waits(life, others_at=life.now + 3_600.0) == JIRA_SETTLED_S


async def test_issue_of_its_own_waits_for_nobody_else() -> None:
    life = Life("subtasks")
    await life.attempt(others_at=life.now)
    assert life.standing == 1


async def test_slow_look_counts_from_when_it_began() -> None:
    life = Life("comment")
    await life.unanswered()
    life.attempts += 1
    moments = iter([life.now])
    with pytest.raises(Unsettled):
        await life.target.publish(replace(life.writing(), now=lambda: next(moments, life.now + JIRA_SETTLED_S)))


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one call: what it waits for otherwise is the business of another room's tests."""
    monkeypatch.setattr("addon.jira.retry.TRIES", 1)
