"""Guards: each hands back what it found, or says what is wrong, who may, and what to type instead."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import HOST, HUMAN, TARGET, Play, commit, digest

from gitorch.errors import Corrupt, Denied, NotFound, Refused
from gitorch.model import commands as c
from gitorch.model.ids import JobId, Moment, QuestionId, SessionId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.board import Board, State
from gitorch.model.work.report import Merged
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionPhase
from gitorch.rules.guards import ensure

OPERATOR = Actor(ActorKind.OPERATOR, "olga", "desk")
AGENT = Actor(ActorKind.AGENT, "api", "desk", "s1")


@pytest.fixture
def play() -> Play:
    play = Play()
    play.begin({"api": (), "ui": ("api",)})
    play.launch("api")
    return play


def test_what_is_there_is_handed_back(play: Play) -> None:
    run, job = play.run, play.run.jobs["api"]
    session = run.sessions["s1"]
    assert ensure.run_there(play.state) is run
    assert ensure.run_open(run) is run
    assert ensure.run_under_way(run) is run
    assert ensure.principal(HUMAN, "approve") is HUMAN
    assert ensure.host(HOST, "leases") is HOST
    assert ensure.session_of(run, digest("token s1")) is session
    assert ensure.session_there(run, SessionId("s1")) is session
    assert ensure.own_job(run, session, None) is job
    assert ensure.own_job(run, session, JobId("api")) is job
    assert ensure.lease_held(run, session, job) is job.lease
    assert ensure.working(job) is job
    assert ensure.acts_as(AGENT, session) is session
    ensure.fence_stands(job, 0)
    ensure.fence_stands(job, 1)
    assert ensure.job_there(run, JobId("api")) is job
    ensure.ensure_sound(None, "gitorch verify")


def canceled(play: Play):
    play.do(c.CancelRun("enough"), HUMAN)
    return play.run


def asked(play: Play):
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("tabs?",))
    return play.run


def answered(play: Play):
    asked(play)
    play.answer("q1", text="spaces")
    return play.run


def reported(play: Play):
    play.submit_handoff("api")
    return play.run


def withdrawn(play: Play):
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("tabs?",))
    play.do(c.CancelRun("enough"), HUMAN)
    return play.run


REFUSALS = {
    "no run": (
        lambda _: ensure.run_there(State(Board())),
        NotFound,
        "there is no run to do this in",
        "gitorch list",
    ),
    "a plan that a run works on": (
        lambda p: ensure.not_begun(p.state.board, p.run.plan_digest),
        Refused,
        "run play-0001 already works on exactly this plan and is running",
        "gitorch status play-0001",
    ),
    "run over": (
        lambda p: ensure.run_open(canceled(p)),
        Refused,
        "run play-0001 is canceled; nothing in it can change any more",
        "gitorch log play-0001",
    ),
    "merged run": (
        lambda p: ensure.not_merged(replace(p.run, merged=Merged("main", TARGET, commit("merged"), Moment(0)))),
        Refused,
        f"run play-0001 was merged to main at {commit('merged')[:12]} and cannot be canceled",
        "gitorch status play-0001",
    ),
    "run not begun": (
        lambda p: ensure.run_under_way(replace(p.run, phase=RunPhase.READY)),
        Refused,
        "run play-0001 is ready, not running",
        "gitorch up",
    ),
    "an agent is no principal": (
        lambda _: ensure.principal(AGENT, "approve"),
        Denied,
        "session s1 is an agent and may not approve; only the principal may, from a terminal of their own",
        "gitorch approve",
    ),
    "an operator is no principal": (
        lambda _: ensure.principal(OPERATOR, "cancel"),
        Denied,
        "olga is an operator and may not cancel; only the principal may, from a terminal of their own",
        "gitorch cancel",
    ),
    "gitorch is no principal": (
        lambda _: ensure.principal(HOST, "approve"),
        Denied,
        "gitorch is a host and may not approve; only the principal may, from a terminal of their own",
        "gitorch approve",
    ),
    "a human is not gitorch": (
        lambda _: ensure.host(HUMAN, "test results"),
        Denied,
        "only gitorch itself records test results",
        "gitorch up",
    ),
    "unknown token": (
        lambda p: ensure.session_of(p.run, digest("guess")),
        Denied,
        "this token belongs to no session of run play-0001",
        "gitorch status",
    ),
    "unknown session": (
        lambda p: ensure.session_there(p.run, SessionId("s9")),
        NotFound,
        "run play-0001 has no session s9",
        "gitorch status",
    ),
    "somebody else's job": (
        lambda p: ensure.own_job(p.run, p.run.sessions["s1"], JobId("ui")),
        Denied,
        "session s1 works on api and may not report for ui",
        "gitorch handoff DONE --job api",
    ),
    "an agent for another agent": (
        lambda p: ensure.acts_as(replace(AGENT, session="s2"), p.run.sessions["s1"]),
        Denied,
        "session s1 belongs to its agent on api; agent/api@desk may not act for it",
        "gitorch why api",
    ),
    "a human for an agent": (
        lambda p: ensure.acts_as(HUMAN, p.run.sessions["s1"]),
        Denied,
        "session s1 belongs to its agent on api; principal/ada@desk may not act for it",
        "gitorch why api",
    ),
    "an operator for another": (
        lambda p: ensure.acts_as(OPERATOR, replace(p.run.sessions["s1"], holder="operator/otto@desk")),
        Denied,
        "session s1 belongs to operator/otto@desk; operator/olga@desk may not act for it",
        "gitorch why api",
    ),
    "an earlier lease": (
        lambda p: ensure.fence_stands(replace(p.run.jobs["api"], fence=3), 2),
        Refused,
        "lease 2 of api is over; the newest is 3",
        "gitorch why api",
    ),
    "no lease": (
        lambda p: ensure.lease_held(p.run, p.run.sessions["s1"], p.run.jobs["ui"]),
        Refused,
        "session s1 holds no lease on ui, which is blocked in run play-0001",
        "gitorch why ui",
    ),
    "an ended session": (
        lambda p: ensure.lease_held(p.run, replace(p.run.sessions["s1"], phase=SessionPhase.ENDED), p.run.jobs["api"]),
        Refused,
        "session s1 holds no lease on api, which is running in run play-0001",
        "gitorch why api",
    ),
    "reported already": (
        lambda p: ensure.lease_held(reported(p), p.run.sessions["s1"], p.run.jobs["api"]),
        Refused,
        r"api was already reported at [0-9a-f]{12}; it is submitted",
        "gitorch why api",
    ),
    "waits for an answer": (
        lambda p: ensure.working(asked(p).jobs["api"]),
        Refused,
        "api waits for an answer; report when it has arrived",
        "gitorch why api",
    ),
    "no reviewer": (
        lambda p: ensure.reviewing(p.run.sessions["s1"], p.run.jobs["api"]),
        Denied,
        "session s1 works on api and cannot judge its own work; its reviewers can",
        "gitorch handoff DONE",
    ),
    "unknown job": (
        lambda p: ensure.job_there(p.run, JobId("db")),
        NotFound,
        "run play-0001 has no job db; it has api, api.spec, api.quality, ui, ui.spec, ui.quality, approval, merge",
        "gitorch status",
    ),
    "unknown question": (
        lambda p: ensure.question_open(p.run, QuestionId("q9")),
        NotFound,
        "run play-0001 has no question q9",
        "gitorch inbox",
    ),
    "answered question": (
        lambda p: ensure.question_open(answered(p), QuestionId("q1")),
        Refused,
        "q1 was already answered by ada: spaces",
        "gitorch inbox",
    ),
    "withdrawn question": (
        lambda p: ensure.question_open(withdrawn(p), QuestionId("q1")),
        Refused,
        "q1 was withdrawn: the run is canceled",
        "gitorch inbox",
    ),
    "no report": (
        lambda p: ensure.report_there(p.run),
        Refused,
        "run play-0001 has no merge report yet",
        "gitorch status play-0001",
    ),
    "a fault": (
        lambda _: ensure.ensure_sound(Corrupt("record 3 is broken", "gitorch show 3", "record 3"), "gitorch verify"),
        Corrupt,
        "record 3 is broken",
        "gitorch verify",
    ),
}


@pytest.mark.parametrize(("guard", "kind", "message", "hint"), REFUSALS.values(), ids=REFUSALS)
def test_a_guard_says_what_is_wrong_and_what_to_type(play: Play, guard, kind, message, hint) -> None:
    with pytest.raises(kind, match=f"^{message}") as no:
        guard(play)
    assert no.value.hint == hint


def test_every_guard_is_in_the_table() -> None:
    guards = {name for name, one in vars(ensure).items() if callable(one) and one.__module__ == ensure.__name__}
    named = {name for guard, *_ in REFUSALS.values() for name in guard.__code__.co_names}
    assert guards - named == set()
