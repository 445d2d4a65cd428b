"""What every read says of a ledger whose newest commit holds something else than records, told whole in `texts/damage.txt`.

`pytest --rewrite-transcripts` writes that file anew.
"""

from __future__ import annotations

import re
import shutil

import pytest
from damage_kit import READS
from golden import assert_golden
from ledger_kit import REF, RUN, common_dir, count, git, open_ledger
from test_answers_told import told

from gitorch.errors import Busy, Corrupt
from gitorch.ledger import damage, files, run_cache
from gitorch.ledger.leftovers import evidence
from gitorch.ledger.replay import NOTHING, Head
from gitorch.ledger.tip_index import _includes
from gitorch.ledger.trusted_tip import TrustedTip
from gitorch.ledger.verified import _sort_entries
from gitorch.ledger.verify import FAULTS_MAX, Baseline, verify
from gitorch.model.ids import NO_DIGEST, CommitId, Moment, RunId
from gitorch.ports.commits import StoredCommit, StoredObject
from gitorch.text.records import digests
from gitorch.world.git.history import GitHistory

ASKED = {
    "state": READS["state"],
    "append": READS["append"],
    "verified": READS["verified"],
    "verify": lambda ledger: ledger.verify().faults,
}
FOLDER = f"runs/2026-11/{RUN}/00"
ODD = {
    "a file for the folder of the ledger's records": {"ledger": "x"},
    "another record in place of one": {f"{FOLDER}/000002-lease-renewed.yaml": "x"},
    "a record without a number": {f"{FOLDER}/notes.yaml": "x"},
    "a number that no commit has": {f"{FOLDER}/000009-lease-renewed.yaml": "x"},
}


def odd_commit(repo, files):
    """A commit on top of the ledger, in whose tree these paths hold these texts."""
    git(repo, "read-tree", REF)
    for path, text in files.items():
        git(repo, "rm", "-rq", "--cached", "--ignore-unmatch", path)
        blob = git(repo, "hash-object", "-w", "--stdin", stdin=text.encode())
        git(repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},{path}")
    return git(repo, "commit-tree", git(repo, "write-tree"), "-p", REF, "-m", "Tidy up")


def test_every_read_of_a_spoiled_ledger_is_told_whole(repo, request):
    lines = []
    made = {name: odd_commit(repo, files) for name, files in ODD.items()}
    ids = {identity: f"<{number}>" for number, identity in enumerate(git(repo, "rev-list", "--reverse", REF).split())}
    ids |= {identity: f"<{name}>" for name, identity in made.items()}
    made["a file for the commit"] = git(repo, "rev-parse", f"{REF}:README.md")
    git(repo, "update-ref", "refs/keep", REF)
    shutil.rmtree(repo / ".git/gitorch")
    for name, tip in made.items():
        (repo / ".git" / REF).write_text(f"{tip}\n")
        lines.append(f"> {name}")
        for read, act in ASKED.items():
            text = told(lambda act=act: act(open_ledger(repo))).replace(str(repo), "<repo>")
            shutil.rmtree(repo / ".git/gitorch", ignore_errors=True)
            for identity, short in ids.items():
                text = text.replace(identity, short).replace(identity[:12], short)
            if not text.startswith("State("):
                lines.append(f"{read}: {re.sub('[0-9a-f]{40,}', lambda found: found[0][:8], text)[:600]}")
    assert_golden("damage.txt", "\n".join(lines) + "\n", request)


def test_what_shows_that_there_was_a_ledger_is_told_whole(repo):
    history, common = GitHistory(common_dir(repo), {}), common_dir(repo)
    assert evidence(history.refs(), common) == "its cache"
    git(repo, "branch", f"gitorch/{RUN}/api")
    assert evidence(history.refs(), common) == f"the branch gitorch/{RUN}/api"
    tip = git(repo, "rev-parse", REF)
    git(repo, "update-ref", "-d", REF)
    lost = damage.absent(history, common, count)
    assert (lost.message, lost.hint) == (
        f"The ledger was removed: the branch gitorch/{RUN}/api is left.",
        f"git update-ref {REF} {tip}",
    )
    error = Corrupt("It is not there.", where="there")
    assert damage.with_remedy(common, error).hint == f"git fetch --refetch {damage.OTHER_CLONE} {REF}"


@pytest.mark.parametrize("kept", ["refs/remotes/backup/gitorch/ledger", "refs/gitorch/remotes/backup/gitorch/ledger"])
def test_the_remote_whose_ledger_was_fetched_before_is_the_one_to_restore_from(repo, kept):
    common, error = common_dir(repo), Corrupt("It is damaged.", where="there")
    for name in ("first", "backup"):
        git(repo, "remote", "add", name, f"{repo}/{name}.git")
    assert damage.with_remedy(common, error).hint == f"git fetch --refetch first {REF}"
    git(repo, "update-ref", kept, REF)
    assert damage.with_remedy(common, error).hint == f"git fetch --refetch backup {REF}"


