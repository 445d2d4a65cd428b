"""The ledger through its port: appends, reads, races, the cache, the remembered tip."""

import json

import pytest
from ledger_kit import AGENT, AT, HOST, OTHER, REF, RUN, count, fill, git, new_repo, open_ledger, renewed

from gitorch.errors import Busy, Corrupt, NotFound, Refused, Usage
from gitorch.ledger import files
from gitorch.ledger.tip_index import SAVE_AFTER
from gitorch.model.events import QuestionAnswered, RunPaused, TargetConfirmed
from gitorch.model.ids import Moment, RunId
from gitorch.model.work.board import Board
from gitorch.ports.commits import Draft


@pytest.fixture
def repo(tmp_path):
    return new_repo(tmp_path / "r")


@pytest.fixture
def ledger(repo):
    made = open_ledger(repo)
    made.create(HOST, AT, "L-1")
    return made


def gitorch(repo, *names):
    return repo.joinpath(".git", "gitorch", *names)


def paths(repo):
    return git(repo, "ls-tree", "-r", "--name-only", REF).splitlines()


def test_a_new_ledger_has_its_genesis_record_and_two_pages(repo):
    ledger = open_ledger(repo)
    assert not ledger.exists()
    ledger.create(HOST, AT, "L-1")
    assert ledger.exists()
    assert paths(repo) == [".gitattributes", "README.md", "ledger/00/000000-ledger-created.yaml"]
    assert ledger.state(None).board.ledger == "L-1"
    assert git(repo, "log", "--format=%s|%an|%cn", REF) == "ledger created: L-1|gitorch|gitorch"
    assert git(repo, "show", f"{REF}:README.md").startswith("# The ledger of gitorch")
    assert git(repo, "show", f"{REF}:.gitattributes") == "* -text"


def test_creating_twice_changes_nothing(repo, ledger):
    tip = ledger.tip()
    open_ledger(repo).create(HOST, AT, "L-2")
    assert ledger.tip() == tip


def test_a_branch_that_is_not_a_ledger_is_refused(repo):
    git(repo, "branch", "gitorch/ledger")
    with pytest.raises(Refused, match="is not a ledger"):
        open_ledger(repo).create(HOST, AT, "L-1")


def test_without_a_ledger_every_read_is_not_found(repo):
    ledger = open_ledger(repo)
    asked = (
        lambda: ledger.state(None),
        lambda: list(ledger.records()),
        lambda: ledger.file(None, "0" * 64),
        ledger.verify,
        lambda: ledger.append(None, HOST, AT, lambda _: []),
    )
    for ask in asked:
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.hint == "gitorch init"


def test_a_record_is_one_commit_that_adds_one_file(repo, ledger):
    state, (written,) = ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, brief=b"do it")])
    assert state.run is not None
    assert state.run.records == 1
    assert written.commit == ledger.tip()
    digest = written.record.files[0].sha256
    assert git(repo, "show", "--format=", "--name-status", written.commit).splitlines() == [
        "A\truns/2026-11/auth-7f3a/00/000001-lease-renewed.yaml",
        f"A\truns/2026-11/auth-7f3a/files/{digest}",
    ]
    assert ledger.file(RUN, digest) == ledger.file(RUN, f"sha256:{digest}") == b"do it"
    assert git(repo, "log", "-1", "--format=%an <%ae>", REF) == "impl-api <s12@gitorch.invalid>"


def test_several_drafts_are_several_commits_and_one_move(repo, ledger):
    before = ledger.tip()
    state, written = ledger.append(RUN, AGENT, AT, lambda _: [renewed(1), renewed(2), renewed(3)])
    assert [one.record.seq for one in written] == [1, 2, 3]
    assert git(repo, "rev-list", "--reverse", f"{before}..{REF}").split() == [one.commit for one in written]
    assert state.run.records == 3


def test_a_decision_without_drafts_writes_nothing(ledger):
    before = ledger.tip()
    assert ledger.append(RUN, AGENT, AT, lambda _: [])[1] == ()
    assert ledger.tip() == before


def test_an_error_of_decide_passes_through_and_nothing_is_written(ledger):
    before = ledger.tip()

    def refuse(_):
        raise Refused("not now")

    with pytest.raises(Refused, match="not now"):
        ledger.append(RUN, AGENT, AT, refuse)
    assert ledger.tip() == before
    assert ledger.append(RUN, AGENT, AT, lambda _: [renewed(1)])[1]


