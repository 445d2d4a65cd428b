"""What a verb costs is the same at any length of history and any number of runs: objects, runs, calls of git and syncs counted."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import pytest
from ledger_kit import AGENT, AT, HOST, count, new_repo, open_ledger, renewed

from gitorch.ledger import durable, run_cache
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.model.ids import Moment, RunId
from gitorch.world.git.history import GitHistory

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {"few": (3, 8), "many records": (3, 160), "many runs": (60, 8)}
"""Runs, and the records of each."""
FIRST = RunId("run-0")


class Cost(NamedTuple):
    objects: int
    runs: int
    git: int
    syncs: int


def built(folder: Path, runs: int, records: int) -> Path:
    ledger = open_ledger(new_repo(folder))
    ledger.create(HOST, AT, "L-1")
    for number in range(runs):
        drafts = [renewed(fence) for fence in range(records)]
        ledger.append(RunId(f"run-{number}"), AGENT, Moment(AT + number), lambda _, drafts=drafts: drafts)
    for fence in range(8):
        ledger.append(FIRST, AGENT, Moment(AT + runs), lambda _, fence=fence: [renewed(fence)])
    save_cache(ledger)
    return folder


def save_cache(ledger: GitLedger) -> None:
    """Save what an append leaves to a later one when another was saved a moment ago."""
    ledger._tip_index._cache.save(ledger._tip_index.replay())


@pytest.fixture(scope="module")
def repos(tmp_path_factory):
    return {name: built(tmp_path_factory.mktemp("growth") / "r", *size) for name, size in SIZES.items()}


ACTS = {
    "the board": lambda ledger: ledger.state(None),
    "one run": lambda ledger: ledger.state(FIRST),
    "the newest records": lambda ledger: list(islice(ledger.newest(), 5)),
    "the newest records of a run": lambda ledger: list(islice(ledger.newest(FIRST), 5)),
    "the tip": lambda ledger: ledger.exists(),
    "an append": lambda ledger: ledger.append(FIRST, AGENT, AT, lambda _: [renewed(1)]),
    "an append to a new run": lambda ledger: ledger.append(RunId("new"), AGENT, AT, lambda _: [renewed(1)]),
}


def cost(repo: Path, act, monkeypatch) -> Cost:
    """What an act costs a process that has just opened the ledger, with all earlier records in the cache."""
    common = common_dir(repo)
    save_cache(GitLedger(BranchStore(common), GitHistory(common, {}), common, count))
    counted = dict.fromkeys(("objects", "runs", "git", "syncs"), 0)

    def counting(owner, name, kind):
        real = getattr(owner, name)

        def call(*arguments, **options):
            counted[kind] += 1
            return real(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    counting(BranchStore, "_stored_body", "objects")
    counting(run_cache.RunCache, "_load", "runs")
    counting(GitHistory, "_git", "git")
    counting(durable.os, "fsync", "syncs")
    monkeypatch.setattr(durable, "has_one_journal", lambda _: True)
    monkeypatch.setattr(durable, "_write_out", lambda _: True)
    act(GitLedger(BranchStore(common), GitHistory(common, {}), common, count))
    return Cost(**counted)


@pytest.mark.parametrize("name", ACTS)
@pytest.mark.parametrize("size", ["many records", "many runs"])
def test_what_an_act_reads_and_syncs_does_not_grow(repos, monkeypatch, name, size):
    small = cost(repos["few"], ACTS[name], monkeypatch)
    monkeypatch.undo()
    large = cost(repos[size], ACTS[name], monkeypatch)
    assert large.objects <= small.objects + 3, "a folder of a hundred records more"
    assert large.runs <= small.runs <= 1
    assert large.git == small.git == 0
    assert large.syncs == small.syncs == int("append" in name)
