"""A ledger that is gone, shortened, replaced or damaged is said to be so by every read, with a command that restores it (K9)."""

import shutil
import threading
import zlib
from pathlib import Path

import pytest
from damage_kit import READS, run_hint, truncate_object
from ledger_kit import AGENT, AT, HOST, REF, RUN, fill, git, new_repo, open_ledger, raws, renewed, rewrite
from waiting import until

from gitorch.errors import Corrupt, NotFound, Unavailable
from gitorch.ledger import damage

RECORD = f"{REF}:runs/2026-11/{RUN}/00/000002-lease-renewed.yaml"


def delete(repo):
    git(repo, "update-ref", "-d", REF)


def delete_with_its_folder(repo):
    git(repo, "update-ref", "-d", REF)
    shutil.rmtree(repo / ".git/refs/heads/gitorch", ignore_errors=True)


def shorten(repo):
    git(repo, "update-ref", REF, f"{REF}~2")


def point_at_another_root(repo):
    git(repo, "update-ref", REF, "main")


def recompute(repo):
    commits = raws(repo)
    rewrite(repo, commits[:-1])


LOST = (delete, delete_with_its_folder, shorten, point_at_another_root, recompute)


def pairs():
    """Each loss with each reader; `make test` tries two or three readers of each loss, and each reader."""
    for at, lose in enumerate(LOST):
        for number, read in enumerate(READS):
            yield pytest.param(
                lose, read, marks=[pytest.mark.slow] * ((at + number) % 3 != 0), id=f"{read}-{lose.__name__}"
            )


@pytest.mark.parametrize(("lose", "read"), list(pairs()))
def test_a_lost_ledger_is_corrupt_and_the_hint_restores_it(repo, opened, lose, read):
    before = opened(repo).state(RUN)
    lose(repo)
    with pytest.raises(
        Corrupt, match=r"removed, shortened or replaced: record 5, commit [0-9a-f]{40}, is missing"
    ) as caught:
        READS[read](opened(repo))
    assert caught.value.exit_status == 7
    run_hint(repo, caught.value)
    assert opened(repo).state(RUN) == before
    assert opened(repo).verify().faults == ()


@pytest.mark.parametrize("lose", LOST)
def test_a_lost_ledger_is_never_reported_as_absent(repo, opened, lose):
    lose(repo)
    ledger = opened(repo)
    if ledger.tip() is None:
        with pytest.raises(Corrupt):
            ledger.exists()
        with pytest.raises(Corrupt):
            ledger.create(HOST, AT, "L-2")
    damage = ledger.damage()
    assert damage is not None
    assert damage.hint.startswith(f"git update-ref {REF} ")


@pytest.mark.usefixtures("remote")
def test_a_lost_ledger_whose_objects_are_pruned_comes_back_from_a_remote(repo, opened):
    before = opened(repo).state(RUN)
    delete(repo)
    git(repo, "prune", "--expire=now")
    with pytest.raises(Corrupt) as caught:
        opened(repo).state(RUN)
    assert caught.value.hint == f"git fetch backup +{REF}:{REF}"
    run_hint(repo, caught.value)
    assert opened(repo).state(RUN) == before


def test_without_a_remote_the_hint_names_another_clone(repo, opened):
    delete(repo)
    git(repo, "prune", "--expire=now")
    with pytest.raises(Corrupt) as caught:
        opened(repo).state(RUN)
    assert caught.value.hint == f"git fetch PATH-OF-ANOTHER-CLONE +{REF}:{REF}"


def remove_object(repo, identity):
    (repo / ".git/objects" / identity[:2] / identity[2:]).unlink()


def replace_object(repo, identity):
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    whole = zlib.decompress(path.read_bytes())
    path.unlink()
    path.write_bytes(zlib.compress(whole.replace(b"fence: 1", b"fence: 7")))


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("harm", [remove_object, truncate_object, replace_object])
def test_a_damaged_object_is_corrupt_and_comes_back_from_a_remote(repo, opened, harm):
    before = opened(repo).state(RUN)
    harm(repo, git(repo, "rev-parse", RECORD))
    with pytest.raises(Corrupt) as caught:
        opened(repo).verified(RUN)
    assert caught.value.hint == "gitorch recover"
    damage = opened(repo).damage()
    assert damage is not None
    run_hint(repo, damage)
    assert opened(repo).damage() is None
    assert opened(repo).verified(RUN).state == before
    assert opened(repo).verify().faults == ()


