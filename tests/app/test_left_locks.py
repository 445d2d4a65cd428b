"""Each lock file that git can leave, at the steps of a run: passed by, or named with a command that helps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.model.ids import Moment
from gitorch.world.clock import SystemClock
from gitorch.world.git import ref_move, runner

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

TICKS_MAX = 40
STOPPING = ("index.lock", "HEAD.lock", "refs/heads/main.lock")
"""The locks that stop a merge; the others stop nothing there."""
LOCKS = (*STOPPING, "packed-refs.lock", "config.lock", "shallow.lock", f"refs/heads/gitorch/{RUN}/api.lock")


class Later(SystemClock):
    """A clock that a test puts forward."""

    ahead_ms = 0

    def now(self) -> Moment:
        return Moment(super().now() + self.ahead_ms)


@pytest.fixture
def yard(repo: Callable[[str], Repository], monkeypatch: pytest.MonkeyPatch) -> Yard:
    for module in (runner, ref_move):
        monkeypatch.setattr(module, "LOCK_TRIES", 1)
    yard = Yard(repo("place").path)
    yard.clock = yard.terminals.clock = Later()
    yard.services = altered(yard.services, clock=yard.clock)
    yard.begin({"api": {"api.txt": "api\n"}})
    yard.settle()
    return yard


def leave(yard: Yard, name: str) -> Path:
    """What a git that was killed two hours ago left."""
    lock = yard.path / ".git" / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    os.utime(lock, (lock.stat().st_mtime - 7200,) * 2)
    return lock


def drive(yard: Yard, done: Callable[[], bool]) -> None:
    """Tick, with waits that pass at once, until it is done or a person is asked."""
    for _ in range(TICKS_MAX):
        tick(yard.services, RUN)
        if done() or any("failed" in one.happened for one in yard.open()):
            return
        yard.clock.ahead_ms += 3000
    raise AssertionError(yard.open())


def clear(yard: Yard, lock: Path) -> bool:
    """Type the command that the question about a lock offers, and answer it; whether there was one."""
    for question in yard.open():
        if str(lock) in question.happened:
            assert f"{lock} is 2 hours old, and no process has it open" in question.happened
            (command,) = [line for line in question.evidence.splitlines() if line.startswith("try: ")]
            subprocess.run(command.removeprefix("try: "), shell=True, check=True)
            assert not lock.exists()
            decisions.answer(yard.services, CALLER, question.id, ["retry"], RUN)
            return True
    lock.unlink()
    return False


@pytest.mark.parametrize("name", [pytest.param(x, marks=() if x == "index.lock" else pytest.mark.slow) for x in LOCKS])
def test_a_lock_that_is_left_at_the_merge_is_named_and_the_offered_command_lets_it_through(yard, name):
    lock = leave(yard, name)
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    drive(yard, lambda: yard.run.merged is not None)
    assert (yard.run.merged is None) is (name in STOPPING)
    assert clear(yard, lock) is (name in STOPPING)
    drive(yard, lambda: yard.run.merged is not None)
    assert yard.git("show", "main:api.txt") == "api"
    assert yard.git("status", "--porcelain") == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_is_left_at_the_cleanup_is_named_and_the_offered_command_lets_it_through(yard, name):
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    drive(yard, lambda: yard.run.merged is not None and bool(yard.open()))
    lock = leave(yard, name)
    decisions.answer(yard.services, CALLER, yard.open()[0].id, ["branches"], RUN)
    drive(yard, lambda: yard.run.cleaned)
    clear(yard, lock)
    drive(yard, lambda: yard.run.cleaned)
    assert not yard.head(f"gitorch/{RUN}/api")
    assert not yard.services.paths.base(yard.run).exists()
