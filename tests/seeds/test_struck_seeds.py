"""Three runs at once, one of them struck by any error of any call: the others end merged, and all views tell of the one."""

from __future__ import annotations

import random
import sys

import pytest
from struck import CALLER, ERRORS, MODES, RUNS, STRUCK, WORDS, Strike, Three

from gitorch.app.people import decisions
from gitorch.app.query.runs import all_inbox, status, why_of
from gitorch.app.start.doctor import examine
from gitorch.model.work.run import RunPhase
from gitorch.rules.reconciling.faults import TRIES_MAX


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Every call of a port that gitorch makes for a run that nothing happens to, and how often it makes it."""
    three = Three("calls", tmp_path_factory.mktemp("calls") / "repo")
    three.drive()
    for run in RUNS:
        ends_merged(three, run)
    return three.storm.met


def strike_of(seed, calls):
    chance = random.Random(f"strike {seed}")
    port, method = chance.choice(sorted(calls))
    after = chance.choice((0, chance.randrange(calls[port, method])))
    return Strike(port, method, chance.choice(sorted(ERRORS)), chance.choice(MODES), after, chance)


def ends_merged(three, name):
    run = three.run(name)
    assert (run.phase, run.cleaned, run.merged is not None) == (RunPhase.COMPLETED, True, True), three.ended
    merged = three.git.files(three.git.resolve("main"))
    assert {f"{name}-{job}.txt" for job in ("sky", "sea", "both")} <= set(merged)
    assert (run.faults, run.open_questions()) == ({}, ())
    assert not [key for key, session in three.terminals.sessions.items() if key.run == name and session.present]


def strike_is_empty(three):
    return three.storm.strike.error == "empty"


def views_agree(three):
    """What `inbox`, `status`, `why` and `doctor` tell of the run that is struck, and that it is the truth."""
    services, run = three.calm(), three.run(STRUCK)
    rows = [row for row in all_inbox(services) if row.run == STRUCK]
    view = status(services, STRUCK)
    assert [(row.id, row.text) for row in rows] == [(row.id, row.text) for row in view.inbox]
    assert {row.id for row in rows} == {q.id for q in run.open_questions()}
    checks = [check.text for check in examine(services) if check.name == f"run {STRUCK}"]
    assert checks == [fault.sentence for fault in run.faults.values()]
    for fault in run.faults.values():
        questions = [q for q in run.open_questions() if q.trigger == f"fault:{fault.step.name}"]
        if not questions:  # nothing can be recorded, which `up` tells itself
            assert any(WORDS in error.message or strike_is_empty(three) for error in three.ended.errors)
            continue
        (question,) = questions
        assert fault.first_line in question.happened
        assert fault.reason.strip() == question.evidence or not fault.reason.strip()
        if fault.step.job is not None:
            told = why_of(services, fault.step.job, STRUCK)
            asked = [q.happened for q in run.open_questions(fault.step.job)]
            assert any(one.splitlines()[0] in told for one in asked), told


def tells_the_reason(three, strike):
    """Whether somebody who looks learns why the run does not go on."""
    run = three.run(STRUCK)
    told = [q.evidence + q.happened for q in run.open_questions()]
    told += [error.message for error in three.ended.errors]
    return any(WORDS in one or (strike.error == "empty" and one.strip()) for one in told)


def play(seed, calls, folder):
    three = Three(seed, folder)
    strike = three.storm.strike = strike_of(seed, calls)
    three.drive()
    for run in set(RUNS) - {STRUCK}:
        ends_merged(three, run)

    views_agree(three)
    run = three.run(STRUCK)
    sys.stdout.write(f"seed {seed}: {strike}: {strike.hits} hits, {run.phase}, {three.ended.why}, {list(run.faults)}\n")
    if run.cleaned and not run.faults:
        ends_merged(three, STRUCK)
    else:
        assert not strike.passes or strike.hits == 0, strike
        assert tells_the_reason(three, strike), strike

    three.calm_down()
    three.drive()
    ends_merged(three, STRUCK)
    return three, strike


@pytest.mark.each(2)
@pytest.mark.parametrize("seed", range(8))
def test_whatever_strikes_one_run_the_others_end_merged_and_it_tells_why(seed, calls, tmp_path):
    play(seed, calls, tmp_path / "repo")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 600))
def test_five_hundred_more_strikes(seed, calls, tmp_path):
    play(seed, calls, tmp_path / "repo")


def test_a_merge_that_git_made_and_called_failed_is_recorded_although_others_pushed_on_top_of_it(tmp_path):
    three = Three(544, tmp_path / "repo")
    three.storm.strike = Strike("git", "move", "empty", "half", 0, random.Random(1))
    three.drive()
    views_agree(three)
    questions = three.run(STRUCK).open_questions()
    assert {question.trigger for question in questions} == {"fault:merge-branches:merge", "fault:record-RecordMerge"}
    three.storm.strike = None
    for question in questions:
        decisions.answer(three.calm(), CALLER, question.id, ["retry"], STRUCK)
    three.drive()
    ends_merged(three, STRUCK)


def test_a_seed_gives_the_same_story_again(calls, tmp_path):
    told = []
    for again in ("first", "second"):
        three, _ = play(3, calls, tmp_path / again)
        told.append([type(written.record.event).__name__ for written in three.ledger.written])
    assert told[0] == told[1]


@pytest.mark.parametrize("part", [0, *(pytest.param(part, marks=pytest.mark.slow) for part in (1, 2))])
def test_every_kind_of_error_is_told_by_its_own_words(tmp_path, part):
    for number, error in list(enumerate(sorted(ERRORS)))[part::3]:
        three = Three(number, tmp_path / error)
        three.storm.strike = Strike("checks", "start", error, "always", 0, random.Random(number))
        three.drive()
        faults = list(three.run(STRUCK).faults.values())
        assert [fault.times >= TRIES_MAX for fault in faults] == [True, True], error
        assert all(WORDS in fault.reason for fault in faults) or error == "empty"


def test_the_calls_that_are_struck_are_those_of_all_ports(calls):
    assert {port for port, _ in calls} == {
        "checks", "files", "git", "ledger", "notices", "outboxes", "remotes", "secrets", "setups", "terminals", "tracker",
        "worktrees",
    }  # fmt: skip
