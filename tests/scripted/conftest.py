"""A repository, a fake `gitorch` and a terminal for every test of the scripted agent."""

from __future__ import annotations

import pytest
from scripted_stand import BRIEF_LINE, FakeGitorch, Terminal, agent, context_of, environment, git, steps_of

from gitorch.scripted.catalogue import perform
from gitorch.scripted.defaults import default_steps


@pytest.fixture(autouse=True)
def _no_git_configuration(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("HOME", str(tmp_path))
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{who}_NAME", raising=False)
        monkeypatch.delenv(f"GIT_{who}_EMAIL", raising=False)


@pytest.fixture
def repo(tmp_path):
    """A repository with one commit; `.gitorch/` is excluded, as in every worktree of gitorch's."""
    path = tmp_path / "work"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    (path / "README.md").write_text("# Work\n")
    git(path, "add", ".")
    git(path, "-c", "user.name=T", "-c", "user.email=t@t", "commit", "-qm", "Begin")
    (path / ".git" / "info" / "exclude").write_text("/.gitorch/\n")
    (path / ".gitorch").mkdir()
    (path / ".gitorch" / "brief.md").write_text("# The API\n\nBuild the API.\n")
    return path


@pytest.fixture
def fake(tmp_path, repo):
    fake = FakeGitorch(tmp_path / "fake")
    fake.brief["base"] = git(repo, "rev-parse", "HEAD")
    fake.save()
    return fake


@pytest.fixture
def start(tmp_path, repo, fake):
    """Start the agent: `start(script_text, first_prompt)`; every terminal is closed at the end."""
    terminals: list[Terminal] = []

    def begin(script: str = "", prompt: str = BRIEF_LINE, *, signals: bool = True, **env: str) -> Terminal:
        path = tmp_path / "agents.toml"
        path.write_text(script)
        program = agent(*([prompt] if prompt else []))
        terminals.append(Terminal(program, repo, environment(fake, path, signals=signals) | env))
        return terminals[-1]

    yield begin
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def play(repo, fake, monkeypatch):
    """Carry out steps in this process, in the repository, against the fake: `play(steps, prompt=…)`."""
    monkeypatch.setenv("PATH", str(fake.bin), prepend=":")

    def carry_out(steps: str, prompt: str = "brief") -> None:
        perform(context_of(repo, fake, prompt), steps_of(steps))

    return carry_out


@pytest.fixture
def play_default(repo, fake, monkeypatch):
    """Do what an agent without a script does."""
    monkeypatch.setenv("PATH", str(fake.bin), prepend=":")

    def carry_out() -> None:
        context = context_of(repo, fake)
        perform(context, default_steps(context.brief))

    return carry_out
