"""Which folders an append syncs depends on the file system: only one with a single journal in order makes a rename durable by a later sync."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitorch.ledger import loose_objects

BLOBS = {f"{number:02x}{'a' * 38}": ("blob", b"%d" % number) for number in (1, 2, 3)}
FOLDERS = {"01", "02", "03"}


def mount(number: str, kind: str, place: str = "/") -> str:
    """A line of mountinfo as the kernel writes it."""
    return f"36 35 {number} / {place} rw,noatime master:1 - {kind} /dev/root rw,errors=continue\n"


CASES = [
    ("ext4", lambda own: mount(own, "ext4"), set()),
    ("xfs", lambda own: mount(own, "xfs"), set()),
    ("btrfs", lambda own: mount(own, "btrfs"), FOLDERS),
    ("overlay", lambda own: mount(own, "overlay"), FOLDERS),
    ("tmpfs", lambda own: mount(own, "tmpfs"), FOLDERS),
    ("ext4 beside others", lambda own: mount("250:9", "btrfs", "/mnt") + mount(own, "ext4"), set()),
    ("another device with ext4", lambda own: mount(f"{own}9", "ext4") + mount(own, "btrfs"), FOLDERS),
    ("a device of two kinds", lambda own: mount(own, "ext4") + mount(own, "overlay", "/merged"), FOLDERS),
    ("a device that is not listed", lambda _: mount("250:9", "ext4"), FOLDERS),
    ("an empty list", lambda _: "", FOLDERS),
    ("an unreadable list", lambda _: None, FOLDERS),
]


@pytest.mark.parametrize(("mounts", "synced"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_a_folder_is_synced_unless_its_file_system_has_one_journal(tmp_path, monkeypatch, mounts, synced):
    device = tmp_path.stat().st_dev
    text = mounts(f"{os.major(device)}:{os.minor(device)}")
    listed = tmp_path / "mountinfo"
    if text is not None:
        listed.write_text(text, encoding="utf-8")
    monkeypatch.setattr(loose_objects, "MOUNTS", listed)
    loose_objects._has_one_journal.cache_clear()
    paths = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    objects = tmp_path / "objects"
    for folder in FOLDERS:
        (objects / folder).mkdir(parents=True)
    loose_objects.write(objects, BLOBS)
    loose_objects._has_one_journal.cache_clear()

    assert {path.name for path in paths if path.parent == objects and path.is_dir()} == synced
    assert [loose_objects.read(str(objects), blob) for blob in BLOBS] == [b"1", b"2", b"3"]
