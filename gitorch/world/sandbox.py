"""A sandbox around one agent, by bubblewrap: it writes its worktree, its own branch and its program's own files, nothing else.

The file system is read-only inside. The agent commits into a *private view* of the repository: empty folders of objects,
branches and logs that are mounted over the real ones, with the real objects as alternates. `git.sandbox_commits` fetches what the agent
committed from there, as git fetches from a stranger: objects are checked, and only its own branch is taken. So nothing that
the agent writes is part of the repository before gitorch has read it.

Sockets that other programs of the user listen on are out of sight: `/tmp` and `/run` are empty inside.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import gitorch
from gitorch.errors import Failed, Refused, Unavailable
from gitorch.model.values import Value
from gitorch.world.files import write_whole
from gitorch.world.programs import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.ids import CommitId


PROGRAM = "bwrap"
HEADS = "refs/heads"
NAME_SERVICE_FOLDERS = ("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager")
"""What programs need of `/run` to look up the name of a host."""

ADMIN_FILES = ("commondir", "gitdir", "config.worktree")
"""Files of a worktree's own git directory that decide what git runs and where; read-only inside."""


class PrivateView(Value):
    """The private view of one agent on the repository."""

    folder: Path
    """Where it lies: a bare repository below gitorch's own folder."""
    common: Path
    """The repository's common git directory."""
    branch: str
    """The agent's branch, such as `gitorch/auth-7f3a/api`."""

    @property
    def branch_file(self) -> Path:
        """The file that holds the commit of the agent's branch."""
        return self.folder / HEADS / self.branch

    @property
    def heads(self) -> Path:
        """The folder of the agent's branch."""
        return self.branch_file.parent


def view_of(home: Path, session: str, branch: str) -> PrivateView:
    """The view of a session; `home` is gitorch's folder in the common git directory."""
    return PrivateView(home / "views" / session, home.parent, branch)


def prepare(view: PrivateView, commit: CommitId | None) -> None:
    """Make the view anew, with the branch at its commit; without a branch the agent can commit to none.

    Whatever an earlier view of the session held is deleted, so commits are imported before.
    Raises Refused when the repository does not keep its branches in files.
    """
    if (view.common / "reftable").exists():
        message = "a sandbox needs a repository whose branches are files, and this one keeps them in a reftable"
        raise Refused(message, "set sandbox: none for the runtime in gitorch.yaml")

    shutil.rmtree(view.folder, ignore_errors=True)
    for part in ("objects/info", "objects/pack", "base", "logs"):
        (view.folder / part).mkdir(parents=True, mode=0o700)

    write_whole(view.folder / "HEAD", f"ref: {HEADS}/{view.branch or 'none'}\n".encode())
    write_whole(view.folder / "config", _config(view.common))
    # Inside, the real objects are mounted at `base`; outside, they are where they always are.
    alternates = f"{view.folder / 'base'}\n{view.common / 'objects'}\n"
    write_whole(view.folder / "objects/info/alternates", os.fsencode(alternates))
    if view.branch:
        view.heads.mkdir(parents=True)
        write_whole(view.branch_file, f"{commit}\n".encode())


def _config(common: Path) -> bytes:
    """The configuration of the view: the format of the repository, and nothing that names a program."""
    sha256 = b"objectformat = sha256" in (common / "config").read_bytes().lower()
    lines = ["[core]", "\trepositoryformatversion = 1", "\tbare = true"]
    if sha256:
        lines += ["[extensions]", "\tobjectformat = sha256"]
    return os.fsencode("\n".join(lines) + "\n")


