"""A workflow of the other format, with every field that it knows, is converted, checked, and played to its end (W1, issue of W9)."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parents[1]))
from play import Play
from simulated_run import Simulated, SimulatedByHand, laws_broken

from gitorch.model.work.job import ENDED
from gitorch.model.work.run import OVER
from gitorch.text.workflows.convert import convert
from gitorch.text.workflows.file import parse_workflow

WHOLE = (Path(__file__).parents[1] / "text" / "striatum-whole.json").read_bytes()


@pytest.mark.parametrize("kind", [Simulated, SimulatedByHand])
@pytest.mark.parametrize("seed", range(5))
def test_a_converted_workflow_runs_to_its_end(kind, seed):
    source = parse_workflow("w.yaml", convert("w.json", WHOLE).text.encode(), lambda path: f"Of {path}.".encode())
    settings = replace(source.settings, manual=kind is SimulatedByHand, cleanup="keep")
    play = Play()
    play.begin({}, settings, source.workflow)
    simulated = kind(play, Random(seed))
    simulated.to_the_end()

    assert play.run.phase in OVER
    assert {job.phase for job in play.run.jobs.values()} <= ENDED
    assert laws_broken(simulated) == []
