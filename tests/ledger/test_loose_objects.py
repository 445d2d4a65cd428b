"""Loose objects: what is read back for any content and any damage, what a write keeps, and what it writes again."""

from __future__ import annotations

import os
import signal
import stat
import zlib
from pathlib import Path

import pytest
from ledger_kit import AT, new_repo

from gitorch.ledger import durable, loose_objects
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.location import common_dir
from gitorch.ledger.ref_file import RefFile
from gitorch.ports.commits import NewCommit

NAME = "01" + "a" * 38
OTHER = "02" + "b" * 38
CHUNK = 65_536
LONG_AGO = 1_000_000_000
NEW = b"new"
DESCRIPTORS = Path("/proc/self/fd")


@pytest.fixture
def objects(tmp_path):
    made = tmp_path / "objects"
    made.mkdir()
    return made


def path_of(objects, name=NAME):
    return objects / name[:2] / name[2:]


def put(objects, data: bytes):
    """A file in the place of the object, last changed long ago."""
    path = path_of(objects)
    path.parent.mkdir()
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def test_an_object_that_holds_more_than_any_of_a_ledger_is_damaged(objects, monkeypatch):
    monkeypatch.setattr(loose_objects, "OBJECT_BYTES_MAX", 1_000)
    put(objects, zlib.compress(b"blob 980\0" + b"\0" * 980))
    assert loose_objects.read(str(objects), NAME) == b"\0" * 980
    path_of(objects).write_bytes(zlib.compress(b"blob 2000\0" + b"\0" * 2_000))
    with pytest.raises(ValueError, match="larger than any object"):
        loose_objects.read(str(objects), NAME)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 1])
def test_a_file_of_any_size_is_read_whole(tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "file").write_bytes(data)
    assert loose_objects.whole_file(str(tmp_path / "file")) == data


def test_a_named_pipe_counts_as_empty_and_holds_nobody_up(tmp_path):
    def give_up(*_):
        raise AssertionError("a reader waits for the writer of a pipe")

    os.mkfifo(tmp_path / "pipe")
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(5)
    try:
        assert loose_objects.whole_file(str(tmp_path / "pipe")) == b""
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("body", [b"", b"x", b"a\0b\0", b"blob 1\0x", os.urandom(3 * CHUNK)], ids=len)
@pytest.mark.parametrize("kind", ["blob", "commit"])
def test_an_object_reads_back_as_written_and_has_the_form_of_git(objects, kind, body):
    loose_objects.write(objects, {NAME: (kind, body)})
    assert zlib.decompress(path_of(objects).read_bytes()) == b"%s %d\0%s" % (kind.encode(), len(body), body)
    assert loose_objects.read(str(objects), NAME) == body
    assert stat.S_IMODE(path_of(objects).stat().st_mode) == 0o444
    assert [path.name for path in objects.iterdir()] == [NAME[:2]]


DAMAGED = [
    ("a longer length", zlib.compress(b"blob 4\0abc"), ValueError, "its length is not the one in its header"),
    ("a shorter length", zlib.compress(b"blob 2\0abc"), ValueError, "its length is not the one in its header"),
    ("no length", zlib.compress(b"blob x\0abc"), ValueError, "invalid literal"),
    ("not compressed", b"blob 3\0abc", zlib.error, "incorrect header check"),
    ("cut off", zlib.compress(b"blob 3\0abc")[:-3], ValueError, "ends too early"),
    ("empty", b"", ValueError, "ends too early"),
]


