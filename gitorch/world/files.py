"""Small files that several processes share: written whole or not at all, with locks that the kernel keeps."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from typing import TYPE_CHECKING, Any

from gitorch.errors import Busy, Unavailable
from gitorch.model.json_text import json_of, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


OWN_FOLDER = ".gitorch"
"""Where briefs and outboxes lie in a worktree."""


def write_whole(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Replace a file in one step: a reader sees the old bytes or the new ones, never a part.

    Makes the folders above it. The file is not synced, so that a power loss may bring the old bytes back or lose both.
    What writers of the same file left when they were killed is removed first.
    Raises OSError; the old file is unchanged then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path.parent, f"{path.name}.*")
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{time.monotonic_ns()}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_own(path: Path, data: bytes, mode: int = 0o600) -> None:
    """`write_whole` for a path that only gitorch uses: whatever an agent put in its way is cleared.

    Raises OSError when the file cannot be written even then.
    """
    try:
        write_whole(path, data, mode)
    except OSError:
        clear_way(path)
        write_whole(path, data, mode)


def clear_way(path: Path) -> None:
    """Make room for a file of ours: a folder in its place is renamed, anything but a folder in the place of one above is removed.

    A folder may hold somebody's work, so that it is kept under another name. A link is removed, and never its target.
    A regular file at the path itself stays. Raises OSError when something cannot be moved.
    """
    _clear_parents(path)

    if path.is_symlink():  # first: every other question is answered for the target of a link
        path.unlink()
    elif path.is_dir():
        path.rename(path.with_name(f"{path.name}.set-aside-{time.time_ns()}"))
    elif path.exists() and not path.is_file():
        path.unlink()


def _clear_parents(path: Path) -> None:
    """Remove whatever stands in the place of a folder above the path."""
    for folder in path.parents:
        if folder.is_dir():
            break
        with contextlib.suppress(OSError):  # below another obstacle
            folder.unlink()


def sweep(folder: Path, pattern: str = "*") -> None:
    """Remove the temporary files of writers that were killed; the name of each holds its writer's process id."""
    for temporary in folder.glob(f"{pattern}.tmp"):
        writer = _writer_of(temporary.name)
        if writer is not None and not _runs(writer):
            temporary.unlink(missing_ok=True)


def _writer_of(name: str) -> int | None:
    """The process id in the name `<file>.<pid>.<number>.tmp` of a temporary file; None for any other name."""
    parts = name.split(".")
    if len(parts) < 3:
        return None
    writer = parts[-3]
    if not writer.isdigit():
        return None
    return int(writer)


def _runs(pid: int) -> bool:
    """Whether a process has this id, perhaps another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def write_json(path: Path, value: Any) -> None:
    """Replace one of gitorch's files atomically by a value as JSON, readable by the user alone.

    Raises TypeError for a value that JSON does not have, OSError when the file cannot be written.
    """
    write_own(path, (json_of(value, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "surrogateescape"))


def read_regular(path: Path, bytes_max: int, start: int = 0, *, last: bool = False) -> bytes | None:
    """Up to `bytes_max` bytes of a regular file from `start` on, or with `last` its last ones; None when it cannot be read.

    A file that is shorter than `start` gives no bytes.
    Anything but a regular file is None too: a named pipe in its place never holds the reader up, whoever put it there.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError):
        return None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        return None

    if last:
        start = max(0, about.st_size - bytes_max)
    return _read_and_close(bytes_max, start, descriptor)


def _read_and_close(bytes_max: int, start: int, descriptor: int) -> bytes | None:
    """Up to `bytes_max` bytes from `start` on; None when they cannot be read. Closes the descriptor."""
    with os.fdopen(descriptor, "rb") as file:
        try:
            file.seek(start)
            return file.read(bytes_max)
        except OSError:
            return None


JSON_BYTES_MAX = 16_000_000
"""No file of ours comes near this; a larger one is somebody else's."""


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a JSON file; None when there is no such file, or when it holds anything else.

    A file of more than `JSON_BYTES_MAX` bytes is cut off, and so is no JSON. Never raises.
    """
    data = read_regular(path, JSON_BYTES_MAX)
    if data is None:
        return None
    try:
        value = parse_json(data.decode("utf-8", "surrogateescape"))
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    return value


def append_line(path: Path, line: bytes) -> None:
    """Add one line to a file, which is made with its folders. `line` has no line break at its end.

    Lines of several writers never mix: each is one `write` with O_APPEND.
    Raises OSError, also for a named pipe in the file's place that nobody reads.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without O_NONBLOCK a named pipe in its place would hold the writer up.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o600)
    try:
        os.write(descriptor, line + b"\n")
    finally:
        os.close(descriptor)


