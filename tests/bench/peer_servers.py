"""The servers of other orchestrators, for `peers.py`: each in a folder of its own, and ended with it."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent))

from waiting import until  # found by the line above

if TYPE_CHECKING:
    from collections.abc import Iterator

TICKS = os.sysconf("SC_CLK_TCK")
NOBODY = "nobody"
"""Who runs PostgreSQL where root measures: it refuses to run as root."""

STAND_IN = "#!/bin/sh\nprintf '❯ '\nread -r line\nexec sleep 100000\n"
"""An agent of cli-agent-orchestrator's kind `mock_cli` that is idle once and then busy, so that messages wait for it."""


class Missing(Exception):
    """The peer cannot be measured here; the text says why."""


class Failed(Exception):
    """A peer answered with an error."""


class Place(NamedTuple):
    """What the processes that work need to know of a Striatum daemon and of one run."""

    program: str
    socket: str
    token: str
    repository: str
    folder: str
    run: str
    environ: dict[str, str]


class Rpc:
    """One connection to Striatum's daemon."""

    def __init__(self, place: Place) -> None:
        self.place, self.number = place, 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(place.socket)
        self.answers = self.socket.makefile("rb")
        client = {"name": "bench", "version": "1", "supported_envelope": [1], "supported_framings": ["json"]}
        self.call("daemon.hello", client=client)

    def call(self, method: str, **given: object) -> dict:
        """The data of the answer. Raises Failed with the daemon's message."""
        self.number += 1
        asked = {
            "schema_version": 1,
            "request_id": f"{os.getpid()}-{id(self)}-{self.number}",
            "method": method,
            "params": {"repository_id": self.place.repository, **given} if self.place.repository else given,
            "capability_token": self.place.token,
            "deadline_ms": 0,
        }
        self.socket.sendall(json.dumps(asked).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if not answer["ok"]:
            raise Failed(json.dumps(answer["data"]))
        return answer["data"]


class Striatum(NamedTuple):
    """A living daemon with its PostgreSQL."""

    place: Place
    database: tuple[str, ...]
    pids: tuple[int, int]

    def ask(self, sql: str) -> str:
        return output((*self.database, "-Atc", sql))


class Cao(NamedTuple):
    """A living server of cli-agent-orchestrator."""

    port: int
    environ: dict[str, str]
    pids: tuple[int, ...]
    started_seconds: float

    def call(self, connection: http.client.HTTPConnection, verb: str, path: str) -> dict:
        connection.request(verb, path)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()  # the server ends an idle one after a while
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise Failed(text)
        return json.loads(text)


def output(argv: tuple[str, ...], **options: object) -> str:
    """What a program prints. Raises Missing with its error where it fails."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise Missing(f"{' '.join(map(str, argv[:3]))}: {(done.stderr or done.stdout).strip()[:300]}")
    return done.stdout.strip()


@contextmanager
def running(argv: tuple[str, ...], log: Path, **options: object) -> Iterator[subprocess.Popen]:
    """A server, ended when it is left."""
    with log.open("wb") as told:
        server = subprocess.Popen(argv, stdout=told, stderr=told, stdin=subprocess.DEVNULL, **options)
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.terminate()
        server.wait(60)


def answers(act: object, server: subprocess.Popen, log: Path) -> None:
    """Wait until it works. Raises Missing with the log where the server ends before."""

    def ready() -> bool:
        if server.poll() is not None:
            raise Missing(f"{server.args[0]}: {log.read_text()[-300:]}")
        with suppress(OSError, Missing):
            act()
            return True
        return False

    until(ready, 60, every_seconds=0.02, what="a server that answers")


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[tuple[str, ...], str, int]]:
    """A private PostgreSQL with its own defaults: how to ask it, its URL, and the id of its process."""
    if not shutil.which("pg_config"):
        raise Missing("PostgreSQL is not installed")
    programs = Path(output(("pg_config", "--bindir")))
    folder.mkdir()
    who = {"user": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, NOBODY)
    folder.chmod(0o700)
    data, log = folder / "data", folder.with_suffix(".log")
    output((str(programs / "initdb"), "-D", str(data), "-U", "owner", "-A", "trust"), cwd="/", **who)
    argv = (str(programs / "postgres"), "-D", str(data), "-k", str(folder), "-c", "listen_addresses=")
    ask = (str(programs / "psql"), "-h", str(folder), "-U", "owner", "postgres")
    with running(argv, log, cwd="/", **who) as server:
        answers(lambda: output((*ask, "-Atc", "select 1")), server, log)
        output((*ask, "-c", "create database striatum", "-c", "create role striatumd_rw login"))
        yield (*ask[:-1], "striatum"), f"postgresql:///striatum?host={folder}&user=owner", server.pid


@contextmanager
def striatum(peers: Path, top: Path) -> Iterator[Striatum]:
    """Striatum's daemon, started by hand: its own `daemon start` refuses, and its Python lacks the driver of PostgreSQL."""
    program = peers / "bin" / "striatum"
    if not program.exists():
        raise Missing("striatum-orchestrator is not installed: pip install striatum-orchestrator")
    where = "from striatum import _daemongo as d; print(d.find_binary()); print(d.__path__[0])"
    binary, package = output((str(peers / "bin" / "python"), "-c", where)).splitlines()
    with ExitStack() as stack:
        ask, url, database = stack.enter_context(postgres(top / "pg"))
        folder, log = top / "runtime" / "striatum", top / "striatumd.log"
        folder.mkdir(parents=True, mode=0o700)
        environ = {**os.environ, "XDG_RUNTIME_DIR": str(folder.parent), "HOME": str(top), "STRIATUM_DAEMON_DB_URL": url}
        path = str(folder / "striatumd.sock")
        sources = str(Path(package).parent / "daemon_pg" / "sql")
        argv = (binary, "-socket", path, "-postgres-url", url, "-migrations-sha-source", sources)
        server = stack.enter_context(running(argv, log, env=environ))
        answers(lambda: socket.socket(socket.AF_UNIX).connect(path), server, log)
        token = (folder / "client-token").read_text().strip()
        yield Striatum(Place(str(program), path, token, "", "", "", environ), ask, (database, server.pid))


@contextmanager
def cao(peers: Path, top: Path) -> Iterator[Cao]:
    """The server of cli-agent-orchestrator, with its own tmux server and a stand-in of an agent on PATH."""
    program = peers / "bin" / "cao-server"
    if not program.exists():
        raise Missing("cli-agent-orchestrator is not installed: pip install cli-agent-orchestrator")
    home, programs = top / "cao", top / "cao" / "bin"
    programs.mkdir(parents=True)
    (programs / "mock_cli").write_text(STAND_IN)
    (programs / "mock_cli").chmod(0o755)
    (home / ".bash_profile").write_text(f"PATH={programs}:$PATH\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "HOME": str(home),
        "CAO_HOME_DIR": str(home / "state"),
        "CAO_API_PORT": str(port),
        "TMUX_TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "SHELL": "/bin/bash",
    }
    environ.pop("TMUX", None)
    log, begun = top / "cao.log", time.perf_counter()
    with running((str(program), "--port", str(port)), log, env=environ, cwd=home) as server:
        answers(lambda: socket.create_connection(("127.0.0.1", port)).close(), server, log)
        try:
            yield Cao(port, environ, (server.pid,), time.perf_counter() - begun)
        finally:
            subprocess.run(("tmux", "kill-server"), env=environ, capture_output=True, check=False)


def family(pid: int) -> set[int]:
    """The living process and its children."""
    children = (Path(f"/proc/{pid}/task/{pid}/children").read_text().split()) if Path(f"/proc/{pid}").exists() else ()
    return {pid, *map(int, children)}


def processor(pids: tuple[int, ...]) -> float:
    """Seconds that servers, their living children and those that ended have taken of the processor."""
    ticks = 0
    for pid in pids:
        for one in family(pid):
            with suppress(FileNotFoundError):
                fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
                ticks += sum(map(int, fields[11:15] if one == pid else fields[11:13]))
    return ticks / TICKS


def memory(pids: tuple[int, ...]) -> float:
    """MiB of the servers and their children, each shared page counted in parts."""
    kilobytes = 0
    for one in set().union(*map(family, pids)):
        with suppress(FileNotFoundError):  # a worker of PostgreSQL ended
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
            kilobytes += int(re.search(r"^Pss: +(\d+)", text, re.MULTILINE)[1])
    return kilobytes / 1024
