"""The parts of a repository are the real ones, each made once and for this repository."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from gitorch.errors import Malformed, NotFound
from gitorch.ledger.branch import BranchStore
from gitorch.model.ids import Moment, RunId, SessionId
from gitorch.model.plans.config import Config
from gitorch.model.plans.workflow import Lane
from gitorch.model.record import Actor, ActorKind
from gitorch.model.values import replace
from gitorch.model.work.session import SessionKey
from gitorch.wiring.config_path import config_path
from gitorch.wiring.configuration import load_config
from gitorch.wiring.repository import Repository, agent_path, socket_name
from gitorch.wiring.stores import LazyHistory
from gitorch.world.beads import BeadsFile, BeadsProgram
from gitorch.world.git.store import GitStore

HUMAN = Actor(ActorKind.PRINCIPAL, "ada", "desk")


@pytest.fixture
def made(repo):
    return repo()


def opened(made, folder=None, **environ: str) -> Repository:
    return Repository(folder or made.path, {**os.environ, **environ})


def test_a_repository_is_found_from_any_folder_in_it_and_its_files_lie_in_its_git_directory(made):
    (made.path / "docs/deep").mkdir(parents=True)
    for folder in (made.path, made.path / "docs/deep"):
        repository = opened(made, folder)
        assert repository.root == made.path
        assert repository.home == made.path / ".git/gitorch"
        assert repository.paths.root == made.path
        assert repository.paths.folder("") == made.path.parent / "repo.worktrees"
    assert (repository.host.kind, repository.host.name) == (ActorKind.HOST, "gitorch")
    assert repository.host.host == os.uname().nodename


def test_outside_of_a_repository_nothing_is_found(tmp_path, monkeypatch):
    with pytest.raises(NotFound, match="is not inside a git repository"):
        Repository(Path("/nowhere"), {})


def test_every_part_is_made_once_and_knows_the_repository(made, tmp_path):
    repository = opened(made, PATH=os.environ["PATH"])
    parts = ("ledger", "config", "terminals", "git", "remotes", "worktrees", "checks", "files", "outboxes", "programs")
    for name in (*parts, "secrets", "signatures", "notices"):
        assert getattr(repository, name) is getattr(repository, name), name
    head = made.head()
    assert repository.git.resolve("main") == head
    assert repository.remotes.names() == ()
    assert repository.programs.find("git").endswith("/git")
    assert repository.notices.sent(RunId("auth-7f3a")) is None
    assert repository.signatures.own_keys("") == ()
    assert repository.worktrees.below(tmp_path / "elsewhere") == ()
    assert repository.checks.log(head, "make test") == b""
    key = SessionKey(RunId("auth-7f3a"), SessionId("s1"))
    assert repository.secrets.token(key) == opened(made).secrets.token(key)
    assert (repository.home / "sessions").exists() is False
    repository.files.write(tmp_path / "a.txt", b"x")
    assert (tmp_path / "a.txt").read_bytes() == b"x"
    assert repository.outboxes.waiting(tmp_path) == ()
    assert repository.store.startswith("dulwich (")


def test_a_ledger_is_created_read_and_verified_through_the_store_of_the_repository(made):
    repository = opened(made, GIT_DIR="/nowhere")
    repository.ledger.create(HUMAN, Moment(1_700_000_000_000), "L-1")
    assert repository.ledger.state(None).board.runs == {}
    assert isinstance(repository.ledger._store, BranchStore)
    found = repository.ledger.verify()
    assert (found.records, found.faults) == (1, ())
    assert made.head("gitorch/ledger") == found.tip


def test_a_repository_that_dulwich_cannot_write_gets_the_store_of_the_git_command_line(made):
    made.git("config", "extensions.partialClone", "origin")
    made.git("config", "core.repositoryFormatVersion", "1")
    repository = opened(made, GIT_DIR="/nowhere")
    assert repository.store.startswith("git (")
    assert isinstance(repository.ledger._store, GitStore)
    repository.ledger.create(HUMAN, Moment(1_700_000_000_000), "L-1")
    assert repository.ledger.verify().records == 1


def test_the_configuration_is_that_of_the_checkout_before_that_of_the_git_directory(made):
    repository = opened(made)
    repository.home.mkdir()
    places = repository.root / "gitorch.yaml", repository.home / "gitorch.yaml"
    assert config_path(repository.root, repository.home) is None
    assert load_config(repository.root, repository.home) == Config()
    places[1].write_text("tests: {command: make check}\n")
    assert config_path(repository.root, repository.home) == places[1]
    assert load_config(repository.root, repository.home).path == str(places[1])
    places[0].write_text("tests: {command: make test}\n")
    assert config_path(repository.root, repository.home) == places[0]
    found = opened(made).config
    assert (found.test_command, found.path) == ("make test", "gitorch.yaml")


def test_a_malformed_configuration_is_raised_and_notifies_nobody(made):
    (made.path / "gitorch.yaml").write_text("tests: 1\n")
    repository = opened(made)
    with pytest.raises(Malformed):
        _ = repository.config
    assert repository.notices.sent(RunId("auth-7f3a")) is None


def test_the_configured_command_is_the_one_that_notifies(made, tmp_path):
    (made.path / "gitorch.yaml").write_text("notify: {command: [no-such-program]}\n")
    assert opened(made).notices.sent(RunId("auth-7f3a")) == frozenset()


def test_another_configuration_changes_a_copy_alone(made):
    repository = opened(made)
    other = repository.with_config(Config(test_command="make quick"))
    assert (other.config.test_command, repository.config.test_command) == ("make quick", "")
    assert other.root == repository.root


def test_agents_find_this_gitorch_first(made):
    own = str(Path(sys.executable).parent)
    assert agent_path({"PATH": "/usr/bin"}) == f"{own}:/usr/bin"
    assert agent_path({}) == f"{own}:{os.defpath}"
    assert opened(made, PATH="/usr/bin").agent_env == {"PATH": f"{own}:/usr/bin"}


def test_the_tmux_server_is_named_by_the_repository(made, tmp_path):
    digest = hashlib.sha256(os.fsencode(tmp_path)).hexdigest()
    assert socket_name(tmp_path) == f"gitorch-{digest[:12]}"


def test_slow_calls_are_shown_only_to_whoever_watches(made):
    repository, shown = opened(made), []
    repository._say_slow("git merge takes 9 s")
    repository.watch_slow_calls(shown.append)
    repository._say_slow("git merge takes 10 s")
    assert shown == ["git merge takes 10 s"]


@pytest.mark.parametrize(
    ("kind", "has_program", "has_folder", "has_file", "found"),
    [
        ("bd", False, False, False, BeadsProgram),
        ("file", False, False, False, BeadsFile),
        ("github", True, True, True, None),
        ("auto", True, True, True, BeadsProgram),
        ("auto", True, True, False, BeadsProgram),
        ("auto", False, True, True, BeadsFile),
        ("auto", False, True, False, None),
        ("auto", True, False, False, None),
    ],
)
def test_the_tracker_is_the_program_before_its_file(made, tmp_path, kind, has_program, has_folder, has_file, found):
    programs = tmp_path / "bin"
    programs.mkdir()
    if has_program:
        (programs / "bd").write_text("#!/bin/sh\n")
        (programs / "bd").chmod(0o755)
    if has_folder:
        (made.path / ".beads").mkdir()
    if has_file:
        (made.path / ".beads/issues.jsonl").write_text("")
    repository = opened(made, PATH=str(programs))
    tracker = repository.tracker(kind)
    assert type(tracker) is (found or type(None))
    assert repository.tracker(kind) is tracker


PRESET = "name: own\nargv: [my-agent, --model, x]\nfirst_prompt: paste\n"


def test_a_preset_of_the_repository_comes_before_the_shipped_one_and_may_extend_it(made):
    folder = made.path / "gitorch-runtimes"
    folder.mkdir()
    repository = opened(made)
    shipped = repository.preset(Lane("a", "claude"))
    (folder / "claude.yaml").write_text("name: claude\nextends: claude\nargv: [my-claude]\n")
    (folder / "own.yaml").write_text(PRESET)
    assert repository.preset(Lane("a", "claude")).argv == ("my-claude",)
    assert repository.preset(Lane("a", "claude")).signs == shipped.signs
    assert repository.preset(Lane("a", "own")).argv == ("my-agent", "--model", "x")
    assert repository.preset_names[:2] == ("claude", "own")
    assert len(set(repository.preset_names)) == len(repository.preset_names)
    assert not any("." in name for name in repository.preset_names)


def test_the_shipped_presets_can_be_named_and_read(made):
    repository = opened(made)
    assert {"claude", "codex", "gemini", "opencode", "scripted"} <= set(repository.preset_names)
    for name in repository.preset_names:
        assert repository.preset(Lane("a", name)).name == name


def test_a_malformed_preset_of_the_repository_is_named_by_its_path(made):
    folder = made.path / "gitorch-runtimes"
    folder.mkdir()
    (folder / "own.yaml").write_text("argv: [x]\n")
    with pytest.raises(Malformed) as found:
        opened(made).preset(Lane("a", "own"))
    assert found.value.problems[0].path == "gitorch-runtimes/own.yaml"


def test_history_is_read_by_the_git_command_line_of_the_repository(made):
    history = LazyHistory(made.path / ".git", dict(os.environ))
    head = made.head()
    assert [commit.id for commit in history.stream(head)] == [head]
    assert [one.id for one in history.objects([head])] == [head]
    assert [commit.id for commit in history.checked(head)] == [head]
    assert [identity for identity, _ in history.commits()] == [head]
    assert "refs/heads/main" in history.refs()


def test_a_lane_s_own_command_replaces_that_of_its_preset(made):
    preset = opened(made).preset(Lane("a", "claude", command=("{python}", "agent.py")))
    assert (preset.argv, preset.model_argv) == ((sys.executable, "agent.py"), ())
    plain = opened(made).preset(Lane("a", "claude"))
    assert replace(preset, argv=(), model_argv=()) == replace(plain, argv=(), model_argv=())


def test_every_preset_names_the_interpreter_that_runs_gitorch(made):
    presets = [opened(made).preset(Lane("a", name)) for name in opened(made).preset_names]
    assert not [preset.name for preset in presets if "{python}" in {*preset.argv, *preset.version_argv}]
    assert opened(made).preset(Lane("a", "scripted")).version_argv[0] == sys.executable


def test_an_unknown_runtime_names_those_that_there_are(made):
    with pytest.raises(NotFound) as found:
        opened(made).preset(Lane("a", "vim"))
    names = ", ".join(opened(made).preset_names)
    assert found.value.message == f"there is no runtime vim; there are {names}"
    assert found.value.hint == "write gitorch-runtimes/vim.yaml, or choose another in gitorch.yaml"
