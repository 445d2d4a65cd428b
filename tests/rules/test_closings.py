"""Closing issues in the tracker: when a try is due, when a person is asked, and what an early closing is (P27)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import SETTINGS, Play

from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment
from gitorch.model.observed import Observed
from gitorch.model.work.job import Closing
from gitorch.rules.evolving.transitions import with_job
from gitorch.rules.workflows.closings import closing_commands, is_closing, owed_closings, watched
from gitorch.rules.workflows.tracked import closing_line, reason_of

API, UI = JobId("api"), JobId("ui")
NOW = Moment(100_000)


def passed(**closing: object):
    """A run in which both jobs passed their gates; `closing` is how far the tracker follows `api`."""
    play = Play()
    play.begin({"api": (), "ui": ("api",)}, replace(SETTINGS, tracker="bd", close_template="bd close {issue}"))
    play.finish("api")
    play.finish("ui")
    return with_job(play.run, API, closing=Closing(**closing))


def observed(**changes) -> Observed:
    return replace(Observed(NOW, None, None), **changes)


@pytest.mark.parametrize(
    ("tries", "ago_ms", "due"),
    [
        (0, None, True),
        (1, 1_999, False),
        (1, 2_000, True),
        (2, 3_999, False),
        (2, 4_000, True),
        (3, 90_000, False),
    ],
)
def test_a_failed_closing_is_tried_again_after_a_wait_that_doubles(tries, ago_ms, due) -> None:
    tried_at = None if ago_ms is None else Moment(NOW - ago_ms)
    run = passed(tries=tries, tried_at=tried_at, reason="bd failed")
    assert (effects.CloseIssues(API) in owed_closings(run, observed())) is due
    assert is_closing(run) is (tries < 3)


def test_issues_are_closed_after_those_of_the_jobs_needs() -> None:
    assert list(owed_closings(passed(), observed())) == [effects.CloseIssues(API)]
    settled = passed(settled=True, closed=("t-api",))
    assert list(owed_closings(settled, observed())) == [effects.CloseIssues(UI)]


def test_a_person_is_asked_once_when_every_try_has_failed() -> None:
    assert list(closing_commands(passed(tries=2), observed())) == []
    (asked,) = closing_commands(passed(tries=3, reason="bd failed"), observed())
    assert (asked.trigger, asked.evidence, asked.options) == ("tracker:api", "bd failed", ("retry", "leave"))
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, tracker="bd", close_template="bd close {issue}"))
    play.finish("api")
    play.do(asked)
    assert list(closing_commands(with_job(play.run, API, closing=Closing(tries=3)), observed())) == []


def test_an_issue_that_somebody_else_closed_before_its_gate_is_recorded() -> None:
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, tracker="bd", close_template="bd close {issue}"))
    play.launch("api")
    job = play.run.jobs[API]
    assert [other.spec.id for other in watched(play.run)] == ["api"]
    early = [c.NoteClosedEarly(API)]
    assert list(closing_commands(play.run, observed(closed={"t-api": "done"}))) == early
    assert list(closing_commands(play.run, observed(closed={"t-api": reason_of(play.run, job)}))) == []
    assert list(closing_commands(play.run, observed(closed={}))) == []
    assert list(closing_commands(play.run, observed(closed=None))) == []
    assert watched(with_job(play.run, API, closing=Closing(early=True))) == ()


@pytest.mark.parametrize(
    ("closing", "line"),
    [
        ({}, "t-api is not closed yet"),
        ({"tries": 1, "reason": "bd failed"}, "t-api is not closed yet (bd failed)"),
        ({"settled": True}, "t-api was closed already"),
        ({"settled": True, "closed": ("t-api",)}, "closed after the gate: t-api"),
        ({"settled": True, "owed": ("t-api",), "reason": "bd failed"}, "owed by you: bd close t-api (bd failed)"),
        ({"settled": True, "early": True}, "t-api was closed before its gate, by somebody else"),
    ],
)
def test_the_report_says_what_became_of_an_issue(closing, line) -> None:
    run = passed(**closing)
    assert closing_line(run.settings, run.jobs[API]) == line
