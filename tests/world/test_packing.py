"""Packing a real repository while its ledger is written and its user is at work."""

import sys
from pathlib import Path

import repos

from gitorch.world.clock import SystemClock
from gitorch.world.git.repository import GitCommands

sys.path.insert(0, str(Path(__file__).parent.parent / "ledger"))
from ledger_kit import AGENT, AT, HOST, RUN, fill, open_ledger


def loose(repo) -> int:
    return int(repo.git("count-objects").split()[0])


def test_packing_twice_leaves_no_loose_object_and_keeps_every_object_readable(tmp_path):
    repo = repos.make(tmp_path)
    git = GitCommands(repo.path, repo.environ, SystemClock())
    ledger = open_ledger(repo.path)
    ledger.create(HOST, AT, "packed")
    fill(ledger, 120)
    unreachable = repo.git("hash-object", "-w", "--stdin", given="of nobody\n")
    repo.write("staged.txt", "not committed yet\n")
    repo.git("add", "staged.txt")
    staged = repo.git("rev-parse", ":staged.txt")
    assert loose(repo) > 500

    assert git.pack(256)
    assert loose(repo) > 500, "what is packed stays for readers that looked before"
    assert git.pack(256)
    assert loose(repo) == 0

    assert not git.pack(256)
    assert repo.git("cat-file", "-p", unreachable) == "of nobody"
    assert repo.git("cat-file", "-p", staged) == "not committed yet"
    fill(ledger, 3)
    assert len(list(open_ledger(repo.path).records(RUN))) == 123
    assert open_ledger(repo.path).verify().faults == ()
    assert ledger.append(RUN, AGENT, AT, lambda _: [])[0].run.records == 123
