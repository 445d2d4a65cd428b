"""Branches at work that change the same files: noted once, and escalated once when they conflict."""

from __future__ import annotations

import sys
from pathlib import Path

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import HUMAN, Play

from gitorch.model import commands as c
from gitorch.model import events as e
from gitorch.model.observed import Observed, Overlap
from gitorch.rules.reconcile import reconcile


def test_branches_that_change_the_same_files_are_noted_once_and_a_conflict_is_escalated_once():
    play = Play()
    play.begin({"api": (), "db": ()})
    play.do(c.PauseRun("so that nothing is granted"), HUMAN)
    shared = Overlap(("api", "db"), ("a.py",), conflict=False)
    seen = Observed(now=play.at, sessions=None, heads=None, overlaps=(shared,))
    assert [play.do(command) for command in reconcile(play.run, seen)] == [
        (e.OverlapNoted(("api", "db"), ("a.py",), conflict=False),)
    ]
    assert reconcile(play.run, seen) == ()
    worse = replace(seen, overlaps=(replace(shared, conflict=True),))
    for command in reconcile(play.run, worse):
        play.do(command)
    assert [type(event).__name__ for event in play.events[-2:]] == ["OverlapNoted", "Escalated"]
    play.answer("q1", "leave")
    assert reconcile(play.run, worse) == ()
