"""Sentences of the world about keys, files, prompts and programs that a person reads, each told whole.

`pytest --rewrite-transcripts` writes `texts/sentences.txt` anew.
"""

from __future__ import annotations

import os

import pytest
from fault_place import Place
from golden import assert_golden

from gitorch.errors import GitorchError
from gitorch.model.ids import PromptId, RunId, SessionId
from gitorch.model.plans.runtime import Preset
from gitorch.model.work.session import SessionKey
from gitorch.ports.world import Launch
from gitorch.world import resources, ssh_keys
from gitorch.world.activity import Watch
from gitorch.world.beads import BeadsFile
from gitorch.world.clock import SystemClock
from gitorch.world.files import LocalFiles
from gitorch.world.git import locks
from gitorch.world.git.signatures import SshSignatures
from gitorch.world.host import secret
from gitorch.world.origin import server_of
from gitorch.world.preparing import copy_files, link_files
from gitorch.world.safe_reading import read_inside
from gitorch.world.terminal.launch import unsafe
from gitorch.world.terminal.terminals import TmuxTerminals

NOW = 1_800_000_000
KEY = SessionKey(RunId("auth-7f3a"), SessionId("s1"))


@pytest.fixture
def place(tmp_path, repo, monkeypatch):
    monkeypatch.setattr(locks.time, "time", lambda: float(NOW))
    return Place(tmp_path, monkeypatch, repo)


