"""This machine's name and secret, and the agent's session that is calling."""

from __future__ import annotations

import getpass
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.errors import Unavailable
from gitorch.model.hashes import keyed_hash
from gitorch.model.values import Value
from gitorch.world import processes
from gitorch.world.files import sweep
from gitorch.world.safe_reading import whole
from gitorch.world.terminal.session_files import folders
from gitorch.world.terminal.session_pane import SESSION_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.work.session import SessionKey

TOKEN_VARIABLE = "GITORCH_TOKEN"  # noqa: S105 - a variable's name
SECRET_BYTES = 32


def user_name() -> str:
    """The login name, or the user's number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def secret(home: Path) -> bytes:
    """The repository's secret on this machine, made once; of several processes that make it at the same time, one wins.

    Raises Unavailable if something else has the name of its file.
    """
    path = home / "secret"
    try:
        return whole(path)
    except FileNotFoundError:
        home.mkdir(parents=True, exist_ok=True)
        sweep(home, "secret.*")
    except OSError as error:
        hint = f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.aside')}"
        raise Unavailable(f"{path} cannot be read: {error.strerror}", hint) from error

    aside = home / f"secret.{os.getpid()}.{os.urandom(8).hex()}.tmp"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())

        _link_first(aside, path)
    finally:
        aside.unlink()

    return whole(path)


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
        return keyed_hash(secret(self._home), f"{key.run}\0{key.session}".encode())

    @staticmethod
    def nonce() -> str:
        """A fresh random word."""
        return os.urandom(8).hex()


class Evidence(Value):
    """What may show that an agent's session of this repository is calling."""

    token: str
    """GITORCH_TOKEN, empty without one."""
    owner: str
    """GITORCH_SESSION_KEY: the session's name after the name of its tmux server."""
    ancestors: tuple[int, ...]
    """The caller's process id and those of its ancestors."""
    cwd: Path


class KnownSessions(Value):
    """The sessions of this repository on this machine, by what may show them."""

    tokens: Mapping[str, SessionKey]
    """Of all sessions, also of those that have ended."""
    pids: Mapping[int, SessionKey]
    """Of living agents and panes."""
    worktrees: Mapping[Path, SessionKey]
    """Of living sessions."""

    def calling(self, evidence: Evidence) -> SessionKey | None:
        """The session that is calling; None when nothing shows one. Each piece of evidence is enough."""
        if evidence.token in self.tokens:
            return self.tokens[evidence.token]

        name = evidence.owner.rpartition("/")[2]
        for key in self.tokens.values():
            if key.name == name:
                return key

        for pid in evidence.ancestors:
            if pid in self.pids:
                return self.pids[pid]

        for folder in (evidence.cwd, *evidence.cwd.parents):
            if folder in self.worktrees:
                return self.worktrees[folder]

        return None


def known_sessions(home: Path, living: Mapping[int, SessionKey]) -> KnownSessions:
    """The sessions that have files below `home`. `living` are `Terminals.pids()`."""
    secrets_here = HostSecrets(home)
    tokens: dict[str, SessionKey] = {}
    pids = dict(living)
    worktrees: dict[Path, SessionKey] = {}
    alive = set(living.values())
    for key, folder in folders(home):
        tokens[secrets_here.token(key)] = key
        launch = None
        if key in alive:
            launch = folder.launch()

        if launch is None:
            continue

        worktrees[Path(launch.cwd).resolve()] = key
        if launch.pane_pid:
            pids[launch.pane_pid] = key

    return KnownSessions(tokens, pids, worktrees)


def caller(environ: Mapping[str, str], home: Path, pids: Mapping[int, SessionKey], cwd: Path) -> SessionKey | None:
    """The session of this repository that is calling, or None: by token, owner, ancestry, or its working directory.

    `pids` are `Terminals.pids()`. An agent with an empty environment is still found by its ancestors and its directory. None proves
    nothing: `origin.evidence` finds agents of other repositories, tests and hooks.
    """
    owner = environ.get(SESSION_VARIABLE, "")
    evidence = Evidence(environ.get(TOKEN_VARIABLE, ""), owner, processes.ancestors(os.getpid()), cwd.resolve())
    return known_sessions(home, pids).calling(evidence)
