"""Changes of remote-tracking branches that gitorch made itself, by a push of a commit that the ledger names."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, cast, get_args

from gitorch.app.query.lookup import run_lines
from gitorch.errors import NotFound
from gitorch.model.events import MergeProposed
from gitorch.model.ids import CommitId
from gitorch.model.work.proposal import APPROVALS
from gitorch.rules.guards.ensure import run_there
from gitorch.rules.views.pushed import PushRecord, pushed_refs, tracking_ref
from gitorch.text.records.signed_commit import parse_signed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitorch.app.services import Services
    from gitorch.model.ids import RunId
    from gitorch.model.work.report import OutsideChange

OF_GITORCH = re.compile("refs/remotes/.+/gitorch/.+")
"""The remote-tracking branches of gitorch, whatever the remote is called."""
OF_LEDGER = "/gitorch/ledger"


def without_pushed(services: Services, changes: Iterable[OutsideChange]) -> list[OutsideChange]:
    """The changes without those that a push of gitorch made, in the same order.

    Those are remote-tracking branches of gitorch, each now at a commit that gitorch pushed to exactly that branch.
    A fetch of gitorch moves none. Raises Corrupt for a damaged ledger, Unavailable where git does not answer.
    """
    left: list[OutsideChange] = []
    for change in changes:
        if not _is_pushed(services, change.name, CommitId(change.after)):
            left.append(change)
    return left


def _is_pushed(services: Services, name: str, commit: CommitId) -> bool:
    """Whether a ref of this name came to this commit by a push of gitorch; `commit` is empty for a ref that was removed."""
    if not commit or not OF_GITORCH.fullmatch(name):
        return False

    if name.endswith(OF_LEDGER):
        return _is_of_ledger(services, commit)

    pushed = (name, commit)
    return any(pushed in _pushed_by(services, run) for run in _runs_pushing(services, name))


def _is_of_ledger(services: Services, commit: CommitId) -> bool:
    """Whether the ledger of this clone contains a commit of this clone.

    A ledger at the remote that went another way is a change: this clone never pushed it.
    """
    tip = services.ledger.tip()
    return tip is not None and services.git.contains(commit, tip)


def _runs_pushing(services: Services, name: str) -> Iterator[RunId]:
    """The runs that push a branch with this name: the one whose id is in it, or all for the branch of approvals.

    Oldest first. Reads no run.
    """
    parts = name.split("/")
    for line in run_lines(services):
        if line.id in parts or name.endswith(APPROVALS):
            yield line.id


def _pushed_by(services: Services, run_id: RunId) -> set[tuple[str, CommitId]]:
    """Each remote-tracking branch that a push of the run moved, with the commit.

    Raises Corrupt for a damaged ledger, Unavailable where git does not answer.
    """
    run = run_there(services.ledger.state(run_id))
    events = _push_records(services, run_id)
    found = set(pushed_refs(run, events))
    for event in events:
        if isinstance(event, MergeProposed):
            found |= _bases_of(services, event)
    return found


def _push_records(services: Services, run_id: RunId) -> Sequence[PushRecord]:
    """What the records of a run tell of its pushes, newest first. Reads no other records.

    A run has few of them: some for each of its reports.
    """
    kinds = get_args(PushRecord)
    events = [written.record.event for written in services.ledger.newest(run_id, kinds)]
    return cast("Sequence[PushRecord]", events)  # the ledger gives these types alone


def _bases_of(services: Services, proposed: MergeProposed) -> set[tuple[str, CommitId]]:
    """The branch of approvals at the commit that a proposal was made on, which the first proposal pushes too.

    Empty where this clone does not have the proposal.
    """
    name = tracking_ref(proposed.remote, APPROVALS)
    found: set[tuple[str, CommitId]] = set()
    with suppress(NotFound):
        for parent in parse_signed(services.git.commit_body(proposed.commit)).parents:
            found.add((name, parent))
    return found
