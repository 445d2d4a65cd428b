"""Three runs at once on real git and tmux, one of them struck: the others end merged, and the verbs tell of the one."""

from __future__ import annotations

import random

import pytest
from house import house
from real_strikes import RealThree
from struck import ERRORS, MODES, WORDS, Strike

from gitorch.model.work.run import RunPhase

pytestmark = [pytest.mark.tmux, pytest.mark.slow]


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Every call of a port that gitorch makes for a run that nothing happens to, and how often it makes it."""
    with house(tmp_path_factory.mktemp("calls")) as made:
        three = RealThree(made)
        three.drive()
        for run in three.runs:
            ends_merged(three, run)
        return three.storm.met


def ends_merged(three, name):
    run = three.run(name)
    assert (run.phase, run.cleaned, run.merged is not None) == (RunPhase.COMPLETED, True, True), three.house.seen()
    assert (run.faults, run.open_questions()) == ({}, ())
    for job in run.merge_jobs:
        assert three.house.repo.git("merge-base", "--is-ancestor", job.cleared, "main") == ""


def views_agree(three, name):
    """What the verbs tell of the run that is struck, in words that name the reason."""
    shown, run = three.house, three.run(name)
    rows = [row for row in shown("inbox", "--json").json["inbox"] if row["run"] == name]
    status = shown("status", name, "--json").json["run"]
    assert [(row["id"], row["text"]) for row in rows] == [(row["id"], row["text"]) for row in status["inbox"]]
    doctor = shown("doctor", status=None)
    for fault in run.faults.values():
        assert fault.first_line in doctor.text
        assert any(fault.first_line in row["text"] for row in rows), rows
        if fault.step.job is not None:
            assert any(q.happened.splitlines()[0] in shown("why", fault.step.job, "--run", name).out
                       for q in run.open_questions(fault.step.job))  # fmt: skip


def tells_the_reason(three, name, strike):
    told = [q.evidence + q.happened for q in three.run(name).open_questions()]
    told += [error.message for error in three.ended.errors]
    return any(WORDS in one or (strike.error == "empty" and one.strip()) for one in told)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_strikes_one_real_run_the_others_end_merged(seed, calls, tmp_path, record_property):
    chance = random.Random(f"real strike {seed}")
    port, method = chance.choice(sorted(calls))
    after = chance.choice((0, chance.randrange(calls[port, method])))
    strike = Strike(port, method, chance.choice(sorted(ERRORS)), chance.choice(MODES), after, chance)
    with house(tmp_path) as made:
        three = RealThree(made)
        one, two, six = three.runs
        three.storm.strike = strike
        three.drive()
        ends_merged(three, one)
        ends_merged(three, six)
        run = three.run(two)
        record_property(
            "did", f"seed {seed}: {strike}: {strike.hits} hits, {run.phase}, {three.ended.why}, {list(run.faults)}"
        )
        views_agree(three, two)
        if not run.cleaned or run.faults:
            assert not strike.passes or strike.hits == 0
            assert tells_the_reason(three, two, strike)
        three.storm.strike, three.answered = None, {}
        three.drive()
        ends_merged(three, two)
