"""A thousand workflows that nobody wrote: read, planned, drawn, played to their end, and their ledgers verified (issue of W1 to W15)."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from random import Random

import pytest

from gitorch.model.values import replace

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "ledger")]
from typing import TYPE_CHECKING

from fakes.store import FakeStore
from ledger_kit import new_repo
from play import HUMAN, Play
from random_workflows import damaged, made_up
from simulated_run import Simulated, SimulatedByHand, laws_broken

from gitorch.errors import Malformed, Problem
from gitorch.ledger.branch import BranchStore
from gitorch.ledger.ledger import GitLedger
from gitorch.ledger.location import common_dir
from gitorch.model.ids import Moment
from gitorch.model.plans.workflow import WorkflowSource
from gitorch.model.work.job import ENDED
from gitorch.model.work.run import OVER, Run
from gitorch.ports.commits import Draft
from gitorch.rules.evolve import evolve
from gitorch.rules.views.diagram import run_diagram, workflow_diagram
from gitorch.rules.views.dry_run import dry_run
from gitorch.rules.workflows.lint import lint
from gitorch.text.diagrams.layout import lay_out
from gitorch.text.diagrams.svg import svg
from gitorch.text.workflows.file import parse_workflow
from gitorch.world.git.history import GitHistory

if TYPE_CHECKING:
    from gitorch.model.plans.workflow import Settings

QUICK, ON_DISK, SLOW, DAMAGED = 30, 2, 1000, 30


def played(seed: int) -> Simulated:
    """One made-up workflow, read, planned, linted, drawn, and its run at its end."""
    return run_of(parse_workflow(f"{seed}.json", made_up(seed).encode(), lambda _: None), seed)


def run_of(source: WorkflowSource, seed: int) -> Simulated:
    """The run of a workflow at its end, after all that can be said of it before: every third by hand, every third tested."""
    flow = source.workflow
    assert sorted(job for batch in dry_run(source).batches for job in batch) == sorted(flow.jobs)
    assert 0 <= lint(flow).score <= 100
    assert len(lay_out(workflow_diagram(flow)).boxes) == len(flow.jobs)
    play = Play()
    play.begin({}, chosen(source.settings, seed), flow)
    simulated = (SimulatedByHand if seed % 3 == 1 else Simulated)(play, Random(seed))
    simulated.to_the_end()
    assert "</svg>" in svg(run_diagram(play.run))
    return simulated


def chosen(settings: Settings, seed: int) -> Settings:
    """What a file does not say: every third run is tested, every third is driven by hand."""
    return replace(settings, test_command="make check" if seed % 3 == 0 else "", manual=seed % 3 == 1, cleanup="keep")


@dataclass
class Ends:
    """How runs ended, and the jobs of each kind in them."""

    runs: Counter[str] = field(default_factory=Counter)
    jobs: Counter[tuple[str, str]] = field(default_factory=Counter)
    records: int = 0

    def count(self, play: Play, records: int) -> None:
        self.runs[play.run.phase] += 1
        self.jobs.update((str(job.spec.kind), str(job.phase)) for job in play.run.jobs.values())
        self.records += records

    def every_one(self) -> bool:
        """Whether every end that a run and a job can have was reached."""
        return {*self.runs} == OVER and {phase for _, phase in self.jobs} == ENDED

    def __str__(self) -> str:
        rows = ", ".join(f"{number} {kind} {phase}" for (kind, phase), number in sorted(self.jobs.items()))
        return f"{dict(self.runs)}, {self.records} records that hold; jobs: {rows}"


def judged(seeds: range, folder: Path) -> Ends:
    """Play each seed, hold it to the laws, write its ledger down and verify that."""
    ends = Ends()
    for seed in seeds:
        simulated = played(seed)
        play = simulated.play
        assert laws_broken(simulated) == [], seed
        assert all(state.phase in ENDED for state in play.run.jobs.values()), seed
        store, common = FakeStore(), folder / str(seed)
        common.mkdir()
        records = verified(play, GitLedger(store, store, common, evolve))
        assert records == len(play.history) + 1, seed
        ends.count(play, records)
    return ends


def verified(play: Play, ledger: GitLedger) -> int:
    """Write the whole run to a ledger; how many records `verify` found to hold."""
    ledger.create(HUMAN, Moment(play.at), "L")
    for actor, events in groupby(play.history, key=lambda pair: pair[1]):
        drafts = tuple(Draft(event, {}) for event, _ in events)
        ledger.append(play.run.id, actor, Moment(play.at), lambda _, drafts=drafts: drafts)
    assert stood(ledger.state(play.run.id).run) == stood(play.run)
    found = ledger.verify()
    assert found.faults == ()
    return found.records


def stood(run: Run) -> tuple[object, ...]:
    """Everything but moments, since all was written down when it was over."""
    jobs = [(name, str(job.phase), job.attempt, job.fence, job.cleared) for name, job in run.jobs.items()]
    return str(run.phase), jobs, sorted(run.late_handoffs), sorted(run.questions)


def test_made_up_workflows_keep_every_law_reach_every_end_and_their_ledgers_verify(tmp_path, record_property):
    ends = judged(range(QUICK), tmp_path)
    record_property("did", f"{QUICK} made-up workflows: {ends}")

    assert ends.every_one(), ends


@pytest.mark.parametrize("seed", range(ON_DISK))
def test_the_ledger_of_a_made_up_run_verifies_in_a_repository(tmp_path, seed):
    play = played(seed).play
    common = common_dir(new_repo(tmp_path / "repo"))
    ledger = GitLedger(BranchStore(common), GitHistory(common, dict(os.environ)), common, evolve)

    assert verified(play, ledger) == len(play.history) + 1


@pytest.mark.slow
def test_a_thousand_made_up_workflows_keep_every_law_and_their_ledgers_verify(tmp_path, record_property):
    ends = judged(range(QUICK, QUICK + SLOW), tmp_path)
    record_property("did", f"{SLOW} made-up workflows: {ends}")

    assert ends.every_one(), ends


@pytest.mark.parametrize(
    "seeds", [range(DAMAGED), pytest.param(range(DAMAGED, 20 * DAMAGED), marks=pytest.mark.slow)], ids=str
)
def test_a_damaged_workflow_has_located_problems_or_runs(seeds):
    told = {seed: read_or_told(damaged(seed)) for seed in seeds}
    sources = {seed: found for seed, found in told.items() if isinstance(found, WorkflowSource)}

    for seed, found in told.items():
        assert seed in sources or (found and all(p.line and p.column and p.message and p.fix for p in found)), seed
    for seed, source in sources.items():
        assert laws_broken(run_of(source, seed)) == [], seed
    assert 0 < len(sources) < len(seeds) / 2


def read_or_told(text: str) -> WorkflowSource | tuple[Problem, ...]:
    try:
        return parse_workflow("w.json", text.encode(), lambda _: None)
    except Malformed as malformed:
        return malformed.problems


def test_the_same_seed_tells_the_same_story():
    assert made_up(7) == made_up(7)
    assert played(7).play.events == played(7).play.events
