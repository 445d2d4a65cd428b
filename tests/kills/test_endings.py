"""After a cleanup nothing of a run is left that is not named, however the run ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "app")]
import leftovers
from fakes.world import altered
from merge_yard import CALLER, Yard
from mortal_child import die_before
from waiting import until

from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.app.sessions.places import settle_place
from gitorch.model import events
from gitorch.model.plans.runtime import Preset
from gitorch.wiring.repository import Repository, socket_name
from gitorch.world import processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository as Place

TWO = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}
RUN = "play-0001"


@pytest.fixture
def yard(tmp_path: Path, repo: Callable[[str], Place]) -> Yard:
    path = repo("place").path
    home = tmp_path / "around"
    home.mkdir()
    path.rename(home / "repo")
    return Yard(home / "repo")


def assert_nothing_unnamed(yard: Yard, before: set[str]) -> None:
    kept = next((done.kept for done in yard.events(events.CleanupDone)), ())
    base = yard.services.paths.base(yard.run)
    merged = {str(yard.path / name) for job in TWO.values() for name in job}

    def left() -> list[str]:
        return leftovers.unnamed(leftovers.world(yard.path) - before - merged, kept, base)

    until(lambda: left() == [], what=f"nothing unnamed, kept is {kept}, left is {left()}")


def merged(yard: Yard) -> None:
    yard.settle()
    yard.approve()


def merged_beside_dirty_work(yard: Yard) -> None:
    merged(yard)
    (yard.services.paths.job_worktree(yard.run, "ui") / "notes.txt").write_text("mine\n")


def merged_beside_a_lock(yard: Yard) -> None:
    merged(yard)
    yard.git("worktree", "lock", str(yard.services.paths.job_worktree(yard.run, "ui")))


def merged_beside_a_folder_of_a_person(yard: Yard) -> None:
    merged(yard)
    (yard.services.paths.base(yard.run) / "notes").mkdir()
    (yard.services.paths.base(yard.run) / "notes" / "mine.txt").write_text("mine\n")


def merged_with_a_branch_checked_out_elsewhere(yard: Yard) -> None:
    merged(yard)
    yard.git("worktree", "add", "-q", "--force", str(yard.path.parent / "elsewhere"), "gitorch/play-0001/ui")


def rejected(yard: Yard) -> None:
    yard.settle()
    yard.reject()


def canceled_at_work(yard: Yard) -> None:
    for _ in range(3):
        tick(yard.services, RUN)
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    yard.settle()


def canceled_before_it_began(yard: Yard) -> None:
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    yard.settle()


def canceled_by_somebody_whose_terminals_are_gone(yard: Yard) -> None:
    for _ in range(4):
        yard.tick()
    yard.terminals.sessions.clear()
    yard.reopen()
    canceled_at_work(yard)


ENDINGS = [
    *(merged, merged_beside_dirty_work, merged_beside_a_lock, merged_beside_a_folder_of_a_person),
    *(merged_with_a_branch_checked_out_elsewhere, rejected, canceled_at_work, canceled_before_it_began),
    canceled_by_somebody_whose_terminals_are_gone,
]


@pytest.mark.parametrize("end", [merged_beside_a_lock, canceled_at_work], ids=lambda end: end.__name__)
def test_nothing_unnamed_is_left_of_a_run_that_was(yard, end):
    finish(yard, end, "branches")


@pytest.mark.slow
@pytest.mark.parametrize("answer", ["branches", "worktrees"])
@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)
def test_nothing_unnamed_is_left_however_a_run_ended(yard, end, answer):
    finish(yard, end, answer)


def finish(yard: Yard, end: Callable[[Yard], None], answer: str) -> None:
    """Bring a run to an end and clean it up."""
    before = leftovers.world(yard.path)
    yard.begin(TWO, test_command="true")
    end(yard)
    if yard.open():  # nothing is asked about a run that made nothing
        yard.answer(answer)
    elsewhere = yard.path.parent / "elsewhere"
    if elsewhere.exists():
        yard.git("worktree", "remove", "--force", str(elsewhere))
    assert_nothing_unnamed(yard, before)


class RealYard(Yard):
    """The same with agents that only sleep, in a real tmux server."""

    def reopen(self) -> None:
        preset = Preset("fake", ("sleep", "1000"), first_prompt="argument")
        self.services = altered(Repository(self.path, os.environ), preset=lambda _: preset)

    def begin_again(self) -> None:
        """Be a new process, and do what `up` does before its first tick."""
        self.reopen()
        settle_place(self.services)

    def tick(self) -> bool:
        ticked = tick(self.services, RUN)
        return ticked.acted or not (ticked.waiting or ticked.over)

    def in_a_process_that_dies(self, work: Callable[[], object], write: int) -> None:
        """Do something in a process that is killed right before its write with this number."""
        child = os.fork()
        if child:
            os.waitpid(child, 0)
            return
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            die_before(write)
            self.reopen()
            work()
        finally:
            os._exit(0)

    def close(self) -> None:
        close_server(self.path)


def socket_of(path: Path) -> Path:
    """The socket of the tmux server of a repository at this path."""
    return Path(f"/tmp/tmux-{os.getuid()}/{socket_name(path / '.git')}")


def close_server(path: Path) -> None:
    subprocess.run(("tmux", "-S", socket_of(path), "kill-server"), check=False, capture_output=True)
    socket_of(path).unlink(missing_ok=True)


@pytest.fixture
def real_yard(yard: Yard):
    real = RealYard(yard.path)
    yield real
    real.close()


def reboot(yard: RealYard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every process is gone, and the kernel counts from a new boot."""
    yard.close()
    for pid in processes.marked("GITORCH_RUN", RUN):
        os.kill(pid, signal.SIGKILL)
    until(lambda: not processes.marked("GITORCH_RUN", RUN))
    monkeypatch.setattr(processes, "boot", lambda: "another boot")


