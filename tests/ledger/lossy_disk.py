"""A block device that a test owns: it records every write and every flush, so that any power cut can be played back.

A FUSE file system with one file holds the device; a loop device on that file holds ext4. The kernel turns each flush of the
device's cache into a sync of the file. A power cut keeps every write before the last flush, and of those after it any part.

Run as a program, this file is the server: `lossy_disk.py FOLDER IMAGE JOURNAL`. It needs root, for mounts.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from waiting import LIMIT_SECONDS

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

SIZE = 32 * 1024 * 1024
SECTOR = 4096

_LOOKUP, _FORGET, _GETATTR, _SETATTR, _OPEN, _READ, _WRITE, _STATFS = 1, 2, 3, 4, 14, 15, 16, 17
_RELEASE, _FSYNC, _FLUSH, _INIT, _INTERRUPT, _BATCH_FORGET = 18, 20, 25, 26, 36, 42
"""Operations of the FUSE protocol (include/uapi/linux/fuse.h). All others are answered with ENOSYS."""
_ROOT, _FILE = 1, 2
_HEADER = struct.Struct("<IIQQIIII")
_ENTRY = struct.Struct("<QI")
"""A record of the journal: offset and length of a write. A flush is the offset of all ones."""
_FLUSHED = 2**64 - 1


def is_possible() -> str:
    """Why this machine cannot have such a device; empty where it can."""
    if os.geteuid() != 0:
        return "mounting a file system needs root"
    if not Path("/dev/fuse").exists():
        return "this kernel has no FUSE"
    for program in ("mkfs.ext4", "losetup"):
        if subprocess.run(("sh", "-c", f"command -v {program}"), capture_output=True, check=False).returncode:
            return f"{program} is not installed"
    return ""


class Server:
    """Answers the kernel's requests for the file `disk`, which lives in memory."""

    def __init__(self, device: int, journal: Path) -> None:
        self._device = device
        self._content = bytearray(SIZE)
        self._journal = journal.open("wb", buffering=0)

    def serve(self) -> None:
        """Answer until the file system is unmounted."""
        while True:
            try:
                request = os.read(self._device, 1 << 21)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                if error.errno in {errno.EINTR, errno.ENOENT, errno.EAGAIN}:
                    continue
                raise
            _, operation, unique, node, *_ = _HEADER.unpack_from(request)
            answer = self._answer(operation, node, request[_HEADER.size :])
            if answer is not None:
                self._reply(unique, answer)

    def _reply(self, unique: int, answer: bytes | int) -> None:
        number, body = (0, answer) if isinstance(answer, bytes) else (-answer, b"")
        os.write(self._device, struct.pack("<IiQ", 16 + len(body), number, unique) + body)

    def _answer(self, operation: int, node: int, body: bytes) -> bytes | int | None:
        """The body of the answer, the number of an error, or None where the kernel expects no answer."""
        simple = {
            _FORGET: None,
            _BATCH_FORGET: None,
            _INTERRUPT: None,
            _RELEASE: b"",
            _FLUSH: b"",
            _OPEN: bytes(16),
            _INIT: struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 1 << 20, 1, 256, 0, 0),
            _STATFS: struct.pack("<QQQQQIIII24x", 1 << 16, 1 << 15, 1 << 15, 9, 9, SECTOR, 255, SECTOR, 0),
        }
        if operation in simple:
            return simple[operation]
        if operation == _LOOKUP:
            is_ours = body.rstrip(b"\0") == b"disk"
            return struct.pack("<QQQQII", _FILE, 1, 9, 9, 0, 0) + self._attributes(_FILE) if is_ours else errno.ENOENT
        if operation in {_GETATTR, _SETATTR}:
            return struct.pack("<QII", 9, 0, 0) + self._attributes(node)
        if operation == _READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            return bytes(self._content[offset : offset + size])
        if operation == _WRITE:
            return self._write(body)
        if operation == _FSYNC:
            self._journal.write(_ENTRY.pack(_FLUSHED, 0))
            return b""
        return errno.ENOSYS

    def _write(self, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        data = body[40 : 40 + size]
        self._content[offset : offset + size] = data
        self._journal.write(_ENTRY.pack(offset, size) + data)
        return struct.pack("<II", size, 0)

    def _attributes(self, node: int) -> bytes:
        is_root = node == _ROOT
        size, mode = (0, 0o40755) if is_root else (SIZE, 0o100600)
        return struct.pack("<QQQ24x12xIIIIIII", node, size, size // 512, mode, 1, 0, 0, 0, SECTOR, 0)


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def serve(folder: str, journal: str) -> None:
    """Mount the file system at a folder and serve it; prints a line when it is mounted."""
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"lossy", folder.encode(), b"fuse", 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")
    sys.stdout.write("mounted\n")
    sys.stdout.flush()
    Server(device, Path(journal)).serve()


@contextlib.contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    """The ext4 file system in an image, mounted by a loop device.

    The kernel detaches the device when its last user is gone. Another program's sandbox that copied the mount can be one, for
    minutes, so that nobody waits for that, and an image is never written again.
    """
    folder.mkdir(exist_ok=True)
    loop = run("losetup", "--find", "--show", image)
    try:
        run("mount", "-t", "ext4", loop, folder)
        try:
            yield folder
        finally:
            run("umount", folder)
    finally:
        run("losetup", "--detach", loop)


@contextlib.contextmanager
def lossy_disk(base: Path) -> Iterator[tuple[Path, Path]]:
    """A mounted ext4 whose device records what happens: its folder, and the journal of its device."""
    fuse, journal = base / "fuse", base / "journal"
    fuse.mkdir()
    server = subprocess.Popen((sys.executable, __file__, fuse, journal), stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == b"mounted\n"
        try:
            run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", fuse / "disk")
            with mounted(fuse / "disk", base / "live") as folder:
                yield folder, journal
        finally:
            run("umount", fuse)
    finally:
        server.wait(LIMIT_SECONDS)
        server.stdout.close()


def images(journal: bytes, cuts: list[int], chance: random.Random) -> Iterator[tuple[int, bytes]]:
    """The device after a power cut at each of these ascending positions of its journal.

    Of the writes since the last flush, each block of 4 KiB arrived or did not: none of them, all, or half by chance.
    """
    durable, pending, position = bytearray(SIZE), [], 0
    for cut in cuts:
        while position < cut:
            offset, size = _ENTRY.unpack_from(journal, position)
            position += _ENTRY.size
            if offset == _FLUSHED:
                for at, data in pending:
                    durable[at : at + len(data)] = data
                pending.clear()
                continue
            pending.append((offset, journal[position : position + size]))
            position += size
        share = chance.choice((0.0, 0.5, 0.5, 1.0))
        image = bytearray(durable)
        for at, data in pending:
            for start in range(0, len(data), SECTOR):
                if chance.random() < share:
                    part = data[start : start + SECTOR]
                    image[at + start : at + start + len(part)] = part
        yield cut, bytes(image)


def positions(journal: bytes) -> list[int]:
    """Where a cut can fall: before each write and each flush, and at the end."""
    found, position = [], 0
    while position < len(journal):
        found.append(position)
        offset, size = _ENTRY.unpack_from(journal, position)
        position += _ENTRY.size + (0 if offset == _FLUSHED else size)
    return [*found, position]


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2])
