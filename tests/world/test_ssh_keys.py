"""Keys that sign approvals, by the real ssh-keygen: what guards each, and what signs with it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security_key import SecurityKey

from gitorch.errors import Denied, Failed, NotFound, Refused
from gitorch.model.plans.approval import Guard
from gitorch.world.git.signatures import SshSignatures
from gitorch.world.ssh_keys import make_key, own_key_path, read_key

if TYPE_CHECKING:
    from pathlib import Path


def keygen(path: Path, passphrase: str = "") -> Path:
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "ada", "-f", str(path))
    subprocess.run(words, check=True, capture_output=True)
    return path


@pytest.fixture
def environ(tmp_path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


@pytest.mark.parametrize(("passphrase", "guard"), [("", Guard.NONE), ("correct horse", Guard.PASSPHRASE)])
def test_a_passphrase_is_told_from_none_by_either_half_of_the_key(tmp_path, environ, passphrase, guard):
    path = keygen(tmp_path / "key", passphrase)
    assert {read_key(named, environ).guard for named in (str(path), f"{path}.pub")} == {guard}
    assert read_key(str(path), environ).public == " ".join((tmp_path / "key.pub").read_text().split()[:2])


def test_a_key_without_its_private_half_is_one_of_an_ssh_agent_and_one_in_hardware_asks_for_a_touch(tmp_path, environ):
    path = keygen(tmp_path / "key")
    public = (tmp_path / "key.pub").read_text()
    path.unlink()
    assert read_key(f"{path}.pub", environ).guard is Guard.AGENT
    assert read_key(f"key::{public}", environ).guard is Guard.AGENT
    assert read_key("sk-ssh-ed25519@openssh.com AAAA", environ).guard is Guard.TOUCH


@pytest.mark.parametrize(("touched", "guard"), [(True, Guard.TOUCH), (False, Guard.NONE)])
def test_the_file_of_a_security_key_says_whether_it_asks_for_a_touch(tmp_path, environ, touched, guard):
    key = SecurityKey(b"a seed", touched=touched)
    (tmp_path / "key").write_text(key.private_file())
    (tmp_path / "key.pub").write_text(f"{key.public} ada\n")
    assert read_key(str(tmp_path / "key"), environ).guard is guard
    assert read_key(key.public, environ).guard is Guard.TOUCH, "nothing else is known"


@pytest.mark.parametrize(
    "text", ["", "scrambled", "-----BEGIN OPENSSH PRIVATE KEY-----\nA\n-----END OPENSSH PRIVATE KEY-----\n"]
)
def test_a_file_that_does_not_say_what_a_security_key_asks_for_is_taken_for_one_with_a_touch(tmp_path, environ, text):
    (tmp_path / "key").write_text(text)
    (tmp_path / "key.pub").write_text(SecurityKey(b"a seed", touched=True).public)
    assert read_key(str(tmp_path / "key"), environ).guard is Guard.TOUCH


@pytest.mark.parametrize("touched", [True, False])
def test_openssh_takes_a_signature_without_a_touch_for_valid_and_its_flag_tells(environ, touched):
    key = SecurityKey(b"a seed", touched=touched)
    signature = key.sign("text", "x")
    signatures = SshSignatures(environ)
    assert signatures.signer("text", signature, f"ada {key.public}\n", "x") == "ada"
    assert signatures.signer("another text", signature, f"ada {key.public}\n", "x") == ""
    assert signatures.was_touched(signature) is touched
    hidden = f"{signature}AAAA\n{SecurityKey(b'a seed', touched=True).sign('text', 'x')}"
    assert signatures.signer("text", hidden, f"ada {key.public}\n", "x") == "ada", "what follows is not read"
    assert signatures.was_touched(hidden) is touched


def test_a_key_in_a_file_signs_without_a_touch_and_what_is_no_signature_counts_as_untouched(tmp_path, environ):
    signatures = SshSignatures(environ)
    assert signatures.was_touched(signatures.sign("text", str(keygen(tmp_path / "key")), "x"))
    assert not signatures.was_touched("garbage")
    assert not signatures.was_touched("-----BEGIN SSH SIGNATURE-----\nU1NI\n-----END SSH SIGNATURE-----\n")


@pytest.mark.parametrize("text", ["", "one\n", "not a key\n"])
def test_a_file_that_holds_no_public_key_is_not_found(tmp_path, environ, text):
    (tmp_path / "key.pub").write_text(text)
    with pytest.raises(NotFound, match="holds no public SSH key"):
        read_key(str(tmp_path / "key"), environ)
    with pytest.raises(NotFound, match="cannot be read"):
        read_key(str(tmp_path / "missing"), environ)


@pytest.fixture
def agent(tmp_path, environ):
    """An ssh-agent that holds an unguarded key and would sign for anybody."""
    path = keygen(tmp_path / "held")
    socket = tmp_path / "agent"
    started = subprocess.run(("ssh-agent", "-a", str(socket)), capture_output=True, text=True, check=True)
    pid = int(started.stdout.partition("SSH_AGENT_PID=")[2].partition(";")[0])
    environ["SSH_AUTH_SOCK"] = str(socket)
    subprocess.run(("ssh-add", "-q", str(path)), env=environ, check=True, capture_output=True)
    yield path
    os.kill(pid, 15)


def test_an_ssh_agent_is_never_asked_to_sign(agent, environ):
    public = agent.with_suffix(".pub")
    agent.unlink()
    direct = ("ssh-keygen", "-Y", "sign", "-n", "x", "-f", str(public))
    assert subprocess.run(direct, check=False, env=environ, input=b"text", capture_output=True).returncode == 0, (
        "it would sign"
    )
    with pytest.raises(Denied, match="only in an ssh-agent"):
        SshSignatures(environ).sign("text", str(public), "x")


def test_an_ssh_agent_that_holds_a_guarded_key_does_not_open_it(tmp_path, agent, environ):
    guarded = keygen(tmp_path / "guarded", "correct horse")
    askpass = tmp_path / "askpass"
    askpass.write_text("#!/bin/sh\necho 'correct horse'\n")
    askpass.chmod(0o755)
    add = {**environ, "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(("ssh-add", "-q", str(guarded)), env=add, check=True, capture_output=True)
    with pytest.raises(Failed, match="signed nothing"):
        SshSignatures({**environ, **add}).sign("text", str(guarded), "x")


def test_without_a_terminal_a_passphrase_cannot_be_typed(tmp_path, environ):
    guarded = keygen(tmp_path / "guarded", "correct horse")
    askpass = {"SSH_ASKPASS": "/bin/false", "SSH_ASKPASS_REQUIRE": "force"}
    with pytest.raises(Failed, match="its passphrase is typed at a terminal, and there is none") as refused:
        SshSignatures({**environ, **askpass}, str(tmp_path / "none")).sign("text", str(guarded), "x")
    assert refused.value.hint == "gitorch approve"


def test_gitorchs_own_key_is_found_beside_the_one_that_git_names(tmp_path, environ):
    signatures = SshSignatures(environ)
    named = keygen(tmp_path / "named")
    assert signatures.own_keys("") == ()
    assert [key.path for key in signatures.own_keys(str(named))] == [str(named)]
    assert signatures.own_keys(str(tmp_path / "missing")) == ()
    own = own_key_path(environ)
    own.parent.mkdir(parents=True)
    keygen(own, "correct horse")
    assert [key.path for key in signatures.own_keys(str(named))] == [str(named), str(own)]


def fake_keygen(tmp_path, environ, passphrase: str) -> None:
    """An `ssh-keygen` whose new keys get this passphrase, as if a human had typed it."""
    program = tmp_path / "bin" / "ssh-keygen"
    program.parent.mkdir()
    real = subprocess.run(("sh", "-c", "command -v ssh-keygen"), capture_output=True, text=True, check=True).stdout
    words = f'case "$*" in *-t*) exec {real.strip()} -N \'{passphrase}\' "$@";; *) exec {real.strip()} "$@";; esac'
    program.write_text(f"#!/bin/sh\n{words}\n")
    program.chmod(0o755)
    environ["PATH"] = f"{program.parent}:{environ['PATH']}"


def test_a_new_key_has_a_passphrase_or_is_not_kept(tmp_path, environ, monkeypatch):
    fake_keygen(tmp_path, environ, "")
    monkeypatch.setenv("PATH", environ["PATH"])
    with pytest.raises(Refused, match="needs a passphrase"):
        make_key(environ, "ada")
    assert list(own_key_path(environ).parent.iterdir()) == []


def test_a_new_key_is_made_once_and_lies_where_only_its_owner_reads(tmp_path, environ, monkeypatch):
    fake_keygen(tmp_path, environ, "correct horse")
    monkeypatch.setenv("PATH", environ["PATH"])
    assert make_key(environ, "ada").guard is Guard.PASSPHRASE
    assert own_key_path(environ).stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match="already"):
        make_key(environ, "ada")
