"""One contract for both stores, on every shape of repository that they meet."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from fakes.store import FakeStore
from store_repositories import ENV, git, init, plain

from gitorch.errors import Corrupt, GitorchError, Refused
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.location import choose, common_dir
from gitorch.ledger.lock import clear_stale
from gitorch.model.ids import CommitId, Moment
from gitorch.ports.commits import NewCommit
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore

REF = "refs/heads/gitorch/ledger"
AUTHOR = "impl-api <s12@gitorch.invalid>"
AT = Moment(1_795_214_411_123)


def packed_refs(tmp: Path) -> Path:
    repo = plain(tmp)
    git(repo, "pack-refs", "--all")
    return repo


def alternates(tmp: Path) -> Path:
    git(tmp, "clone", "-q", "--shared", str(plain(tmp)), "clone")
    return tmp / "clone"


def linked_worktree(tmp: Path) -> Path:
    git(plain(tmp), "worktree", "add", "-q", "../linked")
    return tmp / "linked"


def submodule(tmp: Path) -> Path:
    outer = init(tmp / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(plain(tmp)), "sub")
    return outer / "sub"


def worktree_config(tmp: Path) -> Path:
    repo = plain(tmp)
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(repo, "config", "--worktree", "core.sparseCheckout", "true")
    return repo


def shallow(tmp: Path) -> Path:
    git(tmp, "clone", "-q", "--depth=1", f"file://{plain(tmp)}", "shallow")
    return tmp / "shallow"


def bare(tmp: Path) -> Path:
    return init(tmp / "r.git", "--bare")


def sha256(tmp: Path) -> Path:
    return init(tmp / "r", "--object-format=sha256")


def partial_clone(tmp: Path) -> Path:
    origin = plain(tmp)
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp, "clone", "-q", "--filter=blob:none", f"file://{origin}", "partial")
    return tmp / "partial"


SHAPES = (plain, packed_refs, alternates, linked_worktree, submodule, worktree_config, shallow, bare)
GIT_ONLY = (sha256, partial_clone)
CASES = [(shape, name) for shape in SHAPES for name in ("dulwich", "git")] + [(shape, "git") for shape in GIT_ONLY]


def store_of(name: str, folder: Path):
    common = common_dir(folder)
    return BranchStore(common) if name == "dulwich" else GitStore(common, ENV)


@pytest.fixture(params=CASES, ids=[f"{shape.__name__}-{name}" for shape, name in CASES])
def shaped(request, tmp_path):
    shape, name = request.param
    folder = shape(tmp_path)
    return folder, name


@pytest.fixture(params=["dulwich", "git"])
def simple(request, tmp_path):
    folder = plain(tmp_path)
    return folder, store_of(request.param, folder)


def commit(number: int, **files: bytes) -> NewCommit:
    content = {f"log/{number:02}/{name}": data for name, data in (files or {"a": b"%d" % number}).items()}
    return NewCommit(content, f"number {number}\n\nTrailer: {number}\n", AUTHOR, Moment(AT + 1000 * number))


def grow(store, number: int) -> list[CommitId]:
    made: list[CommitId] = []
    for one in range(number):
        ids = store.extend(made[-1] if made else None, [commit(one)])
        assert ids is not None
        made += ids
    return made


def test_a_branch_grows_commit_by_commit_and_git_reads_it(shaped):
    folder, name = shaped
    store = store_of(name, folder)
    assert store.tip() is None
    first = store.extend(None, [commit(0), commit(1, x=b"", y=b"\0\xff" * 5000)])
    assert first is not None
    assert len(first) == 2
    second = store.extend(first[-1], [commit(2)])
    assert second is not None
    store.make_durable()
    assert store.tip() == second[-1] == store_of(name, folder).tip() == git(folder, "rev-parse", REF)
    assert store.message(first[1]) == store_of(name, folder).message(first[1]) == "number 1\n\nTrailer: 1\n"
    assert git(folder, "log", "--format=%s|%an|%ae|%cn|%ct|%P", REF).splitlines() == [
        f"number 2|impl-api|s12@gitorch.invalid|gitorch|{AT // 1000 + 2}|{first[1]}",
        f"number 1|impl-api|s12@gitorch.invalid|gitorch|{AT // 1000 + 1}|{first[0]}",
        f"number 0|impl-api|s12@gitorch.invalid|gitorch|{AT // 1000}|",
    ]
    git(folder, "fsck", "--strict", "--no-dangling")
    reopened = store_of(name, folder)
    assert reopened.read(second[-1], "log/01/y") == b"\0\xff" * 5000
    assert reopened.read(first[0], "log/01/y") is None
    assert reopened.read(second[-1], "log/01") is None
    assert list(reopened.paths(second[-1], "log/01")) == ["log/01/x", "log/01/y"]
    assert list(reopened.paths(second[-1], "")) == ["log/00/a", "log/01/x", "log/01/y", "log/02/a"]
    assert list(reopened.paths(second[-1], "nothing")) == []


@pytest.mark.each(3)
def test_history_is_the_same_by_store_and_by_stream(shaped):
    folder, name = shaped
    store = store_of(name, folder)
    made = grow(store, 5)
    history = GitHistory(common_dir(folder), ENV)
    everything = list(history.stream(made[-1]))
    assert list(store.since(None, made[-1])) == everything
    assert list(store.since(made[1], made[-1])) == list(history.stream(made[-1], made[1])) == everything[2:]
    assert list(store.since(made[-1], made[-1])) == list(history.stream(made[-1], made[-1])) == []
    assert [one.id for one in everything] == made
    assert list(store.first_parents(made[-1])) == [one.id for one in store.back(made[-1])] == made[::-1]
    assert everything[3].parents == (made[2],)
    assert everything[3].message == "number 3\n\nTrailer: 3\n"
    assert everything[3].added == {"log/03/a": b"3"}
    assert everything[3].touched == ()


def test_the_choice_for_a_shape_is_a_store_that_works_there(shaped):
    folder, name = shaped
    assert name == "git" or choose(common_dir(folder)).store == "dulwich"


@pytest.mark.each(3)
def test_every_record_is_readable_after_git_packed_them(shaped):
    folder, name = shaped
    store = store_of(name, folder)
    made = grow(store, 3)
    git(folder, "gc", "-q")
    for reader in (store, store_of(name, folder)):
        assert reader.tip() == made[-1]
        assert reader.read(made[-1], "log/02/a") == b"2"
    assert store.extend(made[-1], [commit(9)]) is not None
    assert [one.message[:8] for one in store.since(None, CommitId(git(folder, "rev-parse", REF)))][-1] == "number 9"


def test_a_store_in_memory_makes_and_reads_the_same_commits(simple):
    _, store = simple
    fake = FakeStore()
    made = grow(store, 3)

    assert grow(fake, 3) == made
    assert fake.extend(made[0], [commit(7)]) is None
    assert fake.tip() == store.tip() == made[-1]
    assert fake.message(made[1]) == store.message(made[1])
    for old in (None, made[1], made[-1]):
        assert list(fake.first_parents(made[-1])) == list(store.first_parents(made[-1]))
        assert list(fake.since(old, made[-1])) == list(fake.stream(made[-1], old)) == list(store.since(old, made[-1]))
    for path in ("log/01/a", "log/01", "nothing"):
        assert fake.read(made[-1], path) == store.read(made[-1], path)
        assert list(fake.paths(made[-1], path)) == list(store.paths(made[-1], path))
    assert list(fake.paths(made[-1], "")) == list(store.paths(made[-1], ""))
    with pytest.raises(Corrupt, match="not in the history"):
        list(fake.since(made[1], made[0]))
    with pytest.raises(Corrupt, match="missing"):
        fake.read(CommitId("1" * 40), "log/00/a")


def test_a_tip_that_moved_meanwhile_is_never_overwritten(simple):
    _, store = simple
    made = grow(store, 2)
    assert store.extend(made[0], [commit(7)]) is None
    assert store.extend(None, [commit(7)]) is None
    assert store.extend(CommitId("1" * 40), [commit(7)]) is None
    assert store.tip() == made[-1]


def test_a_move_between_read_and_swap_is_noticed(simple):
    """The ref moves while objects are being written: the second look, under git's own lock, must find it."""
    _, store = simple
    made = grow(store, 2)
    look, stale = store.tip, iter([made[0]])
    store.tip = lambda: next(stale, None) or look()
    assert store.extend(made[0], [commit(7)]) is None
    assert store.tip() == made[1]


