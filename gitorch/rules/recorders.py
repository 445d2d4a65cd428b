"""Who may record what: the kinds of actors from whom an event can come at all.

`decide` asks who may do something when it is asked for; this table is what remains to be checked of it in a ledger that
somebody else wrote. An event that can follow from another (a gate that passes after a verdict) is recorded by
whoever caused the first one, so it is open to all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.record import ActorKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitorch.model.record import Record

_PRINCIPAL = frozenset({ActorKind.PRINCIPAL})
_PEOPLE = frozenset({ActorKind.PRINCIPAL, ActorKind.OPERATOR})
_HOST = frozenset({ActorKind.HOST})

RECORDERS: Mapping[type, frozenset[ActorKind]] = {
    events.TargetConfirmed: _PRINCIPAL,
    events.RunPrepared: _PRINCIPAL,
    events.RunConfirmed: _PRINCIPAL,
    events.DecisionMade: _PRINCIPAL,
    events.LateHandoffAdopted: _PRINCIPAL,
    events.MergeApproved: _PRINCIPAL,
    events.MergeRejected: _PRINCIPAL,
    events.QuestionAnswered: _PEOPLE,
    events.RunStarted: _HOST,
    events.LeaseGranted: _HOST,
    events.SessionAlive: _HOST,
    events.PromptDelivered: _HOST,
    events.SessionNudged: _HOST,
    events.PermissionAnswered: _HOST,
    events.BaseBuilt: _HOST,
    events.CheckRecorded: _HOST,
    events.OverlapNoted: _HOST,
    events.QuestionReminded: _HOST,
    events.ReportIssued: _HOST,
    events.EpicReported: _HOST,
    events.Merged: _HOST,
    events.Pushed: _HOST,
    events.MergeTakenBack: _HOST,
    events.ClosingFailed: _HOST,
}
"""Events that only some kinds of actors may record. An event that is not here can come from every kind."""


def check_recorder(record: Record) -> None:
    """Raise Corrupt for an event that this kind of actor may not record."""
    allowed = RECORDERS.get(type(record.event))
    if allowed is None or record.actor.kind in allowed:
        return
    actor = record.actor
    name = actor.name if actor.session is None else f"{actor.name} (session {actor.session})"
    kinds = " or ".join(sorted(allowed))
    what = type(record.event).__name__
    raise Corrupt(f"{name} is recorded as its author, of kind {actor.kind}; only {kinds} may record {what}")
