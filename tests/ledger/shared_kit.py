"""Clones that share one ledger over a bare repository."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ledger_kit import ENV, count, git, new_repo

from gitorch.ledger.branch import BranchStore
from gitorch.ledger.location import common_dir
from gitorch.ledger.shared import SharedLedger
from gitorch.world.clock import SystemClock
from gitorch.world.git.history import GitHistory
from gitorch.world.git.host_keys import SshHostKeys
from gitorch.world.git.upstream import GitUpstream

if TYPE_CHECKING:
    from pathlib import Path


def new_remote(folder: Path) -> Path:
    """A bare repository with one commit on `main`."""
    git(new_repo(folder / "seed"), "clone", "-q", "--bare", ".", str(folder / "remote.git"))
    shutil.rmtree(folder / "seed")
    return folder / "remote.git"


def clone(remote: Path, name: str) -> Path:
    git(remote.parent, "clone", "-q", str(remote), name)
    return remote.parent / name


def open_shared(folder: Path, evolve=count, upstream=None, key="") -> SharedLedger:
    common = common_dir(folder)
    upstream = upstream or GitUpstream("origin", folder, ENV, SystemClock(), lambda: None)
    keys = SshHostKeys(str(key), ENV)
    return SharedLedger(BranchStore(common), upstream, keys, GitHistory(common, ENV), common, evolve)