def put_foreign_commit_on_top(repo):
    git(repo, "update-ref", REF, git(repo, "commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "Tidy up"))


def test_a_foreign_commit_on_top_is_taken_off_again(repo, opened):
    before = opened(repo).state(RUN)
    put_foreign_commit_on_top(repo)
    with pytest.raises(Corrupt, match="does not continue the ledger") as caught:
        opened(repo).state(RUN)
    assert caught.value.hint == "gitorch recover"
    damage = opened(repo).damage()
    assert damage is not None
    run_hint(repo, damage)
    assert opened(repo).state(RUN) == before


@pytest.mark.parametrize(
    ("harm", "read"),
    [
        (put_foreign_commit_on_top, "state"),
        (lambda repo: replace_object(repo, git(repo, "rev-parse", RECORD)), "verified"),
    ],
)
def test_an_error_that_is_kept_keeps_no_process_that_reads(repo, opened, harm, read):
    before = set(threading.enumerate())
    harm(repo)
    with pytest.raises(Corrupt) as caught:
        READS[read](opened(repo))
    assert until(lambda: set(threading.enumerate()) <= before), caught


@pytest.mark.parametrize("text", ["hello\n", "0" * 39 + "\n", ""])
def test_a_ref_that_names_no_commit_is_written_anew(repo, text):
    before = open_ledger(repo).state(RUN)
    (repo / ".git" / REF).write_text(text)
    with pytest.raises(Corrupt, match="does not hold a commit") as caught:
        open_ledger(repo).state(RUN)
    assert caught.value.hint == "gitorch recover"
    damage = open_ledger(repo).damage()
    assert damage is not None
    run_hint(repo, damage)
    assert open_ledger(repo).state(RUN) == before


def test_a_ref_that_names_no_commit_comes_back_from_elsewhere_where_nothing_was_seen(repo):
    shutil.rmtree(repo / ".git/gitorch")
    (repo / ".git" / REF).write_text("hello\n")
    shutil.rmtree(repo / ".git/logs", ignore_errors=True)
    (repo / ".git" / REF).rename(repo / "aside")
    git(repo, "prune", "--expire=now")
    (repo / "aside").rename(repo / ".git" / REF)
    damage = open_ledger(repo).damage()
    assert damage is not None
    assert damage.hint.endswith(f"git fetch PATH-OF-ANOTHER-CLONE +{REF}:{REF}")


OWN_FILES = ("gitorch/ledger.lock", "gitorch/ledger.queue")


def make_link_to_nothing(path):
    path.symlink_to("/nonexistent/place")


def make_link_to_itself(path):
    path.symlink_to(path.name)


def make_file(path):
    path.write_text("x")


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("gitorch", make_file),
        *((name, make) for name in OWN_FILES for make in (Path.mkdir, make_link_to_nothing, make_link_to_itself)),
    ],
)
def test_something_in_the_way_is_named_and_reading_goes_on(repo, opened, name, make):
    before = opened(repo).state(RUN)
    shutil.rmtree(repo / ".git/gitorch")
    path = repo / ".git" / name
    if name != "gitorch":
        path.parent.mkdir()
    make(path)
    assert opened(repo).state(RUN) == before
    with pytest.raises(Unavailable, match="is in the way") as caught:
        opened(repo).append(RUN, AGENT, AT, lambda _: [renewed(9)])
    run_hint(repo, caught.value)
    assert opened(repo).append(RUN, AGENT, AT, lambda _: [renewed(9)])[0].run.records == before.run.records + 1


def test_a_ledger_that_holds_has_no_damage(repo, opened):
    assert opened(repo).damage() is None


def test_where_there_never_was_a_ledger_damage_says_so(tmp_path, opened):
    with pytest.raises(NotFound, match="no ledger"):
        opened(new_repo(tmp_path / "empty")).damage()


def test_the_folder_beside_the_branch_can_be_removed_at_any_time(repo, opened):
    before = opened(repo).state(RUN)
    shutil.rmtree(repo / ".git/gitorch")
    assert opened(repo).state(RUN) == before
    shutil.rmtree(repo / ".git/gitorch")
    after, _ = opened(repo).append(RUN, AGENT, AT, lambda _: [renewed(9)])
    assert after.run.records == before.run.records + 1


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "null", '["5", "sha256:0", "abc"]', "[5, 3, 4]", "\x00\xff"])
def test_a_trusted_tip_that_cannot_be_read_counts_as_absent_and_is_written_again(repo, opened, text):
    tip = repo / ".git/gitorch/tip"
    tip.write_text(text)
    opened(repo).state(RUN)
    assert opened(repo).verified(RUN).state.run.records == 5
    fill(open_ledger(repo), 1)
    assert git(repo, "rev-parse", REF) in tip.read_text()


def test_a_ledger_that_is_created_while_traces_are_looked_for_is_not_lost(tmp_path, monkeypatch):
    """A reader that found no branch meets the cache and the branch of a writer that came in between."""
    repo = new_repo(tmp_path / "r")
    reader, writer = open_ledger(repo), open_ledger(repo)
    found = damage.absent

    def created_in_between(*arguments):
        monkeypatch.setattr(damage, "absent", found)
        writer.create(HOST, AT, "L-1")
        fill(writer, 8)
        return found(*arguments)

    monkeypatch.setattr(damage, "absent", created_in_between)
    assert reader.exists()


@pytest.mark.each(3)
@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("part", ["", ":", ":runs", f":runs/2026-11/{RUN}/00"])
def test_a_reader_whose_cache_is_behind_is_told_a_damaged_object_of_the_newest_record(repo, monkeypatch, read, part):
    monkeypatch.setattr("gitorch.ledger.tip_index.SAVE_PAUSE_SECONDS", 1e9)  # so that the next record is not cached
    open_ledger(repo).append(RUN, AGENT, AT, lambda _: [renewed(9)])
    identity = git(repo, "rev-parse", f"{REF}{part}").strip()
    truncate_object(repo, identity)
    with pytest.raises(Corrupt, match=identity):
        READS[read](open_ledger(repo))