def test_an_object_of_another_kind_and_a_record_that_no_commit_adds_are_named(repo):
    stored = StoredObject("1" * 40, "blob", b"")
    for folder, subject in (("runs/", "runs/"), ("", "The root")):
        assert told(lambda folder=folder: _sort_entries(folder, stored, [], {})) == (
            f"corrupt: {subject} of the ledger is a blob. $ [{'1' * 40}] gitorch recover"
        )
    path = f"{FOLDER}/000009-lease-renewed.yaml"
    believe(repo, path)
    assert told(lambda: list(open_ledger(repo).newest(RUN))) == (
        f"corrupt: No commit of the ledger adds {path}. $ [{path}] gitorch verify"
    )


def test_an_attached_file_with_other_contents_is_named(repo):
    digest = digests.digest(b"do it")
    path = f"runs/2026-11/{RUN}/files/{digests.bare(digest)}"
    believe(repo, path)
    assert told(lambda: open_ledger(repo).file(RUN, digest)) == (
        f"corrupt: The content of the file {path} does not match the digest in its name. $ [{path}] gitorch verify"
    )


def believe(repo, path):
    """Add a file to the ledger's tree, and have the cache and the trusted tip say that it is the ledger's."""
    tip, odd = git(repo, "rev-parse", REF), odd_commit(repo, {path: "x"})
    git(repo, "update-ref", REF, odd)
    board, trusted = (repo / ".git/gitorch" / name for name in ("cache/board.json", "tip"))
    files.replace_sealed(board, files.read_sealed(board).replace(tip, odd))
    trusted.write_text(trusted.read_text().replace(tip, odd))


HEAD = Head(CommitId("c" * 40), 5, NO_DIGEST, Moment(1))


@pytest.mark.parametrize(
    ("base", "trusted", "includes"),
    [
        (HEAD, None, True),
        (NOTHING, None, True),
        (HEAD, (9, HEAD.commit), True),
        (NOTHING, (0, "d" * 40), False),
        (HEAD, (4, "d" * 40), True),
        (HEAD, (5, "d" * 40), False),
    ],
)
def test_a_replay_includes_a_trusted_tip_before_its_head(base, trusted, includes):
    seen = None if trusted is None else TrustedTip(trusted[0], NO_DIGEST, CommitId(trusted[1]))
    assert _includes(base, seen) is includes


def test_every_replaced_object_is_a_fault_before_all_faults_of_commits():
    odd = [StoredObject(f"{number:040x}", "blob", b"x") for number in range(FAULTS_MAX + 1)]
    tip = CommitId("c" * 40)

    class Odd:
        def __init__(self, number):
            self.number = number

        def checked(self, _):
            yield StoredCommit(tip, (), "", {}, ("touched",))
            yield from odd[: self.number]

    def faults(number):
        return verify(Odd(number), None, count, Baseline(tip, None, None, None)).faults

    assert [fault.where for fault in faults(2)[:3]] == [odd[0].id, odd[1].id, f"{tip}:touched"]
    assert [fault.where for fault in faults(FAULTS_MAX + 1)] == [one.id for one in odd[:FAULTS_MAX]]


def test_a_name_that_is_not_utf_8_is_looked_into_all_the_same():
    folders, body = {}, b"40000 a\xff\0" + b"\1" * 20
    _sort_entries("runs/", StoredObject("1" * 40, "tree", body), [], folders)
    assert folders == {"runs/a\ufffd/": "01" * 20}


def test_a_read_without_the_cache_writes_no_tip_that_is_there(repo):
    ledger = open_ledger(repo)
    before, tip = ledger.state(RUN), repo / ".git/gitorch/tip"
    inode = tip.stat().st_ino
    shutil.rmtree(repo / ".git/gitorch/cache")
    assert open_ledger(repo).state(RUN) == before
    assert tip.stat().st_ino == inode
    for path in (repo / ".git/gitorch/cache").glob("run-*"):
        path.unlink()
    assert open_ledger(repo).state(RUN) == before
    shutil.rmtree(repo / ".git/gitorch/cache")
    (repo / ".git/gitorch/cache").write_text("in the way")
    assert open_ledger(repo).state(RUN) == before


def test_more_runs_than_fit_into_memory_are_read_back_from_their_files(tmp_path, monkeypatch):
    monkeypatch.setattr(run_cache, "IN_MEMORY_MAX", 2)
    cache = run_cache.RunCache(tmp_path, "key")
    for number in range(3):
        cache.put(RunId(f"r{number}"), number, None)
    assert [path.name for path in tmp_path.iterdir()] == [cache._path(RunId("r0"), 0).name]
    assert cache.get(RunId("r0"), 0) is None
    files = {cache._path(RunId(f"r{number}"), number).name for number in (0, 1)}
    assert {path.name for path in tmp_path.iterdir()} == files, "reading r0 moved r1 out of memory"
    with pytest.raises(run_cache.RunNotCached):
        cache.get(RunId("r0"), 1)


def test_a_lock_is_not_waited_for_unless_somebody_says_so(repo):
    ledger = open_ledger(repo)
    with ledger.hold("tick"), pytest.raises(Busy, match=r"waited 0 s"), ledger.hold("tick"):
        pass
