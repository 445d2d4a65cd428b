"""The placeholders in a preset's words and files: paths, the conversation's id, the environment."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from gitorch.model.path_text import without_surrogates
from gitorch.model.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.ports.world import Launch

# As text: `re` compiles it at its first use, and only launches use it.
PLACEHOLDER = (
    r"\{(?:env\.(?P<env>[A-Za-z_]\w*)(?:\[-(?P<last>\d+):\])?|(?P<name>session|place|cwd|git_dir|common_dir|git_writable|conversation|port|password|model|prompt|allowed|socket|uid))"
    r"(?:\|(?P<otherwise>[^{}]*))?\}"
)
CONTROL_SOCKET = "control/server.sock"
"""In the session's folder: where a program's server listens, or a link to it."""

SOCKETS = "sockets"
"""The folder of the program's sockets in a sandbox, in the session's folder."""

NAMESPACE = uuid.UUID("6f1c4a5e-6d2b-5d0c-9b7e-2f6a0c1d8e41")
"""Makes our ids differ from everybody else's, and has no other meaning."""


class Template(Value):
    """The values of all placeholders in one launch."""

    values: Mapping[str, str]
    """By the placeholder's name."""
    passed: Mapping[str, str]
    """The environment variables that may be written into files."""

    def fill(self, text: str) -> str:
        """The text with its placeholders filled in, all in one pass, so that no value is expanded again; other braces stay."""
        return re.sub(PLACEHOLDER, self._value, text)

    def _value(self, found: re.Match[str]) -> str:
        known = self.values.get(found["name"])
        if found["env"]:
            known = self.passed.get(found["env"])

        if not known:
            known = found["otherwise"] or ""

        if not found["last"]:
            return known

        length = int(found["last"])
        return known[-length:]


def template_values(launch: Launch, folder: Path, environ: Mapping[str, str]) -> Template:
    """The values for one launch, whose session files lie in `folder`."""
    git_dir, common = git_dirs(launch.cwd)
    values = {
        "session": str(folder),
        "socket": str(folder / CONTROL_SOCKET),
        "uid": str(os.getuid()),
        "place": str(place_of(folder, launch.cwd)),
        "cwd": str(launch.cwd),
        "git_dir": str(git_dir),
        "common_dir": str(common),
        "git_writable": json.dumps([str(path) for path in _git_writable(launch, git_dir, common)]),
        "conversation": launch.resume or conversation_of(launch),
        "port": str(_free_port()),
        "password": secrets.token_urlsafe(24),
        "model": launch.model,
        "prompt": launch.first_line,
        "allowed": "".join(f"{json.dumps(launch.preset.allow.replace('{command}', one))}, " for one in launch.allowed),
    }
    if not launch.preset.allow:
        del values["allowed"]
    available = {**environ, **launch.env}
    named = (*launch.preset.passes, *launch.env)
    return Template(values, {name: available[name] for name in named if name in available})


def _free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _git_writable(launch: Launch, git_dir: Path, common: Path) -> list[Path]:
    """The folders of the repository that the agent's commits and reports write to; in a sandbox, only those that it leaves open."""
    paths = [git_dir, common / "objects"]
    if launch.sandbox is None:
        return [*paths, common / "refs", common / "logs", common / "gitorch"]

    if launch.sandbox.branch:
        branches = Path(launch.sandbox.branch).parent
        paths += [common / "refs/heads" / branches, common / "logs/refs/heads" / branches]

    return paths


def place_of(folder: Path, cwd: Path) -> Path:
    """A folder for a program's own files of one worktree, shared by all sessions in it; `folder` is one session's."""
    return folder.parents[2] / "places" / folder.parent.name / hashlib.sha256(os.fsencode(cwd)).hexdigest()[:12]


def conversation_of(launch: Launch) -> str:
    """The id of a new conversation: the same however often this session's start is tried."""
    return str(uuid.uuid5(NAMESPACE, without_surrogates(f"{launch.cwd}\n{launch.key.name}")))


def git_dirs(cwd: Path) -> tuple[Path, Path]:
    """The git directory of a worktree and the common one; where they cannot be read, the path that they would have."""
    own = cwd / ".git"
    try:
        own = (
            cwd / own.read_text(encoding="utf-8", errors="surrogateescape").removeprefix("gitdir:").strip()
        ).resolve()
        return own, (own / (own / "commondir").read_text(encoding="utf-8", errors="surrogateescape").strip()).resolve()
    except (OSError, ValueError):
        return own, own


def from_home(path: str, environ: Mapping[str, str]) -> Path:
    """A path in which `~` stands for the home of the agent's user."""
    if path == "~" or path.startswith("~/"):
        return Path(environ.get("HOME", "/")) / path[2:]

    return Path(path)
