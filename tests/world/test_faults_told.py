"""Sentences of the world about locks, worktrees and git that a person reads, each told whole.

`pytest --rewrite-transcripts` writes `texts/faults.txt` anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from fault_place import Place
from golden import assert_golden

from gitorch.errors import GitorchError
from gitorch.model.ids import CommitId
from gitorch.ports.git import PushRef
from gitorch.world.clock import SystemClock
from gitorch.world.files import holding
from gitorch.world.git import interrupted, locks
from gitorch.world.git.directories import GitDirectories, worktree_directories
from gitorch.world.git.drafts import adopt
from gitorch.world.git.history import GitHistory
from gitorch.world.git.object_reader import ObjectReader
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.sandbox_commits import import_commits
from gitorch.world.git.store import GitStore
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.sandbox import view_of

NOW = 1_800_000_000
API = "gitorch/auth-7f3a/api"
MISSING = CommitId("1" * 40)
GITS_WORDS = re.compile(r"fatal: (?:update_ref|invalid reference|')[^$]*(?= \$)")


@pytest.fixture
def place(tmp_path, repo, monkeypatch):
    monkeypatch.setattr(locks.time, "time", lambda: float(NOW))
    return Place(tmp_path, monkeypatch, repo)


def lock_of(place, seconds: int, name: str = "a b.lock") -> Path:
    """A lock file that was written so long ago."""
    path = place.folder / name
    path.touch()
    os.utime(path, (NOW - seconds, NOW - seconds))
    return path


def aged(seconds: int):
    return lambda p: locks.describe(lock_of(p, seconds))


def remedy(seconds: int):
    return lambda p: locks.remedy(lock_of(p, seconds))


def held(words):
    """A sentence about a lock that another process has open."""

    def act(place):
        path = lock_of(place, 3)
        hold = "import sys; f = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
        with subprocess.Popen(
            ("python", "-I", "-S", "-c", hold, path),
            executable=sys.executable,  # under a name whose length does not depend on where the tests are
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            process.stdout.readline()
            told = words(path).replace(str(process.pid), "<pid>")
            process.stdin.close()
        return told

    return act


def busy(message):
    def act(place):
        raise locks.busy("commit", message.format(lock=place.folder / "x.lock"), place.folder)

    return act


def trees(place, env=None):
    return GitWorktrees(place.repo.path, env or place.repo.environ, SystemClock())


def tree(place, name="api"):
    path = place.folder / "my trees" / name
    trees(place).ensure(path, place.head, f"gitorch/auth-7f3a/{name}")
    return path


def directories(place) -> GitDirectories:
    return GitDirectories(place.common, place.common)


def rewritten_git_file(place):
    path = tree(place)
    (path / ".git").write_text("gitdir: /elsewhere\n")
    worktree_directories(place.repo.path, directories(place), path)


def linked_git_file(place):
    path = tree(place, "ui")
    (path / ".git").rename(path / "git")
    (path / ".git").symlink_to("git")
    worktree_directories(place.repo.path, directories(place), path)


def locked_worktree(place):
    path = tree(place, "disk")
    place.repo.git("worktree", "lock", "--reason", "away", str(path))
    (path / ".git").unlink()
    trees(place).ensure(path, place.head, "gitorch/auth-7f3a/disk")


def seven_edits(place):
    path = tree(place, "edits")
    for number in range(7):
        (path / f"{number}.txt").write_text("x")
    return trees(place).remove(path)


def five_edits(place):
    path = place.folder / "my trees" / "edits"
    for number in (5, 6):
        (path / f"{number}.txt").unlink()
    return trees(place).remove(path)


def view(place):
    return view_of(place.common / "gitorch", "s1", API)


def sandboxed(text):
    """What is said about a branch of a sandbox with this text in its file."""

    def act(place):
        view(place).branch_file.parent.mkdir(parents=True, exist_ok=True)
        view(place).branch_file.unlink(missing_ok=True)
        if text is None:
            view(place).branch_file.symlink_to("/etc/hostname")
        else:
            view(place).branch_file.write_text(text)
        try:
            import_commits(view(place), GitRunner(place.repo.path, place.repo.environ, SystemClock()))
        finally:
            view(place).branch_file.unlink()

    return act


def moved_draft(place):
    path = tree(place, "draft")
    git = GitCommands(place.repo.path, place.repo.environ, SystemClock())
    (path / "new.txt").write_text("x")
    draft = git.draft(path, "x", "A <a@b>", 0)
    place.repo.commit({"other.txt": "x"}, cwd=path)
    env = place.git("*update-ref*", "echo 'fatal: it moved' >&2; exit 1")
    adopt(GitRunner(place.repo.path, env, SystemClock()).at(path), draft)


def refused_by_git(place):
    env = place.git("*merge-tree*", "echo 'fatal: no' >&2; exit 128")
    GitCommands(place.repo.path, env, SystemClock()).try_merge(place.head, place.head)


def unreadable_configuration(place):
    settings = place.folder / "half a section"
    settings.write_text("[core")
    env = {**place.git("*config*", "echo 'fatal: bad config' >&2; exit 128"), "GIT_CONFIG_GLOBAL": str(settings)}
    GitCommands(place.repo.path, env, SystemClock()).changed_settings()


def ledger_in_the_way(place):
    place.repo.git("branch", "gitorch")
    try:
        GitStore(place.common, place.repo.environ, ref="refs/heads/gitorch/ledger").forward(None, place.head)
    finally:
        place.repo.git("branch", "-D", "gitorch")


def ledger_without_its_commit(place):
    env = place.git("*for-each-ref*", f"echo 'fatal: missing object {MISSING} for refs/heads/x' >&2; exit 128")
    GitStore(place.common, env).tip()


def failing(pattern, script, act):
    """What is said of a git that does this for calls that match."""
    return lambda p: act(p, p.git(pattern, script))


def pushed(place, env):
    remotes = GitRemotes(place.repo.path, env, SystemClock())
    return remotes.push("far", [PushRef("refs/heads/main", place.head, None)])


def streamed(place, env):
    return list(GitHistory(place.common, env).back(place.head))


def moved(place, env):
    other = place.repo.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "x")
    return GitCommands(place.repo.path, env, SystemClock()).move("main", CommitId(other), place.head)


def running_checkout(place):
    git = GitRunner(place.repo.path, place.repo.environ, SystemClock())
    place.monkeypatch.setattr(interrupted, "WAIT_SECONDS", 0.02)
    with holding(place.common / interrupted.MARK, 0.0):
        interrupted.undo_interrupted(git)


FAULTS = {
    "a branch in the place of the ledger": ledger_in_the_way,
    "a lock that was just taken": aged(0),
    "a lock from the future": aged(-5),
    "a lock of 119 seconds": aged(119),
    "a lock of 120 seconds": aged(120),
    "a lock of 2 hours": aged(7_200),
    "a lock of a day": aged(86_400),
    "a lock of two days": aged(172_800),
    "a lock that was given back": lambda p: locks.describe(p.folder / "none.lock"),
    "a lock that a process holds": held(locks.describe),
    "the remedy for a lock that a process holds": held(locks.remedy),
    "the remedy for a lock that was given back": lambda p: locks.remedy(p.folder / "none.lock"),
    "the remedy for a lock of 29 seconds": remedy(29),
    "the remedy for a lock of 30 seconds": remedy(30),
    "a lock that git names": busy("fatal: Unable to create '{lock}': File exists."),
    "a configuration that is locked": busy("error: could not lock config file {lock}: File exists"),
    "a lock that git does not name": busy("another git process seems to be running"),
    "another message": busy("nothing"),
    "a folder that is no worktree": lambda p: worktree_directories(p.repo.path, directories(p), p.folder),
    "a worktree that names another repository": rewritten_git_file,
    "a worktree whose .git is a link": linked_git_file,
    "a locked worktree without files": locked_worktree,
    "a worktree inside the git directory": lambda p: trees(p).ensure(p.common / "x", p.head, API),
    "a worktree inside the checkout": lambda p: trees(p).ensure(p.repo.path / "x", p.head, API),
    "a worktree at a relative path": lambda p: trees(p).ensure(Path("x"), p.head, API),
    "a worktree at a path with dots": lambda p: trees(p).ensure(p.folder / ".." / "x", p.head, API),
    "a branch of a person": lambda p: trees(p).ensure(p.folder / "x", p.head, "main"),
    "a branch below the ledger": lambda p: trees(p).delete_branch("gitorch/ledger/x", p.head),
    "a branch with dots": lambda p: trees(p).delete_branch("gitorch/a/b..c", p.head),
    "files where no worktree is": lambda p: trees(p).remove(p.folder),
    "a worktree with seven edits": seven_edits,
    "a worktree with five edits": five_edits,
    "a worktree at a commit that is missing": lambda p: trees(p).ensure(p.folder / "y", MISSING, None) or "",
    "a sandbox without a commit": sandboxed("no commit at all, and much text behind it\n"),
    "a sandbox whose branch is a link": sandboxed(None),
    "a sandbox with a commit that is missing": sandboxed(MISSING),
    "a draft beside another commit": moved_draft,
    "a merge that git refuses": refused_by_git,
    "a configuration that git cannot read": unreadable_configuration,
    "a ledger whose commit is missing": ledger_without_its_commit,
    "an object that is missing": lambda p: list(ObjectReader(p.common, p.repo.environ).objects([MISSING])),
    "a push without a reason": failing("*push*", "exit 9", pushed),
    "a push with advice": failing(
        "*push*", "printf 'To x\\nhint: pull\\n\\nerror: failed to push some refs\\nfatal: no  \\n' >&2; exit 1", pushed
    ),
    "a history that git cannot read": failing("*--first-parent*", "echo 'fatal: bad object' >&2; exit 128", streamed),
    "a history that ends without a reason": failing("*--first-parent*", "exit 3", streamed),
    "a move that git refuses without a reason": failing("*update-ref*", "exit 1", moved),
    "a checkout that still runs": running_checkout,
}


def sentence(act, place) -> str:
    """What is said, with the error's class and hint where it is one."""
    try:
        return str(act(place))
    except GitorchError as error:
        return f"{error.code}: {error.message} $ {error.hint} {error.where}".rstrip()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def test_every_sentence_about_a_fault_of_git_is_told_whole(place, request):
    told = [f"> {name}\n{sentence(act, place)}\n" for name, act in FAULTS.items()]
    text = "\n".join(told).replace(place.head[:12], "{head}").replace(str(place.folder), "{folder}")
    text = GITS_WORDS.sub("fatal: …", text)
    assert_golden("faults.txt", text, request)
