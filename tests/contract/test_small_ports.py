"""What the smaller ports promise, shown of the real thing and of each fake that the tests of the command line use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

for room in (".", "cli"):
    sys.path.insert(0, str(Path(__file__).parent.parent / room))

from cli_memory import MemoryClock, MemorySecrets
from fakes.world import FakeClock, FakeFiles, FakeNotices, FakePlace, FakePrograms, FakeSecrets, FakeSignatures

from gitorch.errors import NotFound, Refused
from gitorch.model.ids import RunId, SessionId
from gitorch.model.plans.approval import Guard, SigningKey
from gitorch.model.work.session import SessionKey
from gitorch.ports.place import Relocation
from gitorch.world.clock import SystemClock
from gitorch.world.files import LocalFiles
from gitorch.world.git.signatures import SshSignatures
from gitorch.world.host import HostSecrets
from gitorch.world.local_programs import LocalPrograms
from gitorch.world.notices import CommandNotices
from gitorch.world.place import RepositoryPlace

RUN = RunId("auth-7f3a")
KEY = SessionKey(RUN, SessionId("s1"))


@pytest.fixture(params=[SystemClock, FakeClock, MemoryClock])
def clock(request):
    return request.param()


def test_time_passes_while_somebody_sleeps_and_never_runs_backwards(clock):
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= 10


@pytest.fixture(params=[LocalFiles, FakeFiles])
def files(request, tmp_path):
    return LocalFiles(tmp_path / "home") if request.param is LocalFiles else FakeFiles()


def test_a_file_is_read_as_it_was_written_last_until_it_is_removed(files, tmp_path):
    path = tmp_path / "new folder" / "a.txt"
    assert files.read(path) is None
    files.remove(path)
    files.write(path, b"one")
    files.write(path, b"two")
    assert files.read(path) == b"two"
    files.remove(path)
    assert files.read(path) is None


def test_a_file_in_a_folder_is_read_up_to_its_limit(files, tmp_path):
    files.write(tmp_path / "docs/a.txt", b"12345")
    assert files.inside(tmp_path, "docs/a.txt", 5) == b"12345"
    assert files.inside(tmp_path, "docs/b.txt", 5) is None
    with pytest.raises(Refused, match="is larger than 4 bytes"):
        files.inside(tmp_path, "docs/a.txt", 4)


@pytest.fixture(params=[HostSecrets, FakeSecrets, MemorySecrets])
def secrets(request, tmp_path):
    return request.param(tmp_path) if request.param is HostSecrets else request.param()


def test_a_token_is_the_same_for_a_session_and_another_for_another_and_no_nonce_comes_twice(secrets):
    other = SessionKey(RUN, SessionId("s2"))
    assert secrets.token(KEY) == secrets.token(KEY) != secrets.token(other)
    assert len({secrets.nonce() for _ in range(20)}) == 20


@pytest.fixture(params=[LocalPrograms, FakePrograms])
def programs(request):
    if request.param is FakePrograms:
        return FakePrograms(git="git version 2.39.5")
    return LocalPrograms(dict(os.environ))


def test_a_program_is_found_by_its_name_and_prints_its_version(programs):
    assert programs.find("git").endswith("/git")
    assert programs.first_line(("git", "--version")).startswith("git version ")
    for missing in ("no-such-program", ""):
        assert programs.find(missing) == ""
    assert programs.first_line(("no-such-program",)) == ""
    assert programs.first_line(()) == ""


def test_a_command_that_succeeds_in_silence_has_status_0_and_no_output(programs, tmp_path):
    assert programs.run_shell("true", tmp_path, 20.0) == (0, "")


@pytest.fixture(params=[CommandNotices, FakeNotices])
def notices(request, tmp_path):
    return request.param() if request.param is FakeNotices else CommandNotices(tmp_path, (), 5, {})


def test_without_a_command_nobody_is_notified_and_nothing_fails(notices):
    notices.send(RUN, "q1-0", {"text": "Which?"})
    assert (notices.sent(RUN), notices.failure()) == (None, "")


@pytest.fixture(params=[SshSignatures, FakeSignatures])
def signing(request, tmp_path):
    """The signatures, and a key without a passphrase."""
    path = tmp_path / "key"
    words = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(path))
    subprocess.run(words, check=True, capture_output=True)
    public = " ".join(Path(f"{path}.pub").read_text().split()[:2])
    key = SigningKey(str(path), public, Guard.NONE)
    if request.param is FakeSignatures:
        return FakeSignatures(key), key
    return SshSignatures({"PATH": os.environ["PATH"], "HOME": str(tmp_path)}), key


def test_a_key_is_read_from_its_file_and_one_that_is_missing_is_not_found(signing):
    signatures, key = signing
    assert signatures.read_key(key.path) == key
    assert signatures.own_keys(key.path) == (key,)
    with pytest.raises(NotFound, match="cannot be read: No such file or directory"):
        signatures.read_key(f"{key.path}-gone")


def test_a_signature_names_its_signer_for_exactly_its_text_and_namespace(signing):
    signatures, key = signing
    allowed = f"ada {key.public}\n"
    signature = signatures.sign("approved", key.path, "gitorch")
    assert signatures.signer("approved", signature, allowed, "gitorch") == "ada"
    assert signatures.signer("approved ", signature, allowed, "gitorch") == ""
    assert signatures.signer("approved", signature, allowed, "git") == ""
    assert signatures.signer("approved", signature, "", "gitorch") == ""


class NoTerminals:
    """Where nobody is at work."""

    def pids(self):
        return ()

    def close(self) -> None:
        pass


def moved_place(kind, folder: Path):
    """The place of a repository that was moved from `old` to `new` since gitorch last worked on it."""
    if kind is FakePlace:
        return FakePlace(Relocation(folder / "old", folder / "old/.git", folder / "old.worktrees", copied=False))
    home = folder / "old/.git/gitorch"
    home.mkdir(parents=True)
    RepositoryPlace(home, folder / "old", None, None).remember()
    (folder / "old").rename(folder / "new")
    return RepositoryPlace(folder / "new/.git/gitorch", folder / "new", None, lambda _: NoTerminals())


@pytest.mark.parametrize("kind", [RepositoryPlace, FakePlace])
def test_a_repository_is_moved_until_its_new_place_is_remembered(kind, tmp_path):
    place = moved_place(kind, tmp_path)
    found = place.relocation()
    assert (found.old, found.old_common, found.copied) == (tmp_path / "old", tmp_path / "old/.git", False)
    assert place.relocation() == found
    assert all(isinstance(sentence, str) for sentence in place.end_agents(found))
    place.remember()
    assert place.relocation() is None
