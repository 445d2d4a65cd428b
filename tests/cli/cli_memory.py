# ruff: noqa: ARG002 stand-ins take what their ports pass
"""Git, terminals and clock of the stage: in memory, and only as much as the command line asks for; and the ledger in memory."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from fakes.ledger import FakeLedger

from gitorch.errors import NotFound
from gitorch.model import commands as c
from gitorch.model.ids import CommitId, Moment
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, SessionObservation
from gitorch.model.values import replace
from gitorch.model.work.report import FileChange, HowChanged
from gitorch.ports.git import DiffStat, MergeTry, MoveResult

if TYPE_CHECKING:
    from gitorch.errors import Corrupt
    from gitorch.ports.world import SessionKey

START = 1_700_000_000_000


def commit(name: str) -> CommitId:
    return CommitId(hashlib.sha1(name.encode()).hexdigest())


TARGET = commit("target")


class MemoryLedger(FakeLedger):
    """The one that the contract holds, with the faults that a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: tuple[Corrupt, ...] = ()

    def file(self, run, digest):
        """What was attached; a brief of the stage's workflow was not, and says this."""
        try:
            return super().file(run, digest)
        except NotFound:
            return b"Rotate the session."

    def verify(self, now=None):
        return replace(super().verify(now), faults=self.faults, warnings=("the remote lags by 2",))


@dataclass
class MemoryTerminals:
    """Sessions that are as the scene says; those that are not in it are at work."""

    seen: dict[str, SessionObservation] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    screens: dict[str, str] = field(default_factory=dict)

    def observe(self, keys):
        ended = SessionObservation(present=False, started=True, state=AgentState.EXITED)
        busy = SessionObservation(present=True, started=True, state=AgentState.WORKING, pid=7, evidence="a sign")
        return {k: ended if k.session in self.stopped else self.seen.get(k.session, busy) for k in keys}

    def start(self, launch) -> None:
        pass

    def deliver(self, key, preset, prompt, line) -> str:
        return "delivered"

    def receipts(self, key):
        return {}

    def stop(self, key) -> None:
        self.stopped.append(key.session)

    def screen(self, key, history=0) -> str:
        return self.screens.get(key.session, f"> working on it\n{'above' if history else ''}")

    def attach_argv(self, key):
        return ("tmux", "-L", "gitorch-test", "attach-session", "-t", key.name)

    def pids(self):
        return {}

    def close(self) -> None:
        pass


@dataclass
class MemoryGit:
    """Branches by name. Every merge fits; `left` says that a checkout of the target holds work."""

    tips: dict[str, CommitId] = field(default_factory=lambda: {"main": TARGET})
    left: bool = False

    def resolve(self, name):
        return self.tips.get(name)

    def settings_snapshot(self):
        return {}

    def repository_snapshot(self):
        return {f"refs/heads/{name}": commit for name, commit in self.tips.items()}

    def changed_settings(self):
        return ()

    def pack(self, loose_min):
        return loose_min == 0

    def branches(self):
        return tuple(sorted(self.tips))

    def current(self):
        return "main"

    def setting(self, name):
        return ""

    def user_name(self):
        return "Ada Lovelace"

    def behind_remote(self, branch):
        return 0

    def heads(self, refs):
        short = {ref: ref.removeprefix("refs/heads/") for ref in refs}
        return {ref: self.tips[name] for ref, name in short.items() if name in self.tips}

    def facts(self, worktree, base, expected=()):
        return c.WorkFacts(commit(f"{worktree.name}-1"), (), 1, ("a.py",))

    def stat(self, base, head):
        return DiffStat(1, 1, 10, 2, ("a.py",))

    def file_changes(self, base, head):
        return (FileChange("a.py", HowChanged.MODIFIED, added=10, removed=2),)

    def subjects(self, base, head):
        return ("3f2a91c Rotate the session",)

    def file_at(self, commit_, path):
        return b"a line\n" * 99

    def commits_since(self, base, head):
        return (head,)

    def contains(self, ancestor, descendant) -> bool:
        return ancestor == descendant

    def try_merge(self, ours, theirs):
        return MergeTry(f"tree-{ours[:6]}-{theirs[:6]}", ())

    def commit_merge(self, tree, parents, message, at):
        return commit(tree)

    def tree(self, commit_):
        return f"tree-{commit_[:6]}"

    def move(self, branch, new, old):
        if self.tips.get(branch) not in {old, new}:
            return MoveResult(moved=False)
        self.tips[branch] = new
        if self.left:
            return MoveResult(
                True, "left", "checkout", "git stash && git merge main", "a rebase is under way in checkout"
            )
        return MoveResult(True, "updated")


class MemoryWorld:
    """Worktrees, checks, files and secrets. `held` are the files that gitorch wrote; a test may put more there."""

    def __init__(self) -> None:
        self.held: dict[Path, bytes] = {}

    @staticmethod
    def take_commits(_session, _branch):
        return None

    def ensure(self, path, commit_, branch, *, shared=False) -> None:
        pass

    def remove(self, path, force=False) -> str:
        self.held.pop(path, None)
        return ""

    def delete_branch(self, branch) -> None:
        pass

    def tidy(self, folder) -> tuple[Path, ...]:
        return ()

    def work_branches(self, run) -> tuple[str, ...]:
        return ()

    def remove_folder(self, path) -> None:
        pass

    def observe(self, commit_, command):
        return CheckObservation(CheckPhase.ABSENT)

    def log(self, commit_, command) -> bytes:
        return b""

    def clear(self, under) -> None:
        pass

    def read(self, path):
        return self.held.get(path)

    def waiting(self, worktree):
        return ()

    def write(self, path, data) -> None:
        self.held[path] = data

    def inside(self, root, path, bytes_max):
        return None

    def token(self, key: SessionKey) -> str:
        return f"token of {key.session}"

    def nonce(self) -> str:
        return "nonce-one"

    def own_keys(self, named):
        return ()


@dataclass
class MemoryClock:
    """A second passes with every look."""

    at: int = START
    slept: float = 0.0
    on_sleep: object = None

    def now(self) -> Moment:
        self.at += 1000
        return Moment(self.at)

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if callable(self.on_sleep):
            self.on_sleep()


class RealClock:
    """Time as it passes, for calls in processes of their own."""

    def now(self) -> Moment:
        return Moment(time.time_ns() // 1_000_000)

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(seconds)
