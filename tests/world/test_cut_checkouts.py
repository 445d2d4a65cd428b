"""Checkouts that locks, kills, slow filters and full disks cut short: completed or undone, with commands that work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from waiting import until
from world.checkout_kit import Hasty, Target

from gitorch.errors import Busy, Unavailable
from gitorch.model.ids import CommitId
from gitorch.world.clock import SystemClock
from gitorch.world.git import interrupted
from gitorch.world.git.interrupted import MARK
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.worktrees import GitWorktrees

if TYPE_CHECKING:
    from world.repos import Repo


@pytest.fixture
def target(repo: Repo) -> Target:
    return Target(repo)


LOCKS = {"index.lock": "read-tree", "HEAD.lock": "update-ref", "refs/heads/main.lock": "update-ref"}
HARMLESS = ("packed-refs.lock", "config.lock", "shallow.lock", "ORIG_HEAD.lock", "refs/heads/other.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_that_was_left_is_named_with_its_age_and_the_offered_command_removes_it(target, name):
    lock = target.repo.path / ".git" / name
    lock.touch()
    os.utime(lock, (lock.stat().st_mtime - 7200,) * 2)
    before = target.state()
    with pytest.raises(Busy) as caught:
        target.move()
    assert f"{lock} is 2 hours old, and no process has it open" in caught.value.message
    assert target.state() == before
    target.type(caught.value.hint)
    assert target.move().checkout == "updated"


@pytest.mark.parametrize("name", HARMLESS)
def test_a_lock_of_something_else_does_not_stop_the_move(target, name):
    (target.repo.path / ".git" / name).touch()
    assert target.move().checkout == "updated"


def test_a_lock_that_a_process_has_open_is_named_with_that_process_and_the_offered_command_shows_it(target):
    lock = target.repo.path / ".git" / "index.lock"
    with subprocess.Popen(["sh", "-c", f"exec 3>{lock}; exec sleep 600"]) as owner:
        until(lock.exists)
        with pytest.raises(Busy) as caught:
            target.move()
        assert f"held by process {owner.pid} (sleep 600)" in caught.value.message
        assert "sleep 600" in target.type(caught.value.hint)
        owner.kill()
    lock.unlink()
    assert target.move().checkout == "updated"


def slow_filter(target: Target, smudge: str) -> None:
    """Let a filter write `README.md`, from the commit that main is moved to."""
    target.repo.git("config", "filter.slow.smudge", smudge)
    attributes = target.repo.path / ".git/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("new.py filter=slow\n")


def kill_half_way(target: Target) -> None:
    """Leave what a power cut leaves: the mark, git's lock, and files of both commits."""
    git_dir = target.repo.path / ".git"
    (git_dir / MARK).write_text(f"{target.old} {target.new}\n")
    (git_dir / "index.lock").touch()
    target.repo.write("README.md", "theirs\n")
    target.repo.write("deep/new.py", "")
    target.repo.write("made.out", "the")
    (target.repo.path / "gone.txt").unlink()


def test_a_checkout_that_was_killed_half_way_is_completed_by_the_next_move(target):
    kill_half_way(target)
    target.repo.write("mine.txt", "edited\n")
    assert target.move().checkout == "updated"
    assert target.brought_by_a_commit() == {"mine.txt"}
    assert not (target.repo.path / ".git" / MARK).exists()


def test_an_edit_that_came_after_the_kill_is_kept_and_the_rest_is_as_it_was(target):
    before = target.state()
    kill_half_way(target)
    target.repo.write("new.py", "mine\n")
    result = target.move()
    assert "new.py, which no commit holds" in result.refused
    (target.repo.path / "new.py").unlink()
    assert target.state() == before


