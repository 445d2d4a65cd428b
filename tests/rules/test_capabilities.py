"""Each identity and each verb: who may, who may not, and that the rules ask whoever calls them directly."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from golden import assert_golden

sys.path.insert(0, str(Path(__file__).parent))
from play import HOST, HUMAN, OPERATOR, Play, digest

from gitorch.errors import Denied
from gitorch.model import commands as c
from gitorch.model.commands import Order
from gitorch.model.ids import NO_DIGEST, JobId, Moment
from gitorch.model.record import Actor, ActorKind, Record
from gitorch.model.values import names_of, replace
from gitorch.model.work.artifact import Document, Outcome
from gitorch.model.work.board import Board, State
from gitorch.model.work.proposal import Proposal
from gitorch.model.work.run import RunPhase
from gitorch.rules.decide import decide_all
from gitorch.rules.evolve import evolve
from gitorch.rules.guards.capabilities import HOLDS, NEEDS, Capability, ensure_may, may

AGENT = Actor(ActorKind.AGENT, "api", "desk", "s1")
EVERYBODY = {"principal": HUMAN, "operator": OPERATOR, "agent": AGENT, "host": HOST}
READING = (
    *("status", "why", "list", "dashboard", "inbox", "report", "log", "show", "verify", "peek", "check", "doctor"),
    *(
        "export",
        "demo",
        "mcp",
        "stats",
        "skills",
        "session",
        "keys",
        "worktree",
        "workflow",
        "session list",
        "keys list",
        "worktree list",
        "skills list",
    ),
    *("workflow new", "workflow check", "workflow lint", "workflow plan", "workflow graph", "workflow convert"),
    *("send", "reply", "wait"),
)
WORKING = ("brief", "heartbeat", "release", "publish", "findings", "handoff", "ask", "block", "verdict")
DRIVING = ("up", "pause", "resume", "attach", "sync")
RECOVERING = ("recover", "requeue", "retry")
DECIDING = ("init", "start", "answer", "approve", "reject", "cancel", "cleanup", "decide", "adopt")
ALLOWED = {
    "principal": {*READING, *WORKING, *DRIVING, *RECOVERING, *DECIDING, "claim"},
    "operator": {*READING, *WORKING, *DRIVING, *RECOVERING, "claim"},
    "agent": {*READING, *WORKING},
    "host": {*READING, *DRIVING, *RECOVERING},
}
VERBS = (*READING, *WORKING, *DRIVING, *RECOVERING, *DECIDING, "claim", "a verb of tomorrow")


@pytest.mark.parametrize(("who", "verb"), list(product(EVERYBODY, VERBS)))
def test_an_identity_may_do_what_its_capabilities_say_and_nothing_else(who, verb):
    actor = EVERYBODY[who]
    allowed = verb in ALLOWED[who] or who == "principal"
    assert may(actor, verb) is allowed
    if allowed:
        assert ensure_may(actor, verb) is actor
        return
    with pytest.raises(Denied, match=f"may not {verb}; only the .*principal"):
        ensure_may(actor, verb)


def test_every_verb_of_the_table_is_tried_and_every_capability_is_needed_by_one():
    assert set(VERBS) - set(NEEDS) == {"a verb of tomorrow"}
    assert set(NEEDS.values()) == set(Capability)
    assert set(HOLDS) == set(ActorKind)


def publication() -> c.PublishArtifact:
    return c.PublishArtifact(digest("token s1"), "x", "x.md", digest("x"), 1, Document("other"))


FACTS = c.WorkFacts(None, (), 0, ())
ORDERS = {
    "claim": (lambda: c.ClaimJob(None, digest, "n"), {"principal", "operator"}),
    "publish": (publication, {"agent"}),
    "heartbeat": (lambda: c.Heartbeat(digest("token s1")), {"agent"}),
    "release": (lambda: c.ReleaseLease(digest("token s1")), {"agent"}),
    "handoff": (lambda: c.SubmitHandoff(digest("token s1"), None, "DONE", "", FACTS), {"agent"}),
    "requeue": (lambda: c.RequeueJob(JobId("api"), "x"), {"principal", "operator", "host"}),
    "cancel a job": (lambda: c.CancelJob(JobId("ui"), "x"), {"principal"}),
    "adopt": (lambda: c.AdoptLateHandoff("h1", FACTS, "x"), {"principal"}),
    "decide": (lambda: c.Decide(JobId("ui"), Outcome.ACCEPTED, "x"), {"principal"}),
    "pause": (lambda: c.PauseRun("x"), {"principal", "operator", "host"}),
    "cancel": (lambda: c.CancelRun("x"), {"principal"}),
    "approve": (lambda: c.ApproveMerge(digest("x"), "typed"), {"principal"}),
    "propose": (lambda: c.ProposeMerge(Proposal(digest("x"), "origin", "c" * 40)), {"principal"}),
    "approve at a forge": (lambda: c.ApproveAtForge("c" * 40, "d" * 40, "forge"), {"host"}),
    "reject": (lambda: c.RejectMerge((), "x"), {"principal"}),
    "grant": (lambda: c.GrantLease(JobId("ui"), "s2", True, digest("x"), "n"), {"host"}),
    "a check": (lambda: c.RecordCheck(JobId("api"), None), {"host"}),
}


@pytest.mark.parametrize(("name", "who"), list(product(ORDERS, EVERYBODY)))
def test_the_rules_deny_actors_without_the_capability_at_every_door(name, who):
    make, allowed = ORDERS[name]
    play = Play()
    play.begin({"api": (), "ui": ()})
    play.launch("api")
    denied = False
    try:
        play.do(make(), EVERYBODY[who])
    except Denied:
        denied = True
    except Exception:  # noqa: BLE001  whatever else keeps it from happening, it was not who asked
        denied = False
    assert denied is (who not in allowed)
    assert not denied or play.run.phase is RunPhase.RUNNING


def test_what_the_host_alone_records_is_told_to_whoever_else_tries(request):
    play, told = Play(), {}
    play.begin({"api": ()})
    for command in get_args(c.Command):
        order = Order(HUMAN, Moment(1), command(*[None] * len(names_of(command))))
        try:
            decide_all(play.state, (order,))
        except Denied as error:
            told[command.__name__] = f"{command.__name__}: {error.message} $ {error.hint}\n"
        except Exception:  # noqa: BLE001  it is not the host's alone, and has no fields that make sense
            continue
    assert_golden("host-alone.txt", "".join(told.values()), request)


def test_attempts_of_agents_outside_of_runs_are_recorded_a_thousand_times_and_then_once_an_hour():
    board, stranger = Board("L"), Actor(ActorKind.AGENT, "agent", "desk")
    written = []
    for attempt in range(1200):
        order = Order(stranger, Moment(attempt * 60_000), c.RecordRefusal("approve", "denied", "an agent may not"))
        for event in decide_all(State(board), (order,)):
            record = Record(attempt, NO_DIGEST, order.at, None, stranger, event)
            board = evolve(State(board), record).board
            written.append(attempt)
    assert written == [*range(1000), 1059, 1119, 1179]
    human = Order(HUMAN, Moment(0), c.RecordRefusal("approve", "denied", "no"))
    assert len(decide_all(State(board), (human,))) == 1


def test_attempts_of_agents_of_no_session_are_recorded_a_thousand_times_in_a_run():
    play = Play()
    play.begin({"api": ()})
    stranger = Actor(ActorKind.AGENT, "agent", "desk")
    order = Order(stranger, Moment(10**15), c.RecordRefusal("approve", "denied", "an agent may not"))
    for strangers, recorded in ((999, 1), (1000, 0)):
        state = State(play.state.board, replace(play.run, strangers=strangers))
        assert len(decide_all(state, (order,))) == recorded