def end_at(yard: RealYard, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill gitorch at some write of its start and of its cleanup, with or without a reboot in between."""
    chance = random.Random(seed)
    before = leftovers.world(yard.path)
    yard.begin(TWO)
    yard.in_a_process_that_dies(lambda: [yard.tick() for _ in range(4)], chance.randrange(1, 150))
    if chance.random() < 0.3:
        reboot(yard, monkeypatch)
    yard.reopen()
    for _ in range(chance.randrange(3)):
        yard.tick()
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    for _ in range(3):
        yard.tick()
    for question in yard.open():
        assert question.kind == "cleanup"
        decisions.answer(yard.services, CALLER, question.id, [chance.choice(["branches", "worktrees"])], RUN)
    for _ in range(chance.randrange(3)):
        yard.in_a_process_that_dies(yard.tick, chance.randrange(1, 80))
    yard.begin_again()
    until(lambda: yard.tick() is False)
    assert_nothing_unnamed(yard, before)


class Mover:
    """Moves a repository, alone or with everything around it as when a home is renamed, and settles it as `up` does."""

    def __init__(self, yard: RealYard, chance: random.Random) -> None:
        self.yard = yard
        self.chance = chance
        self.before = leftovers.world(yard.path)
        self.left: list[Path] = []

    def move(self) -> None:
        old = self.yard.path
        self.left.append(old)
        if self.chance.random() < 0.5:
            new = old.rename(old.with_name(f"moved-{len(self.left)}"))
            self.before = {one.replace(f"{old}/", f"{new}/") for one in self.before}
        else:
            home = old.parent.rename(old.parent.with_name(f"home-{len(self.left)}"))
            new = home / old.name
            self.before = {one.replace(f"{old.parent}/", f"{home}/") for one in self.before}
        self.yard.path = new

    def settle(self) -> None:
        self.yard.begin_again()

    def close(self) -> None:
        for path in self.left:
            close_server(path)


def end_moved(yard: RealYard, seed: int) -> None:
    """Move the repository once or twice at any point of a run that is killed, canceled and cleaned up."""
    chance = random.Random(seed)
    mover = Mover(yard, chance)
    try:
        moved_to_its_end(yard, mover, chance)
        assert_nothing_unnamed(yard, mover.before)
        assert not any(socket_of(path).exists() and is_served(path) for path in mover.left)
        assert not processes.marked("GITORCH_RUN", RUN)
    finally:
        mover.close()


def is_served(path: Path) -> bool:
    words = ("tmux", "-S", socket_of(path), "ls")
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def moved_to_its_end(yard: RealYard, mover: Mover, chance: random.Random) -> None:
    """The story of a run that is moved at one or two of five points."""
    moves = chance.sample(range(5), chance.choice([1, 1, 2]))

    def point(number: int) -> None:
        if number in moves:
            mover.move()
            if chance.random() < 0.3:
                yard.in_a_process_that_dies(mover.settle, chance.randrange(1, 20))
            mover.settle()

    yard.begin(TWO)
    settle_place(yard.services)
    point(0)
    yard.in_a_process_that_dies(lambda: [yard.tick() for _ in range(4)], chance.randrange(1, 150))
    point(1)
    yard.reopen()
    for _ in range(chance.randrange(4)):
        yard.tick()
    point(2)
    decisions.hold(yard.services, CALLER, yard.run, "cancel", "not today")
    for _ in range(3):
        yard.tick()
    point(3)
    for question in yard.open():
        decisions.answer(yard.services, CALLER, question.id, [chance.choice(["branches", "worktrees"])], RUN)
    yard.in_a_process_that_dies(yard.tick, chance.randrange(1, 80))
    point(4)
    yard.begin_again()
    until(lambda: yard.tick() is False)


@pytest.mark.slow
@pytest.mark.tmux
@pytest.mark.parametrize("seed", range(1, 101))
def test_nothing_unnamed_is_left_of_a_run_that_was_moved_in_any_of_a_hundred_ways(real_yard, seed):
    end_moved(real_yard, seed)


@pytest.mark.tmux
def test_nothing_unnamed_is_left_of_a_run_that_was_killed(real_yard, monkeypatch):
    end_at(real_yard, 1, monkeypatch)


@pytest.mark.slow
@pytest.mark.tmux
@pytest.mark.parametrize("seed", range(2, 102))
def test_nothing_unnamed_is_left_of_a_run_that_was_killed_in_any_of_a_hundred_ways(real_yard, monkeypatch, seed):
    end_at(real_yard, seed, monkeypatch)
