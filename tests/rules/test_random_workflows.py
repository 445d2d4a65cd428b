"""A thousand workflows that nobody wrote: read, planned, drawn, played to their end, and their ledgers verified (issue of W1 to W15)."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "ledger"))
from ledger_kit import new_repo
from play import HUMAN, Play, digest
from random_workflows import made_up
from simulated_run import Simulated, laws_broken

from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.place import common_dir
from gitorch.model.ids import Moment
from gitorch.model.run import ENDED, OVER, JobPhase, RunPhase
from gitorch.ports.ledger import Draft
from gitorch.rules.evolve import evolve
from gitorch.rules.telling.dry_run import dry_run
from gitorch.rules.telling.picture import run_picture, workflow_picture
from gitorch.rules.workflows.lint import lint
from gitorch.text.pictures.layout import lay_out
from gitorch.text.pictures.svg import svg
from gitorch.text.workflows.file import parse_workflow
from gitorch.world.git.history import GitHistory

QUICK, VERIFIED, SLOW = 100, 2, 1000


def played(seed: int) -> tuple[Play, int]:
    """One made-up workflow, read, planned, linted, drawn, and its run at its end, with the extra rounds that a human gave."""
    source = parse_workflow(f"{seed}.json", made_up(seed).encode(), lambda _: None)
    flow = source.workflow
    assert sorted(job for batch in dry_run(source).batches for job in batch) == sorted(flow.jobs)
    assert 0 <= lint(flow).score <= 100
    assert len(lay_out(workflow_picture(flow)).boxes) == len(flow.jobs)
    play = Play()
    settings = replace(source.settings, test_command="make check" if seed % 3 == 0 else "", cleanup="keep")
    play.begin({}, settings, flow)
    simulated = Simulated(play, Random(seed))
    simulated.to_the_end()
    assert "</svg>" in svg(run_picture(play.run))
    return play, simulated.extra


def judged(seeds: range) -> tuple[set[RunPhase], set[JobPhase]]:
    """Play each seed and hold it to the laws; the ends that were reached."""
    runs: set[RunPhase] = set()
    jobs: set[JobPhase] = set()
    for seed in seeds:
        play, extra = played(seed)
        assert laws_broken(play, extra) == [], seed
        assert all(state.phase in ENDED for state in play.run.jobs.values()), seed
        runs.add(play.run.phase)
        jobs |= {state.phase for state in play.run.jobs.values()}
    return runs, jobs


def verified(play: Play, folder: Path) -> int:
    """Write the whole run to a real ledger; how many records `verify` found to hold."""
    common = common_dir(new_repo(folder))
    ledger = GitLedger(BranchStore(common), GitHistory(common, dict(os.environ)), common, evolve)
    ledger.create(HUMAN, Moment(play.at), "L")
    run = play.run.id
    for actor, events in groupby(play.history, key=lambda pair: pair[1]):
        drafts = tuple(Draft(event, _files(event)) for event, _ in events)
        ledger.append(run, actor, Moment(play.at), lambda _, drafts=drafts: drafts)
    found = ledger.verify()
    assert found.faults == ()
    return found.records


def _files(event: object) -> dict[str, bytes]:
    return {}


def test_a_hundred_made_up_workflows_keep_every_law_and_reach_every_end():
    runs, jobs = judged(range(QUICK))

    assert runs == OVER
    assert jobs == ENDED


@pytest.mark.parametrize("seed", range(VERIFIED))
def test_the_ledger_of_a_made_up_run_verifies(tmp_path, seed):
    play, _ = played(seed)

    assert verified(play, tmp_path / "repo") == len(play.history) + 1


@pytest.mark.slow
def test_a_thousand_made_up_workflows_keep_every_law_and_their_ledgers_verify(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a thousand ledgers; the order of syncs is another test's
    for seed in range(QUICK, SLOW):
        play, extra = played(seed)
        assert laws_broken(play, extra) == [], seed
        assert verified(play, tmp_path / str(seed)) == len(play.history) + 1


def test_the_same_seed_tells_the_same_story():
    assert played(7)[0].events == played(7)[0].events
    assert digest(made_up(7)) == digest(made_up(7))
