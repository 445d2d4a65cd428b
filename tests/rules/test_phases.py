"""The tables of moves: every legal move is made by an event, every other one is refused, and the page shows them."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from phases_page import UNMADE, page
from play import Play
from telling import Telling

from gitorch.errors import Corrupt, Refused
from gitorch.model.ids import JobId
from gitorch.model.work.job import JobPhase
from gitorch.model.work.run import RunPhase
from gitorch.rules.evolving.phases import JOB_MOVES, RUN_MOVES
from gitorch.rules.evolving.transitions import move_job, move_run, with_job

PAGE = Path(__file__).parents[2] / "docs/phases.md"

# Where a job is to be, in steps; the last step of a walk is the one that makes the move.
PLAN = "plan api|"
TWO = 'plan api "ui after api"|'
AT_GATE = PLAN + "launch api|handoff api|check api passed|"
BOTH_REVIEWS = PLAN[:-1] + " review_mode=parallel|launch api|handoff api|check api passed|"
STALE = PLAN + "claim api|passes 1000"
LAUNCH_FAILED = PLAN + "grant api|dies s1 exited|grant api|dies s2 exited|"
SIGN = 'flow "draft text" "checkpoint sign after text cancel tidy" "build tidy after sign"|launch text|handoff text|'
TWO_SIGNS = (
    'flow "draft text" "checkpoint one after text" "checkpoint two after text cancel one"|launch text|handoff text|'
)
REJECTED = TWO + "launch api|handoff api|check api passed|launch api.spec|judge api.spec reject|"

WALKS = {
    ("blocked", "queued"): ("ui", TWO + "finish api"),
    ("blocked", "waiting_human"): ("approval", PLAN + "finish api"),
    ("blocked", "skipped"): ("ui", TWO + "grant api|dies s1 exited|grant api|dies s2 exited|answer q1 stop_epic"),
    ("blocked", "canceled"): ("ui", TWO + "cancel enough"),
    ("queued", "claimed"): ("api", PLAN + "grant api"),
    ("queued", "blocked"): ("ui", TWO + "finish api|branch-moves api later"),
    ("queued", "completed"): ("merge", PLAN + "finish api|report|approve|merge"),
    ("queued", "failed"): ("api", LAUNCH_FAILED + "answer q1 stop_epic"),
    ("queued", "skipped"): ("api.quality", BOTH_REVIEWS + "launch api.spec|judge api.spec reject"),
    ("queued", "canceled"): ("api", PLAN + "cancel enough"),
    ("claimed", "running"): ("api", PLAN + "grant api|alive s1|told api"),
    ("claimed", "submitted"): ("api", PLAN + "grant api|handoff api"),
    ("claimed", "completed"): ("api.spec", AT_GATE + "grant api.spec|judge api.spec accept"),
    ("claimed", "waiting_human"): ("api", PLAN + "grant api|handoff api NEEDS_CONTEXT question=why?"),
    ("claimed", "queued"): ("api", PLAN + "grant api|dies s1 exited"),
    ("claimed", "failed"): ("api", PLAN + "grant api|alive s1|quiet s1 5 shows=dialog|answer q1 stop_epic"),
    ("claimed", "canceled"): ("api", PLAN + "grant api|cancel enough"),
    ("running", "submitted"): ("api", PLAN + "launch api|handoff api"),
    ("running", "completed"): ("api.spec", AT_GATE + "launch api.spec|judge api.spec accept"),
    ("running", "waiting_human"): ("api", PLAN + "launch api|handoff api BLOCKED blocker=b clears=c"),
    ("running", "queued"): ("api", PLAN + "launch api|dies s1 killed"),
    ("running", "failed"): ("api", PLAN + "launch api|quiet s1 5 shows=dialog|answer q1 stop_epic"),
    ("running", "stale"): ("api", STALE),
    ("stale", "queued"): ("api", STALE + "|requeue api"),
    ("stale", "submitted"): ("api", STALE + "|handoff api|adopt h1"),
    ("stale", "failed"): ("api", STALE + "|learns|answer q1 stop_epic"),
    ("stale", "canceled"): ("api", STALE + "|give-up api"),
    ("queued", "submitted"): ("api", STALE + "|handoff api|requeue api|adopt h1"),
    ("running", "canceled"): ("api", PLAN + "launch api|cancel enough"),
    ("submitted", "completed"): (
        "api",
        AT_GATE + "launch api.spec|judge api.spec accept|launch api.quality|judge api.quality accept",
    ),
    ("submitted", "queued"): ("api", PLAN + "launch api|handoff api|check api failed"),
    ("submitted", "failed"): ("api", AT_GATE + "launch api.spec|judge api.spec reject"),
    ("submitted", "canceled"): ("api", AT_GATE + "cancel enough"),
    ("waiting_human", "running"): ("api", PLAN + "launch api|handoff api NEEDS_CONTEXT question=why?|answer q1 so"),
    ("waiting_human", "queued"): ("api", PLAN + "launch api|handoff api NEEDS_CONTEXT question=why?|dies s1 killed"),
    ("waiting_human", "blocked"): ("approval", PLAN + "finish api|report|branch-moves api later"),
    ("waiting_human", "completed"): ("approval", PLAN + "finish api|report|approve"),
    ("waiting_human", "failed"): (
        "api",
        PLAN + "launch api|handoff api BLOCKED blocker=b clears=c|answer q1 stop_epic",
    ),
    ("waiting_human", "skipped"): ("one", TWO_SIGNS + "checkpoint two|answer q1 continue"),
    ("waiting_human", "canceled"): ("sign", SIGN + "cancel enough"),
    ("completed", "queued"): ("api", PLAN + "finish api|report|reject rework=api no"),
    ("completed", "blocked"): ("approval", PLAN + "finish api|report|approve|branch-moves api later"),
    ("failed", "queued"): ("api", REJECTED + "answer q1 one_more_round"),
    ("skipped", "blocked"): ("ui", REJECTED + "answer q1 one_more_round"),
}


@pytest.mark.parametrize(("move", "walk"), WALKS.items(), ids=["-".join(move) for move in WALKS])
def test_an_event_makes_the_move(move: tuple[str, str], walk: tuple[str, str]) -> None:
    job, steps = JobId(walk[0]), walk[1].split("|")
    telling = Telling()
    for step in steps[:-1]:
        assert not any(said.startswith(("refused", "denied")) for said in telling.tell(step)), step
    before = telling.play.run.jobs[job].phase
    telling.tell(steps[-1])
    assert (before, telling.play.run.jobs[job].phase) == move


def test_every_legal_move_is_walked_or_has_a_reason_not_to_be() -> None:
    legal = {(str(before), str(after)) for before, others in JOB_MOVES.items() for after in others}
    assert set(WALKS) | set(UNMADE) == legal
    assert set(WALKS) & set(UNMADE) == set()


@pytest.mark.parametrize("move", list(itertools.product(JobPhase, JobPhase)), ids="-".join)
def test_a_job_moves_along_the_table_and_no_other_way(move: tuple[JobPhase, JobPhase]) -> None:
    before, after = move
    play = Play()
    play.begin({"api": ()})
    run = with_job(play.run, JobId("api"), phase=before)
    if after in JOB_MOVES[before] or after is before:
        assert move_job(run, JobId("api"), after).jobs[JobId("api")].phase is after
        return
    with pytest.raises(
        Corrupt, match=f"job api is {before} and cannot become {after}; from {before} it may become"
    ) as no:
        move_job(run, JobId("api"), after)
    assert all(legal in no.value.message for legal in JOB_MOVES[before] or {"nothing"})


@pytest.mark.parametrize("move", list(itertools.product(RunPhase, RunPhase)), ids="-".join)
def test_a_run_moves_along_the_table_and_no_other_way(move: tuple[RunPhase, RunPhase]) -> None:
    before, after = move
    telling = Telling()
    for step in RUN_STEPS[before]:
        telling.tell(step)
    assert telling.play.run.phase is before
    if after in RUN_MOVES[before]:
        assert move_run(telling.play.run, after).phase is after
        return
    with pytest.raises(Corrupt, match=f"is {before} and cannot become {after}"):
        move_run(telling.play.run, after)


RUN_STEPS = {
    RunPhase.PREPARED: ("prepare api",),
    RunPhase.READY: ("prepare api", "confirm"),
    RunPhase.RUNNING: ("plan api",),
    RunPhase.PAUSED: ("plan api", "pause lunch"),
    RunPhase.COMPLETED: ("plan api", "finish api", "report", "approve", "merge"),
    RunPhase.FAILED: tuple((LAUNCH_FAILED + "answer q1 stop_epic").split("|")),
    RunPhase.CANCELED: ("plan api", "cancel enough"),
}


def test_a_command_whose_event_would_be_corrupt_is_refused() -> None:
    play = Play()
    play.begin({"api": ()})
    play.launch("api")
    canceled = with_job(play.run, JobId("api"), phase=JobPhase.CANCELED)
    play.state = replace(play.state, run=canceled)
    with pytest.raises(
        Refused, match="job api is canceled and cannot become submitted; from canceled it may become nothing"
    ):
        play.submit_handoff("api")


def test_the_page_shows_the_tables(request) -> None:
    if request.config.getoption("--rewrite-transcripts"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