def test_files_that_a_filter_keeps_elsewhere_are_told_whole_from_cut_short(repo, tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    keep = f"cat >{store}/$$; h=$(sha1sum <{store}/$$ | cut -c1-40); mv {store}/$$ {store}/$h; echo oid $h"
    repo.git("config", "filter.big.clean", f"sh -c '{keep}'")
    repo.git("config", "filter.big.smudge", f"sh -c 'read _ h; cat {store}/$h'")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/attributes").write_text("*.bin filter=big\n")
    before = dict.fromkeys(("whole.bin", "cut.bin", "mine.bin"), "old content\n")
    old = CommitId(repo.commit(before))
    assert repo.git("show", "HEAD:cut.bin").startswith("oid ")
    new = CommitId(repo.branch("work", {"whole.bin": "new content\n", "cut.bin": "another content\n"}))
    (repo.path / ".git" / MARK).write_text(f"{old} {new}\n")
    repo.write("whole.bin", "new content\n")
    repo.write("cut.bin", "ano")
    repo.write("mine.bin", "mine\n")
    assert GitCommands(repo.path, repo.environ, Hasty()).move("main", new, old).checkout == "updated"
    assert (repo.path / "cut.bin").read_text() == "another content\n"
    assert (repo.path / "mine.bin").read_text() == "mine\n"
    assert repo.git("diff", "--name-only", "HEAD") == "mine.bin"


@pytest.mark.parametrize(("leads_to", "moved"), [("a", True), ("b", False)])
def test_a_link_of_a_checkout_that_was_killed_is_ours_only_if_it_leads_where_the_commit_says(repo, leads_to, moved):
    old = CommitId(repo.commit({"a": "a\n"}))
    where = repo.path.parent / "work"
    repo.git("worktree", "add", "-q", "-b", "work", str(where))
    (where / "link").symlink_to("a")
    repo.git("add", "link", cwd=where)
    new = CommitId(repo.commit({}, cwd=where))
    (repo.path / ".git" / MARK).write_text(f"{old} {new}\n")
    (repo.path / "link").symlink_to(leads_to)
    result = GitCommands(repo.path, repo.environ, Hasty()).move("main", new, old)
    assert (result.moved, (repo.path / "link").readlink().name) == (moved, leads_to)


def test_a_file_that_cannot_be_written_refuses_the_move_and_leaves_the_checkout_as_it_was(target):
    slow_filter(target, "false")
    target.repo.git("config", "filter.slow.required", "true")
    before = target.state()
    result = target.move()
    assert not result.moved
    assert "could not be updated" in result.refused
    assert target.state() == before
    target.type(result.command)
    target.repo.git("config", "filter.slow.smudge", "cat")
    assert target.move().checkout == "updated"


def test_a_checkout_runs_on_while_it_gets_on_and_is_ended_and_undone_when_nothing_moves(target, monkeypatch):
    monkeypatch.setattr(interrupted, "CHECKOUT_SECONDS", 0.6)
    monkeypatch.setattr("gitorch.world.programs.LOOK_SECONDS", 0.2)
    before = target.state()
    slow_filter(target, "sleep 30")
    with pytest.raises(Unavailable, match=r"nothing in it had moved for 0\.6 seconds"):
        target.move()
    assert target.state() == before
    assert not (target.repo.path / ".git/index.lock").exists()
    slow_filter(target, "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; echo; done; cat")
    assert target.move().checkout == "updated"


@pytest.mark.parametrize("name", ["logs/refs/heads/main", "packed-refs", "index", "refs/heads/main", "info/exclude"])
def test_a_named_pipe_in_the_place_of_a_file_of_git_ends_the_move_at_once(target, monkeypatch, name):
    monkeypatch.setattr("gitorch.world.activity.PIPE_SECONDS", 0.1)
    for module in ("programs", "git.ref_move", "git.pipes"):
        monkeypatch.setattr(f"gitorch.world.{module}.LOOK_SECONDS", 0.05)
    before = target.state()
    path = target.repo.path / ".git" / name
    kept = path.read_bytes() if path.exists() else None
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    try:
        reason = target.move().refused
    except Unavailable as error:
        reason = error.message
    assert "gave no answer: a named pipe is in the place of one of its files" in reason
    path.unlink()
    if kept is not None:
        path.write_bytes(kept)
    assert target.state() == before
    assert target.move().checkout == "updated"


def test_a_hook_may_wait_for_a_named_pipe_of_its_own(target, monkeypatch):
    monkeypatch.setattr("gitorch.world.activity.PIPE_SECONDS", 0.1)
    monkeypatch.setattr("gitorch.world.git.ref_move.LOOK_SECONDS", 0.05)
    git = target.repo.path / ".git"
    os.mkfifo(git / "mine")
    hook = git / "hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\n(sleep 0.5; : >{git}/mine) & read -r line <{git}/mine; exit 0\n")
    hook.chmod(0o755)
    assert target.move().checkout == "updated"


def test_a_long_call_is_reported_while_it_runs(target, monkeypatch):
    monkeypatch.setattr("gitorch.world.activity.SAY_SECONDS", 0.1)
    monkeypatch.setattr("gitorch.world.programs.LOOK_SECONDS", 0.1)
    slow_filter(target, "sleep 0.5; cat")
    said: list[str] = []
    commands = GitCommands(target.repo.path, target.repo.environ, Hasty(), lambda: None, said.append)
    assert commands.move("main", target.new, target.old).moved
    assert said
    assert said[0].startswith(f"git read-tree in {target.repo.path} has run for ")


