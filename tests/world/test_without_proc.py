"""What reads `/proc` answers on a system that has none, such as macOS: with less, never with a failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gitorch
from gitorch.ledger import durable, lock_owner
from gitorch.world import peers, processes

NOWHERE = Path("/nowhere")
READERS = {
    "ledger/lock_owner.py": "it names no process",
    "ledger/durable.py": "it syncs more than it would have to",
    "world/peers.py": "it tells nothing of a connection",
    "world/processes.py": "it asks psutil",
}
"""Every module that reads it, and what it does without it."""


def test_the_modules_that_read_it_are_known():
    root = Path(gitorch.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if re.search(r'Path\("/proc', path.read_text())}
    assert found == set(READERS)


@pytest.fixture
def without(monkeypatch):
    for module in (lock_owner, peers, processes):
        monkeypatch.setattr(module, "PROC", NOWHERE)
    monkeypatch.setattr(durable, "MOUNTS", NOWHERE)
    monkeypatch.setattr(processes, "LINUX", False)


@pytest.mark.usefixtures("without")
def test_each_of_them_answers_without_it(tmp_path):
    assert lock_owner.owner(tmp_path) is None
    assert peers.other_end(1, 2) is None
    mine = processes.process(1)
    assert mine is not None
    assert processes.ancestors(1) in {(), (1,)}
    assert 1 in processes.table()
    assert processes.alive(1, mine.started)
