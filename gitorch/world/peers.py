"""Who is at the other end of a connection over loopback: the user, and whether gitorch started the process.

A token can be stolen: browsers send cookies to every port of a machine, so a server that an agent started sees those of the page.
What Linux says of a connection cannot. Systems without `/proc` tell nothing, and nothing is concluded from that.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitorch.world.origin import is_ours

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
TABLES = ("net/tcp", "net/tcp6")
LOOPBACK = frozenset({"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"})
"""127.0.0.1, ::1 and 127.0.0.1 in the form of IPv6, as the kernel prints them."""


class Connection(NamedTuple):
    """One end of a connection, as the kernel lists it."""

    uid: int
    inode: str
    """The number of its socket, which its processes hold."""


def other_end(port: int, client_port: int) -> Connection | None:
    """The end of a connection to our `port` that has `client_port`; None where the system does not list it."""
    for table in TABLES:
        for line in _lines(PROC / table):
            found = _connection(line, port, client_port)
            if found is not None:
                return found
    return None


def _lines(table: Path) -> list[str]:
    """The lines of a table of the kernel, without its heading; none where there is no such table."""
    try:
        return table.read_text().splitlines()[1:]
    except OSError:
        return []


def _connection(line: str, port: int, client_port: int) -> Connection | None:
    """The connection in a line of the table, if it is the one that is searched."""
    fields = line.split()
    if len(fields) < 10:
        return None

    local, _, local_port = fields[1].partition(":")
    remote, _, remote_port = fields[2].partition(":")
    if local not in LOOPBACK or remote not in LOOPBACK:
        return None

    if int(local_port, 16) != client_port or int(remote_port, 16) != port:
        return None
    return Connection(int(fields[7]), fields[9])


def is_of_another_user(connection: Connection) -> bool:
    """Whether somebody else's process has this end."""
    return connection.uid != os.getuid()


def holder_started_by_us(connection: Connection) -> int:
    """The id of a process with this end that gitorch started, itself or through others; 0 where none is known."""
    wanted = f"socket:[{connection.inode}]"
    for folder in PROC.glob("[0-9]*/fd"):
        if wanted in _open_files(folder):
            pid = int(folder.parent.name)
            if is_ours(pid):
                return pid
    return 0


def _open_files(folder: Path) -> Iterator[str]:
    """What the open files of a process lead to; nothing of a process that may not be looked at, or has ended."""
    try:
        for path in folder.iterdir():
            yield str(path.readlink())
    except OSError:
        return