def test_time_never_runs_backwards(ledger):
    ledger.append(RUN, AGENT, Moment(AT + 5000), lambda _: [renewed(1)])
    _, (written,) = ledger.append(RUN, AGENT, Moment(AT - 5000), lambda _: [renewed(2)])
    assert written.record.at == AT + 5000


def test_a_run_stays_in_the_month_of_its_first_record(repo, ledger):
    later = Moment(AT + 30 * 86_400_000)
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(1)])
    ledger.append(RUN, AGENT, later, lambda _: [renewed(2)])
    ledger.append(OTHER, AGENT, later, lambda _: [renewed(3)])
    assert [path for path in paths(repo) if path.startswith("runs")] == [
        "runs/2026-11/auth-7f3a/00/000001-lease-renewed.yaml",
        "runs/2026-11/auth-7f3a/00/000002-lease-renewed.yaml",
        "runs/2026-12/docs-00ff/00/000003-lease-renewed.yaml",
    ]
    assert ledger.verify().faults == ()


def test_records_of_no_run_are_in_the_ledger_folder(repo, ledger):
    ledger.append(None, HOST, AT, lambda _: [Draft(TargetConfirmed("main"), {"proof": b"yes"})])
    assert [path[:11] for path in paths(repo)[2:]] == ["ledger/00/0", "ledger/00/0", "ledger/file"]
    assert list(ledger.records())[1].record.run is None
    assert ledger.verify().faults == ()


def test_no_folder_takes_more_than_a_hundred_records(repo, ledger):
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(number) for number in range(205)])
    folders = [path.rsplit("/", 1)[0] for path in paths(repo) if "lease" in path]
    assert {folder: folders.count(folder) for folder in folders} == {
        f"runs/2026-11/{RUN}/{name}": number for name, number in (("00", 99), ("01", 100), ("02", 6))
    }


def test_records_and_files_read_back_as_written(ledger):
    _, (written,) = ledger.append(RUN, AGENT, AT, lambda _: [Draft(QuestionAnswered("q1", "", "a\r\nb\x1b"), {})])
    assert written.record.event.text == "a\nb\ufffd"
    assert list(ledger.records(RUN)) == [written]


def test_records_can_be_limited_to_a_run_and_to_later_numbers(repo, ledger):
    fill(ledger, 3)
    fill(ledger, 2, OTHER)
    fill(ledger, 2)
    for one in (ledger, open_ledger(repo)):
        assert [written.record.seq for written in one.records()] == list(range(8))
        assert [written.record.seq for written in one.records(after=5)] == [6, 7]
        assert [written.record.seq for written in one.records(RUN)] == [1, 2, 3, 6, 7]
        assert [written.record.seq for written in one.records(RUN, after=2)] == [3, 6, 7]
        assert [written.record.seq for written in one.records(OTHER)] == [4, 5]
        assert list(one.records(after=7)) == list(one.records(OTHER, after=5)) == []
        assert [written.commit for written in one.records()] == git(repo, "rev-list", "--reverse", REF).split()


def test_an_unknown_run_or_file_is_not_found(ledger):
    fill(ledger, 1)
    for ask in (lambda: ledger.state(OTHER), lambda: list(ledger.records(OTHER)), lambda: ledger.file(RUN, "0" * 64)):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize("run", ["../x", "a/b", "", ".git", "a\nb", "x" * 101, "a.lock", "-x"])
def test_a_run_that_cannot_be_a_folder_name_is_refused(ledger, run):
    before = ledger.tip()
    with pytest.raises(Usage, match="cannot be the name of a run"):
        ledger.append(RunId(run), AGENT, AT, lambda _: [renewed(1)])
    assert ledger.tip() == before


def test_a_file_beyond_the_limit_is_refused(ledger):
    with pytest.raises(Usage, match="log has 8,000,001 bytes"):
        ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, log=b"x" * 8_000_001)])


def test_the_same_file_twice_is_stored_once(repo, ledger):
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(1, brief=b"same")])
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(2, again=b"same", other=b"same")])
    assert len([path for path in paths(repo) if "/files/" in path]) == 1
    assert ledger.verify().faults == ()


