"""The program `gitorch` of an agent in a test: the server of `warm` carries its verb out, for 20 ms instead of 150.

`python -I -S warm_client.py SOCKET GITORCH WORDS…`. Where no server answers it becomes GITORCH itself. The verb ends when this
process does. Imports nothing that takes long.
"""

from __future__ import annotations

import _socket
import marshal
import os
import sys

KILLED = 137
"""What a shell reports for a program that SIGKILL ended."""


def main(address: str, gitorch: str, *words: str) -> int:
    """Let the server carry the verb out, with the streams of this process; the verb's exit status."""
    server = _socket.socket(_socket.AF_UNIX)
    try:
        server.connect(address)
    except OSError:
        os.execv(gitorch, [gitorch, *words])
    request = marshal.dumps(([gitorch, *words], os.getcwd(), dict(os.environ)))  # noqa: PTH109 pathlib costs more than all of this
    streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)]
    server.sendmsg([len(request).to_bytes(4, "big")], rights)
    server.sendall(request)
    answer = b""
    while piece := server.recv(64):
        answer += piece
    _, *status = answer.split()
    return int(status[0]) if status else KILLED


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
