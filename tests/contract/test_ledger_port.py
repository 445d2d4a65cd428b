"""What the app relies on of a ledger, shown of the real one and of the one in memory alike."""

import sys
from pathlib import Path

import pytest
from fakes.ledger import FakeLedger

from gitorch.errors import Busy, Corrupt, NotFound, Refused, Usage
from gitorch.model.events import QuestionAnswered, RunCanceled, TargetConfirmed
from gitorch.model.ids import NO_DIGEST, Moment, RunId
from gitorch.ports.ledger import Draft

sys.path.insert(0, str(Path(__file__).parent.parent / "ledger"))

from ledger_kit import AGENT, AT, HOST, OTHER, RUN, count, fill, new_repo, open_ledger, renewed


@pytest.fixture(params=["git", "fake"])
def empty(request, tmp_path):
    return FakeLedger(count) if request.param == "fake" else open_ledger(new_repo(tmp_path / "r"))


@pytest.fixture
def ledger(empty):
    empty.create(HOST, AT, "L-1")
    return empty


def test_before_it_is_created_every_read_is_not_found(empty):
    assert not empty.exists()
    assert empty.tip() is None
    asked = (
        lambda: empty.state(None),
        lambda: list(empty.records()),
        lambda: empty.file(None, "0" * 64),
        empty.verify,
        lambda: empty.append(None, HOST, AT, lambda _: []),
    )
    for ask in asked:
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.hint == "gitorch init"


def test_creating_a_ledger_twice_changes_nothing(ledger):
    tip = ledger.tip()
    ledger.create(HOST, AT, "L-2")
    assert (ledger.exists(), ledger.tip(), ledger.state(None).board.ledger) == (True, tip, "L-1")


def test_every_record_moves_the_tip_and_names_the_one_before_it(ledger):
    state, written = ledger.append(RUN, AGENT, AT, lambda _: [renewed(1), renewed(2)])
    assert [one.record.seq for one in written] == [1, 2]
    assert written[-1].commit == ledger.tip()
    assert state.run.records == ledger.state(RUN).run.records == 2
    before = [one.record.prev for one in ledger.records()]
    assert before[0] == NO_DIGEST
    assert len(set(before)) == 3
    assert ledger.verify().records == 3
    assert ledger.verify().faults == ()


def test_decide_gets_the_newest_state_and_may_return_nothing(ledger):
    fill(ledger, 2)
    seen = []
    assert ledger.append(RUN, AGENT, AT, lambda state: seen.append(state.run.records) or [])[1] == ()
    assert seen == [2]


def test_a_refused_decision_writes_nothing(ledger):
    fill(ledger, 1)
    before = ledger.tip(), ledger.state(RUN)

    def refuse(_):
        raise Refused("not now")

    with pytest.raises(Refused, match="not now"):
        ledger.append(RUN, AGENT, AT, refuse)
    with pytest.raises(Corrupt, match="the run is over"):
        ledger.append(RUN, AGENT, AT, lambda _: [renewed(1), Draft(RunCanceled("enough"), {}), renewed(2)])
    with pytest.raises(Usage):
        ledger.append(RUN, AGENT, AT, lambda _: [renewed(1), renewed(2, log=b"x" * 8_000_001)])
    assert (ledger.tip(), ledger.state(RUN)) == before


def test_time_never_runs_backwards(ledger):
    ledger.append(RUN, AGENT, Moment(AT + 5000), lambda _: [renewed(1)])
    _, (written,) = ledger.append(OTHER, AGENT, Moment(AT - 5000), lambda _: [renewed(2)])
    assert written.record.at == AT + 5000


def test_records_read_back_as_written(ledger):
    _, (written,) = ledger.append(RUN, AGENT, AT, lambda _: [Draft(QuestionAnswered("q1", "", "a\r\nb\x1b"), {})])
    assert written.record.event.text == "a\nb\ufffd"
    assert list(ledger.records(RUN)) == [written]


def test_records_can_be_limited_to_a_run_and_to_later_numbers(ledger):
    fill(ledger, 2)
    fill(ledger, 1, OTHER)
    ledger.append(None, HOST, AT, lambda _: [Draft(TargetConfirmed("main"), {})])
    assert [one.record.seq for one in ledger.records()] == [0, 1, 2, 3, 4]
    assert [one.record.seq for one in ledger.records(after=2)] == [3, 4]
    assert [one.record.seq for one in ledger.records(RUN, after=1)] == [2]
    assert list(ledger.records(OTHER, after=3)) == []


def test_an_absent_run_or_file_is_not_found(ledger):
    fill(ledger, 1)
    for ask in (lambda: ledger.state(OTHER), lambda: list(ledger.records(OTHER)), lambda: ledger.file(RUN, "0" * 64)):
        with pytest.raises(NotFound):
            ask()


def test_an_attached_file_is_found_by_its_digest(ledger):
    _, (written,) = ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, brief=b"do it")])
    (ref,) = written.record.files
    assert (ref.name, ref.size) == ("brief", 5)
    assert ledger.file(RUN, ref.sha256) == ledger.file(RUN, f"sha256:{ref.sha256}") == b"do it"


def test_a_run_that_cannot_be_a_folder_name_is_refused(ledger):
    with pytest.raises(Usage, match="cannot be the name of a run"):
        ledger.append(RunId("../x"), AGENT, AT, lambda _: [renewed(1)])


def test_a_lock_has_one_holder(ledger):
    with ledger.hold("tick"):
        with pytest.raises(Busy), ledger.hold("tick"):
            pass
        with ledger.hold("another"):
            pass
    with ledger.hold("tick"):
        pass
