"""What the world refuses on rare occasions: each by its class, message and hint, on stand-ins for what goes wrong."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from contract.codex_bench import site
from contract.opencode_bench import OpenCodeBench
from fakes.app_server import accept_key, server_frame

from gitorch.errors import Corrupt, Failed, GitorchError, NotFound, Refused, Unavailable
from gitorch.model.ids import CommitId, Moment
from gitorch.model.plans.permission import RequestPattern
from gitorch.model.plans.runtime import Preset
from gitorch.ports.git import PushRef
from gitorch.world import difftool, files, local_programs, safe_writing
from gitorch.world.acp import control, host
from gitorch.world.beads import BeadsProgram
from gitorch.world.channels.app_server import AppServer
from gitorch.world.channels.codex import CodexChannel
from gitorch.world.clock import SystemClock
from gitorch.world.git import ref_move
from gitorch.world.git.host_keys import SshHostKeys, make_host_key
from gitorch.world.git.proposed_commit import commit_body
from gitorch.world.git.remotes import GitRemotes, fetched_ref
from gitorch.world.git.upstream import LEDGER_REF, GitUpstream
from gitorch.world.local_programs import LocalPrograms
from gitorch.world.setups import WorktreeSetups
from gitorch.world.terminal.session_files import LaunchRecord, SessionFolder

C1, C2 = CommitId("1" * 40), CommitId("2" * 40)


def refused(act):
    """The class, message and hint of an act's error."""
    with pytest.raises(GitorchError) as caught:
        act()
    return type(caught.value), caught.value.message, caught.value.hint


def test_the_host_of_an_acp_program_says_how_it_is_called(capsys):
    for words in (["--resume"], ["--odd", "x"], [], ["--"], ["--once", "x", "--"]):
        assert host.main(words, {}) == 2
        assert capsys.readouterr().err == f"{host.USAGE}\n"
    options = host.Options(["--once", "a", "--resume", "b", "--", "run", "--", "-x"])
    assert (options.argv, options.values) == (["run", "--", "-x"], {"--resume": ["b"], "--once": ["a"], "--log": []})
    with pytest.raises(host.Stopped):
        host._stop(15, None)


@pytest.mark.parametrize(
    ("line", "reason"), [(b"[" * 200_000, "it is nested too deeply"), (b"[1]", "it is not an object"), (b"{", "Exp")]
)
def test_a_request_to_the_host_is_an_object(line, reason):
    with pytest.raises(ValueError, match=reason):
        control._object(line)


class OddServer:
    """An app-server that takes one client to its greeting, and then does as the test says."""

    def __init__(self, path, then):
        self.then = then
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        client, _ = self.listener.accept()
        with client, contextlib.suppress(OSError):
            key = client.recv(65_536).decode().partition("Sec-WebSocket-Key: ")[2].split()[0]
            head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            client.sendall(f"{head}Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n".encode())
            client.recv(65_536)
            self.then(client)


def greeted(client):
    client.sendall(server_frame(json.dumps({"id": 1, "result": {}}).encode()))


def denied(client):
    client.sendall(server_frame(json.dumps({"id": 1, "error": {"message": "too old"}}).encode()))
    client.recv(1)


def test_an_app_server_that_refuses_resets_or_leaves_is_unavailable(tmp_path):
    OddServer(tmp_path / "denied", denied)
    assert refused(lambda: AppServer(tmp_path / "denied")) == (
        Unavailable,
        "its app-server refused gitorch: too old",
        "",
    )

    for name, read_bytes in (("left", 65_536), ("reset", 1)):  # what is not read when it closes resets the connection
        served = OddServer(tmp_path / name, lambda client, size=read_bytes: (greeted(client), client.recv(size)))
        found = AppServer(tmp_path / name)
        served.thread.join()
        ended = (Unavailable, "its app-server has ended", "")
        assert refused(lambda found=found: found.facts(1.0)) == ended
        assert refused(lambda found=found: found.call("x", {})) == ended


def test_codex_without_its_server_is_unavailable_and_asked_anew_the_next_time(tmp_path):
    channel = CodexChannel(site(tmp_path))
    for _ in range(2):
        assert refused(lambda: channel._call("thread/loaded/list", {}))[0] is Unavailable
        assert channel._server is None


def test_opencode_that_refuses_a_prompt_is_unavailable(tmp_path):
    bench = OpenCodeBench(tmp_path)
    try:
        bench.channel._own = lambda: "s1"
        bench.channel._call = lambda *_: (500, None)
        expected = (Unavailable, "its server answers a prompt with 500", "gitorch doctor")
        assert refused(lambda: bench.channel._send("x")) == expected
    finally:
        bench.close()


def test_a_difftool_needs_git(tmp_path):
    expected = (Unavailable, "git cannot be run: No such file or directory", "gitorch doctor")
    assert refused(lambda: difftool.show({}, {"PATH": str(tmp_path)})) == expected


