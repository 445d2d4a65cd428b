"""What every read says of a ledger whose newest commit holds something else than records, told whole in `texts/damage.txt`.

`pytest --rewrite-transcripts` writes that file anew.
"""

from __future__ import annotations

import re
import shutil

from damage_kit import READS
from golden import assert_golden
from ledger_kit import REF, RUN, common_dir, count, git, open_ledger
from test_answers_told import told

from gitorch.errors import Corrupt
from gitorch.ledger import damage
from gitorch.ledger.leftovers import evidence
from gitorch.ledger.verified import _sort_entries
from gitorch.ports.ledger import StoredObject
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
    assert evidence(history, common) == "its cache"
    git(repo, "branch", f"gitorch/{RUN}/api")
    assert evidence(history, common) == f"the branch gitorch/{RUN}/api"
    tip = git(repo, "rev-parse", REF)
    git(repo, "update-ref", "-d", REF)
    lost = damage.absent(history, common, count)
    assert (lost.message, lost.hint) == (
        f"The ledger was removed: the branch gitorch/{RUN}/api is left.",
        f"git update-ref {REF} {tip}",
    )
    error = Corrupt("It is not there.", where="there")
    assert damage.with_remedy(common, error).hint == f"git fetch --refetch {damage.OTHER_CLONE} {REF}"


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
    for name in ("cache/board.json", "tip"):
        forged = repo / ".git/gitorch" / name
        forged.write_text(forged.read_text().replace(tip, odd))
