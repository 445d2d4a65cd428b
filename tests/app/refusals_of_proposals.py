"""Refusals of putting a report up as a pull request: the situation, the call, and the class, message and hint of its error."""

from __future__ import annotations

from cli_memory import commit
from cli_stage import RUN
from fakes.world import altered
from refusal_kit import CALLER, run_of

from gitorch.app.people import proposals
from gitorch.app.query.syncing import LEDGER_REF
from gitorch.errors import Refused, Unavailable

PUBLIC = "https://github.com/ann/project.git"


def proposed(stage, *, address="/remotes/origin.git", held=None, hook=""):
    """Propose to a remote with this address and these branches, whose hook refuses with these words."""
    from fakes.remotes import FakeRemotes

    remotes = FakeRemotes(stage.git)
    remotes.held["origin"] = held or {}
    remotes.addresses["origin"] = address
    remotes.hooks["origin"] = hook
    return proposals.propose(altered(stage.services, remotes=remotes), CALLER, run_of(stage), "", public=False)


PROPOSALS = [
    (
        "reported",
        lambda s: proposed(s, address=PUBLIC),
        Refused,
        f"origin ({PUBLIC}) may be public, and the report and the whole ledger would be pushed there",
        f"gitorch propose {RUN} --remote origin --public",
    ),
    (
        "reported",
        lambda s: proposed(s, held={LEDGER_REF: commit("theirs")}),
        Refused,
        f"origin has a ledger at {commit('theirs')[:12]} that this one does not continue",
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