def test_two_ledgers_of_one_repository_see_each_other(repo, ledger):
    other = open_ledger(repo)
    fill(ledger, 2)
    assert other.append(RUN, AGENT, AT, lambda state: [renewed(state.run.records)])[0].run.records == 3
    fill(ledger, 1)
    assert other.state(RUN).run.records == ledger.state(RUN).run.records == 4


def test_the_state_is_the_same_with_any_cache_and_with_none(repo, ledger):
    fill(ledger, 1)
    for number in range(3 * SAVE_AFTER):
        fill(ledger, 1, RUN if number % 3 else OTHER)
        expected = ledger.state(RUN).run, ledger.state(OTHER).run
        fresh = open_ledger(repo)
        assert (fresh.state(RUN).run, fresh.state(OTHER).run) == expected
    cache = gitorch(repo, "cache")
    assert len(list(cache.glob("run-*.json"))) == 2
    for name in ("board.json", f"run-{RUN}-*.json", f"run-{OTHER}-*.json"):
        for spoil in (
            lambda _: b"",
            lambda _: b"{}",
            lambda _: b"\xff",
            lambda good: good[:-9],
            lambda _: b"[]\n{}\n[]",
        ):
            (path,) = cache.glob(name)
            path.write_bytes(spoil(path.read_bytes()))
            broken = open_ledger(repo)
            assert (broken.state(RUN).run, broken.state(OTHER).run) == expected
    for path in cache.iterdir():
        path.unlink()
    again = open_ledger(repo)
    assert (again.state(RUN).run, again.state(OTHER).run) == expected
    assert (cache / "board.json").exists()


def test_a_cache_made_by_other_code_is_not_read(repo, ledger):
    fill(ledger, SAVE_AFTER)
    board = gitorch(repo, "cache", "board.json")
    first, rest = files.read_sealed(board).split("\n", 1)
    key, *head = json.loads(first)
    files.replace_sealed(board, f"{json.dumps([key + 'x', *head])}\n{rest.replace('L-1', 'forged')}")
    assert open_ledger(repo).state(None).board == Board(ledger="L-1")
    files.replace_sealed(board, files.read_sealed(board).replace("L-1", "forged"))
    assert open_ledger(repo).state(None).board == Board(ledger="forged"), "else this test would prove nothing"


def test_a_verb_on_one_run_never_reads_another(repo, ledger):
    fill(ledger, SAVE_AFTER, OTHER)
    fill(ledger, SAVE_AFTER)
    (unread,) = gitorch(repo, "cache").glob(f"run-{OTHER}-*.json")
    unread.write_text("would raise if it were read")
    calls = []

    def counting(state, record):
        calls.append(record.seq)
        return count(state, record)

    cold = open_ledger(repo, counting)
    cold.append(RUN, AGENT, AT, lambda _: [renewed(9)])
    assert len(calls) <= SAVE_AFTER + 1
    assert cold.state(RUN).run.records == SAVE_AFTER + 1


def test_a_cold_verb_replays_only_the_newest_records(repo, ledger):
    fill(ledger, 5 * SAVE_AFTER)
    calls = []

    def counting(state, record):
        calls.append(record.seq)
        return count(state, record)

    open_ledger(repo, counting).state(RUN)
    assert len(calls) < SAVE_AFTER


def test_many_runs_do_not_stay_in_memory(repo, ledger):
    from gitorch.ledger.run_cache import IN_MEMORY_MAX

    for number in range(IN_MEMORY_MAX + 10):
        ledger.append(RunId(f"r-{number}"), AGENT, AT, lambda _: [renewed(1)])
    assert len(ledger._tip_index._memory.run_cache._held) <= IN_MEMORY_MAX
    assert ledger.state(RunId("r-0")).run.records == 1
    assert open_ledger(repo).state(RunId("r-0")).run.records == 1
    assert ledger.verify().faults == ()


def test_a_shortened_ledger_is_corrupt_at_the_next_read(repo, ledger):
    fill(ledger, 3)
    lost = ledger.tip()
    git(repo, "update-ref", REF, f"{REF}~1")
    for one in (ledger, open_ledger(repo)):
        with pytest.raises(Corrupt, match="shortened or replaced") as caught:
            one.state(RUN)
        assert caught.value.where == lost
        with pytest.raises(Corrupt, match="shortened or replaced"):
            one.append(RUN, AGENT, AT, lambda _: [renewed(1)])


