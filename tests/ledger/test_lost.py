"""A ledger of which only traces are left, and traces that are forged: the first is never taken for none, the second never believed (K5, K9)."""

import json
import shutil

import pytest
from damage_kit import READS, run_hint, truncate_object
from ledger_kit import AT, HOST, REF, RUN, git, open_ledger

from gitorch.errors import Corrupt, NotFound


def leave_work_branch(repo):
    git(repo, "branch", f"gitorch/{RUN}/api")


def leave_packed_work_branch(repo):
    leave_work_branch(repo)
    git(repo, "pack-refs", "--all", "--prune")


def leave_worktree(repo):
    git(repo, "worktree", "add", "-qb", f"gitorch/{RUN}/api", str(repo / "wt"))
    git(repo, "update-ref", "-d", f"refs/heads/gitorch/{RUN}/api")


def leave_log(repo):
    log = repo / ".git/logs" / REF
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"{'0' * 40} {git(repo, 'rev-parse', 'main')} t <t@t> 1795214411 +0000\tpush\n")


def leave_configuration(repo):
    (repo / "gitorch.yaml").write_text("# settings\n")


def leave_fetched_ledger(repo):
    git(repo, "update-ref", "refs/gitorch/remotes/origin/gitorch/ledger", "main")


def leave_pushed_ledger(repo):
    git(repo, "clone", "-q", "--bare", ".", str(repo / "origin.git"))
    git(repo, "remote", "add", "origin", str(repo / "origin.git"))
    git(repo, "push", "-q", "origin", f"main:{REF}", "--force")


LEFTOVERS = {
    "the branch": leave_work_branch,
    "the branch ": leave_packed_work_branch,
    "the worktree": leave_worktree,
    "the log": leave_log,
    "gitorch.yaml": leave_configuration,
    "the ref": leave_fetched_ledger,
    "a push": leave_pushed_ledger,
}


def lose_everything(repo):
    """Delete the ledger's branch and gitorch's folder."""
    git(repo, "update-ref", "-d", REF)
    shutil.rmtree(repo / ".git/gitorch")


@pytest.mark.parametrize("left", LEFTOVERS)
def test_a_ledger_that_is_gone_with_its_folder_is_corrupt_by_what_is_left_and_restored_whole(repo, opened, left):
    before = opened(repo).state(RUN)
    LEFTOVERS[left](repo)
    lose_everything(repo)
    if "log" in left:
        leave_log(repo)
    for name, read in READS.items():
        with pytest.raises(Corrupt, match=f"The ledger was removed: {left}") as caught:
            read(opened(repo))
        assert caught.value.hint.startswith(f"git update-ref {REF} "), name
    ledger = opened(repo)
    for ask in (ledger.exists, ledger.verify, lambda: ledger.create(HOST, AT, "L-2")):
        with pytest.raises(Corrupt, match="was removed"):
            ask()
    damage = ledger.damage()
    assert damage is not None
    run_hint(repo, damage)
    assert opened(repo).state(RUN) == before


@pytest.mark.usefixtures("remote")
def test_a_ledger_whose_objects_are_gone_too_comes_back_from_a_remote(repo):
    before = open_ledger(repo).state(RUN)
    leave_work_branch(repo)
    lose_everything(repo)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "prune", "--expire=now")
    with pytest.raises(Corrupt, match="was removed") as caught:
        open_ledger(repo).state(RUN)
    assert caught.value.hint == f"git fetch backup +{REF}:{REF}"
    run_hint(repo, caught.value)
    assert open_ledger(repo).state(RUN) == before


def test_a_clone_that_never_had_the_ledger_has_none(repo, tmp_path):
    leave_configuration(repo)
    git(repo, "add", "gitorch.yaml")
    git(repo, "commit", "-qm", "Set up")
    for words in (("alone", "--single-branch"), ("whole",)):
        git(tmp_path, "clone", "-q", "--no-local", str(repo), *words)
        assert not open_ledger(tmp_path / words[0]).exists()
    with pytest.raises(NotFound, match="no ledger yet, but origin has one") as caught:
        open_ledger(tmp_path / "whole").state(None)
    assert caught.value.hint == "gitorch sync origin"


def test_a_commit_with_a_forged_number_and_a_damaged_one_are_passed_over(repo):
    before = open_ledger(repo).state(RUN)
    leave_work_branch(repo)
    forged = git(repo, "commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "More\n\nGitorch-Seq: 999999999")
    assert forged
    truncate_object(repo, git(repo, "commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "Less\n\nGitorch-Seq: 7"))
    lose_everything(repo)
    with pytest.raises(Corrupt) as caught:
        open_ledger(repo).state(RUN)
    run_hint(repo, caught.value)
    assert open_ledger(repo).state(RUN) == before


FORGED_TIPS = {
    "a digest that no record has": (0, "sha256:" + "0" * 64, ("rev-parse", REF)),
    "a number far ahead": (10**9, "", ("rev-parse", REF)),
    "a number before the first": (-10, "", ("rev-parse", REF)),
    "a commit that git does not have": (3, "", ("hash-object", "--stdin")),
    "a commit of another branch": (3, "", ("rev-parse", "main")),
    "a foreign commit on top": (1, "sha256:" + "1" * 64, ("commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "More")),
    "a foreign commit with the newest record": (0, "", ("commit-tree", f"{REF}^{{tree}}", "-p", REF, "-m", "More")),
    "an older record under the newest number": (0, "", ("rev-parse", f"{REF}~2")),
}
"""How much each adds to the number, its digest where that is another, and the git command that prints its commit."""


def forge_tip(repo, how):
    path = repo / ".git/gitorch/tip"
    seq, digest, _ = json.loads(path.read_text())
    added, other, words = FORGED_TIPS[how]
    path.write_text(json.dumps([seq + added, other or digest, git(repo, *words)]))
    return path


def readers():
    """Each forged tip with each reader; `make test` tries three of each tip, and each of them."""
    names = list(READS)
    for place, how in enumerate(FORGED_TIPS):
        yield pytest.param(how, names[place % 2 :: 2], id=how)
        yield pytest.param(how, names, id=f"{how}-all", marks=pytest.mark.slow)


@pytest.mark.parametrize(("how", "names"), list(readers()))
def test_a_forged_tip_costs_only_time(repo, how, names):
    for name in names:
        read = READS[name]
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
