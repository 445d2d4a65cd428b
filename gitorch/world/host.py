"""This machine, its secret, and who is calling on it."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
import secrets
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.values import Value
from gitorch.world import processes
from gitorch.world.terminal.launch import SESSION_VARIABLE
from gitorch.world.terminal.session_files import folders

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import SessionKey

TOKEN_VARIABLE = "GITORCH_TOKEN"  # noqa: S105 - a variable's name
SECRET_BYTES = 32


def host_name() -> str:
    """This machine's name."""
    return socket.gethostname()


def user_name() -> str:
    """The login name, or the user's number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def secret(home: Path) -> bytes:
    """The repository's secret on this machine, made once: of several processes that make it, one wins for all."""
    path = home / "secret"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
    aside = home / f"secret.{secrets.token_hex(8)}.tmp"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        _link_first(aside, path)
    finally:
        aside.unlink()
    return path.read_bytes()


def _link_first(aside: Path, path: Path) -> None:
    try:
        path.hardlink_to(aside)
    except FileExistsError:
        return


class HostSecrets:
    """Tokens of sessions from this repository's secret on this machine. Implements `ports.world.Secrets`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def token(self, key: SessionKey) -> str:
        """The session's token: the same again after a crash, and nobody without the secret can make it."""
        return hmac.new(secret(self._home), f"{key.run}\0{key.session}".encode(), hashlib.sha256).hexdigest()

    @staticmethod
    def nonce() -> str:
        """A fresh random word."""
        return secrets.token_hex(8)


class Trace(Value):
    """What may give away that an agent's session is calling: its environment, its process tree, where it stands."""

    token: str
    mark: str
    ancestors: tuple[int, ...]
    cwd: Path


def judge_caller(
    trace: Trace, tokens: Mapping[str, SessionKey], pids: Mapping[int, SessionKey], worktrees: Mapping[Path, SessionKey]
) -> SessionKey | None:
    """The agent's session that is calling, or None for a human: any one trace is enough.

    `tokens` are those of all sessions with marks, `pids` living agents and panes, `worktrees` the folders of living ones.
    """
    if trace.token in tokens:
        return tokens[trace.token]
    name = trace.mark.rpartition("/")[2]
    for key in tokens.values():
        if name and key.name == name:
            return key
    for pid in trace.ancestors:
        if pid in pids:
            return pids[pid]
    return next((worktrees[path] for path in (trace.cwd, *trace.cwd.parents) if path in worktrees), None)


def caller(environ: Mapping[str, str], home: Path, pids: Mapping[int, SessionKey], cwd: Path) -> SessionKey | None:
    """The agent's session that is calling, or None: by token, session mark, ancestry, and by standing in its worktree.

    `pids` are `Terminals.pids()`. An agent that scrubs its environment is still found by its ancestors and its folder.
    """
    known = dict(folders(home))
    tokens = HostSecrets(home)
    everyone = {tokens.token(key): key for key in known}
    living = set(pids.values())
    launches = {key: folder.launch() for key, folder in known.items() if key in living}
    worktrees = {Path(mark.cwd).resolve(): key for key, mark in launches.items() if mark is not None}
    roots = dict(pids)
    roots.update({mark.pane_pid: key for key, mark in launches.items() if mark is not None and mark.pane_pid})
    mark = environ.get(SESSION_VARIABLE, "")
    trace = Trace(environ.get(TOKEN_VARIABLE, ""), mark, processes.ancestors(os.getpid()), cwd.resolve())
    return judge_caller(trace, everyone, roots, worktrees)
