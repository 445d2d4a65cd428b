"""One bench for each port: the real thing and its fake, moved by the same words."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "cli"))

from cli_memory import MemoryGit, MemoryTerminals
from fakes.world import FakeChecks, FakeClock, FakeGit, FakeRemotes, FakeTerminals, FakeWorktrees
from world import repos
from world.terminal_lab import Lab

from gitorch.model.ids import CommitId, PromptId, RunId, SessionId
from gitorch.model.observed import AgentState
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world.checks import ProjectChecks
from gitorch.world.clock import SystemClock
from gitorch.world.git.remotes import GitRemotes
from gitorch.world.git.repository import GitCommands
from gitorch.world.git.worktrees import GitWorktrees


class RealGitBench:
    """A real repository whose commits are made by the git command line."""

    def __init__(self, folder):
        self.folder = folder
        self.repo = repos.make(folder)
        clock = SystemClock()
        self.git = GitCommands(self.repo.path, self.repo.environ, clock)
        self.worktrees = GitWorktrees(self.repo.path, self.repo.environ, clock)
        self.remotes = GitRemotes(self.repo.path, self.repo.environ, clock)
        self.repo.git("checkout", "-q", "--detach")
        self.scratch = folder / "scratch"

    def write(self, branch, files, start=None):
        known = self.git.resolve(branch) is not None
        words = (str(self.scratch), branch) if known else ("-b", branch, str(self.scratch), start or "main")
        self.repo.git("worktree", "add", "-q", *words)
        for name, text in files.items():
            if text is None:
                (self.scratch / name).unlink()
                continue
            self.repo.write(name, text, self.scratch)
        commit = CommitId(self.repo.commit({}, f"work on {branch}", cwd=self.scratch))
        self.repo.git("worktree", "remove", "--force", str(self.scratch))
        return commit

    def edit(self, path, name, text):
        self.repo.write(name, text, path)

    def commit_in(self, path, files):
        return CommitId(self.repo.commit(files, cwd=path))

    def read(self, path, name):
        return (path / name).read_text() if (path / name).exists() else None

    def follow(self, branch, upstream):
        self.repo.git("branch", "-q", "--set-upstream-to", upstream, branch)

    def mark(self, tag, branch):
        self.repo.git("tag", "-a", "-m", "a mark", tag, branch)

    def share(self, remote, branch):
        """A remote that has this branch as it is here."""
        path = self.folder / f"{remote}.git"
        self.repo.git("init", "-q", "--bare", str(path), cwd=self.folder)
        self.repo.git("remote", "add", remote, str(path))
        self.repo.git("push", "-q", remote, branch)

    def elsewhere(self, remote, branch, files):
        """Somebody else pushes to the remote; the new commit is not here."""
        other = self.folder / f"clone of {remote}"
        self.repo.git("clone", "-q", "-b", branch, str(self.folder / f"{remote}.git"), str(other), cwd=self.folder)
        commit = CommitId(self.repo.commit(files, cwd=other))
        self.repo.git("push", "-q", "origin", branch, cwd=other)
        return commit

    def refuse(self, remote, words):
        hook = self.folder / f"{remote}.git/hooks/update"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
        hook.chmod(0o755)

    def silence(self, remote):
        (self.folder / f"{remote}.git").rename(self.folder / "gone")


class FakeGitBench:
    """The same in memory."""

    kind = FakeGit

    def __init__(self, folder):
        self.folder = folder
        self.git = self.kind()
        self.worktrees = FakeWorktrees(self.git)
        self.remotes = FakeRemotes(self.git)
        self.git.write("main", {"README.md": "one\ntwo\nthree\n", "src/a.py": "a = 1\n"}, "begin")

    def write(self, branch, files, start=None):
        return self.git.write(branch, files, f"work on {branch}", start or "main")

    def edit(self, path, name, text):
        self.git.checkouts[path].files[name] = text

    def commit_in(self, path, files):
        return self.git.commit_in(path, files)

    def read(self, path, name):
        return self.git.checkouts[path].files.get(name)

    def mark(self, tag, branch):
        self.git.tags[tag] = self.git.tips[branch]

    def share(self, remote, branch):
        self.remotes.held[remote] = {f"refs/heads/{branch}": self.git.tips[branch]}

    def elsewhere(self, remote, branch, files):
        ref, mine = f"refs/heads/{branch}", self.git.tips[branch]
        commit = self.git.write(branch, files)
        self.git.tips[branch] = mine
        self.remotes.away[commit] = self.git.commits.pop(commit)
        self.remotes.held[remote][ref] = commit
        return commit

    def refuse(self, remote, words):
        self.remotes.hooks[remote] = words

    def silence(self, remote):
        self.remotes.silent.add(remote)

    def follow(self, branch, upstream):
        self.git.upstreams[branch] = self.git.tips[upstream]


class StagedGitBench(FakeGitBench):
    """The same as the tests of the command line use it."""

    kind = MemoryGit


@pytest.fixture(params=[RealGitBench, FakeGitBench, StagedGitBench], ids=["git", "fake", "staged"])
def bench(request, tmp_path):
    return request.param(tmp_path)


class RealTerminalBench:
    """The small terminal program in real sessions."""

    def __init__(self, folder):
        self.lab = Lab(folder)
        self.terminals = self.lab.terminals

    def launch(self, session="s1", line="", prompt=None, first_prompt="paste"):
        key = SessionKey(RunId("auth-7f3a"), SessionId(session))
        self.lab.keys.append(key)
        preset = self.lab.preset(first_prompt=first_prompt)
        launch = Launch(key, preset, self.lab.cwd, {}, line, PromptId(prompt) if prompt else None)
        self.terminals.start(launch)
        return launch

    def become(self, _launch, state):
        self.lab.mode({AgentState.DIALOG: "dialog", AgentState.WORKING: "busy", AgentState.IDLE: "idle"}[state])

    def exits(self, _launch, status):
        self.lab.mode(f"exit {status}")

    def kill_server(self):
        self.lab.tmux.call("kill-server")

    def turns(self, _launch):
        return self.lab.turns()

    def wait_state(self, launch, *states):
        return self.lab.wait_state(launch.key, *states)

    def close(self):
        self.lab.close()


class FakeTerminalBench:
    """Sessions that exist on paper only."""

    kind = FakeTerminals

    def __init__(self, folder):
        self.folder = folder
        self.terminals = self.kind(FakeClock())

    def launch(self, session="s1", line="", prompt=None, first_prompt="paste"):
        key = SessionKey(RunId("auth-7f3a"), SessionId(session))
        preset = Preset("fake", ("agent",), first_prompt=first_prompt)
        launch = Launch(key, preset, self.folder, {}, line, PromptId(prompt) if prompt else None)
        self.terminals.start(launch)
        return launch

    def become(self, launch, state):
        self.terminals.become(launch.key, state, "Enter to confirm" if state is AgentState.DIALOG else "")

    def exits(self, launch, status):
        self.terminals.exits(launch.key, status)

    def kill_server(self):
        self.terminals.server_dies()

    def turns(self, launch):
        return self.terminals.sessions[launch.key].turns

    def wait_state(self, launch, *states):
        seen = self.terminals.observe([launch.key])[launch.key]
        assert seen.state in states
        return seen

    def close(self):
        pass


class StagedTerminalBench(FakeTerminalBench):
    """The same as the tests of the command line use them."""

    kind = MemoryTerminals

    def __init__(self, folder):
        super().__init__(folder)
        self.terminals.begin_as = AgentState.IDLE


@pytest.fixture(
    params=[pytest.param(RealTerminalBench, marks=pytest.mark.tmux), FakeTerminalBench, StagedTerminalBench],
    ids=["tmux", "fake", "staged"],
)
def stage(request, tmp_path):
    stage = request.param(tmp_path)
    yield stage
    stage.close()


class RealCheckBench:
    """Real runs in real checkouts."""

    def __init__(self, folder):
        self.repo = repos.make(folder)
        self.clock = SystemClock()
        self.folder = folder
        worktrees = GitWorktrees(self.repo.path, self.repo.environ, self.clock)
        self.worktrees = worktrees
        self.environ = {**self.repo.environ, "GITORCH_TOKEN": "secret", "PYTHONPATH": "/kept"}
        self.home = self.repo.path / ".git/gitorch"
        self.checks = self.another()
        self.commit = CommitId(self.repo.git("rev-parse", "HEAD"))
        self.where = folder / "work trees" / f"check-{self.commit[:12]}"

    def another(self):
        return ProjectChecks(self.home, self.worktrees, self.environ, self.clock)

    passing, failing, endless = "cat README.md", "echo broken; exit 3", "sleep 600"

    def close(self):
        self.checks.clear(self.where.parent)


class FakeCheckBench:
    """Runs that end as told."""

    passing, failing, endless = "pass", "fail", "endless"

    def __init__(self, folder):
        self.where = folder / "check"
        self.commit = CommitId("1" * 40)
        self.checks = FakeChecks(
            lambda _commit, command: (
                ("passed", 0, "one\ntwo\nthree\n") if command == "pass" else ("failed", 3, "broken\n")
            )
        )

    def close(self):
        pass


@pytest.fixture(params=[RealCheckBench, FakeCheckBench], ids=["real", "fake"])
def court(request, tmp_path):
    court = request.param(tmp_path)
    yield court
    court.close()
