"""An event from an actor who may not record it is not believed, whatever the ledger says (K10)."""

import pytest

from gitorch.errors import Corrupt
from gitorch.model import events
from gitorch.model.ids import NO_DIGEST, Moment, RunId
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.rules.recorders import RECORDERS, check_recorder

PRINCIPAL_EVENTS = (events.RunConfirmed, events.DecisionMade, events.MergeApproved, events.MergeRejected)
HOST_EVENTS = (events.CheckRecorded, events.ReportIssued, events.Merged, events.Pushed)


def record(cls: type, kind: ActorKind) -> Record:
    event = cls(*[None] * len(cls.__struct_fields__))
    session = "s1" if kind is ActorKind.AGENT else None
    return Record(7, NO_DIGEST, Moment(1), RunId("r"), Actor(kind, "ada", "laptop", session), event)


@pytest.mark.parametrize("cls", RECORDERS, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("kind", ActorKind)
def test_an_event_of_the_table_is_accepted_from_its_recorders_alone(cls, kind):
    if kind in RECORDERS[cls]:
        check_recorder(record(cls, kind))
        return
    with pytest.raises(Corrupt, match=f"ada .*of kind {kind}; only .* may record {cls.__name__}"):
        check_recorder(record(cls, kind))


@pytest.mark.parametrize("cls", PRINCIPAL_EVENTS)
def test_only_a_principal_approves_decides_and_confirms(cls):
    assert RECORDERS[cls] == {ActorKind.PRINCIPAL}


@pytest.mark.parametrize("cls", HOST_EVENTS)
def test_only_the_host_records_checks_reports_and_merges(cls):
    assert RECORDERS[cls] == {ActorKind.HOST}


def test_an_event_that_can_follow_from_any_other_is_open_to_all():
    for kind in ActorKind:
        check_recorder(record(events.GatePassed, kind))
