# ruff: noqa: ARG002 stand-ins take what their ports pass
"""The ledger, git, terminals and clock of the stage: in memory, and only as much as the command line asks for."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from dataclasses import dataclass, field

from gitorch.errors import Busy, Corrupt
from gitorch.model import commands as c
from gitorch.model.events import LedgerCreated, PlanRejected, TargetConfirmed
from gitorch.model.ids import NO_DIGEST, CommitId, Moment, RunId
from gitorch.model.observed import AgentState, CheckPhase, CheckSeen, SessionSeen
from gitorch.model.record import Record
from gitorch.model.run import Board, Run, State
from gitorch.ports.ledger import Draft, Verification, Written
from gitorch.ports.world import DiffStat, MergeTry, MoveResult, SessionKey
from gitorch.rules.evolve import evolve

START = 1_700_000_000_000


def commit(name: str) -> CommitId:
    return CommitId(hashlib.sha1(name.encode()).hexdigest())


TARGET = commit("target")


OF_NO_RUN = (LedgerCreated, PlanRejected, TargetConfirmed)


class MemoryLedger:
    """Records in a list; states by folding them."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.held: set[str] = set()
        self.faults: tuple[Corrupt, ...] = ()
        self._board = Board()
        self._runs: dict[RunId, Run] = {}

    def exists(self) -> bool:
        return bool(self.written)

    def create(self, actor, at, ledger) -> None:
        self.append(None, actor, at, lambda _: (Draft(LedgerCreated(ledger), {}),))

    def state(self, run):
        return State(self._board, self._runs.get(run))

    def tip(self):
        return self.written[-1].commit if self.written else None

    def append(self, run, actor, at, decide):
        drafts = decide(self.state(run))
        fresh = tuple(self._write(run, actor, at, draft.event) for draft in drafts)
        return self.state(run), fresh

    def _write(self, run, actor, at, event) -> Written:
        of = None if isinstance(event, OF_NO_RUN) else run
        record = Record(len(self.written), NO_DIGEST, at, of, actor, event)
        state = evolve(State(self._board, self._runs.get(of)), record)
        self._board = state.board
        if of is not None:
            self._runs[of] = state.run
        written = Written(commit(f"record {record.seq}"), record)
        self.written.append(written)
        return written

    def records(self, run=None, after=-1):
        return (w for w in self.written if w.record.seq > after and (run is None or w.record.run == run))

    def file(self, run, digest):
        return b"Rotate the session."

    def verify(self):
        return Verification(len(self.written), self.tip(), NO_DIGEST, self.faults, ("the remote lags by 2",))

    @contextlib.contextmanager
    def hold(self, name, wait_seconds=0.0):
        if name in self.held:
            raise Busy(f"another process holds the lock {name}", "try again")
        self.held.add(name)
        try:
            yield
        finally:
            self.held.discard(name)


@dataclass
class MemoryTerminals:
    """Sessions that are as the scene says; those that are not in it are at work."""

    seen: dict[str, SessionSeen] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    screens: dict[str, str] = field(default_factory=dict)

    def look(self, keys):
        gone = SessionSeen(present=False, started=True, state=AgentState.EXITED)
        busy = SessionSeen(present=True, started=True, state=AgentState.WORKING, pid=7, evidence="a sign")
        return {k: gone if k.session in self.stopped else self.seen.get(k.session, busy) for k in keys}

    def start(self, launch) -> None:
        pass

    def deliver(self, key, preset, letter, line) -> str:
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

    branches: dict[str, CommitId] = field(default_factory=lambda: {"main": TARGET})
    left: bool = False

    def resolve(self, name):
        return self.branches.get(name)

    def pack(self, loose_min):
        return loose_min == 0

    def heads(self, refs):
        short = {ref: ref.removeprefix("refs/heads/") for ref in refs}
        return {ref: self.branches[name] for ref, name in short.items() if name in self.branches}

    def facts(self, worktree, base, expected=()):
        return c.WorkFacts(commit(f"{worktree.name}-1"), (), 1, ("a.py",))

    def stat(self, base, head):
        return DiffStat(1, 1, 10, 2, ("a.py",))

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
        if self.branches.get(branch) not in {old, new}:
            return MoveResult(moved=False)
        self.branches[branch] = new
        if self.left:
            return MoveResult(True, "left", "checkout", "git stash && git merge main")
        return MoveResult(True, "updated")


class MemoryWorld:
    """Worktrees, checks, files and secrets, which no test here asks anything of."""

    def ensure(self, path, commit_, branch) -> None:
        pass

    def remove(self, path, force=False) -> str:
        return ""

    def delete_branch(self, branch) -> None:
        pass

    def tidy(self, folder) -> None:
        pass

    def look(self, commit_, command):
        return CheckSeen(CheckPhase.ABSENT)

    def log(self, commit_, command) -> bytes:
        return b""

    def clear(self, under) -> None:
        pass

    def read(self, path):
        return None

    def waiting(self, worktree):
        return ()

    def write(self, path, data) -> None:
        pass

    def inside(self, root, path, bytes_max):
        return None

    def token(self, key: SessionKey) -> str:
        return f"token of {key.session}"

    def nonce(self) -> str:
        return "nonce-one"


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