@pytest.mark.parametrize(("data", "error", "says"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_a_damaged_object_is_an_error_and_never_a_body(objects, data, error, says):
    put(objects, data)
    with pytest.raises(error, match=says):
        loose_objects.read(str(objects), NAME)


def test_an_object_that_is_not_there_is_none(objects):
    assert loose_objects.read(str(objects), NAME) is None
    put(objects, zlib.compress(b"blob 0\0"))
    assert loose_objects.read(str(objects), NAME) == b""
    assert loose_objects.read(str(objects), NAME[:-1] + "c") is None


PRESENT = [
    ("whole", zlib.compress(b"blob 3\0old"), b"old"),
    ("of one byte", b"x", None),
    ("empty after a power loss", b"", NEW),
]


@pytest.mark.parametrize(("data", "body"), [row[1:] for row in PRESENT], ids=[row[0] for row in PRESENT])
def test_an_object_that_exists_is_kept_and_made_young_unless_it_is_empty(objects, data, body):
    path = put(objects, data)
    loose_objects.write(objects, {NAME: ("blob", NEW), OTHER: ("blob", NEW)})
    assert path.stat().st_mtime > LONG_AGO
    if body is None:
        assert path.read_bytes() == data
    else:
        assert loose_objects.read(str(objects), NAME) == body
    assert loose_objects.read(str(objects), OTHER) == NEW


@pytest.mark.parametrize("has_journal", [False, True])
def test_an_object_that_git_made_for_its_index_is_made_durable_like_a_new_one(objects, monkeypatch, has_journal):
    synced = []
    monkeypatch.setattr(durable, "has_one_journal", lambda _: has_journal)
    monkeypatch.setattr(
        durable, "write_back", lambda one, *_: synced.append(str(DESCRIPTORS.joinpath(str(one)).readlink()))
    )
    path = put(objects, zlib.compress(b"blob 3\0old"))
    loose_objects.write(objects, {NAME: ("blob", b"old")})
    assert synced == [str(path)]


def test_an_object_of_another_user_is_kept_although_it_cannot_be_made_young(objects, monkeypatch):
    path = put(objects, zlib.compress(b"blob 3\0old"))
    asked = []

    def refuse(target, *_):
        asked.append(target)
        raise PermissionError(target)

    monkeypatch.setattr(loose_objects.os, "utime", refuse)
    loose_objects.write(objects, {NAME: ("blob", NEW)})
    assert asked == [str(path)]
    assert loose_objects.read(str(objects), NAME) == b"old"
    assert path.stat().st_mtime == LONG_AGO


def test_a_device_that_takes_a_few_bytes_at_a_time_gets_them_all(objects, monkeypatch):
    real = os.write
    monkeypatch.setattr(loose_objects.os, "write", lambda descriptor, data: real(descriptor, data[:7]))
    body = os.urandom(100)
    loose_objects.write(objects, {NAME: ("blob", body), OTHER: ("tree", body[:50])})
    assert loose_objects.read(str(objects), NAME) == body
    assert loose_objects.read(str(objects), OTHER) == body[:50]


def test_a_failed_write_leaves_no_object_under_its_name(objects, monkeypatch):
    real = os.fsync
    monkeypatch.setattr(durable, "has_one_journal", lambda _: False)

    def full(descriptor):
        real(descriptor)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        loose_objects.write(objects, {NAME: ("blob", NEW), OTHER: ("blob", NEW)})
    assert loose_objects.read(str(objects), NAME) is None
    assert loose_objects.read(str(objects), OTHER) is None
    assert all(path.name.startswith(loose_objects.TEMPORARY) for path in objects.iterdir())


def test_no_descriptor_stays_open_after_a_read_a_write_or_a_sync(objects):
    before = len(list(DESCRIPTORS.iterdir()))
    loose_objects.write(objects, {NAME: ("blob", NEW), OTHER: ("blob", NEW)})
    loose_objects.read(str(objects), NAME)
    durable.sync(str(objects))
    assert len(list(DESCRIPTORS.iterdir())) == before


@pytest.mark.parametrize("has_journal", [True, False])
def test_what_was_written_unsynced_is_synced_later_file_by_file(objects, monkeypatch, has_journal):
    synced = []
    monkeypatch.setattr(durable, "has_one_journal", lambda _: has_journal)
    monkeypatch.setattr(
        durable, "write_back", lambda descriptor, _: synced.append(f"{(DESCRIPTORS / str(descriptor)).readlink()}")
    )
    monkeypatch.setattr(durable, "sync", synced.append)
    files = loose_objects.write_unsynced(objects, {NAME: ("blob", NEW), OTHER: ("blob", NEW)})
    assert synced == []
    assert loose_objects.read(str(objects), NAME) == loose_objects.read(str(objects), OTHER) == NEW
    Path(files[1]).unlink()  # git has packed it, durably
    loose_objects.sync(objects, files)
    assert synced == [files[0]] + ([] if has_journal else [files[0][:-39]])


def test_commits_that_were_pushed_are_durable_before_the_branch_names_them(tmp_path, monkeypatch):
    calls = []
    store = BranchStore(common_dir(new_repo(tmp_path / "repo")))
    (first,) = store.extend(None, [NewCommit({"a": b"1"}, "one", "t <t@t>", AT)])
    monkeypatch.setattr(loose_objects, "sync", lambda _, files: calls.append(len(files)))
    monkeypatch.setattr(RefFile, "move", lambda *_: calls.append("moved") or True)
    (second,) = store.write(first, [NewCommit({"b": b"2"}, "two", "t <t@t>", AT)])
    assert calls == []
    assert store.forward(first, second)
    assert calls == [3, "moved"]
    assert store.forward(first, second)
    assert calls[2:] == [0, "moved"]
