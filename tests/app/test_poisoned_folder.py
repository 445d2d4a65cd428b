"""Whatever happens to gitorch's own folder while a run waits for approval, only what was approved is merged (K5, K11)."""

from __future__ import annotations

import random
import shutil
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.people import decisions
from gitorch.app.work import recovery
from gitorch.errors import Corrupt, GitorchError
from gitorch.ledger import files

if TYPE_CHECKING:
    from collections.abc import Callable

    from repository import Repository

ONE = {"api": {"api.txt": "api\n"}}
SEEDS, SEEDS_SLOW = 5, 60
LEDGER = "refs/heads/gitorch/ledger"


@pytest.fixture
def yard(repo: Callable[[str], Repository]) -> Yard:
    """A run that waits for the approval of its merge report."""
    made = Yard(repo("r").path)
    made.begin(ONE)
    made.settle()
    assert made.run.report is not None
    return made


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)


def damage(chance: random.Random, path: Path) -> str:
    """Overwrite, shorten or remove a file, or remove its whole folder."""
    how = chance.choice(["overwrite", "flip", "truncate", "remove", "remove its folder"])
    if not path.exists():
        return "already gone"
    if how == "remove its folder":
        shutil.rmtree(path.parent)
    elif how == "remove":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        if how == "overwrite":
            data = bytearray(chance.randbytes(chance.randrange(1, 400)))
        elif how == "truncate":
            del data[chance.randrange(len(data) + 1) :]
        elif data:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.chmod(0o644)
        path.write_bytes(data)
    return f"{how} {path.name}"


def approve_and_merge(yard: Yard, shown: str) -> str:
    """Approve the report that was shown and let everything follow; the reason where it is refused."""
    try:
        yard.approve(shown)
    except GitorchError as error:
        return error.message
    return ""


@pytest.mark.parametrize(
    "seed", [*range(SEEDS), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(SEEDS, SEEDS_SLOW))]
)
def test_a_damaged_folder_leads_to_a_reason_or_to_exactly_the_approved_merge(yard, seed):
    chance = random.Random(seed)
    report, target = yard.run.report, yard.head()
    folder = yard.path / ".git/gitorch"
    done = [damage(chance, chance.choice(files_below(folder) or [folder])) for _ in range(chance.randrange(1, 5))]
    yard.reopen()
    reason = approve_and_merge(yard, report.digest)
    assert yard.head() in {target, report.merged_commit}, done
    if yard.head() == target:
        assert reason, done
    yard.reopen()
    assert yard.services.ledger.verify().faults == ()
    run = yard.services.ledger.verified(RUN).state.run
    assert run.merged is None or run.merged.new == report.merged_commit


def test_without_the_whole_folder_the_approval_merges_as_ever(yard):
    report = yard.run.report
    shutil.rmtree(yard.path / ".git/gitorch")
    yard.reopen()
    assert approve_and_merge(yard, report.digest) == ""
    assert yard.head() == report.merged_commit


def poison(yard: Yard, old: str, new: str) -> None:
    """Change the cached state of the run, as a program with the user's rights can."""
    cache = yard.path / ".git/gitorch/cache"
    shutil.rmtree(cache)
    yard.reopen()
    yard.services.ledger.state(RUN)
    (file,) = cache.glob(f"run-{RUN}-*.json")
    text = files.read_sealed(file)
    assert old in text
    files.replace_sealed(file, text.replace(old, new))
    yard.reopen()


def test_a_forged_report_in_the_cache_is_not_the_one_that_is_shown(yard):
    honest = yard.run.report
    poison(yard, honest.digest, "sha256:" + "f" * 64)
    assert yard.run.report.digest != honest.digest, "the cache is believed until it matters"
    assert decisions.verified_run(yard.services, yard.run).report == honest


def test_a_forged_merge_commit_in_the_cache_is_not_merged(yard):
    honest = yard.run.report
    forged = yard.git("commit-tree", f"{honest.merged_commit}^{{tree}}", "-p", honest.target_commit, "-m", "forged")
    poison(yard, honest.merged_commit, forged)
    assert yard.run.report.merged_commit == forged
    yard.approve(honest.digest)
    assert yard.head() == honest.merged_commit


def test_a_merge_commit_that_is_forged_after_the_approval_is_not_merged(yard):
    honest = yard.run.report
    decisions.approve(yard.services, CALLER, yard.run, honest.digest, "typed")
    forged = yard.git("commit-tree", f"{honest.merged_commit}^{{tree}}", "-p", honest.target_commit, "-m", "forged")
    poison(yard, honest.merged_commit, forged)
    assert yard.run.report.merged_commit == forged
    yard.settle()
    assert yard.head() == honest.merged_commit


def test_an_approval_forged_in_the_cache_merges_nothing(yard):
    target = yard.head()
    decisions.approve(yard.services, CALLER, yard.run, yard.run.report.digest, "typed")
    approved = yard.path / ".git/gitorch/cache"
    state = {path.name: path.read_bytes() for path in approved.iterdir()}
    tip = yard.services.ledger.tip()
    yard.git("update-ref", "refs/heads/gitorch/ledger", f"{tip}~1")
    (yard.path / ".git/gitorch/tip").unlink()
    for name, data in state.items():
        (approved / name).write_bytes(data)
    yard.reopen()
    yard.settle()
    assert (yard.head(), yard.run.approval) == (target, None)


def test_an_approval_whose_object_was_replaced_merges_nothing_until_it_is_restored(yard):
    report, target = yard.run.report, yard.head()
    decisions.approve(yard.services, CALLER, yard.run, report.digest, "typed")
    (path,) = [p for p in yard.git("ls-tree", "-r", "--name-only", LEDGER).splitlines() if "merge-approved" in p]
    identity = yard.git("rev-parse", f"{LEDGER}:{path}")
    loose = yard.path / ".git/objects" / identity[:2] / identity[2:]
    honest = loose.read_bytes()
    loose.unlink()
    loose.write_bytes(zlib.compress(zlib.decompress(honest).replace(b"typed", b"taped")))
    yard.reopen()
    with pytest.raises(Corrupt, match=f"Object {identity} was replaced") as caught:
        yard.settle()
    assert (yard.head(), caught.value.exit_status, caught.value.hint) == (target, 7, "gitorch recover")
    with pytest.raises(Corrupt) as caught:
        recovery.propose(yard.services, RUN)
    assert caught.value.hint.startswith(f"rm -f {loose} && git fetch --refetch ")
    loose.unlink()
    loose.write_bytes(honest)
    yard.reopen()
    assert recovery.propose(yard.services, RUN)[1] == ()
    yard.settle()
    assert yard.head() == report.merged_commit
