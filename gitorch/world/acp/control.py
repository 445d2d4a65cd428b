"""How gitorch reaches a host: a file that shows its state, and a socket for one exchange a connection, JSON in a line each way.

The file is replaced as a whole at each change, so that a tick reads the state of many sessions without waiting for any of them.
It is a Unix socket with mode 0600 beside the session's files. Its path may be longer than the 107 bytes that the kernel takes, so both
sides reach it through an open descriptor of its folder.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FOLDER = "control"
"""The folder of the socket in the session's folder. It is the one place there that a host in a sandbox may write."""

NAME = "acp.sock"
STATE = "acp.json"
REQUEST_BYTES_MAX = 1_000_000
ANSWER_BYTES_MAX = 1_000_000
EXCHANGE_SECONDS = 0.5
"""How long one side waits for the other. A host answers from memory, in less than a millisecond."""


class ControlServer:
    """The host's end. `answer` gets each request and gives its answer; both are JSON objects."""

    def __init__(self, folder: Path, answer: Callable[[dict[str, Any], int], dict[str, Any]]) -> None:
        self.folder = folder
        self._answer = answer
        self._path = folder / NAME
        self._path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        before = os.umask(0o177)
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            self.socket.bind(f"/proc/self/fd/{opened}/{NAME}")
        finally:
            os.umask(before)
            os.close(opened)

        self.socket.listen(16)

    def serve(self) -> None:
        """Answer one client; one that says nothing for a second, or nothing that makes sense, is hung up on."""
        with contextlib.suppress(OSError, ValueError):
            client, _ = self.socket.accept()
            with client:
                client.settimeout(EXCHANGE_SECONDS)
                request = _object(_line(client, REQUEST_BYTES_MAX))
                client.sendall(_encoded(self._answer(request, _peer(client))))

    def close(self) -> None:
        """Remove the socket and the state: nobody is there any more."""
        self.socket.close()
        self._path.unlink(missing_ok=True)
        (self.folder / STATE).unlink(missing_ok=True)


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any] | None:
    """The answer of the host that listens on this socket; None where it gives none in time, or none that makes sense.

    Raises OSError where no host could be reached: then it got nothing.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as client:
        client.settimeout(EXCHANGE_SECONDS)
        _connect(client, path)
        try:
            client.sendall(_encoded(request))
            return _object(_line(client, ANSWER_BYTES_MAX))
        except (OSError, ValueError):
            return None


def _connect(client: socket.socket, path: Path) -> None:
    """Connect to exactly this socket of the user's own: no link is followed. Raises OSError."""
    opened = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(opened)
        if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
            raise OSError(errno.ENOTSOCK, "it is no socket of this user")

        client.connect(f"/proc/self/fd/{opened}")
    finally:
        os.close(opened)


def _peer(client: socket.socket) -> int:
    """The process id of the other side; 0 where it lives in another process namespace."""
    credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid: int = struct.unpack("3i", credentials)[0]
    return pid


def _line(connection: socket.socket, bytes_max: int) -> bytes:
    """The bytes up to the first line feed. Raises OSError, ValueError for a line that is too long or has no end."""
    kept = b""
    while b"\n" not in kept:
        more = connection.recv(65_536)
        kept += more
        if not more or len(kept) > bytes_max:
            raise ValueError("this is not one line")

    return kept.partition(b"\n")[0]


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None

    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004  the caller asks for no type

    return value


def _encoded(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"