def test_a_host_without_a_key_signs_nothing(tmp_path):
    kind, message, hint = refused(lambda: make_host_key(tmp_path / "none" / "key", "x"))
    assert (kind, message.partition(": ")[0], hint) == (Failed, "ssh-keygen made no key", "gitorch doctor")
    no_key = (Refused, "this ledger takes signed records alone, and this host has no key", "gitorch host join")
    assert refused(lambda: SshHostKeys("", os.environ).sign("x")) == no_key
    missing = tmp_path / "missing"
    kind, message, hint = refused(lambda: SshHostKeys(str(missing), os.environ).sign("x"))
    assert (kind, hint) == (Failed, f"ssh-keygen -Y sign -n test -f {missing} </dev/null")
    assert message.startswith(f"{missing} signed nothing: ")


def test_a_commit_that_is_missing_or_was_replaced_is_named():
    body = b"tree x\n\ntext\n"
    git = SimpleNamespace(run=lambda *_: SimpleNamespace(status=0, out_bytes=body))
    replaced = f"The commit {C1} was replaced: its content does not match its name."
    with pytest.raises(Corrupt) as caught:
        commit_body(git, C1)
    assert (caught.value.message, caught.value.hint, caught.value.where) == (replaced, "git fsck", C1)
    for algorithm in (hashlib.sha1, hashlib.sha256):
        made = algorithm(b"commit 13\0" + body).hexdigest()
        assert commit_body(git, CommitId(made)) == body
    git.run = lambda *_: SimpleNamespace(status=128, out_bytes=b"")
    missing = "this repository does not have the commit 111111111111"
    assert refused(lambda: commit_body(git, C1)) == (NotFound, missing, "git fetch --all")


def test_a_git_that_neither_agrees_nor_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(ref_move, "LOOK_SECONDS", 0.01)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", "input(); input(); input(); input()"], **pipes) as process:
        asked = []

        def stuck(seconds):
            asked.append(seconds)
            return "it did nothing for 60 s" if len(asked) == 3 else ""

        git = SimpleNamespace(watch=lambda *_: SimpleNamespace(stuck=stuck))
        move = ref_move.PreparedMove(git, process)
        expected = (Unavailable, "git update-ref gave no answer: it did nothing for 60 s", "gitorch doctor")
        assert refused(lambda: move.prepare(ref_move.RefMove("refs/heads/main", C2, C1, "why"))) == expected
        assert asked == [ref_move.IDLE_SECONDS] * 3


TRACKING = fetched_ref("origin", LEDGER_REF)


def upstream(may_be_public=False, **answers):
    """The upstream `origin`, whose remote answers so."""
    made = GitUpstream("origin", Path("nowhere"), {}, None, lambda: None, lambda: may_be_public)
    usual = {
        "fetch": lambda *_: None,
        "refs": lambda *_: {TRACKING: C1},
        "remove": lambda *_: None,
        "heads": lambda *_: {LEDGER_REF: C1},
        "commits_among": list,
        "address": lambda _: "https://github.com/ada/x.git",
        "push": lambda *_, **__: "",
    }
    made._remotes = SimpleNamespace(**{**usual, **answers})
    return made


def failing(message):
    """A fetch that fails with this message."""

    def fetch(*_):
        raise Unavailable(message)

    return fetch


def test_a_ledger_at_a_remote_is_fetched_or_its_fault_is_named():
    assert upstream().fetch() == C1
    assert upstream(fetch=failing(f"fatal: couldn't find remote ref {LEDGER_REF}")).fetch() is None
    assert refused(upstream(fetch=failing("it is gone")).fetch) == (Unavailable, "it is gone", "")
    ref = f"refs/gitorch/commits/{C1}"
    message = f"{ref} at origin was moved to 222222222222, which no host does; nothing of it is used here."
    removed = []
    moved = upstream(refs=lambda *_: {ref: C2, TRACKING: C1}, remove=lambda *one: removed.append(one))
    assert refused(moved.fetch) == (Corrupt, message, f"git push --force origin {C1}:{ref}")
    assert removed == [(ref, C2)]


def test_a_push_of_the_ledger_is_lost_refused_or_done():
    assert upstream().push(C1, C2, [C1])
    assert not upstream(push=lambda *_, **__: "! [rejected] (stale info)").push(C1, C2, [])
    assert not upstream(push=lambda *_, **__: "no").push(C2, C2, [])
    hook = upstream(push=lambda *_, **__: "To origin\nremote: error: x\nremote: Not today\nremote: More")
    hint = f"git push --dry-run origin {LEDGER_REF}"
    assert refused(lambda: hook.push(C1, C2, [])) == (Unavailable, "origin did not take the ledger: Not today", hint)
    silent = upstream(push=lambda *_, **__: "fatal: x\nmore")
    assert refused(lambda: silent.push(C1, C2, [])) == (Unavailable, "origin did not take the ledger: fatal: x", hint)
    public = "origin (https://github.com/ada/x.git) may be public, and the whole ledger would be pushed there"
    consent = "gitorch config set ledger.public true"
    assert refused(lambda: upstream().push(None, C2, [])) == (Refused, public, consent)
    assert upstream(may_be_public=True).push(None, C2, [])
    assert upstream(address=lambda _: "ssh://ada@box/x.git").push(None, C2, [])


