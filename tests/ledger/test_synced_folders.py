"""What an append syncs depends on the file system: only one with a single journal in order needs one sync for everything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitorch.ledger import durable, loose_objects

BLOBS = {f"{number:02x}{'a' * 38}": ("blob", b"%d" % number) for number in (1, 2, 3)}
FOLDERS = {"01", "02", "03"}


def mount(number: str, kind: str, place: str = "/") -> str:
    """A line of mountinfo as the kernel writes it."""
    return f"36 35 {number} / {place} rw,noatime master:1 - {kind} /dev/root rw,errors=continue\n"


CASES = [
    ("ext4", lambda own: mount(own, "ext4"), "4242\n", set()),
    ("xfs", lambda own: mount(own, "xfs"), None, set()),
    ("ext4 without a journal", lambda own: mount(own, "ext4"), "<none>\n", FOLDERS),
    ("ext4 of which the kernel tells nothing", lambda own: mount(own, "ext4"), None, FOLDERS),
    ("btrfs", lambda own: mount(own, "btrfs"), "4242\n", FOLDERS),
    ("overlay", lambda own: mount(own, "overlay"), "4242\n", FOLDERS),
    ("tmpfs", lambda own: mount(own, "tmpfs"), "4242\n", FOLDERS),
    ("ext4 beside others", lambda own: mount("250:9", "btrfs", "/mnt") + mount(own, "ext4"), "4242\n", set()),
    ("another device with ext4", lambda own: mount(f"{own}9", "ext4") + mount(own, "btrfs"), "4242\n", FOLDERS),
    ("a device of two kinds", lambda own: mount(own, "ext4") + mount(own, "overlay", "/merged"), "4242\n", FOLDERS),
    ("a device that is not listed", lambda _: mount("250:9", "ext4"), "4242\n", FOLDERS),
    ("an empty list", lambda _: "", "4242\n", FOLDERS),
    ("an unreadable list", lambda _: None, "4242\n", FOLDERS),
]


def system(folder: Path, number: str, task: str | None) -> Path:
    """The kernel's folder, with the task that keeps the journal of this device's ext4; without that file for None."""
    (folder / "dev" / "block").mkdir(parents=True)
    (folder / "devices" / "vdz").mkdir(parents=True)
    (folder / "dev" / "block" / number).symlink_to("../../devices/vdz")
    (folder / "fs" / "ext4" / "vdz").mkdir(parents=True)
    if task is not None:
        (folder / "fs" / "ext4" / "vdz" / "journal_task").write_text(task)
    return folder


@pytest.mark.parametrize(("mounts", "task", "synced"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_files_and_folders_are_synced_one_by_one_unless_the_file_system_has_one_journal(
    tmp_path, monkeypatch, mounts, task, synced
):
    device = tmp_path.stat().st_dev
    own = f"{os.major(device)}:{os.minor(device)}"
    text = mounts(own)
    listed = tmp_path / "mountinfo"
    if text is not None:
        listed.write_text(text, encoding="utf-8")
    monkeypatch.setattr(durable, "MOUNTS", listed)
    monkeypatch.setattr(durable, "SYSTEM", system(tmp_path / "sys", own, task))
    durable.has_one_journal.cache_clear()
    paths = []

    def fsync(descriptor: int) -> None:
        paths.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", fsync)
    objects = tmp_path / "objects"
    for folder in FOLDERS:
        (objects / folder).mkdir(parents=True)
    loose_objects.write(objects, BLOBS)
    durable.has_one_journal.cache_clear()

    assert {path.name for path in paths if path.parent == objects and path.is_dir()} == synced
    assert len(paths) == 2 * len(synced), "each object is synced where its folder is"
    assert [loose_objects.read(str(objects), blob) for blob in BLOBS] == [b"1", b"2", b"3"]
