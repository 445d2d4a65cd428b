"""A ledger that is gone, shortened, replaced or damaged is said to be so by every read, with a command that restores it (K9)."""

import json
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from ledger_kit import AGENT, AT, ENV, HOST, REF, RUN, count, fill, git, new_repo, open_ledger, raws, renewed, rewrite

from gitorch.errors import Corrupt, NotFound, Unavailable
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.world.git.history import GitHistory
from gitorch.world.git.store import GitStore

RECORD = f"{REF}:runs/2026-11/{RUN}/00/000002-lease-renewed.yaml"

READS = {
    "state": lambda ledger: ledger.state(RUN),
    "board": lambda ledger: ledger.state(None),
    "records": lambda ledger: list(ledger.records()),
    "records of a run": lambda ledger: list(ledger.records(RUN)),
    "append": lambda ledger: ledger.append(RUN, AGENT, AT, lambda _: [renewed(9)]),
    "verified": lambda ledger: ledger.verified(RUN),
}


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


@pytest.fixture(params=["dulwich", "git"])
def opened(request):
    """Opens the ledger of a repository with one of the stores."""
    if request.param == "dulwich":
        return open_ledger

    def with_git(repo):
        common = common_dir(repo)
        return GitLedger(GitStore(common, ENV), GitHistory(common, ENV), common, count)

    return with_git


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A repository with a ledger, which each test copies: that is ten times faster than making one."""
    folder = new_repo(tmp_path_factory.mktemp("template") / "r")
    ledger = open_ledger(folder)
    ledger.create(HOST, AT, "L-1")
    fill(ledger, 5)
    ledger.state(None)
    return folder


@pytest.fixture
def repo(template, tmp_path):
    return shutil.copytree(template, tmp_path / "r")


@pytest.fixture
def remote(repo, tmp_path):
    """A bare clone that holds the whole ledger, as the remote `backup`."""
    git(tmp_path, "clone", "-q", "--bare", str(repo), "backup.git")
    git(repo, "remote", "add", "backup", str(tmp_path / "backup.git"))


def run_hint(repo, error):
    subprocess.run(error.hint, shell=True, cwd=repo, env=ENV, check=True, capture_output=True)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("lose", LOST)
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


def truncate_object(repo, identity):
    path = repo / ".git/objects" / identity[:2] / identity[2:]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[: len(data) // 2])


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


def test_a_foreign_commit_on_top_is_taken_off_again(repo, opened):
    before = opened(repo).state(RUN)
    git(repo, "update-ref", REF, git(repo, "commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "Tidy up"))
    with pytest.raises(Corrupt, match="does not continue the ledger") as caught:
        opened(repo).state(RUN)
    assert caught.value.hint == "gitorch recover"
    damage = opened(repo).damage()
    assert damage is not None
    run_hint(repo, damage)
    assert opened(repo).state(RUN) == before


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
    damage = open_ledger(repo).damage()
    assert damage is not None
    assert damage.hint.endswith(f"git fetch PATH-OF-ANOTHER-CLONE +{REF}:{REF}")


def make_file(path):
    path.write_text("x")


@pytest.mark.parametrize(
    ("name", "make"),
    [("gitorch", make_file), ("gitorch/ledger.lock", Path.mkdir), ("gitorch/ledger.queue", Path.mkdir)],
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


FORGED_TIPS = {
    "a digest that no record has": (0, "sha256:" + "0" * 64, ("rev-parse", REF)),
    "a number far ahead": (10**9, "", ("rev-parse", REF)),
    "a number before the first": (-10, "", ("rev-parse", REF)),
    "a commit that git does not have": (3, "", ("hash-object", "--stdin")),
    "a commit of another branch": (3, "", ("rev-parse", "main")),
    "a foreign commit on top": (1, "sha256:" + "1" * 64, ("commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "More")),
    "an older record under the newest number": (0, "", ("rev-parse", f"{REF}~2")),
}
"""How much each adds to the number, its digest where that is another, and the git command that prints its commit."""


def forge_tip(repo, how):
    path = repo / ".git/gitorch/tip"
    seq, digest, _ = json.loads(path.read_text())
    added, other, words = FORGED_TIPS[how]
    path.write_text(json.dumps([seq + added, other or digest, git(repo, *words)]))
    return path


@pytest.mark.parametrize("how", FORGED_TIPS)
def test_a_forged_tip_costs_only_time(repo, how):
    for name, read in READS.items():
        before = open_ledger(repo).state(RUN)
        path = forge_tip(repo, how)
        forged = path.read_text()
        read(open_ledger(repo))
        after = open_ledger(repo).state(RUN)
        assert after.run.records - before.run.records == (name == "append"), name
        path.write_text(forged)
        shutil.rmtree(repo / ".git/gitorch/cache")
        read(open_ledger(repo))
    assert open_ledger(repo).verify().faults == ()
    assert open_ledger(repo).damage() is None


@pytest.mark.parametrize("how", ["a commit that git does not have", "a foreign commit on top"])
def test_a_tip_that_names_no_record_is_reported_by_verify_and_replaced(repo, opened, how):
    path = forge_tip(repo, how)
    found = opened(repo).verify()
    assert (found.faults, len(found.warnings)) == ((), 1)
    assert "names no record" in found.warnings[0]
    opened(repo).state(RUN)
    assert git(repo, "rev-parse", REF) in path.read_text()
    assert "names no record" in opened(repo).verify().warnings[0], "the file is set aside as evidence"


def test_with_an_older_tip_the_hint_still_keeps_every_record(repo, opened):
    before = opened(repo).state(RUN)
    path = repo / ".git/gitorch/tip"
    _, digest, _ = json.loads(path.read_text())
    path.write_text(json.dumps([1, digest, git(repo, "rev-parse", f"{REF}~4")]))
    git(repo, "update-ref", REF, git(repo, "commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "Tidy up"))
    damage = opened(repo).damage()
    assert damage is not None
    run_hint(repo, damage)
    assert opened(repo).state(RUN) == before