def test_a_cache_as_old_as_a_shortened_ledger_does_not_hide_it(repo, ledger):
    fill(ledger, 2)
    ledger._tip_index._cache.save(ledger._tip_index.replay(RUN))
    ledger.append(RUN, AGENT, AT, lambda _: [renewed(2)])
    git(repo, "update-ref", REF, f"{REF}~1")
    with pytest.raises(Corrupt, match="shortened or replaced"):
        open_ledger(repo).state(RUN)


def test_a_replaced_ledger_is_corrupt_even_when_it_is_longer(repo, ledger, tmp_path):
    fill(ledger, 3)
    lost = ledger.tip()
    other = new_repo(tmp_path / "other")
    longer = open_ledger(other)
    longer.create(HOST, AT, "L-2")
    fill(longer, 9)
    git(repo, "fetch", "-q", "-f", str(other), f"{REF}:{REF}")
    for one in (ledger, open_ledger(repo)):
        with pytest.raises(Corrupt, match=lost):
            one.state(None)


def test_a_removed_branch_is_corrupt_and_not_created_again(repo, ledger):
    git(repo, "update-ref", "-d", REF)
    for ask in (lambda: ledger.create(HOST, AT, "L-2"), lambda: ledger.state(None), ledger.verify):
        with pytest.raises(Corrupt, match="shortened or replaced"):
            ask()


def test_records_fetched_from_another_clone_are_adopted(repo, ledger, tmp_path):
    git(tmp_path, "clone", "-q", str(repo), "clone")
    git(tmp_path / "clone", "fetch", "-q", "origin", f"{REF}:{REF}")
    fill(open_ledger(tmp_path / "clone"), 40)
    git(repo, "fetch", "-q", str(tmp_path / "clone"), f"{REF}:{REF}")
    assert ledger.state(RUN).run.records == 40
    assert ledger.append(RUN, AGENT, AT, lambda _: [renewed(1)])[0].run.records == 41
    assert ledger.verify().faults == ()


def test_a_broken_record_stops_every_verb(repo, ledger):
    from ledger_kit import raws, rewrite

    fill(ledger, 2)
    commits = raws(repo)
    commits[1].added[commits[1].record] = b"seq: 1\n"
    rewrite(repo, commits)
    gitorch(repo, "tip").unlink()
    for one in (ledger, open_ledger(repo)):
        with pytest.raises(Corrupt, match="is not what gitorch writes"):
            one.state(RUN)


def test_a_broken_chain_stops_every_verb(repo, ledger):
    from ledger_kit import raws, rewrite

    fill(ledger, 2)
    commits = raws(repo)
    commits[1].added = {path: data.replace(b"fence: 0", b"fence: 7") for path, data in commits[1].added.items()}
    rewrite(repo, commits)
    gitorch(repo, "tip").unlink()
    for one in (ledger, open_ledger(repo)):
        with pytest.raises(Corrupt, match="Record 2 breaks the chain"):
            one.state(RUN)


def test_a_linked_worktree_shares_ledger_locks_and_cache(repo, ledger, tmp_path):
    git(repo, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = open_ledger(tmp_path / "linked")
    fill(linked, 1)
    assert ledger.state(RUN).run.records == 1
    with linked.hold("tick"), pytest.raises(Busy), ledger.hold("tick"):
        pass


def test_the_users_checkout_and_index_are_never_touched(repo, ledger):
    (repo / "work.txt").write_text("mine")
    git(repo, "add", "work.txt")
    fill(ledger, 3)
    assert git(repo, "status", "--porcelain") == "A  work.txt"
    assert git(repo, "symbolic-ref", "HEAD") == "refs/heads/main"


def test_a_reason_from_outside_makes_no_trailer(repo, ledger):
    reason = "x\n\nGitorch-Seq: 99\nGitorch-Record: sha256:forged"
    ledger.append(RUN, AGENT, AT, lambda _: [Draft(RunPaused(reason), {})])
    assert git(repo, "log", "-1", "--format=%(trailers:key=Gitorch-Seq,valueonly)", REF) == "1"
    assert ledger.verify().faults == ()