def lock(path: Path) -> int | None:
    """Take a lock and return its descriptor, or None when another process holds it.

    The kernel frees the lock when the last copy of the descriptor is closed: when its holder is killed, but not before
    a child that inherited the descriptor has ended too.
    The file stays when the lock is freed: whoever removed it could take away a lock that another process just took.
    Raises OSError when the file cannot be made.
    """
    try:
        descriptor = _open_lock(path)
    except OSError:
        clear_way(path)
        descriptor = _open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _open_lock(path: Path) -> int:
    """Open the file of a lock, which is made with its folders. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _held(path: Path) -> Busy:
    """The error for a lock that stays taken, with the processes that have its file open, where the kernel shows them."""
    from gitorch.world.open_files import holders  # noqa: PLC0415  # for errors only

    others = [str(pid) for pid in holders(path) if pid != os.getpid()]
    if not others:
        return Busy(f"another process holds the lock {path}", hint=_listing("-l", path))

    pids = ",".join(others)
    return Busy(f"another process holds the lock {path}: process {pids}", hint=f"ps -fp {pids}")


def _listing(option: str, path: Path) -> str:
    """The command that shows a file or folder."""
    import shlex  # noqa: PLC0415  for errors only

    return shlex.join(["ls", option, str(path)])


@contextlib.contextmanager
def holding(path: Path, wait_seconds: float) -> Iterator[int]:
    """Hold a lock for a block, which gets its descriptor. Tries every 10 ms, in no order among those that wait.

    Raises Busy when the lock stays taken for `wait_seconds`.
    """
    limit = time.monotonic() + wait_seconds
    while (descriptor := lock(path)) is None:
        if time.monotonic() > limit:
            raise _held(path)
        time.sleep(0.01)

    try:
        yield descriptor
    finally:
        os.close(descriptor)


FILE_BYTES_MAX = 64_000_000
"""No text that people or gitorch write comes near this."""


class LocalFiles:
    """Small files on this machine. Implements `ports.files.Files`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def write(self, path: Path, data: bytes) -> None:
        """Write a file whole, by a temporary name and a rename, making its folder; other users may read it.

        Nothing in the way keeps it from being written below gitorch's folders in the git directory and in a worktree, and
        no link in the latter is followed. Raises OSError.
        """
        worktree = _worktree_of(path)
        if worktree is not None:
            from gitorch.world.safe_writing import write_inside  # noqa: PLC0415  most verbs write no prompts

            write_inside(worktree, path, data, mode=0o644)
        elif path.is_relative_to(self._home):
            write_own(path, data, mode=0o644)
        else:
            write_whole(path, data, mode=0o644)

    @staticmethod
    def read(path: Path) -> bytes | None:
        """The bytes of a regular file, or None when there is none or it cannot be read. A named pipe never holds it up."""
        return read_regular(path, FILE_BYTES_MAX)

    @staticmethod
    def inside(root: Path, path: str, bytes_max: int) -> bytes | None:
        """The bytes of a regular file below a folder, read without following any link; None when there is none."""
        from gitorch.world.safe_reading import read_inside  # noqa: PLC0415  only verbs that publish pay for it

        return read_inside(root, path, bytes_max)

    @staticmethod
    def remove_folder(path: Path) -> None:
        """Remove a folder of our own with everything in it, and the folder above it where that becomes empty.

        Harmless where there is none. Raises Unavailable.
        """
        import shutil  # noqa: PLC0415  1.4 ms that reading verbs do not pay

        try:
            shutil.rmtree(path)
        except (FileNotFoundError, NotADirectoryError):
            pass  # the folder above may have been left empty by a process that was killed
        except OSError as error:
            message = f"{path} cannot be removed: {error.strerror}"
            raise Unavailable(message, hint=_listing("-la", path)) from error
        with contextlib.suppress(OSError):  # other runs have folders there
            path.parent.rmdir()

    @staticmethod
    def sweep(folder: Path) -> None:
        """Remove the temporary files in a folder whose writers were killed."""
        sweep(folder)
        for temporary in folder.glob("*.*~"):  # those of the ledger: `<file>.<pid>~`
            writer = temporary.name.removesuffix("~").rpartition(".")[2]
            if writer.isdigit() and not _runs(int(writer)):
                temporary.unlink(missing_ok=True)

    @staticmethod
    def remove(path: Path) -> None:
        """Remove a file, and the folders above it that this leaves empty; anything but a file stays."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
            path.unlink()
        sweep(path.parent, f"{path.name}.*")
        for folder in path.parents:
            try:
                folder.rmdir()
            except OSError:
                return


def _worktree_of(path: Path) -> Path | None:
    """The folder that holds gitorch's own folder of a worktree, where the path leads below one."""
    for folder in path.parents:
        if folder.name == OWN_FOLDER:
            return folder.parent
    return None