@pytest.mark.parametrize("first", [True, False])
def test_a_ref_that_is_locked_counts_as_moved_and_a_stale_lock_is_cleared(simple, first):
    folder, store = simple
    made = [] if first else grow(store, 1)
    tip = made[-1] if made else None
    lock = common_dir(folder) / f"{REF}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert store.extend(tip, [commit(5)]) is None
    assert not clear_stale(common_dir(folder), REF)
    assert lock.exists()
    os.utime(lock, (time.time() - 10, time.time() - 10))
    assert clear_stale(common_dir(folder), REF)
    assert not lock.exists()
    assert store.extend(tip, [commit(5)]) is not None


def test_leftovers_of_a_killed_writer_are_removed_and_block_nothing(tmp_path):
    folder = plain(tmp_path)
    objects = common_dir(folder) / "objects"
    old, young = objects / "tmp_obj_gitorch_1_aa_0", objects / "tmp_obj_gitorch_2_bb_0"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 10, time.time() - 10))
    grow(store_of("dulwich", folder), 1)
    assert not old.exists()
    assert young.exists()


def test_an_object_that_a_power_loss_emptied_is_written_again(tmp_path):
    folder = plain(tmp_path)
    made = grow(store_of("dulwich", folder), 1)
    blob = git(folder, "rev-parse", f"{made[0]}:log/00/a")
    path = common_dir(folder) / "objects" / blob[:2] / blob[2:]
    path.chmod(0o644)
    path.write_bytes(b"")
    git(folder, "update-ref", "-d", REF)
    again = store_of("dulwich", folder)
    assert again.extend(None, [commit(0)]) == tuple(made)
    assert again.read(made[0], "log/00/a") == b"0"


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("branch", ["gitorch", "gitorch/ledger/below"])
def test_a_branch_in_the_way_is_refused_by_name(simple, branch, is_packed):
    folder, store = simple
    git(folder, "branch", branch)
    if is_packed:
        git(folder, "pack-refs", "--all")
    with pytest.raises(Refused, match="cannot be created"):
        store.extend(None, [commit(0)])