def test_a_move_whose_process_is_killed_at_any_step_is_completed_or_undone(target):
    script = (
        "import sys, pathlib, os\n"
        "from gitorch.world.git.repository import GitCommands\n"
        "from gitorch.world.clock import SystemClock\n"
        "GitCommands(pathlib.Path(sys.argv[1]), os.environ, SystemClock(), lambda: None).move('main', *sys.argv[2:])\n"
    )
    slow_filter(target, f"touch {target.repo.path.parent}/begun; sleep 0.6; cat")
    words = [sys.executable, "-c", script, str(target.repo.path), target.new, target.old]
    with subprocess.Popen(words, env={**os.environ, **target.repo.environ}) as child:
        until((target.repo.path.parent / "begun").exists)
        child.send_signal(signal.SIGKILL)
    assert target.repo.git("rev-parse", "main") == target.old
    assert target.move().checkout == "updated"
    assert target.repo.git("status", "--porcelain") == ""


def test_a_detached_worktree_whose_move_was_killed_half_way_is_completed(target, tmp_path):
    trees = GitWorktrees(target.repo.path, target.repo.environ, Hasty())
    path = tmp_path / "w" / "review"
    trees.ensure(path, target.old, None)
    git_dir = target.repo.path / ".git/worktrees/review"
    (git_dir / MARK).write_text(f"{target.old} {target.new}\n")
    (git_dir / "index.lock").touch()
    target.repo.write("README.md", "the", cwd=path)
    trees.ensure(path, target.new, None)
    assert target.repo.git("status", "--porcelain", cwd=path) == ""
    assert target.repo.git("rev-parse", "HEAD", cwd=path) == target.new


@pytest.mark.parametrize("name", ["index.lock", "HEAD.lock"])
def test_a_lock_in_a_worktree_is_named_and_the_offered_command_removes_it(target, tmp_path, name):
    trees = GitWorktrees(target.repo.path, target.repo.environ, Hasty())
    path = tmp_path / "w" / "review"
    trees.ensure(path, target.old, None)
    lock = target.repo.path / ".git/worktrees/review" / name
    lock.write_text("half an index")
    os.utime(lock, (lock.stat().st_mtime - 7200,) * 2)
    with pytest.raises(Busy) as caught:
        trees.ensure(path, target.new, None)
    assert f"{lock} is 2 hours old, and no process has it open" in caught.value.message
    target.type(caught.value.hint)
    trees.ensure(path, target.new, None)
    assert target.repo.git("status", "--porcelain", cwd=path) == ""


FULL_DISK = """
set -e
mount -t tmpfs -o size=4m tmpfs "$1"
cd "$1"
git init -q -b main repo
cd repo
for name in a b c; do head -c 300000 /dev/urandom > $name; done
git add .
git commit -qm begin
old=$(git rev-parse HEAD)
git checkout -q -b work
for name in a b c; do head -c 340000 /dev/urandom > $name; done
git commit -qam work
new=$(git rev-parse HEAD)
git checkout -q main
head -c $4 /dev/zero > ../spare
cat /dev/zero > ../fill 2>/dev/null || true
rm ../spare
"$3" -c "$2" $new $old
[ "$(git rev-parse main)" = $old ]
rm ../fill
"$3" -c "$2" $new $old
[ "$(git rev-parse main)" = $new ]
[ -z "$(git status --porcelain)" ]
"""

MOVE = """
import os, pathlib, sys
from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands
result = GitCommands(pathlib.Path.cwd(), os.environ, SystemClock(), lambda: None).move("main", *sys.argv[1:])
print(result.moved, result.refused)
"""


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs a file system of its own")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("spare", "words"), [(0, "couldn't write"), (40_000, "unable to write file a"), (100_000, "unable to write file c")]
)
def test_on_a_full_disk_the_move_is_refused_and_completed_once_there_is_room(tmp_path, spare, words):
    argv = ["unshare", "--mount", "sh", "-c", FULL_DISK, "sh", str(tmp_path), MOVE, sys.executable, str(spare)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert words in done.stdout
    assert done.stdout.splitlines()[-1] == "True "


@pytest.mark.slow
def test_a_checkout_of_100_000_files_follows(repo):
    lines = ["commit refs/heads/work\ncommitter A <a@b.c> 0 +0000\ndata 1\nx\nfrom refs/heads/main^0\n"]
    lines += [f"M 100644 inline many/{n % 1000}/{n}.txt\ndata {len(str(n))}\n{n}\n" for n in range(100_000)]
    repo.git("fast-import", "--quiet", given="".join(lines))
    old, new = CommitId(repo.git("rev-parse", "main")), CommitId(repo.git("rev-parse", "work"))
    commands = GitCommands(repo.path, repo.environ, SystemClock())
    assert commands.move("main", new, old).checkout == "updated"
    assert repo.git("status", "--porcelain") == ""
    assert commands.move("main", old, new).checkout == "updated"
    assert not (repo.path / "many").exists()
