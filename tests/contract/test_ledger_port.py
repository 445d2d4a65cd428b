"""What the app relies on of a ledger, shown of the real one and of the one in memory alike."""

import sys
from pathlib import Path

import pytest
from fakes.ledger import FakeLedger

from gitorch.errors import Busy, Corrupt, NotFound, Refused, Usage
from gitorch.model.events import (
    LeaseRenewed,
    LedgerCreated,
    MessageSent,
    QuestionAnswered,
    RunCanceled,
    TargetConfirmed,
)
from gitorch.model.ids import NO_DIGEST, MessageId, Moment, RunId
from gitorch.ports.commits import Draft

for room in ("ledger", "cli"):
    sys.path.insert(0, str(Path(__file__).parent.parent / room))

from cli_memory import MemoryLedger
from ledger_kit import AGENT, AT, HOST, OTHER, RUN, count, fill, new_repo, open_ledger, renewed
from shared_kit import clone, new_remote, open_shared

FAKES = {"fake": FakeLedger, "staged": MemoryLedger}


@pytest.fixture(params=["git", "shared", *FAKES])
def empty(request, tmp_path):
    if request.param in FAKES:
        return FAKES[request.param](count)
    if request.param == "shared":
        return open_shared(clone(new_remote(tmp_path), "r"))
    return open_ledger(new_repo(tmp_path / "r"))


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
    assert set(seen) == {2}


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


def test_records_can_end_at_a_number(ledger):
    fill(ledger, 2)
    fill(ledger, 2, OTHER)
    assert [one.record.seq for one in ledger.records(last=2)] == [0, 1, 2]
    assert [one.record.seq for one in ledger.records(after=1, last=3)] == [2, 3]
    assert [one.record.seq for one in ledger.records(OTHER, last=3)] == [3]
    assert list(ledger.records(after=3, last=2)) == []
    assert [one.record.seq for one in ledger.records(after=3, last=99)] == [4]


def test_the_newest_records_come_first(ledger):
    fill(ledger, 2)
    fill(ledger, 1, OTHER)
    ledger.append(RUN, AGENT, AT, lambda _: [Draft(QuestionAnswered("q1", "", "a"), {})])
    forwards = list(ledger.records())
    assert list(ledger.newest()) == forwards[::-1]
    assert list(ledger.newest(RUN)) == [one for one in forwards[::-1] if one.record.run == RUN]
    assert [one.record.seq for one in ledger.newest(RUN, (LeaseRenewed,))] == [2, 1]
    assert [one.record.seq for one in ledger.newest(None, (QuestionAnswered, LedgerCreated))] == [4, 0]
    assert list(ledger.newest(OTHER, (QuestionAnswered,))) == []


def test_a_record_is_found_by_its_number_and_by_its_commit(ledger):
    fill(ledger, 3)
    for written in ledger.records():
        assert ledger.record(written.record.seq) == written
        assert ledger.in_commit(written.commit) == ledger.in_commit(written.commit[:12]) == written
    for number in (-1, 4):
        with pytest.raises(NotFound, match=f"The ledger has no record {number}."):
            ledger.record(number)
    for prefix in ("0" * 40, "0" * 7):
        with pytest.raises(NotFound, match=f"The ledger has no record in commit {prefix}."):
            ledger.in_commit(prefix)


def test_a_message_is_found_by_its_id(ledger):
    fill(ledger, 1)
    for name in ("m1", "m2"):
        sent = MessageSent(MessageId(name), "api", ("@principal",), MessageId(name), None, "", None, "hello")
        ledger.append(RUN, AGENT, AT, lambda _, sent=sent: [Draft(sent, {})])
    assert ledger.message(MessageId("m1")).record.seq == 2
    assert ledger.message(MessageId("m2")).record.seq == 3
    with pytest.raises(NotFound, match="There is no message m3"):
        ledger.message(MessageId("m3"))


def test_a_run_spans_from_its_first_record_to_its_newest(ledger):
    fill(ledger, 1)
    fill(ledger, 1, OTHER)
    fill(ledger, 1)
    assert ledger.span(RUN) == (1, 3)
    assert ledger.span(OTHER) == (2, 2)


def test_every_run_is_summarized_as_of_its_newest_record(ledger):
    fill(ledger, 2)
    fill(ledger, 1, OTHER)
    assert ledger.summaries("records", lambda run: run.records) == {RUN: 2, OTHER: 1}
    fill(ledger, 1)
    assert ledger.summaries("records", lambda run: run.records) == {RUN: 3, OTHER: 1}


def test_an_absent_run_or_file_is_not_found(ledger):
    fill(ledger, 1)
    asked = (
        *(lambda: ledger.state(OTHER), lambda: list(ledger.records(OTHER)), lambda: ledger.file(RUN, "0" * 64)),
        *(lambda: list(ledger.newest(OTHER)), lambda: ledger.span(OTHER)),
    )
    for ask in asked:
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
