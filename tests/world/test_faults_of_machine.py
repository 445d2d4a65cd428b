"""Every fault that the world raises about anything but git: provoked for real, with its class, message and hint."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from gitorch.errors import Failed, GitorchError, Refused, Unavailable
from gitorch.model.ids import RunId, SessionId
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch, LaunchSandbox
from gitorch.world import command_runs, other_systems, sample, sandbox, ssh_keys
from gitorch.world.beads import BeadsFile
from gitorch.world.checks import ProjectChecks
from gitorch.world.clock import SystemClock
from gitorch.world.files import write_json
from gitorch.world.git import signatures
from gitorch.world.git.signatures import SshSignatures
from gitorch.world.git.worktrees import GitWorktrees
from gitorch.world.notices import CommandNotices
from gitorch.world.programs import run
from gitorch.world.safe_reading import read_inside
from gitorch.world.terminal import server_start, session_start, terminals
from gitorch.world.terminal.server import AgentServer
from gitorch.world.terminal.server_start import ensure_server
from gitorch.world.terminal.terminals import TmuxTerminals
from gitorch.world.terminal.tmux import Tmux

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


from fault_place import Place, StillClock, assert_fault

MISSING = "1" * 40
KEY = SessionKey(RunId("auth-7f3a"), SessionId("s1"))


@pytest.fixture
def place(tmp_path, repo, monkeypatch):
    return Place(tmp_path, monkeypatch, repo)


def missing_issues(place):
    BeadsFile(place.folder).read(())


def unreadable_issues(place):
    """The kernel answers EIO to whoever reads the beginning of this file."""
    (place.folder / ".beads").mkdir()
    (place.folder / ".beads/issues.jsonl").symlink_to("/proc/self/mem")
    BeadsFile(place.folder).read(())


def immortal_check(place):
    home = place.folder / "home"
    runner = ProjectChecks(home, GitWorktrees(place.repo.path, place.repo.environ, SystemClock()), {}, SystemClock())
    write_json_in(
        home / "checks" / MISSING, "spec.json", {"cwd": str(place.folder / "trees" / f"check-{MISSING[:12]}")}
    )
    place.monkeypatch.setattr(command_runs.processes, "end", lambda *_: False)
    runner.clear(place.folder / "trees")


def write_json_in(folder: Path, name: str, value: object) -> None:
    folder.mkdir(parents=True)
    write_json(folder / name, value)


def signed_without_program(place):
    place.monkeypatch.setattr(SshSignatures, "read_key", lambda *_: guarded())
    SshSignatures(place.nothing()).sign("text", "key", "git")


def guarded() -> SigningKey:
    return SigningKey("key", "ssh-ed25519 AAAA", Guard.PASSPHRASE)


def signed_by_nobody(place):
    place.monkeypatch.setattr(signatures, "SIGN_SECONDS", 0.2)
    place.monkeypatch.setattr(SshSignatures, "read_key", lambda *_: guarded())
    SshSignatures(place.program("ssh-keygen", "exec sleep 60")).sign("text", "key", "git")


def key_without_program(place):
    ssh_keys.make_key(place.nothing(), "ada")


def key_that_nobody_answers(place):
    place.monkeypatch.setattr(ssh_keys, "MAKING_SECONDS", 0.2)
    ssh_keys.make_key(place.program("ssh-keygen", "exec sleep 60"), "ada")


def key_that_is_not_made(place):
    ssh_keys.make_key(place.program("ssh-keygen", "exit 7"), "ada")


def notice_that_cannot_be_written(place):
    home = place.folder / "home"
    home.mkdir()
    (home / "notices").write_text("a file")
    CommandNotices(home, ("true",), 5, {}).send(RunId("auth-7f3a"), "q1-0", {})


def processes_that_cannot_be_listed(place):
    def denied():
        raise psutil.AccessDenied(1)

    place.monkeypatch.setattr(other_systems.psutil, "process_iter", denied)
    other_systems.table()


def name_that_is_too_long(place):
    read_inside(place.folder, "a" * 300, 10)


def folder_of_somebody(place):
    (place.folder / "work").mkdir()
    (place.folder / "work/mine.txt").write_text("mine\n")
    sample.plant(template(place), place.folder / "work", place.repo.environ)


def template(place) -> Path:
    folder = place.folder / "template"
    (folder / "repo").mkdir(parents=True)
    for name in ("agents.toml", "plan.md", "gitorch.yaml"):
        (folder / name).write_text("x\n")
    return folder


def demo_that_git_refuses(place):
    env = place.git("*'commit --quiet'*", "echo 'fatal: no' >&2; exit 1")
    sample.plant(template(place), place.folder / "demo", env)


def view_of_a_reftable(place):
    (place.common / "reftable").mkdir()
    sandbox.prepare(view(place), place.head)


def view(place):
    return sandbox.view_of(place.common / "gitorch", "s1", "gitorch/auth-7f3a/api")


def sandbox_of_an_ordinary_folder(place):
    folder = place.folder / "plain"
    folder.mkdir()
    (folder / ".git").write_text("no such line\n")
    sandbox.prepare(view(place), place.head)
    sandbox.wrap(view(place), folder, writable=(), network=True, own=())


def launch(place, **changes) -> Launch:
    return Launch(changes.pop("key", KEY), Preset("tui", ("true",)), place.folder, {}, "", None, **changes)


def sandbox_that_is_missing(place):
    env = place.program("tmux", "echo 'no server running on x' >&2; exit 1")
    env["PATH"] = str(place.folder / "bin")
    held = LaunchSandbox("gitorch/auth-7f3a/api", place.head, network=True, writable=())
    TmuxTerminals(place.folder / "home", "gitorch-test-fault", SystemClock(), env).start(launch(place, sandbox=held))


def session_that_is_not_made(place):
    """A tmux that agrees to everything and does nothing."""
    place.monkeypatch.setattr(session_start, "ensure_server", lambda *_: None)
    place.monkeypatch.setattr(session_start.SessionStarts, "_make_session", lambda *_: None)
    env = place.program("tmux", "exit 0")
    TmuxTerminals(place.folder / "home", "gitorch-test-fault", SystemClock(), env).start(launch(place))


def session_with_a_wrong_name(place):
    key = SessionKey(RunId("auth.7f3a"), SessionId("s1"))
    TmuxTerminals(place.folder / "home", "gitorch-test-fault", SystemClock(), place.repo.environ).start(
        launch(place, key=key)
    )


def immortal_session(place):
    place.monkeypatch.setattr(terminals.processes, "end", lambda *_: False)
    env = place.program("tmux", "echo 'no server running on x' >&2; exit 1")
    TmuxTerminals(place.folder / "home", "gitorch-test-fault", SystemClock(), env).stop(KEY)


def session_that_tmux_cannot_end(place):
    AgentServer(place.tmux("echo 'protocol error' >&2; exit 1")).end_session("auth-7f3a_s1")


def server_that_does_not_start(place):
    place.monkeypatch.setattr(server_start, "run", lambda _, env: run(["sh", "-c", "echo no >&2; exit 1"], env))
    ensure_server(place.tmux("exit 1"), place.folder / "lock", StillClock())


def failing_tmux(place):
    place.tmux("echo 'protocol error' >&2; exit 1").output("show-options", "-g")


def panes_that_cannot_be_listed(place):
    place.tmux("echo 'protocol error' >&2; exit 1").list()


def pane_that_cannot_be_shown(place):
    place.tmux("echo 'protocol error' >&2; exit 1").observe_pane("%3", "nonce")


def missing_tmux(place):
    Tmux("gitorch-test-fault", place.nothing(), SystemClock()).list()


def silent_tmux(place):
    env = place.program("tmux", "exec sleep 60")
    Tmux("gitorch-test-fault", env, SystemClock(), wait_seconds=0.2).list()


FAULTS: list[tuple[Callable[[Place], object], type[GitorchError], str, str]] = [
    (missing_issues, Unavailable, ".beads/issues.jsonl is missing", "bd export -o .beads/issues.jsonl"),
    (
        unreadable_issues,
        Unavailable,
        "{folder}/.beads/issues.jsonl cannot be read: Input/output error",
        "ls -l {folder}/.beads/issues.jsonl",
    ),
    (
        immortal_check,
        Failed,
        f"Processes of the test run in {{folder}}/home/checks/{MISSING} could not be ended",
        "ps -ef",
    ),
    (signed_without_program, Unavailable, "ssh-keygen cannot be run: No such file or directory", "gitorch doctor"),
    (signed_by_nobody, Unavailable, "nothing was signed within 0.2 seconds", "gitorch keys list"),
    (key_without_program, Unavailable, "ssh-keygen cannot be run: No such file or directory", "gitorch doctor"),
    (key_that_nobody_answers, Unavailable, "ssh-keygen was not answered", "gitorch keys add --new"),
    (key_that_is_not_made, Failed, "ssh-keygen made no key (exit status 7)", "gitorch keys add --new"),
    (
        notice_that_cannot_be_written,
        Unavailable,
        "a notice cannot be written to {folder}/home/notices/auth-7f3a/q1-0.json: Not a directory",
        "df -h",
    ),
    (
        processes_that_cannot_be_listed,
        Unavailable,
        "the processes cannot be listed: (pid=1)",
        "gitorch doctor",
    ),
    (name_that_is_too_long, Refused, "cannot be read: File name too long", ""),
    (folder_of_somebody, Refused, "{folder}/work exists and is not a demo's folder", "gitorch demo ANOTHER_FOLDER"),
    (demo_that_git_refuses, Failed, "git commit failed in {folder}/demo/repo: fatal: no", "gitorch doctor"),
    (
        view_of_a_reftable,
        Refused,
        "a sandbox needs a repository whose branches are files, and this one keeps them in a reftable",
        "set sandbox: none for the runtime in gitorch.yaml",
    ),
    (sandbox_of_an_ordinary_folder, Failed, "{folder}/plain is not a linked worktree", "gitorch doctor"),
    (
        sandbox_that_is_missing,
        Failed,
        "auth-7f3a_s1 must run in a sandbox, but bwrap is not installed",
        "apt-get install bubblewrap",
    ),
    (session_that_is_not_made, Unavailable, "tmux made no session auth-7f3a_s1", "gitorch doctor"),
    (
        session_with_a_wrong_name,
        Refused,
        "'auth.7f3a_s1' cannot be a session's name: letters, digits, _ and - only",
        "",
    ),
    (immortal_session, Failed, "Processes of session auth-7f3a_s1 could not be ended", "ps -ef"),
    (
        session_that_tmux_cannot_end,
        Unavailable,
        "tmux could not end session auth-7f3a_s1: kill-session: protocol error",
        "gitorch doctor",
    ),
    (
        server_that_does_not_start,
        Unavailable,
        "the tmux server gitorch-test-fault did not start: no",
        "gitorch doctor",
    ),
    (failing_tmux, Unavailable, "tmux could not show-options: protocol error", "gitorch doctor"),
    (panes_that_cannot_be_listed, Unavailable, "tmux could not list its panes: protocol error", "gitorch doctor"),
    (pane_that_cannot_be_shown, Unavailable, "tmux could not show pane %3: protocol error", "gitorch doctor"),
    (missing_tmux, Unavailable, "tmux cannot be run: No such file or directory (tmux)", "gitorch doctor"),
    (silent_tmux, Unavailable, "tmux gave no answer within 0.2 seconds", "gitorch doctor"),
]


@pytest.mark.parametrize(("fault", "cls", "message", "hint"), FAULTS, ids=[row[0].__name__ for row in FAULTS])
def test_a_fault_of_the_machine_names_the_thing_and_a_command(place, fault, cls, message, hint):
    assert_fault(place, fault, cls, message, hint)


def test_an_interrupted_call_leaves_no_process_behind():
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            run(["sleep", "4242.5"], dict(os.environ))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not any("4242.5" in one.info["cmdline"] for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"])