def test_a_ref_that_git_packed_is_moved_on(simple):
    folder, store = simple
    made = grow(store, 2)
    git(folder, "pack-refs", "--all")
    assert not (common_dir(folder) / REF).parent.exists()
    assert store.extend(made[0], [commit(5)]) is None
    assert store.tip() == made[1]
    moved = store.extend(made[1], [commit(5)])
    assert moved == (git(folder, "rev-parse", REF),)


def test_an_unrelated_history_is_no_ancestor(simple):
    folder, store = simple
    made = grow(store, 2)
    other = CommitId(git(folder, "rev-parse", "main"))
    with pytest.raises(Corrupt, match="not in the history"):
        list(store.since(other, made[-1]))
    with pytest.raises(Corrupt, match="not in the history"):
        list(store.since(made[1], made[0]))


def test_a_missing_object_is_corrupt_and_named(simple):
    folder, store = simple
    made = grow(store, 2)
    blob = git(folder, "rev-parse", f"{made[0]}:log/00/a")
    (common_dir(folder) / "objects" / blob[:2] / blob[2:]).unlink()
    fresh = store_of(store.name, folder)
    with pytest.raises(Corrupt, match=blob):
        fresh.read(made[1], "log/00/a")
    with pytest.raises(Corrupt, match=blob):
        list(GitHistory(common_dir(folder), ENV).stream(made[1]))
    assert next(fresh.first_parents(CommitId("1" * 40))) == "1" * 40
    with pytest.raises(Corrupt, match="1" * 40):
        list(fresh.first_parents(CommitId("1" * 40)))
    with pytest.raises(GitorchError, match=r"git|missing"):
        list(GitHistory(common_dir(folder), ENV).stream(CommitId("1" * 40)))


