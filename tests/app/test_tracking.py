"""Closing in the tracker, between any two steps of which gitorch may be killed."""

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parents[1]))
from fakes.bd import issue
from fakes.tracker import FakeTracker
from rules.play import SETTINGS, Play

from gitorch.app.reconciler.issues import close_issues, closed_issues
from gitorch.errors import Unavailable
from gitorch.model import commands, effects
from gitorch.model.ids import JobId

CLOSE = effects.CloseIssues(JobId("api"))


class Kit:
    """As much of the tools as closing needs."""

    def __init__(self, tracker):
        self.tracker = lambda kind: tracker if kind == "bd" else None


@pytest.fixture
def tracker():
    return FakeTracker(issue("t-api", kind="epic"), issue("t-api.1", parent="t-api"))


@pytest.fixture
def play():
    made = Play()
    made.begin({"api": ()}, replace(SETTINGS, tracker="bd", close_template="bd close {issue}"))
    return made


def finished(play):
    play.finish("api")
    return play.run


def test_tasks_are_closed_before_their_epic_once(play, tracker):
    run = finished(play)
    (said,) = close_issues(Kit(tracker), run, CLOSE)
    assert said == commands.RecordClosing(JobId("api"), ("t-api.1", "t-api"))
    assert tracker.calls == ["t-api.1", "t-api"]


def test_an_issue_that_a_killed_gitorch_closed_counts_as_closed_by_gitorch(play, tracker):
    run = finished(play)
    close_issues(Kit(tracker), run, CLOSE)
    (again,) = close_issues(Kit(tracker), run, CLOSE)
    assert again == commands.RecordClosing(JobId("api"), ("t-api.1", "t-api"))
    assert tracker.calls == ["t-api.1", "t-api"]
    play.do(again)
    assert [type(e).__name__ for e in play.events][-1] == "IssuesClosed"


def test_an_issue_that_somebody_else_closed_is_not_closed_again(play, tracker):
    tracker.store.issues["t-api.1"] |= {"status": "closed", "close_reason": "done"}
    (said,) = close_issues(Kit(tracker), finished(play), CLOSE)
    assert said == commands.RecordClosing(JobId("api"), ("t-api",))


def test_an_epic_that_somebody_else_closed_is_recorded(play, tracker):
    for name in ("t-api.1", "t-api"):
        tracker.store.issues[name] |= {"status": "closed", "close_reason": "done"}
    run = finished(play)
    play.do(*close_issues(Kit(tracker), run, CLOSE))
    assert [type(e).__name__ for e in play.events][-2:] == ["ClosedEarly", "IssuesClosed"]


def test_a_task_that_was_added_to_the_epic_keeps_it_open(play, tracker):
    tracker.store.issues["t-api.2"] = issue("t-api.2", parent="t-api")
    (said,) = close_issues(Kit(tracker), finished(play), CLOSE)
    assert said == commands.RecordClosingFailure(JobId("api"), "bd left t-api open")


def test_a_tracker_that_does_not_answer_is_a_failed_attempt(play):
    class Silent(FakeTracker):
        def close(self, *_):
            raise Unavailable("bd gave no answer within 10 seconds")

    (said,) = close_issues(Kit(Silent()), finished(play), CLOSE)
    assert said == commands.RecordClosingFailure(JobId("api"), "bd gave no answer within 10 seconds")


def test_the_tracker_is_read_only_before_an_epic_is_cleared(play, tracker):
    assert closed_issues(Kit(tracker), play.run) is None
    play.launch("api")
    assert closed_issues(Kit(tracker), play.run) == {}
    tracker.store.issues["t-api"] |= {"status": "closed", "close_reason": "done"}
    assert closed_issues(Kit(tracker), play.run) == {"t-api": "done"}
    play.do(commands.NoteClosedEarly(JobId("api")))
    assert closed_issues(Kit(tracker), play.run) is None


def test_issues_that_people_must_close_are_named_when_the_run_is_over(play):
    from gitorch.rules.views.next_commands import next_commands

    finished(play)
    play.do(commands.RecordClosing(JobId("api"), (), ("t-api.1", "t-api"), "the file is only read"))
    play.report()
    play.approve()
    play.merge()
    assert "bd close t-api.1 t-api" in next_commands(play.run)
