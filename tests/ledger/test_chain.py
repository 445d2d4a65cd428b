"""A commit joins the ledger only as the child of its head, with a record that names the one before; the ref moves only from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ledger_kit import ENV, HOST, REF, RUN, count, fill, git, new_repo, open_ledger

from gitorch.errors import Corrupt, Refused
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.location import common_dir
from gitorch.ledger.replay import Replay, record_path
from gitorch.ledger.run_cache import RunCache
from gitorch.model.ids import CommitId, Moment
from gitorch.model.values import replace
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore

if TYPE_CHECKING:
    from gitorch.model.record import Record
    from gitorch.ports.commits import StoredCommit

OTHER = CommitId("1" * 40)


@pytest.fixture
def repo(tmp_path):
    made = new_repo(tmp_path / "r")
    ledger = open_ledger(made)
    ledger.create(HOST, Moment(1_795_214_411_123), "L-1")
    fill(ledger, 3)
    return made


def stream(repo) -> list[StoredCommit]:
    return list(GitHistory(common_dir(repo), ENV).stream(CommitId(git(repo, "rev-parse", REF))))


def replayed(commits: list[StoredCommit], tmp_path) -> Replay:
    replay = Replay(RunCache(tmp_path / "cache", "key"))
    for commit in commits:
        replay.apply(commit, count)
    return replay


def test_the_honest_commits_join(repo, tmp_path):
    commits = stream(repo)
    replay = replayed(commits, tmp_path)
    assert replay.head.commit == commits[-1].id
    assert replay.head.seq == 3
    assert replay.state(RUN).run.records == 3


@pytest.mark.parametrize(
    "parents",
    [(), (OTHER,), ("head", OTHER), (OTHER, "head")],
    ids=["none", "another", "a merge", "a merge of another"],
)
def test_a_commit_with_other_parents_than_the_head_does_not_join(repo, tmp_path, parents):
    *before, last = stream(repo)
    replay = replayed(before, tmp_path)
    head = replay.head
    with pytest.raises(Corrupt) as error:
        replay.apply(replace(last, parents=tuple(head.commit if one == "head" else one for one in parents)), count)
    assert (error.value.message, error.value.hint, error.value.where) == (
        f"Commit {last.id} does not continue the ledger.",
        "gitorch recover",
        last.id,
    )
    assert replay.head is head


def test_the_first_commit_has_no_parent(repo, tmp_path):
    first = stream(repo)[0]
    with pytest.raises(Corrupt, match="does not continue the ledger"):
        replayed([replace(first, parents=(OTHER,))], tmp_path)


def test_a_commit_without_a_record_does_not_join(repo, tmp_path):
    *before, last = stream(repo)
    replay = replayed(before, tmp_path)
    for added in ({}, {"README.md": b"x"}):
        with pytest.raises(Corrupt, match="does not continue the ledger"):
            replay.apply(replace(last, added=added), count)
    assert record_path(last) == next(path for path in last.added if path.endswith(".yaml"))


@pytest.mark.parametrize(
    ("old", "new", "seq"),
    [(b"seq: 3", b"seq: 4", 4), (b"seq: 3", b"seq: 2", 2), (b'prev: "sha256:', b'prev: "sha256:0', 3)],
)
def test_a_record_that_does_not_follow_breaks_the_chain(repo, tmp_path, old, new, seq):
    *before, last = stream(repo)
    replay = replayed(before, tmp_path)
    path = record_path(last)
    data = last.added[path].replace(old, new)
    if old.startswith(b"prev"):
        place = data.index(new) + len(new)
        data = data[: place + 63] + data[place + 64 :]
    with pytest.raises(Corrupt) as error:
        replay.apply(replace(last, added={path: data}), count)
    assert (error.value.message, error.value.hint, error.value.where) == (
        f"Record {seq} breaks the chain.",
        "gitorch recover",
        f"{last.id}:{path}",
    )


def test_a_record_that_the_rules_refuse_leaves_the_replay_as_it_was(repo, tmp_path):
    *before, last = stream(repo)
    replay = replayed(before, tmp_path)
    head, records = replay.head, replay.state(RUN).run.records

    def refuse(_state, record: Record):
        raise Corrupt(f"never {record.seq}")

    with pytest.raises(Corrupt, match="never 3"):
        replay.apply(last, refuse)
    assert (replay.head, replay.state(RUN).run.records) == (head, records)


def test_the_ref_moves_only_from_the_commit_that_was_read(repo):
    store = BranchStore(common_dir(repo))
    tip = store.tip()
    before = CommitId(git(repo, "rev-parse", f"{REF}~1"))
    assert store._ref_file.move(before, before) is False
    assert store._ref_file.move(None, before) is False
    assert (store._ref_file.move(before, before), store.forward(None, before), store.tip()) == (False, False, tip)
    assert store._ref_file.move(tip, before) is True
    assert store.tip() == before
    git(repo, "update-ref", "-d", REF)
    assert store._ref_file.move(before, before) is False
    assert store.tip() is None
    assert store._ref_file.move(None, before) is True
    assert store.tip() == before


@pytest.mark.parametrize("store", [BranchStore, lambda common: GitStore(common, ENV)], ids=["dulwich", "git"])
def test_forward_moves_the_ref_to_commits_that_exist_only_from_where_it_is(repo, store):
    """Each row: where the ref is (None: nowhere), where the caller saw it, and whether it moves."""
    commits = [commit.id for commit in stream(repo)]
    first, middle, last = commits[0], commits[1], commits[-1]
    opened = store(common_dir(repo))
    rows = [
        (middle, middle, last, True),
        (middle, middle, first, True),
        (middle, first, last, False),
        (middle, last, last, False),
        (middle, None, last, False),
        (None, first, last, False),
        (None, None, last, True),
    ]
    for at, seen, new, moves in rows:
        git(repo, "update-ref", *(("-d", REF) if at is None else (REF, at)))
        assert (opened.tip(), opened.forward(seen, new)) == (at, moves)
        assert opened.tip() == (new if moves else at)


def test_a_ref_that_another_process_is_moving_counts_as_moved(repo):
    store = BranchStore(common_dir(repo))
    tip = store.tip()
    (repo / ".git" / f"{REF}.lock").write_bytes(b"")
    assert store._ref_file.move(tip, tip) is False


def test_a_branch_with_the_name_of_the_folder_is_named(tmp_path):
    made = new_repo(tmp_path / "other")
    git(made, "branch", "gitorch")
    with pytest.raises(Refused) as error:
        BranchStore(common_dir(made))._ref_file.move(None, CommitId(git(made, "rev-parse", "HEAD")))
    assert error.value.hint == "git branch -m gitorch gitorch-work"
    assert error.value.message.startswith(f"{REF} cannot be created because a branch has the name of its folder")