def test_the_caller_s_git_variables_have_no_effect(simple, tmp_path):
    folder, store = simple
    made = grow(store, 1)
    elsewhere = init(tmp_path / "elsewhere")
    steered = ENV | {"GIT_DIR": str(elsewhere / ".git"), "GIT_OBJECT_DIRECTORY": "/nowhere", "GIT_INDEX_FILE": "/x"}
    assert [one.id for one in GitHistory(common_dir(folder), steered).stream(made[-1])] == made


def test_the_user_s_configuration_and_replaced_objects_have_no_effect(simple):
    folder, store = simple
    made = grow(store, 3)
    for key, value in {
        "log.showRoot": "false",
        "log.showSignature": "true",
        "diff.renames": "copies",
        "color.ui": "always",
        "diff.noprefix": "true",
        "core.quotePath": "true",
        "format.pretty": "oneline",
        "i18n.logOutputEncoding": "latin1",
    }.items():
        git(folder, "config", key, value)
    git(folder, "replace", made[1], git(folder, "rev-parse", "main"))
    assert [one.id for one in GitHistory(common_dir(folder), ENV).stream(made[-1])] == made
    assert [list(one.added) for one in store.since(None, made[-1])] == [[f"log/0{n}/a"] for n in range(3)]


def test_a_stream_left_early_leaves_no_process_behind(simple):
    folder, store = simple
    made = grow(store, 3)
    before = children()  # of other tests, whose errors still hold what they read
    stream = GitHistory(common_dir(folder), ENV).stream(made[-1])
    assert next(stream).id == made[0]
    stream.close()
    assert children() <= before


def children():
    """The processes that this thread has started and not reaped; none where the system does not tell."""
    listing = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return set(listing.read_text().split()) if listing.exists() else set()


def test_a_commit_with_very_many_files_does_not_block(simple):
    """More ids than a pipe holds (65,536 bytes)."""
    folder, store = simple
    files = {f"f{number:04}": b"%d" % number * 50 for number in range(1700)}
    ids = store.extend(None, [commit(0, **files)])
    (only,) = GitHistory(common_dir(folder), ENV).stream(ids[0])
    assert len(only.added) == 1700
    assert only.added["log/00/f1699"] == b"1699" * 50


@pytest.mark.parametrize("change", ["changed", "removed", "link", "executable"])
def test_any_change_but_an_added_file_is_listed_as_touched(simple, change):
    folder, store = simple
    made = grow(store, 1)
    blob = git(folder, "hash-object", "-w", "--no-filters", ".git/HEAD")
    index = ENV | {"GIT_INDEX_FILE": str(folder / ".git" / "other-index")}

    def plumb(*arguments: str) -> str:
        return subprocess.run(
            ("git", *arguments), cwd=folder, env=index, capture_output=True, text=True, check=True
        ).stdout.strip()

    plumb("read-tree", made[0])
    path = {"link": "log/00/b", "executable": "log/00/b"}.get(change, "log/00/a")
    mode = {"link": "120000", "executable": "100755"}.get(change, "100644")
    if change == "removed":
        plumb("update-index", "--force-remove", path)
    else:
        plumb("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    new = CommitId(plumb("commit-tree", plumb("write-tree"), "-p", made[0], "-m", "x"))
    for seen in (list(store.since(made[0], new)), list(GitHistory(common_dir(folder), ENV).stream(new, made[0]))):
        assert [(dict(one.added), one.touched) for one in seen] == [({}, (path,))]
