"""Finding records by remembered places: the cost does not grow with history, and a wrong place changes nothing but that."""

from __future__ import annotations

from itertools import pairwise

import pytest
from ledger_kit import AGENT, AT, HOST, OTHER, RUN, count, fill, git, new_repo, open_ledger, renewed

from gitorch.errors import NotFound
from gitorch.ledger import finder
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.ledger.places import STRIDE
from gitorch.ledger.tip_index import FEW
from gitorch.model.events import MessageSent
from gitorch.model.ids import MessageId
from gitorch.ports.commits import Draft
from gitorch.world.git.history import GitHistory

LENGTH = 2 * STRIDE


class CountingStore(BranchStore):
    """Counts the commits on the way of a search, and those whose files it reads."""

    commits = whole = 0

    def back(self, commit):
        for stored in super().back(commit):
            self.whole += 1
            yield stored

    def first_parents(self, commit):
        for identity in super().first_parents(commit):
            self.commits += 1
            yield identity


class CountingHistory(GitHistory):
    """Counts how often history is read as a whole, or from a place on."""

    streams = 0

    def stream(self, tip, after=None):
        self.streams += 1
        yield from super().stream(tip, after)


class Reader:
    """A ledger that a new process opened, with its counters."""

    def __init__(self, folder) -> None:
        common = common_dir(folder)
        self.store, self.history = CountingStore(common), CountingHistory(common, {})
        self.ledger = GitLedger(self.store, self.history, common, count)

    @property
    def cost(self) -> tuple[int, int]:
        return self.store.commits, self.history.streams


