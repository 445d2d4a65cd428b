"""Whose turn it is to tick: a verb leaves its effects to `gitorch up` only where that is seen to run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fakes.world import FakeRepository

sys.path.insert(0, str(Path(__file__).parent.parent / "rules"))
from play import HUMAN, RUN

from gitorch.app.reconciler.loop import loop, settle
from gitorch.app.reconciler.turn import DRIVER_LOCK, LOCK, is_driven, turn
from gitorch.errors import Busy


@pytest.fixture
def services(tmp_path):
    made = FakeRepository(tmp_path / "repo")
    made.ledger.create(HUMAN, made.clock.now(), "L")
    return made


def test_a_verb_leaves_its_effects_to_up_while_that_runs(services):
    with turn(services, drives=True):
        assert is_driven(services)
        assert settle(services, RUN) is False
    assert not is_driven(services)


def test_a_lock_that_somebody_else_holds_is_not_called_a_running_up(services):
    with services.ledger.hold(LOCK), pytest.raises(Busy, match="holds the lock up"):
        settle(services, RUN)


def test_a_verb_that_ticks_is_not_up_and_frees_its_turn(services):
    with turn(services):
        assert not is_driven(services)
    assert services.ledger.held == set()


def test_a_second_up_is_refused_at_once(services):
    with services.ledger.hold(DRIVER_LOCK), pytest.raises(Busy, match="gitorch up is already running"):
        loop(services, None, stay=False, drives=True)


def test_up_waits_for_a_verb_as_long_as_a_verb_may_take(services, monkeypatch):
    waits = {}
    hold = services.ledger.hold
    monkeypatch.setattr(services.ledger, "hold", lambda name, wait=0.0: (waits.update({name: wait}), hold(name))[1])
    with turn(services, drives=True):
        assert waits == {DRIVER_LOCK: 0.0, LOCK: 30.0}
