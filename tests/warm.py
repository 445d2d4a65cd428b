"""Verbs in processes that need not import gitorch first: 25 ms each instead of 100.

`python warm.py SOCKET` imports gitorch and then forks a child for each call: a process of its own, with the caller's words,
folder, environment and files, that runs the real entry. Nothing of gitorch has run in the process that forks, so that no call
sees anything of another.

`call` makes such a call; `agents` gives a folder with a program `gitorch` that makes one of its own words, for agents.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import marshal
import os
import pkgutil
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REQUEST_BYTES_MAX = 1 << 20
LEFT_OUT = ("gitorch.web", "gitorch.cli.console", "gitorch.scripted.__main__", "gitorch.cli.pages.live")
"""Modules that the verbs of these calls never import, and that take long."""

GITORCH = Path(sys.executable).parent / "gitorch"


def call(
    words: tuple[str, ...], cwd: Path | str, env: Mapping[str, str], wait_seconds: float, address: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run `gitorch WORDS` to its end, without a terminal; as `subprocess.run` would.

    At the server of this `address`, or else at the one that all tests of this process share.
    """
    with (
        socket.socket(socket.AF_UNIX) as server,
        Path(os.devnull).open("rb") as nothing,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        server.connect(address or _address())
        server.settimeout(wait_seconds)
        request = marshal.dumps(([str(GITORCH), *words], str(cwd), dict(env)))
        files = [nothing.fileno(), out.fileno(), err.fileno()]
        socket.send_fds(server, [len(request).to_bytes(4, "big")], files)
        server.sendall(request)
        answers = server.makefile("r")
        child = int(answers.readline())
        try:
            status = int(answers.readline() or -signal.SIGKILL)
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            raise subprocess.TimeoutExpired(list(words), wait_seconds) from None
        answers.read()  # it has ended, as it would have where `subprocess.run` returns
        texts = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode() for file in (out, err)]
    return subprocess.CompletedProcess(list(words), status, *texts)


@cache
def agents() -> Path:
    """A folder with two programs for agents: `gitorch`, whose verbs are carried out here, and `agent`, the scripted agent that uses it."""
    address = _address()
    folder = Path(address).parent
    client = (sys.executable, "-I", "-S", str(Path(__file__).with_name("warm_client.py")), address, str(GITORCH))
    agent = (sys.executable, "-m", "gitorch.scripted")
    programs = {
        "gitorch": f'exec {shlex.join(client)} "$@"\n',
        "agent": f'export PATH={shlex.quote(str(folder))}:"$PATH"\nexec {shlex.join(agent)} "$@"\n',
    }
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        (folder / name).chmod(0o755)
    return folder


@cache
def _address() -> str:
    """The socket of this test process's own server."""
    return started(os.environ)


def started(env: Mapping[str, str]) -> str:
    """The socket of a new server with this environment, which ends with this process."""
    folder = Path(tempfile.mkdtemp(prefix="gw-"))
    address = f"{folder}/s"
    server = subprocess.Popen(
        [sys.executable, __file__, address], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    server.stdout.readline()
    atexit.register(_end, server, folder)
    return address


def _end(server: subprocess.Popen[bytes], folder: Path) -> None:
    server.terminate()
    server.wait()
    shutil.rmtree(folder, ignore_errors=True)


def serve(address: str) -> None:
    """Import gitorch, then fork a child for each connection."""
    import gitorch

    for module in pkgutil.walk_packages(gitorch.__path__, "gitorch."):
        if not module.name.startswith(LEFT_OUT):
            with contextlib.suppress(ImportError):
                importlib.import_module(module.name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(address)
        door.listen(64)
        sys.stdout.write("\n")
        sys.stdout.flush()
        while door in select.select([door, sys.stdin], [], [])[0]:  # standard input ends with the test process
            caller, _ = door.accept()
            if os.fork() == 0:
                door.close()
                carry_out(caller)
            caller.close()
            reap()


def reap() -> None:
    """Forget the children that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def read_request(caller: socket.socket) -> tuple[bytes, list[int]]:
    """What a caller asks, and its three streams. Raises ConnectionError where it has gone, as an agent's verb that was killed."""
    caller.sendall(b"%d\n" % os.getpid())
    head, files, *_ = socket.recv_fds(caller, 4, 3)
    if not head:
        raise ConnectionResetError
    size, request = int.from_bytes(head, "big"), b""
    while len(request) < size:
        piece = caller.recv(REQUEST_BYTES_MAX)
        if not piece:
            raise ConnectionResetError
        request += piece
    return request, files


def carry_out(caller: socket.socket) -> None:
    """Be the process of one call, from its words to its exit status, or to the end of its caller. Never returns."""
    try:
        request, files = read_request(caller)
    except ConnectionError:
        os._exit(70)
    fcntl.fcntl(caller, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(caller, fcntl.F_SETFL, os.O_ASYNC)  # a signal ends this process when the caller has gone
    if select.select([caller], [], [], 0)[0]:  # it has gone already
        os._exit(70)
    sys.argv, cwd, env = marshal.loads(request)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate("rww"))
    status = 70
    try:
        from gitorch.cli.main import main

        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 the process ends here, and says why
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        caller.sendall(b"%d\n" % status)
        os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1])