def signed_by_an_agent(place):
    SshSignatures(place.repo.environ).sign("text", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFFFFFFFFF x", "git")


def signed_without_success(script, terminal=os.devnull):
    def act(place):
        (place.folder / "key.pub").write_text("ssh-ed25519 AAAA x\n")
        (place.folder / "key").write_text("x")
        case = f'case "$*" in *"-Y sign"*) {script};; esac; exit 1'
        SshSignatures(place.program("ssh-keygen", case), terminal).sign("text", str(place.folder / "key"), "git")

    return act


def second_key(place):
    path = ssh_keys.own_key_path({"HOME": str(place.folder)})
    path.parent.mkdir(parents=True)
    path.touch()
    ssh_keys.make_key({"HOME": str(place.folder)}, "ada")


def key_without_passphrase(place):
    path = place.folder / ".config/gitorch/approval_key"
    path.unlink()
    script = f"case \"$*\" in *-y*) exit 0;; esac; echo x > '{path}'; echo 'ssh-ed25519 AAAA ada' > '{path}.pub'"
    try:
        ssh_keys.make_key(place.program("ssh-keygen", script) | {"HOME": str(place.folder)}, "ada")
    finally:
        assert list(path.parent.iterdir()) == []


def unreadable_secret(place):
    (place.folder / "home" / "secret").mkdir(parents=True)
    secret(place.folder / "home")


def folder_that_stays(place):
    folder = place.folder / "kept" / "one"
    folder.mkdir(parents=True)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    place.monkeypatch.setattr("shutil.rmtree", refuse)
    try:
        LocalFiles(place.folder).remove_folder(folder)
    finally:
        place.monkeypatch.undo()


def prepared(path, how=copy_files):
    def act(place):
        (place.folder / "fresh").mkdir(exist_ok=True)
        if not (place.folder / "fresh" / "link").is_symlink():
            (place.folder / "fresh" / "link").symlink_to(place.folder)
        (place.repo.path / "link").mkdir(exist_ok=True)
        (place.repo.path / "link/x").touch()
        how(place.repo.path, place.folder / "fresh", [path])

    return act


def terminals(place):
    env = place.program("tmux", "echo 'no server running on x' >&2; exit 1")
    return TmuxTerminals(place.folder / "home", "gitorch-test-fault", SystemClock(), env)


def first_prompt(line):
    return lambda p: terminals(p).start(Launch(KEY, Preset("tui", ("true",)), p.folder, {}, line, PromptId("p1")))


def delivered(line, prompt):
    return lambda p: terminals(p).deliver(KEY, Preset("tui", ("true",)), PromptId(prompt), line)


def judged(line):
    return lambda _: unsafe(line) or "may be typed"


def closed_issue(place):
    (place.folder / ".beads").mkdir()
    (place.folder / ".beads/issues.jsonl").write_text('{"id": "x-1", "title": "A", "status": "open"}\n')
    BeadsFile(place.folder).close(["x-1", "x-2"], "done")


def watched(elapsed, idle, written):
    return lambda _: Watch(1, "git push in x", print)._sentence(elapsed, idle, written)


def public_key(text):
    def act(place):
        path = place.folder / "public"
        path.with_name("public.pub").unlink(missing_ok=True)
        if text is not None:
            path.with_name("public.pub").write_text(text)
        return ssh_keys.read_key(str(path), place.repo.environ)

    return act


def read(path, bytes_max=10):
    """What keeps a file in a worktree from being read."""

    def act(place):
        root = place.folder / "reading"
        if not root.exists():
            (root / "inner" / ".git").mkdir(parents=True)
            (root / "inner" / "x").touch()
            (root / "to").symlink_to("inner")
            (root / "file").write_text("x" * 11)
            (root / "FILE").touch()
            (root / "short").write_text("x" * 10)
            os.mkfifo(root / "pipe")
        return read_inside(root, path, bytes_max)

    return act


FAULTS = {
    "a key of an ssh-agent": signed_by_an_agent,
    "a key that signs nothing": signed_without_success("echo one >&2; echo 'the last' >&2; exit 3"),
    "a key that signs nothing and gives no reason": signed_without_success("exit 0"),
    "a key whose passphrase nobody can type": signed_without_success("exit 1", "no terminal"),
    "a second key for approvals": second_key,
    "a key without a passphrase": key_without_passphrase,
    "a key that is missing": public_key(None),
    "a key without a text": public_key("none\n"),
    "a key in another format": public_key("pgp AAAA\n"),
    "a file to read through a link": read("to/x"),
    "a file to read in another repository": read("inner/x"),
    "a file to read through a file": read("short/x"),
    "a pipe to read": read("pipe"),
    "a file to read whose name some systems confuse": read("file"),
    "a file to read of just the largest size": read("short"),
    "a file to read that is too large": read("short", 9),
    "a file to read that is missing": read("none"),
    "a secret that is a folder": unreadable_secret,
    "a folder that cannot be removed": folder_that_stays,
    "a file to copy from outside": prepared("../x"),
    "a file to copy from the root": prepared("/etc/hostname"),
    "a file to copy without a name": prepared(""),
    "a file to copy through a link": prepared("link/x"),
    "a file to link through a link": prepared("link/x", link_files),
    "a template that is missing": lambda _: resources.template_path("no", "such"),
    "a template outside": lambda _: resources.template_path("..", "README.md"),
    "a template that is a folder": lambda _: resources.template_bytes("workflows"),
    "a template that is a file": lambda _: resources.template_names("gitorch.yaml"),
    "a first prompt that is a command": first_prompt("/quit"),
    "a first prompt that is too long": first_prompt("x" * 501),
    "a prompt that is empty": judged(""),
    **{f"a prompt that begins with {sign}": judged(f"{sign}x") for sign in "/!#@-."},
    "a prompt that is too long": judged("ü" * 250 + "x"),
    "a prompt that is just short enough": judged("ü" * 250),
    "a session that was not started": delivered("Go on.", "p1"),
    "a prompt without an id": delivered("Go on.", "p 1"),
    "issues that somebody has to close": closed_issue,
    "a program that takes a minute": watched(60.4, 0, 0),
    "a program that takes a minute and writes nothing": watched(60, 29.9, 999_999),
    "a program that writes": watched(60, 0, 1_000_000),
    "a program in which nothing moves": watched(90, 60, 5_400_000),
    "the tmux server of gitorch": lambda _: server_of("tmux -L gitorch-1a2b new-session"),
    "the title of the tmux server of gitorch": lambda _: server_of("/usr/bin/tmux: server -Lgitorch-1a2b"),
    "a tmux server of a person": lambda _: server_of("tmux -L work attach") or "nothing of gitorch's",
    "a test run of gitorch": lambda _: server_of("python -m gitorch.world.check_runner x"),
    "a program of a person": lambda _: server_of("vim gitorch/world/check_runner.py") or "nothing of gitorch's",
}


def sentence(act, place) -> str:
    """What is said, with the error's class and hint where it is one."""
    try:
        return str(act(place))
    except GitorchError as error:
        return f"{error.code}: {error.message} $ {error.hint} {error.where}".rstrip()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def test_every_sentence_about_a_file_or_a_program_is_told_whole(place, request):
    told = [f"> {name}\n{sentence(act, place)}\n" for name, act in FAULTS.items()]
    text = "\n".join(told).replace(place.head[:12], "{head}").replace(str(place.folder), "{folder}")
    assert_golden("sentences.txt", text, request)
