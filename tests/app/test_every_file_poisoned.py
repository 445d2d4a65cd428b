"""Whatever file a program of the user damages while a signed approval is awaited, only what was signed is merged (K5).

Each file below the git directory and the worktrees is damaged in each way, before the approval, before the merge or before
`verify`. Then the verb refuses with a reason, or does exactly what it would have done.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from fakes.world import altered
from poison import KINDS, PLANTED, poison
from put_back import remove
from waiting import LIMIT_SECONDS
from waiting_run import WaitingRun

from gitorch.app.people import decisions
from gitorch.app.reconciler.tick import tick
from gitorch.model.plans.approval import Grade
from gitorch.world.git import pipes, ref_move
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.signatures import SshSignatures

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_MAX = 60
"""For one case: a pipe in the place of a file must not hold anybody up."""
IDLE_SECONDS = 2.0
STAGES = ("approve", "merge", "verify")
SAMPLE, SEED = 5, 20_261_128
ALLOWED = {0, 1, 3, 4, 5, 7, 8, 9, 10}
"""Every exit status but those of a bug, of wrong words, of an interruption."""


def make_key(folder: Path, passphrase: str) -> Path:
    folder.mkdir(parents=True)
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "ada", "-f", str(folder / "ada"))
    subprocess.run(words, check=True, capture_output=True)
    return folder / "ada"


class Ada(SshSignatures):
    """Signs as a person does who types the passphrase: with the same key, opened in a place that no program of the run knows."""

    opened = Path()

    def sign(self, text: str, key: str, namespace: str) -> str:
        del key
        return super().sign(text, str(self.opened), namespace)


class SignedRun(WaitingRun):
    """A run that takes only approvals signed with Ada's key, which has a passphrase. `stage` is what was done already."""

    def __init__(self, place: Path) -> None:
        self.guarded = make_key(place.with_name("keys") / "guarded", "open sesame")
        self.opened = place.with_name("keys") / "opened"
        self.opened.write_bytes(self.guarded.read_bytes())
        self.opened.chmod(0o600)
        self.opened.with_suffix(".pub").write_bytes(self.guarded.with_suffix(".pub").read_bytes())
        unlock = ("ssh-keygen", "-p", "-P", "open sesame", "-N", "", "-f", str(self.opened))
        subprocess.run(unlock, check=True, capture_output=True)
        public = " ".join(self.guarded.with_suffix(".pub").read_text().split()[:2])
        signed = {"approval_at_least": Grade.SIGNED, "approval_signers": f"ada {public}\n", "approval_unattended": True}
        super().__init__(place, test_command="true", **signed)
        self.saved_at = {"approve": self.saved}
        for stage in STAGES[1:]:
            self.gitorch("approve", "--yes") if stage == "verify" else self.approve_only()
            self.saved = place.with_name(f"{place.name}.{stage}")
            self.keep()
            self.saved_at[stage] = self.saved
            self.saved = self.saved_at["approve"]
            self.restore()

    def prepare(self, yard) -> None:
        yard.git("config", "user.signingKey", f"{self.guarded}.pub")
        yard.reopen = self.reopen

    def reopen(self) -> None:
        type(self.yard).reopen(self.yard)
        ada = Ada(dict(os.environ))
        ada.opened = self.opened
        self.yard.services = altered(self.yard.services, signatures=ada)

    def approve_only(self) -> None:
        """Sign and record the approval; nothing is merged yet."""
        self.reopen()
        run = decisions.verified_run(self.yard.services, self.yard.run)
        decisions.approve(self.yard.services, self.caller, run, run.report.digest, "unattended")

    def at(self, stage: str) -> SignedRun:
        self.saved = self.saved_at[stage]
        self.restore()
        return self

    def act(self, stage: str) -> int:
        """Do what follows at this stage, and return the exit status."""
        words = {"approve": ("approve", "--yes"), "merge": ("up", "--once"), "verify": ("verify",)}
        return self.gitorch(*words[stage]).status

    def names_a_fault(self) -> bool:
        """Whether `status` says what fails in the run, or asks about it: the approval is recorded, and the merge is tried again."""
        said = self.gitorch("status")
        run = self.yard.run
        return said.status == 0 and bool(run.faults or run.open_questions())

    def has_planted(self) -> bool:
        """Whether a planted program ran, in any folder of the run."""
        return any(PLANTED in files for _, _, files in os.walk(self.place)) or (self.place.parent / PLANTED).exists()

    def head(self) -> str:
        words = ("git", "rev-parse", "--verify", "--quiet", "refs/heads/main")
        done = subprocess.run(
            words, cwd=self.yard.path, check=False, capture_output=True, text=True, timeout=LIMIT_SECONDS
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> SignedRun:
    return SignedRun(tmp_path_factory.mktemp("poison") / "place")


@pytest.fixture
def _limits(monkeypatch) -> Iterator[None]:
    """git ends after 2 s without progress instead of 300, and a case after a minute."""
    monkeypatch.setitem(GitRunner.run.__kwdefaults__, "wait_seconds", IDLE_SECONDS)
    monkeypatch.setattr(pipes, "IDLE_SECONDS", IDLE_SECONDS)
    monkeypatch.setattr(ref_move, "IDLE_SECONDS", IDLE_SECONDS)

    def too_long(*_: object) -> None:
        raise AssertionError(f"nothing happened for {SECONDS_MAX} s")

    before = signal.signal(signal.SIGALRM, too_long)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def files_of(run: SignedRun, stage: str) -> list[Path]:
    """Every file of the git directory and of the worktrees, relative to the place, but the principal's own checkout."""
    run.at(stage)
    found = []
    for path in sorted(run.place.rglob("*")):
        relative = path.relative_to(run.place)
        own_checkout = relative.parts[0] == "r" and relative.parts[1:2] != (".git",)
        if path.is_file() and not path.is_symlink() and not own_checkout:
            found.append(relative)
    return found


def one_case(run: SignedRun, stage: str, name: Path, kind: str) -> str:
    """Damage the file, act, and say what is wrong with the outcome; empty where all is well."""
    run.at(stage)
    before = run.report.merged_commit if stage == "verify" else run.target
    path = run.place / name
    poison(path, kind, random.Random(f"{stage} {name} {kind}"))
    signal.alarm(SECONDS_MAX)
    try:
        status = run.act(stage)
    except AssertionError as error:
        return str(error)
    finally:
        signal.alarm(0)
    remove(path)  # looking at the result must not wait for a pipe
    if run.has_planted():
        return "a planted program ran"
    if status not in ALLOWED:
        return f"exit status {status}"

    after = run.head()
    if after not in {before, run.report.merged_commit, ""}:
        return f"main is at {after}"
    if stage == "approve" and status == 0 and after == before and not run.names_a_fault():
        return "nothing was merged, and no reason given"
    return ""


def cases(run: SignedRun) -> list[tuple[str, Path, str]]:
    return [(stage, name, kind) for stage in STAGES for name in files_of(run, stage) for kind in KINDS]


def faults_of(run: SignedRun, chosen: list[tuple[str, Path, str]]) -> list[str]:
    found = []
    for stage, name, kind in chosen:
        fault = one_case(run, stage, name, kind)
        if fault:
            found.append(f"{stage}: {name}: {kind}: {fault}")
    return found


def tree(folder: Path) -> dict[Path, tuple[int, object]]:
    """What is below a folder, each with its mode, and its content or the names in it."""
    found = {}
    for path in folder.rglob("*"):
        content = path.readlink() if path.is_symlink() else path.is_file() and path.read_bytes()
        found[path.relative_to(folder)] = (path.lstat().st_mode, content)
    return found


def test_a_case_begins_from_exactly_the_saved_state_whatever_the_one_before_damaged(run):
    chance = random.Random(SEED)
    names = chance.sample(files_of(run, "merge"), len(KINDS))
    run.yard.commit({"more/new.txt": "new\n"})  # before the damage, which may be that of what git needs for it
    for name, kind in zip(names, KINDS, strict=True):
        poison(run.place / name, kind, chance)
    run.at("merge")
    assert tree(run.place) == tree(run.saved)


@pytest.mark.usefixtures("_limits")
def test_a_sample_of_damaged_files_leads_to_a_reason_or_to_the_signed_merge(run):
    assert faults_of(run, random.Random(SEED).sample(cases(run), SAMPLE)) == []


@pytest.mark.slow
@pytest.mark.usefixtures("_limits")
def test_every_file_damaged_in_every_way_leads_to_a_reason_or_to_the_signed_merge(run, record_property):
    """A fifth of all cases, spread over files and ways; `POISON_PART=1/1` takes them all, in an hour, `2/5` the next fifth."""
    every = cases(run)
    part, _, parts = os.environ.get("POISON_PART", "1/5").partition("/")
    chosen = every[int(part) - 1 :: int(parts)]
    faults = faults_of(run, chosen)
    record_property("did", f"{len(chosen)} of {len(every)} damaged files, {len(faults)} faults")
    assert faults == []


def test_without_damage_each_stage_does_its_work(run):
    assert [run.at(stage).act(stage) for stage in STAGES] == [0, 0, 0]
    assert run.at("verify").head() == run.report.merged_commit
    assert run.at("merge").head() == run.target
    tick(run.yard.services, run.yard.run.id)
    assert run.head() == run.report.merged_commit
