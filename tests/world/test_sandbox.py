"""The sandbox by the real bubblewrap: what an agent inside can write, and how its commits come out."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from world import repos

from gitorch.errors import Failed
from gitorch.world import sandbox
from gitorch.world.clock import SystemClock
from gitorch.world.git.runner import GitRunner
from gitorch.world.git.sandbox_commits import import_commits
from gitorch.world.git.worktrees import GitWorktrees

MISSING = sandbox.fault(dict(os.environ))
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
BRANCH = "gitorch/auth-7f3a/api"


@pytest.fixture
def box(repo, tmp_path):
    """A repository with two worktrees of one run, the first of them in a sandbox."""
    return Box(repo, tmp_path)


class Box:
    def __init__(self, repository, folder):
        self.git, self.path, self.environ = repository.git, repository.path, repository.environ
        repository.commit({"a.txt": "a\n"})
        self.git("branch", "gitorch/ledger")
        self.worktree, self.sibling = folder / "worktrees" / "api", folder / "worktrees" / "ui"
        environ = repository.environ
        worktrees = GitWorktrees(self.path, environ, SystemClock())
        self.head = self.git("rev-parse", "HEAD").strip()
        worktrees.ensure(self.worktree, self.head, BRANCH)
        worktrees.ensure(self.sibling, self.head, "gitorch/auth-7f3a/ui")
        self.common = self.path / ".git"
        self.view = sandbox.PrivateView(self.common / "gitorch" / "views" / "s1", self.common, BRANCH)
        self.runner = GitRunner(self.path, environ, SystemClock())
        self.home = folder / "home of the program"
        self.home.mkdir()
        self.signals = self.common / "gitorch" / "sessions" / "s1" / "signals.jsonl"
        self.signals.parent.mkdir(parents=True)
        self.signals.touch()
        sandbox.prepare(self.view, self.head)

    def inside(self, script: str, *, network: bool = True, by: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
        argv = sandbox.wrap(self.view, self.worktree, writable=(self.home,), network=network, own=(self.signals,))
        argv = (*by, *argv)
        env = {**self.environ, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.invalid"}
        env |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.invalid"}
        return subprocess.run((*argv, "sh", "-c", script), capture_output=True, text=True, check=False, env=env)

    def refs(self) -> str:
        return self.git("for-each-ref")


def test_an_agent_commits_inside_and_its_branch_follows_outside(box):
    done = box.inside("echo b > b.txt && git add b.txt && git commit -qm 'Add b' && git log --oneline | wc -l")
    assert (done.returncode, done.stdout.strip()) == (0, "3"), done.stderr
    assert box.git("rev-parse", BRANCH).strip() == box.head, "nothing is in the repository yet"
    imported = import_commits(box.view, box.runner)
    assert box.git("rev-parse", BRANCH).strip() == imported != box.head
    assert box.git("show", f"{BRANCH}:b.txt") == "b"
    assert box.git("-C", str(box.worktree), "status", "--porcelain") == ""
    assert import_commits(box.view, box.runner) is None
    assert box.inside("echo c > c.txt && git add c.txt && git commit -qm 'Add c'").returncode == 0
    assert import_commits(box.view, box.runner) is not None
    assert box.git("rev-list", "--count", BRANCH).strip() == "4"
    box.git("fsck", "--strict")


FORBIDDEN = {
    "the target": "git update-ref refs/heads/main HEAD~0 || git -C {path} commit --allow-empty -qm x",
    "the target's file": "echo x > {common}/refs/heads/main",
    "packed branches": "echo x >> {common}/packed-refs",
    "the ledger": "git update-ref refs/heads/gitorch/ledger HEAD && ! git rev-parse gitorch/ledger",
    "the ledger's file": "echo x > {common}/refs/heads/gitorch/ledger",
    "a tag": "git tag mine",
    "hooks": "mkdir -p {common}/hooks && echo x > {common}/hooks/post-merge",
    "the configuration": "git config core.fsmonitor /bin/false",
    "the configuration of the worktree": "git config --worktree core.fsmonitor /bin/false || echo x >> $(git rev-parse --git-dir)/config.worktree",
    "the link to the repository": "echo 'gitdir: /nowhere' > .git",
    "the link to the repository, replaced": "rm -f .git || mv .git elsewhere",
    "the way back to the worktree": "echo x > $(git rev-parse --git-dir)/gitdir",
    "the common directory": "echo x > $(git rev-parse --git-dir)/commondir",
    "attributes": "echo x > {common}/info/attributes",
    "alternates": "echo /nowhere > {common}/objects/info/alternates || mv {common}/objects/info {common}/objects/elsewhere",
    "gitorch's folder": "echo x > {common}/gitorch/x",
    "the session's other files": "echo x > {common}/gitorch/sessions/s1/launch.json",
    "the view's own configuration": "echo x > {view}/config",
    "another worktree": "echo x > {sibling}/x",
    "another worktree's git directory": "echo x > {common}/worktrees/ui/HEAD",
    "the user's checkout": "echo x > {path}/x",
    "the user's home": "echo x > $HOME/x",
    "the system": "echo x > /etc/x",
    "real objects": "d=$(ls {view}/base | head -1) && echo x > {view}/base/$d/x",
}


HIDDEN = {"the user's checkout", "the user's home"}
"""Below `/tmp` or `/dev` in these tests, so that what is written inside lands in an empty folder that goes with the sandbox."""


@pytest.mark.each(3)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_an_agent_inside_cannot_write(box, what):
    before, config = box.refs(), (box.common / "config").read_bytes()
    words = {"path": box.path, "common": box.common, "view": box.view.folder, "sibling": box.sibling}
    script = FORBIDDEN[what].format(**{name: f"'{path}'" for name, path in words.items()})
    done = box.inside(script)
    assert done.returncode != 0 or what in HIDDEN, done
    assert not [path for path in (box.path / "x", Path(box.environ["HOME"]) / "x") if path.exists()]
    assert (box.refs(), (box.common / "config").read_bytes()) == (before, config)
    assert import_commits(box.view, box.runner) is None


def test_sockets_and_processes_of_the_user_are_out_of_sight(box):
    done = box.inside("ls /tmp /run; ls -d /proc/[0-9]* | wc -l")
    assert int(done.stdout.split()[-1]) < 8, done.stdout
    assert "tmux" not in done.stdout


NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def give_to(user: int, folder: Path) -> None:
    subprocess.run(("chown", "-R", "--no-dereference", f"{user}:{user}", str(folder)), check=True)


@pytest.fixture
def box_of_nobody():
    """The same for another user without any privilege, in a folder that this user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="gitorch-nobody-", dir="/var/tmp"))
    folder.chmod(0o755)
    made = Box(repos.make(folder), folder)
    yield made
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("setpriv") is None, reason="only root can become another user")
def test_a_user_without_privileges_holds_agents_as_well(box_of_nobody):
    box = box_of_nobody
    probe = subprocess.run(
        (*AS_NOBODY, sandbox.PROGRAM, "--ro-bind", "/", "/", "true"), check=False, capture_output=True
    )
    if probe.returncode != 0:
        pytest.skip(f"this system forbids users their own namespaces: {probe.stderr.decode()}")
    before = box.refs()
    give_to(NOBODY, box.path.parent)
    script = "id -u && echo b > b.txt && git add b.txt && git commit -qm 'Add b' && ! git tag mine && ! touch .git/x"
    done = box.inside(script, by=AS_NOBODY)
    assert (done.returncode, done.stdout.strip()) == (0, str(NOBODY)), done.stderr
    for what, forbidden in FORBIDDEN.items():
        words = {"path": box.path, "common": box.common, "view": box.view.folder, "sibling": box.sibling}
        tried = box.inside(forbidden.format(**{name: f"'{path}'" for name, path in words.items()}), by=AS_NOBODY)
        assert tried.returncode != 0, (what, tried)
    give_to(os.getuid(), box.path.parent)
    assert box.refs() == before
    assert import_commits(box.view, box.runner) is not None


