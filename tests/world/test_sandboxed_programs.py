"""Programs that replace files of their own, started in the sandbox as their presets say."""

from __future__ import annotations

import os
import subprocess
from types import SimpleNamespace

import pytest

from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch, LaunchSandbox
from gitorch.wiring.presets import find_preset
from gitorch.world import sandbox
from gitorch.world.clock import SystemClock
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.terminal.launch import environment
from gitorch.world.terminal.sandbox_start import sandbox_words
from gitorch.world.terminal.session_files import SessionFolder
from gitorch.world.terminal.template import template_values

MISSING = sandbox.fault(dict(os.environ))
BRANCH = "gitorch/r1/api"
REPLACE = 'cat "$1"; echo new >"$1.tmp" && mv "$1.tmp" "$1"'
"""As programs save their state: beside the file, then over it."""


@pytest.fixture
def held(repo, tmp_path):
    """Starts of one agent whose user has signed in, outside and inside of a sandbox."""
    repo.commit({"a.txt": "a\n"})
    environ = {**repo.environ, "HOME": str(tmp_path / "user")}
    head = repo.git("rev-parse", "HEAD").strip()
    tree = tmp_path / "trees" / "api"
    GitWorktrees(repo.path, environ, SystemClock()).ensure(tree, head, BRANCH)
    user = tmp_path / "user"
    for name in (".claude", ".codex", "other"):
        (user / name).mkdir(parents=True)
    (user / ".claude.json").write_text("account\n")
    home = repo.path / ".git" / "gitorch"
    folders = {name: SessionFolder(home / "sessions" / "r1" / name) for name in ("s1", "s2")}
    folder = folders["s1"]
    for one in folders.values():
        one.path.mkdir(parents=True)

    def launch(preset, *, bare=False, session="s1"):
        chosen = None if bare else LaunchSandbox(BRANCH, head, network=True, writable=())
        key = SessionKey(RunId("r1"), SessionId(session))
        return Launch(key, find_preset(preset, repo.path), tree, {}, "Read it.", PromptId("p1"), sandbox=chosen)

    def variables(preset, *, bare=False, **more):
        made = launch(preset, bare=bare)
        template = template_values(made, folder.path, {**environ, **more})
        return environment(made, {**environ, **more}, folder.path, "owner", template)

    def run(preset, script, *words, session="s1", **more):
        made = launch(preset, session=session)
        template = template_values(made, folders[session].path, {**environ, **more})
        argv = sandbox_words(home, made, folders[session], template, {**environ, **more})
        env = variables(preset, **more)
        return subprocess.run(
            (*argv, "sh", "-c", script, "sh", *words), capture_output=True, text=True, check=False, env=env
        )

    return SimpleNamespace(user=user, variables=variables, run=run, folders=folders, place=home / "places")


CONFIGURED = [
    ("claude", True, {}, None),
    ("claude", False, {}, "user/.claude"),
    ("claude", False, {"CLAUDE_CONFIG_DIR": "/elsewhere"}, "/elsewhere"),
    ("claude-key", False, {}, "places"),
    ("claude-key", False, {"CLAUDE_CONFIG_DIR": "/elsewhere"}, "places"),
]


@pytest.mark.parametrize(("preset", "bare", "more", "place"), CONFIGURED)
def test_claude_code_keeps_its_configuration_in_a_folder_only_in_a_sandbox(held, preset, bare, more, place):
    found = held.variables(preset, bare=bare, **more).get("CLAUDE_CONFIG_DIR")
    assert (found is None) is (place is None)
    assert place is None or place in found


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
@pytest.mark.parametrize(
    ("preset", "variable", "name", "own"),
    [
        ("claude", "CLAUDE_CONFIG_DIR", ".claude/.claude.json", {}),
        ("claude", "CLAUDE_CONFIG_DIR", "other/.claude.json", {"CLAUDE_CONFIG_DIR": "other"}),
        ("codex", "HOME", ".codex/auth.json", {}),
        ("codex", "CODEX_HOME", "other/auth.json", {"CODEX_HOME": "other"}),
    ],
)
def test_a_program_replaces_its_own_files_in_a_sandbox(held, preset, variable, name, own):
    more = {key: str(held.user / folder) for key, folder in own.items()}
    file = held.user / name
    file.write_text("kept\n")
    os.utime(held.user / ".claude.json", (1, 1))
    done = held.run(preset, REPLACE, str(file), **more)
    assert (done.returncode, done.stdout, done.stderr) == (0, "kept\n", "")
    assert file.read_text() == "new\n"
    assert variable in held.variables(preset, **more)


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
def test_the_users_configuration_is_copied_in_when_it_is_newer_and_never_changed(held):
    own, copy = held.user / ".claude.json", held.user / ".claude" / ".claude.json"
    assert held.run("claude", REPLACE, str(copy)).stdout == "account\n"
    assert (own.read_text(), copy.read_text()) == ("account\n", "new\n")

    assert held.run("claude", "cat $1", str(copy)).stdout == "new\n", "what the program wrote stays"

    own.write_text("another account\n")
    os.utime(own, (copy.stat().st_mtime + 10,) * 2)
    assert held.run("claude", "cat $1", str(copy)).stdout == "another account\n"
    done = held.run("claude", "echo x >$HOME/.claude.json")
    assert own.read_text() == "another account\n"
    hidden = str(own).startswith(("/tmp/", "/dev/"))
    assert done.returncode != 0 or hidden, "where the sandbox has folders of its own, it wrote a file of the sandbox"


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
def test_a_key_alone_leaves_the_users_configuration_where_it_is(held):
    assert held.run("claude-key", "true").returncode == 0
    assert not (held.user / ".claude" / ".claude.json").exists()


KEEP_STATE = 'cd "$CLAUDE_CONFIG_DIR/sessions"; ls; echo "$1" >$$.json && cat *.json'
"""As Claude Code keeps its state: in a file that is named by its process id."""


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
@pytest.mark.parametrize("own", [{}, {"CLAUDE_CONFIG_DIR": "other"}], ids=["home", "a folder of the user's"])
def test_each_session_keeps_its_state_apart_from_other_sandboxes_and_from_the_user(held, own):
    more = {key: str(held.user / folder) for key, folder in own.items()}
    users = held.user / own.get("CLAUDE_CONFIG_DIR", ".claude") / "sessions"
    users.mkdir()
    (users / "2.json").write_text("of the user\n")
    for session in ("s1", "s2"):
        done = held.run("claude", KEEP_STATE, session, session=session, **more)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{session}\n", ""), "it sees no file of another"
    assert [path.read_text() for path in users.iterdir()] == ["of the user\n"]
    kept = {name: list((folder.path / "own/sessions").iterdir()) for name, folder in held.folders.items()}
    assert {name: [path.read_text() for path in paths] for name, paths in kept.items()} == {
        "s1": ["s1\n"],
        "s2": ["s2\n"],
    }
    assert kept["s1"][0].name == kept["s2"][0].name, "the same process id"


@pytest.mark.skipif(bool(MISSING), reason=f"no sandbox can be made on this machine: {MISSING}")
def test_a_program_that_nobody_has_set_up_starts_in_its_sandbox_all_the_same(held):
    (held.user / ".claude").rmdir()
    assert held.run("claude", "echo started").stdout == "started\n"
    assert not (held.user / ".claude").exists()
