"""A run whose report is proposed as a pull request on the tests' own forge, and a second clone of the same project."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))
from merge_yard import CALLER, Yard
from play import RUN

from gitorch.app.people import proposals
from gitorch.app.query.syncing import sync
from gitorch.model.work.proposal import APPROVALS, proposal_branch

if TYPE_CHECKING:
    from forge import Forge

    from gitorch.app.people.proposals import Proposed

ONE = {"api": {"api.txt": "api\n"}}
BRANCH = proposal_branch(RUN)


def waiting(path: Path, forge: Forge, **settings) -> Yard:
    """A run with a report that waits for its approval, in a clone of the forge's project."""
    yard = Yard(path)
    yard.git("remote", "add", "origin", forge.address)
    yard.git("push", "-q", "origin", "main")
    chosen = {"push_remote": "origin", "push_ledger": True, "forge_keys": forge.signers} | settings
    yard.begin(ONE, **chosen)
    yard.settle()
    return yard


def propose(yard: Yard, *, public: bool = False) -> Proposed:
    return proposals.propose(yard.services, CALLER, yard.run, "", public=public)


def opened(yard: Yard, forge: Forge) -> int:
    """The number of the pull request that a person opens for the proposal, on a protected branch."""
    done = propose(yard)
    forge.protect(f"refs/heads/{APPROVALS}")
    return forge.open(done.branch, APPROVALS, "Approve")["number"]


def another_clone(forge: Forge, path: Path) -> Yard:
    """A second clone, with the ledger of the forge."""
    import subprocess

    subprocess.run(("git", "clone", "-q", forge.address, str(path)), check=True, capture_output=True)
    yard = Yard(path)
    sync(yard.services, "origin")
    yard.reopen()
    return yard