def test_a_file_that_cannot_get_its_name_leaves_the_old_one_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(safe_writing.os, "rename", fail)
    with pytest.raises(OSError, match="No space left"):
        safe_writing.write_inside(tmp_path, tmp_path / "a", b"new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old"}


def test_a_start_whose_preset_makes_no_sense_counts_as_none(tmp_path):
    folder = SessionFolder(tmp_path)
    asking = RequestPattern("(?P<asked>x)", once=("y",))
    preset = Preset("a", ("a",), permission_requests=(asking,))
    folder.write_launch(LaunchRecord(("a",), "/tree", "", Moment(1), preset))
    assert folder.launch().preset == preset
    path = tmp_path / "launch.json"
    path.write_text(path.read_text().replace("?P<asked>", "?P<other>"))
    assert folder.launch() is None


def test_a_json_file_is_read_up_to_its_limit(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text('{"a": "b"}')
    for limit, read in ((10, {"a": "b"}), (9, None)):
        monkeypatch.setattr(files, "JSON_BYTES_MAX", limit)
        assert files.read_json(path) == read
    for text in ("[1]", "{", "[" * 9, ""):
        path.write_text(text)
        assert files.read_json(path) is None
    path.write_bytes(b'{"\xff":1}')
    monkeypatch.setattr(files, "JSON_BYTES_MAX", 10)
    assert files.read_json(path) == {"\udcff": 1}
    assert files.read_json(tmp_path / "none") is None


def test_a_command_of_the_project_runs_in_its_folder_without_what_names_a_session(tmp_path, monkeypatch):
    environ = {**os.environ, "GITORCH_TOKEN": "t", "GIT_DIR": "x", "TMUX": "y", "BESIDE": "us"}
    programs = LocalPrograms(environ)
    told = 'pwd; echo "$BESIDE [$GITORCH_TOKEN$GIT_DIR$TMUX] $GITORCH_STARTED_FOR" >&2; ulimit -Hr 2>/dev/null; exit 3'
    status, output = programs.run_shell(told, tmp_path, 20.0)
    assert (status, output.splitlines()[:2]) == (3, [str(tmp_path), "us [] python"])
    asked = []
    monkeypatch.setattr(programs, "run_shell", lambda *words: asked.append(words) or (0, str(len(asked))))
    now = [100.0]
    monkeypatch.setattr(local_programs.time, "monotonic", lambda: now[0])
    answers = []
    for later in (0, local_programs.LATELY_SECONDS, 0.5):
        now[0] += later
        answers.append(programs.run_shell_lately("x", tmp_path, 1.0)[1])
    assert answers == ["1", "1", "2"]
    assert programs.run_shell_lately("y", tmp_path, 1.0) == (0, "3")
    assert asked == [("x", tmp_path, 1.0), ("x", tmp_path, 1.0), ("y", tmp_path, 1.0)]


def test_a_bd_that_leaves_an_issue_open_without_a_word_is_named(tmp_path):
    tracker = BeadsProgram(tmp_path, {}, SystemClock())
    tracker._open = list
    for said, why in (({"": True}, "bd reported no error"), ({"no": True, "": True, "never": True}, "no; never")):
        tracker._close_in_order = lambda *_, said=said: said
        expected = (Failed, f"bd left a, b open: {why}", "bd close a b")
        assert refused(lambda: tracker.close(["a", "b"], "done")) == expected


def test_what_sets_up_a_worktree_lies_below_its_own_folder(tmp_path):
    assert WorktreeSetups(tmp_path, tmp_path, {}, SystemClock())._folder == tmp_path / "setups"


def test_refs_are_listed_by_name_and_folder_and_removed_only_at_their_commit(repo):
    first, second = repo.commit({"a": "1"}), repo.commit({"a": "2"})
    folder = "refs/gitorch/commits/"
    for name in (first, second):
        repo.git("update-ref", f"{folder}{name}", first)
    remotes = GitRemotes(repo.path, repo.environ, SystemClock(), dict)
    expected = {f"{folder}{first}": first, f"{folder}{second}": first, "refs/heads/main": second}
    assert remotes.refs(folder, "refs/heads/main") == expected
    with pytest.raises(Unavailable, match="git update-ref failed"):
        remotes.remove(f"{folder}{second}", second)
    remotes.remove(f"{folder}{second}", first)
    assert repo.git("for-each-ref", "--format=%(refname)", folder) == f"{folder}{first}"


def test_a_push_removes_a_ref_that_is_still_where_it_was_expected(repo, tmp_path):
    commit = repo.commit({"a": "1"})
    repo.git("clone", "-q", "--bare", str(repo.path), str(tmp_path / "there.git"))
    repo.git("remote", "add", "there", str(tmp_path / "there.git"))
    ref = f"refs/gitorch/commits/{commit}"
    remotes = GitRemotes(repo.path, repo.environ, SystemClock())
    assert remotes.push("there", (PushRef(ref, commit, None),)) == ""
    elsewhere = repo.commit({"a": "2"})
    assert "stale info" in remotes.push("there", (PushRef(ref, None, elsewhere),))
    assert remotes.push("there", (PushRef(ref, None, commit),)) == ""
    assert remotes.heads("there", (ref,)) == {}
