"""gitorch's folder, the ledger's branch or both vanish at any moment of a run: it is restored, and ends as it would have (K9, K11)."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import RUN, Yard

from gitorch.errors import Corrupt
from gitorch.model import events

WORK = {"api": {"api.txt": "api\n"}, "ui": {"ui.txt": "ui\n"}}
NEEDS = {"ui": ("api",)}
LEDGER = "refs/heads/gitorch/ledger"
ONCE = (events.RunConfirmed, events.RunStarted, events.MergeApproved, events.Merged, events.RunCompleted)
QUICK, ALL = range(1), range(1, 50)


def remove_folder(yard: Yard) -> None:
    shutil.rmtree(yard.path / ".git/gitorch", ignore_errors=True)


def delete_branch(yard: Yard) -> None:
    yard.git("update-ref", "-d", LEDGER)


def remove_both(yard: Yard) -> None:
    delete_branch(yard)
    remove_folder(yard)


WAYS = (remove_folder, delete_branch, remove_both)


class LosingYard(Yard):
    """Loses what `strike` names once its ledger has `moment` records, and restores the ledger as the error says."""

    moment, strike = sys.maxsize, staticmethod(remove_folder)
    struck, restored = 0, 0

    def tick(self) -> bool:
        if not self.struck and self.records() >= self.moment:
            self.struck += 1
            self.strike(self)
            self.reopen()
        try:
            return super().tick()
        except Corrupt as error:
            self.restore(error.hint)
            return True

    def records(self) -> int:
        """How many records the ledger has."""
        return int(self.git("rev-list", "--count", LEDGER))

    def restore(self, hint: str) -> None:
        """Do what the error proposes, and go on as a new process."""
        assert hint.startswith(f"git update-ref {LEDGER} ")
        subprocess.run(hint.split(), cwd=self.path, check=True)
        self.restored += 1
        self.reopen()


def run_to_its_end(yard: Yard) -> None:
    """Begin, work, approve, merge."""
    yard.begin(WORK, NEEDS, test_command="true")
    yard.settle()
    yard.approve()


def outcome(yard: Yard) -> tuple[object, ...]:
    """What must be the same however the run was disturbed."""
    kinds = Counter(type(written.record.event) for written in yard.services.ledger.records(RUN))
    once = {kind.__name__: kinds[kind] for kind in ONCE}
    handed_in = Counter(event.job for event in yard.events(events.HandoffSubmitted))
    files = yard.git("ls-tree", "-r", "--name-only", "main").splitlines()
    return str(yard.run.phase), once, handed_in, files, yard.story()


def struck(path: Path, seed: int, records: int) -> LosingYard:
    """A whole run that loses something at a moment of this seed."""
    chance = random.Random(seed)
    yard = LosingYard(path)
    yard.moment = chance.randrange(3, records)
    yard.strike = chance.choice(WAYS)
    run_to_its_end(yard)
    return yard


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, _seed) -> tuple[tuple[object, ...], int]:
    """The outcome of a run that loses nothing, and how many records it has before its last."""
    yard = LosingYard(Path(shutil.copytree(_seed.path, tmp_path_factory.mktemp("calm") / "r")))
    run_to_its_end(yard)
    return outcome(yard), yard.records() - 1


@pytest.mark.parametrize("seed", [*QUICK, *(pytest.param(seed, marks=pytest.mark.slow) for seed in ALL)])
def test_a_run_that_loses_its_folder_or_its_ledger_ends_as_it_would_have(repo, undisturbed, seed):
    calm, records = undisturbed
    yard = struck(repo("r").path, seed, records)
    assert yard.struck, "nothing was lost"
    assert outcome(yard) == calm
    assert yard.restored == (yard.strike is not remove_folder)
    yard.reopen()
    found = yard.services.ledger.verify()
    assert (found.faults, found.records) == ((), len(list(yard.services.ledger.records())))
