"""Repositories, a small evolve and tampering by real git, for the ledger's tests."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitorch.errors import Corrupt
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import choose, common_dir
from gitorch.model.events import LeaseRenewed, LedgerCreated, RunCanceled, RunPaused
from gitorch.model.ids import CommitId, Digest, JobId, Moment, RunId
from gitorch.model.plans.workflow import Settings, Workflow
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.board import State
from gitorch.model.work.run import Run, RunPhase
from gitorch.ports.commits import Draft
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore
from gitorch.world.programs import without

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STORES = ["dulwich", pytest.param("git", marks=pytest.mark.slow)]
"""What `tests/contract/test_store.py` shows of both stores holds for the second one here, too; `make slow` tries it all the same."""

REF = "refs/heads/gitorch/ledger"
AT = Moment(1_795_214_411_123)
AGENT = Actor(ActorKind.AGENT, "impl-api", "laptop", "s12")
HOST = Actor(ActorKind.HOST, "gitorch", "laptop")
RUN, OTHER = RunId("auth-7f3a"), RunId("docs-00ff")
ENV = without(os.environ, ("GIT_",)) | {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "t"), ("EMAIL", "t@t"))
    },
}


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    done = subprocess.run(("git", *arguments), cwd=folder, input=stdin, capture_output=True, env=ENV, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def new_repo(folder: Path, *options: str) -> Path:
    """A repository with one empty commit, without one where it is bare: a copy, which is ten times faster than making one."""
    return shutil.copytree(_empty(*options), folder, dirs_exist_ok=True)


@cache
def _empty(*options: str) -> Path:
    """The repository that all others of this process with these options are copied from."""
    folder = Path(tempfile.mkdtemp(prefix="gt-repo-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    git(folder, "init", "-q", "-b", "main", *options)
    if "--bare" not in options:
        git(folder, "commit", "-q", "--allow-empty", "-m", "start")
    return folder


def count(state: State, record) -> State:
    """Counts records; a canceled run takes no more; the first record is the ledger's own and the only one of its kind."""
    event, board, run = record.event, state.board, state.run
    if isinstance(event, LedgerCreated) == bool(board.ledger):
        raise Corrupt("the ledger is created first, and once")
    if isinstance(event, LedgerCreated):
        return State(replace(board, ledger=event.ledger), None)
    if record.run is None:
        return State(replace(board, targets=(*board.targets, str(record.seq))), None)
    if run is None:
        workflow = Workflow("w", "1", "", {}, {})
        none = Digest("sha256:")
        run = Run(
            *(record.run, "title", RunPhase.RUNNING, workflow, Settings()),
            *("main", CommitId("0" * 40), "", none, record.at, {}),
        )
    if run.phase is RunPhase.CANCELED:
        raise Corrupt("the run is over")
    phase = RunPhase.CANCELED if isinstance(event, RunCanceled) else run.phase
    reason = event.reason if isinstance(event, RunPaused) else run.reason
    return State(board, replace(run, records=run.records + 1, phase=phase, reason=reason, changed_at=record.at))


def open_ledger(folder: Path, evolve: Callable = count, **options) -> GitLedger:
    common = common_dir(folder)
    store = BranchStore(common) if choose(common).store == "dulwich" else GitStore(common, ENV)
    return GitLedger(store, GitHistory(common, ENV), common, evolve, **options)


def renewed(fence: int, **files: bytes) -> Draft:
    return Draft(LeaseRenewed(JobId("api"), fence, Moment(AT + 900_000)), files)


def fill(ledger: GitLedger, number: int, run: RunId | None = RUN) -> None:
    """That many records in appends of one each."""
    for fence in range(number):
        ledger.append(run, AGENT, Moment(AT + fence), lambda _, fence=fence: [renewed(fence)])


@dataclass
class Raw:
    """A commit as a list of changes, ready to be tampered with."""

    message: str
    added: dict[str, bytes]
    removed: list[str] = field(default_factory=list)
    merges: tuple[str, ...] = ()
    author: str = "t <t@t> 0 +0000"
    committer: str = "t <t@t> 0 +0000"

    @property
    def record(self) -> str:
        return next(path for path in self.added if "/files/" not in path and path.startswith(("runs", "ledger")))


def raws(folder: Path) -> list[Raw]:
    common = common_dir(folder)
    tip = CommitId(git(folder, "rev-parse", REF))
    return [
        Raw(commit.message, dict(commit.added), author=commit.author, committer=commit.committer)
        for commit in GitHistory(common, ENV).stream(tip)
    ]


def rewrite(folder: Path, commits: Sequence[Raw]) -> None:
    """Replace the branch by these commits, with real git, so that `git fsck` finds nothing wrong."""
    parts = []
    for number, commit in enumerate(commits, 1):
        message = commit.message.encode()
        parts.append(b"commit %s\nmark :%d\n" % (REF.encode(), number))
        parts.append(f"author {commit.author}\ncommitter {commit.committer}\n".encode())
        parts.append(b"data %d\n%s\n" % (len(message), message))
        if number > 1:
            parts.append(b"from :%d\n" % (number - 1))
        parts += [b"merge %s\n" % other.encode() for other in commit.merges]
        parts += [b"D %s\n" % path.encode() for path in commit.removed]
        for path, data in commit.added.items():
            parts.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    git(folder, "update-ref", "-d", REF)
    git(folder, "fast-import", "--quiet", "--force", stdin=b"".join(parts))
    git(folder, "fsck", "--no-dangling")