@pytest.fixture(scope="module")
def long_ledger(tmp_path_factory):
    """Many records of one run around two of another, and a message early on. Only read here."""
    folder = new_repo(tmp_path_factory.mktemp("long") / "r")
    ledger = open_ledger(folder)
    ledger.create(HOST, AT, "L-1")
    sent = MessageSent(MessageId("m1"), "api", ("@principal",), MessageId("m1"), None, "", None, "hello")
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(1), Draft(sent, {})])
    fill(ledger, 2, OTHER)
    for _ in range(LENGTH // 16):
        ledger.append(RUN, AGENT, AT, lambda _: [renewed(fence) for fence in range(16)])
    fill(ledger, 10)
    return folder


@pytest.fixture
def places(long_ledger):
    """The file of places, as it was again after the test."""
    path = common_dir(long_ledger) / "gitorch" / "cache" / "places"
    before = path.read_bytes()
    yield path
    path.write_bytes(before)


def test_any_single_record_costs_a_short_walk(long_ledger):
    for seq in range(0, LENGTH, 23):
        reader = Reader(long_ledger)
        assert reader.ledger.record(seq).record.seq == seq
        assert reader.cost[0] <= STRIDE + 1
        assert reader.cost[1] == 0
        assert reader.store.whole == 1


def test_the_newest_records_cost_as_many_commits_as_there_are_lines(long_ledger):
    reader = Reader(long_ledger)
    newest = reader.ledger.newest()
    assert [next(newest).record.seq - LENGTH for _ in range(3)] == [14, 13, 12]
    assert reader.store.whole == 3
    assert reader.cost == (0, 0)


def test_a_run_that_ended_long_ago_is_read_without_the_records_after_it(long_ledger):
    reader = Reader(long_ledger)
    assert [one.record.seq for one in reader.ledger.newest(OTHER)] == [4, 3]
    assert reader.cost[0] <= STRIDE + 2
    assert reader.cost[1] == 0


def test_an_old_message_is_found_by_its_place(long_ledger):
    reader = Reader(long_ledger)
    assert reader.ledger.message(MessageId("m1")).record.seq == 2
    assert reader.cost[1] == 0


@pytest.mark.parametrize("seq", [-STRIDE, -1, LENGTH + 15, 10**12])
def test_a_number_that_the_ledger_has_not_reached_is_not_found_at_no_cost(long_ledger, seq):
    reader = Reader(long_ledger)
    with pytest.raises(NotFound, match=f"The ledger has no record {seq}"):
        reader.ledger.record(seq)
    assert reader.cost == (0, 0)


@pytest.mark.parametrize("seq", [0, 1, STRIDE - 1, STRIDE, STRIDE + 1, LENGTH, LENGTH + 13, LENGTH + 14])
def test_the_first_and_the_last_number_and_those_around_a_place_are_found(long_ledger, seq):
    reader = Reader(long_ledger)
    assert reader.ledger.record(seq).record.seq == seq
    assert reader.cost == (min(-seq % STRIDE, LENGTH + 14 - seq) + 1, 0)


def test_a_walk_without_places_is_as_long_as_allowed_and_then_all_places_are_learned(long_ledger, places, monkeypatch):
    monkeypatch.setattr(finder, "FAR", 5)
    last = LENGTH + 14
    for distance, streams in ((0, 0), (1, 0), (4, 0), (5, 0), (6, 1), (last, 1)):
        places.unlink(missing_ok=True)
        reader = Reader(long_ledger)
        assert reader.ledger.record(last - distance).record.seq == last - distance
        assert reader.cost[1] == streams, distance
        assert reader.cost[0] <= (STRIDE if streams else distance + 1)


def test_few_records_are_read_where_they_are_and_more_by_git(long_ledger):
    last = LENGTH + 14
    for wanted, streams in ((1, 0), (FEW, 0), (FEW + 1, 1)):
        reader = Reader(long_ledger)
        found = [one.record.seq for one in reader.ledger.records(after=last - wanted)]
        assert found == list(range(last - wanted + 1, last + 1))
        assert reader.history.streams == streams


def every_answer(ledger) -> list[object]:
    """What all these questions find."""
    after = [one.record.seq for one in ledger.records(after=LENGTH - 3)]
    between = [one.record.seq for one in ledger.records(after=100, last=103)]
    older = [one.commit for one in ledger.newest(OTHER)]
    one = ledger.record(70)
    return [after, between, older, one, ledger.message(MessageId("m1")), ledger.in_commit(one.commit[:12])]


def forged_commit(folder, parent: str) -> str:
    """A commit on top of `parent` with the same tree, as anybody can make one."""
    return git(folder, "commit-tree", f"{parent}^{{tree}}", "-p", parent, "-m", "forged")


def wrong(folder, text: str, kind: str) -> str:
    """The file of places, damaged in one way."""
    lines = text.splitlines()
    tip = git(folder, "rev-parse", "gitorch/ledger")
    other = forged_commit(folder, tip)
    shifted = [f"{line.split()[0]} {after.split()[1]}" for line, after in pairwise(lines)]
    damaged = {
        "empty": "",
        "noise": "\0\xff junk\n64\n" * 50,
        "half a line": text[: len(text) // 2],
        "one forged commit": "\n".join(f"{line.split()[0]} {other}" for line in lines),
        "no such object": "\n".join(f"{line.split()[0]} {'1' * 40}" for line in lines),
        "shifted by one": "\n".join(shifted),
        "the tip everywhere": "\n".join(f"{number} {tip}" for number in range(LENGTH)),
        "a wrong message": f"{text}m1 77\n",
    }
    return damaged[kind]


KINDS = (
    *("empty", "noise", "half a line", "one forged commit", "no such object"),
    *("shifted by one", "the tip everywhere", "a wrong message"),
)


@pytest.mark.each(3)
@pytest.mark.parametrize(
    ("kind", "far"), [*((kind, finder.FAR) for kind in KINDS), ("empty", 5), ("shifted by one", 5)]
)
def test_wrong_places_change_no_answer(long_ledger, places, kind, far, monkeypatch):
    monkeypatch.setattr(finder, "FAR", far)
    right = every_answer(open_ledger(long_ledger))
    places.write_text(wrong(long_ledger, places.read_text(), kind), encoding="latin-1")
    assert every_answer(open_ledger(long_ledger)) == right


def test_the_file_is_made_again_when_it_is_lost(long_ledger, places, monkeypatch):
    monkeypatch.setattr(finder, "FAR", 5)
    before = places.read_text()
    places.unlink()
    ledger = open_ledger(long_ledger)
    assert ledger.record(3).record.seq == 3
    fill(ledger, 8)
    assert set(before.splitlines()) <= set(places.read_text().splitlines())
    git(long_ledger, "update-ref", "refs/heads/gitorch/ledger", "refs/heads/gitorch/ledger~8")
    (common_dir(long_ledger) / "gitorch" / "tip").unlink()
