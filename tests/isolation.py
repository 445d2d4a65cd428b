"""Isolates the suite from the user who runs it: their home, git configuration, tmux server, tokens and network."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from waiting import LIMIT_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from pathlib import Path

_SCRUBBED = ("GIT_", "GITORCH_", "TMUX", "XDG_", "SSH_", "GPG_", "EMAIL", "DISPLAY", "VISUAL", "EDITOR", "PAGER")
_KEPT = ("GITORCH_AGENTS",)
"""Where the vendors' programs are installed."""

# A clone that belongs to somebody else is usual in containers, and no reason to fail.
_GIT_CONFIG = """\
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
[core]
    fsync = none
[safe]
    directory = *
"""
_LOOPBACK = ("127.", "::1", "localhost")
_MEMORY = "/dev/shm"
_ROOM_BYTES_MIN = 3 << 30
"""The files of one run of the suite take a third of it."""


def folder_in_memory() -> str | None:
    """A folder whose files lie in memory, where this machine has one with room, and programs in it may run; else None.

    What the tests sync there costs them nothing; on a disk it is a quarter of their time.
    """
    try:
        facts = os.statvfs(_MEMORY)
    except OSError:
        return None
    if facts.f_flag & os.ST_NOEXEC or not os.access(_MEMORY, os.W_OK):
        return None
    if facts.f_bavail * facts.f_frsize < _ROOM_BYTES_MIN:
        return None
    return _MEMORY


def private_environment(inherited: MutableMapping[str, str], home: Path) -> dict[str, str]:
    """The environment of the tests: the inherited one without personal variables, with `home` as the home folder."""
    kept = {name: value for name, value in inherited.items() if name in _KEPT or not name.startswith(_SCRUBBED)}
    return kept | {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "TMUX_TMPDIR": str(home / "tmux"),
        "GIT_CONFIG_GLOBAL": str(home / "gitconfig"),
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_AUTHOR_NAME": "Ada Example",
        "GIT_AUTHOR_EMAIL": "ada@example.invalid",
        "GIT_COMMITTER_NAME": "Ada Example",
        "GIT_COMMITTER_EMAIL": "ada@example.invalid",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "TERM": "xterm-256color",
        "PYTHONDONTWRITEBYTECODE": "1",  # no test's folder gets a file that its program did not write
    }


def move_in(home: Path) -> None:
    """Set up `home`, and give this process the environment of `private_environment`, with its time zone.

    First on its PATH comes the suite's own `python3`, without installed packages: where that is a script of a manager of
    versions, each of a thousand calls starts twenty shells before Python.
    """
    environment = private_environment(os.environ, home)
    for folder in ("run", "tmux", ".config", ".cache", "bin"):
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("python", "python3"):
        program = home / "bin" / name
        program.unlink(missing_ok=True)
        program.symlink_to(os.path.realpath(sys.executable))
    environment["PATH"] = os.pathsep.join((str(home / "bin"), environment.get("PATH", os.defpath)))
    (home / "gitconfig").write_text(_GIT_CONFIG, encoding="utf-8")
    for name in set(os.environ) - set(environment):
        del os.environ[name]
    os.environ.update(environment)
    time.tzset()


class Reached(RuntimeError):
    """A test tried to leave this machine."""


def forbid_network() -> None:
    """For the rest of this process, connections and name look-ups beyond loopback raise `Reached`."""
    sys.addaudithook(_refuse_strangers)


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        address = arguments
    else:
        return
    host = address[0] if isinstance(address, tuple) else ""
    host = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if host and not host.startswith(_LOOPBACK):
        raise Reached(f"{event} to {host}: tests stay on this machine")


def living_tmux_servers(folders: tuple[Path, ...], prefix: str = "") -> list[Path]:
    """The sockets in these folders whose names begin with `prefix` and whose tmux server answers."""
    sockets = (path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if path.is_socket())
    return [path for path in sockets if path.name.startswith(prefix) and tmux("-S", str(path), "list-sessions") == 0]


def tmux(*words: str) -> int:
    """Run tmux without showing its output; its exit status."""
    return subprocess.run(("tmux", *words), check=False, capture_output=True, timeout=LIMIT_SECONDS).returncode


@contextlib.contextmanager
def no_tmux_server_left(folders: tuple[Path, ...], prefix: str) -> Iterator[None]:
    """End every server of ours that still runs in these folders, and fail if there was one."""
    yield
    left = living_tmux_servers(folders, prefix)
    for socket in left:
        tmux("-S", str(socket), "kill-server")
    assert not left, f"tmux servers were left running by tests: {[path.name for path in left]}"
