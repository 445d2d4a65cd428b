"""What is in the world around a repository: files, refs and processes; and what of it a cleanup named."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from gitorch.wiring.repository import socket_name
from gitorch.world import processes
from gitorch.world.git.worktrees import DELETED_PREFIX

OF_THE_REPOSITORY = (
    *("cache", "checks", "ledger.lock", "ledger.queue", "made-folders", "now", "secret", "tip", "worktrees.lock"),
    *("up.lock", "tmux.lock", "place", "root", "ports.json", "ports.json.lock", "merge.lock", "merge.queue"),
)
"""What lies in gitorch's folder for all runs together."""


def world(repository: Path) -> set[str]:
    """Everything around the repository: files and empty folders, refs, processes with a mark of it, its tmux socket."""
    return _files(repository) | _refs(repository) | _processes(repository)


def _files(repository: Path) -> set[str]:
    found: set[str] = set()
    own = repository / ".git"
    for folder, folders, names in os.walk(repository.parent):
        here = Path(folder)
        shown = set(names)
        if here == own:
            folders[:] = [one for one in folders if one in {"gitorch", "worktrees"}]
            shown = {name for name in names if name.endswith(".lock") or name.startswith("gitorch")}
        if here == own / "gitorch":
            folders[:] = [one for one in folders if one not in OF_THE_REPOSITORY]
            shown = {name for name in shown - set(OF_THE_REPOSITORY) if not name.startswith("secret.")}  # half made
        folders[:] = [one for one in folders if not one.startswith(DELETED_PREFIX)]  # deleted in the background
        found.update(str(here / name) for name in shown)
        if not folders and not names:
            found.add(f"{here}/")
    return found


def _refs(repository: Path) -> set[str]:
    argv = ("git", "for-each-ref", "--format=ref %(refname)")
    done = subprocess.run(argv, cwd=repository, check=True, capture_output=True, text=True)
    return {line for line in done.stdout.splitlines() if line != "ref refs/heads/gitorch/ledger"}


def _processes(repository: Path) -> set[str]:
    """Processes whose command or environment names the repository, or its tmux server."""
    wanted = (str(repository.parent), socket_name(repository / ".git"))
    found: set[str] = set()
    for pid, one in processes.table().items():
        if one.zombie or pid in processes.ancestors(os.getpid()):
            continue
        words = processes.command(pid)
        marks = " ".join(f"{k}={v}" for k, v in processes.environment(pid, "GITORCH_").items())
        if any(word in words or word in marks for word in wanted) and not words.startswith("/bin/sh -c rm -rf"):
            found.add(f"process {words[:100]}")
    return found


def unnamed(new: set[str], kept: tuple[str, ...], base: Path) -> list[str]:
    """What is new in the world, and named by nothing that a cleanup kept; `base` is the folder of the run's worktrees."""
    return sorted(one for one in new if not any(_covers(text, one, base) for text in kept))


def _covers(text: str, one: str, base: Path) -> bool:
    """Whether a sentence of a cleanup names a thing of the world."""
    kind, _, rest = text.partition(" ")
    name = rest.partition(":")[0]
    if kind == "branch":
        return one == f"ref refs/heads/{name}"
    if kind == "worktree":
        inside = f"{base / name}/"
        record = f"/worktrees/{name}"
        return one.startswith(inside) or f"{record}/" in one or one.endswith(record)
    return one.startswith(text.partition(": ")[0])