def test_without_a_network_there_is_only_the_loopback_interface(box):
    script = "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"
    assert box.inside(script, network=False).stdout.split() == ["lo"]


def test_the_programs_own_folder_is_writable(box):
    assert box.inside(f"echo x > '{box.home}/state'").returncode == 0
    assert (box.home / "state").read_text() == "x\n"


def test_a_program_has_a_folder_for_temporary_files_wherever_the_users_own_is(box, tmp_path):
    box.environ = {**box.environ, "TMPDIR": str(tmp_path)}
    done = box.inside('touch "$TMPDIR/x" && echo "$TMPDIR"')
    assert (done.returncode, done.stdout) == (0, "/tmp\n"), done.stderr
    assert not (tmp_path / "x").exists()


def test_its_hooks_can_report_into_the_sessions_file_of_signals(box):
    assert box.inside(f"echo x >> '{box.signals}'").returncode == 0
    assert box.signals.read_text() == "x\n"


@pytest.mark.parametrize("text", ["", "main\n", "ref: refs/heads/main\n", "z" * 40 + "\n", "0" * 39])
def test_a_branch_that_holds_no_commit_id_is_not_taken(box, text):
    box.view.branch_file.write_text(text)
    with pytest.raises(Failed, match="holds no commit id"):
        import_commits(box.view, box.runner)
    assert box.git("rev-parse", BRANCH).strip() == box.head


def test_a_branch_that_is_a_link_or_a_pipe_is_not_followed(box):
    box.view.branch_file.unlink()
    box.view.branch_file.symlink_to(box.common / "refs/heads/main")
    with pytest.raises(Failed, match="cannot be read"):
        import_commits(box.view, box.runner)
    box.view.branch_file.unlink()
    os.mkfifo(box.view.branch_file)
    with pytest.raises(Failed, match="holds no commit id"):
        import_commits(box.view, box.runner)


def test_a_commit_that_is_not_there_or_is_damaged_is_not_taken(box):
    box.view.branch_file.write_text("1" * 40 + "\n")
    with pytest.raises(Failed, match="cannot be taken"):
        import_commits(box.view, box.runner)
    sandbox.prepare(box.view, box.head)
    assert box.inside("echo b > b.txt && git add b.txt && git commit -qm b").returncode == 0
    for path in (box.view.folder / "objects").glob("??/*"):
        path.chmod(0o600)
        path.write_bytes(b"garbage")
    with pytest.raises(Failed, match="cannot be taken"):
        import_commits(box.view, box.runner)
    assert box.git("rev-parse", BRANCH).strip() == box.head


def test_why_there_is_no_sandbox_is_said(tmp_path):
    assert sandbox.fault({"PATH": str(tmp_path)}) == "bwrap is not installed"
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    path = f"{tmp_path}:{Path(shutil.which('sh')).parent}"
    assert sandbox.fault({"PATH": path}) == (
        "bwrap cannot make a sandbox here: bwrap: No permissions to create a new namespace"
    )
