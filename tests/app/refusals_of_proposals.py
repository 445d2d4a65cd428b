"""Refusals of putting a report up as a pull request: the situation, the call, and the class, message and hint of its error."""

from __future__ import annotations

from cli_memory import TARGET
from cli_stage import RUN
from fakes.remotes import FakeRemotes
from fakes.world import altered
from refusal_kit import CALLER, run_of

from gitorch.app.people import forge_merges, proposals
from gitorch.app.query import syncing
from gitorch.app.query.syncing import LEDGER_REF
from gitorch.errors import Corrupt, NotFound, Refused, Unavailable

PUBLIC = "https://github.com/ann/project.git"


def proposed(stage, *, address="/remotes/origin.git", held=None, hook=""):
    """Propose to a remote with this address and these branches, whose hook refuses with these words."""
    stage.git.commits[stage.ledger.tip()] = stage.git.commits[TARGET]  # so that git can compare the two
    stage.remotes.held["origin"] = held or {}
    stage.remotes.addresses["origin"] = address
    stage.remotes.hooks["origin"] = hook
    return proposals.propose(stage.services, CALLER, run_of(stage), "", public=False)


def forced_back(stage):
    """Sync with a remote that has lost the ledger that this clone has seen there."""
    remotes = FakeRemotes(stage.git)
    remotes.held["origin"] = {}
    services = altered(stage.services, remotes=remotes)
    services.files.write(services.home / "ledgers" / "origin", f"{TARGET}\n".encode())
    return syncing.sync(services, "origin")


PROPOSALS = [
    (
        "reported",
        lambda s: list(forge_merges.check_proposal(s.services, "origin/x")),
        NotFound,
        "there is no commit or branch origin/x here",
        "git fetch --all",
    ),
    (
        "one",
        forced_back,
        Corrupt,
        f"The ledger at origin was forced back: it is at no commit at all, and this clone has seen it at {TARGET[:12]}.",
        f"git log --oneline -n 5 {TARGET[:12]}",
    ),
    (
        "reported",
        lambda s: proposed(s, address=PUBLIC),
        Refused,
        f"origin ({PUBLIC}) may be public, and the report and the whole ledger would be pushed there",
        f"gitorch propose {RUN} --remote origin --public",
    ),
    (
        "reported",
        lambda s: proposed(s, held={LEDGER_REF: TARGET}),
        Refused,
        f"origin has a ledger at {TARGET[:12]} that this one does not continue",
        "gitorch sync origin",
    ),
    (
        "reported",
        lambda s: proposed(s, hook="the release is frozen"),
        Unavailable,
        "origin did not take the branches of the pull request: the release is frozen",
        "git remote -v",
    ),
]