def wrap(
    view: PrivateView,
    worktree: Path,
    *,
    writable: tuple[Path, ...],
    network: bool,
    own: tuple[Path, ...] = (),
    over: Mapping[Path, Path] | None = None,
) -> tuple[str, ...]:
    """The arguments that come before the agent's own argument vector.

    `writable` are files and folders of the agent's program, such as `~/.claude`. They never open a part of the repository.
    `own` are the session's own files below gitorch's folder, which is read-only otherwise. Paths that do not exist are left out.
    `over` are folders of the session, each with the path at which it stands inside, and hides what is there outside.
    `prepare` must have made the view. A later mount hides an earlier one at the same place, so the order matters.
    """
    argv = [PROGRAM, "--die-with-parent", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    if not network:
        argv.append("--unshare-net")
    argv += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run"]  # noqa: S108 hides it inside
    argv += ["--setenv", "TMPDIR", "/tmp"]  # noqa: S108  the one outside is read-only inside, or is not there
    for folder in NAME_SERVICE_FOLDERS:
        argv += ["--ro-bind-try", folder, folder]
    for path in _installed():
        argv += ["--ro-bind", str(path), str(path)]
    for path in writable:
        argv += ["--bind-try", str(path), str(path)]
    # The repository comes after everything that may lie above it, so that nothing hides or opens it again.
    argv += _repository(view, worktree)
    for path in own:
        argv += ["--bind-try", str(path), str(path)]
    for path, inside in (over or {}).items():
        argv += ["--bind", str(path), str(inside)]
    argv += ["--chdir", str(worktree), "--"]
    return tuple(argv)


def _installed() -> tuple[Path, ...]:
    """The folders of this gitorch and its Python that an empty `/tmp` or `/run` would hide, each once."""
    folders = (
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(gitorch.__file__).resolve().parents[1],
    )
    hidden = (Path("/tmp"), Path("/run"))  # noqa: S108 see `wrap`

    found = []
    for path in dict.fromkeys(folders):
        if any(path.is_relative_to(top) for top in hidden):
            found.append(path)
    return tuple(found)


def _repository(view: PrivateView, worktree: Path) -> list[str]:
    """Mount the repository read-only, the private view over it, and the worktree writable but for its `.git` file."""
    common, admin = str(view.common), _admin_folder(worktree)
    argv = ["--ro-bind", common, common]
    argv += ["--ro-bind", f"{common}/objects", str(view.folder / "base")]
    argv += ["--bind", str(view.folder / "objects"), f"{common}/objects"]
    argv += ["--ro-bind", str(view.folder / "objects/info"), f"{common}/objects/info"]
    if view.branch:
        heads = view.common / HEADS / Path(view.branch).parent
        logs = view.common / "logs" / HEADS / Path(view.branch).parent
        for folder in (heads, logs):
            folder.mkdir(parents=True, exist_ok=True)
        argv += ["--bind", str(view.heads), str(heads), "--bind", str(view.folder / "logs"), str(logs)]
    argv += ["--bind", str(worktree), str(worktree), "--ro-bind", f"{worktree}/.git", f"{worktree}/.git"]
    argv += ["--bind", str(admin), str(admin)]
    for name in ADMIN_FILES:
        path = admin / name
        path.touch()
        argv += ["--ro-bind", str(path), str(path)]
    return argv


def _admin_folder(worktree: Path) -> Path:
    """The git directory of a linked worktree. Raises Failed for a folder that is none."""
    text = (worktree / ".git").read_text(encoding="utf-8", errors="surrogateescape")
    key, colon, path = text.strip().partition(": ")
    if key != "gitdir" or not colon:
        raise Failed(f"{worktree} is not a linked worktree", "gitorch doctor")
    return Path(path)


def fault(environ: Mapping[str, str]) -> str:
    """Why no sandbox can be made here, as a clause; empty when one can.

    Starts one that does nothing: many systems have the program and forbid it the namespaces that it needs.
    """
    argv = [PROGRAM, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--unshare-pid", "--", "true"]
    try:
        result = run(argv, environ, wait_seconds=10)
    except Unavailable:
        return "bwrap is not installed"
    if result.status != 0:
        reason = f"exit status {result.status}"
        lines = result.err.strip().splitlines()
        if lines:
            reason = lines[-1]
        return f"bwrap cannot make a sandbox here: {reason}"
    return ""
