"""What the ledger learns from what is seen, and what the world still owes: case by case, and as properties."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from play import TARGET, Play, commit
from telling import Telling

from gitorch.model import commands as c
from gitorch.model import effects
from gitorch.model.ids import JobId, Moment, PromptId, SessionId
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, Observed, Overlap, SessionObservation
from gitorch.model.work.review import Check
from gitorch.rules.guards.beginning import may_begin
from gitorch.rules.outstanding import needed, outstanding
from gitorch.rules.reconcile import reconcile

S1, API = SessionId("s1"), JobId("api")
READY = SessionObservation(True, True, AgentState.WAITING, 7, was_ready=True, evidence="hook")
ABSENT = SessionObservation(False, False, AgentState.UNKNOWN)
GRANTED = "plan api|grant api"
ALIVE = GRANTED + "|alive s1"
AT_WORK = "plan api|launch api"
REPORTED = AT_WORK + "|handoff api"
PASSED = REPORTED + "|check api passed"
APPROVED = "plan api|finish api|report|approve"
HEADS = {"refs/heads/main": TARGET, "refs/heads/gitorch/play-0001/api": commit("api-1")}


def played(script: str) -> Play:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling.play


def look(play: Play, observation: SessionObservation | None = None, later: int = 0, **seen) -> Observed:
    """What a tick sees `later` seconds on: session s1 as given, every other one absent, nothing else unless said."""
    sessions = None if observation is None else dict.fromkeys(play.run.sessions, ABSENT) | {S1: observation}
    return Observed(Moment(play.at + later * 1000), sessions, seen.pop("heads", None), **seen)


def learned(play: Play, seen: Observed, kind: type | tuple[type, ...] | None = None) -> list[object]:
    found = reconcile(play.run, seen)
    return [one for one in found if kind is None or isinstance(one, kind)]


ENDS = [
    (ABSENT, ()),
    (replace(ABSENT, started=True), ("killed", None)),
    (replace(ABSENT, started=True, server_gone=True), ("server-gone", None)),
    (replace(READY, state=AgentState.EXITED, exit_status=127), ("missing-program", 127)),
    (replace(READY, state=AgentState.EXITED, exit_status=0), ("exited", 0)),
    (replace(READY, state=AgentState.EXITED, exit_status=None), ("exited", None)),
]


@pytest.mark.parametrize(("observation", "end"), ENDS)
@pytest.mark.parametrize("script", [GRANTED, AT_WORK])
def test_a_session_ends_as_its_process_shows(script: str, observation: SessionObservation, end: tuple) -> None:
    play = played(script)
    ends = learned(play, look(play, observation), c.EndSession)
    assert [(one.how, one.exit_status) for one in ends] == ([end] if end else [])


STARTS = [
    (AgentState.STARTING, 0, None),
    (AgentState.STARTING, 61, "not-ready"),
    (AgentState.UNKNOWN, 61, "not-ready"),
    (AgentState.DIALOG, 10, None),
    (AgentState.DIALOG, 61, "dialog"),
    (AgentState.IDLE, 0, "alive"),
    (AgentState.WAITING, 0, "alive"),
    (AgentState.WORKING, 0, "alive"),
    (AgentState.ERROR, 61, "not-ready"),
]


@pytest.mark.parametrize(("state", "later", "leads_to"), STARTS)
def test_alive_is_a_sign_within_the_limit_and_nothing_else(state: AgentState, later: int, leads_to: str | None) -> None:
    play = played(GRANTED)
    observation = SessionObservation(True, True, state, 7, started_at=Moment(play.at), evidence="screen")
    told = learned(play, look(play, observation, later), (c.MarkAlive, c.EndSession))
    assert ["alive" if isinstance(one, c.MarkAlive) else one.how for one in told] == ([leads_to] if leads_to else [])


def test_a_lease_is_renewed_at_half_its_life_while_the_session_lives() -> None:
    play = played(AT_WORK)
    working = replace(READY, state=AgentState.WORKING)
    assert learned(play, look(play, working, 440), c.RenewLease) == []
    assert learned(play, look(play, working, 460), c.RenewLease) == [c.RenewLease(API, 1)]
    assert learned(play, look(play, None, 460), c.RenewLease) == []


SILENCES = [
    (AgentState.WORKING, 899, None),
    (AgentState.WORKING, 901, c.Nudge),
    (AgentState.WAITING, 901, c.Nudge),
    (AgentState.UNKNOWN, 901, c.Nudge),
    (AgentState.LIMITED, 90_000, None),
    (AgentState.DIALOG, 5, c.Escalate),
]


@pytest.mark.parametrize("spins", [False, True], ids=["still", "with a spinner"])
@pytest.mark.parametrize(("state", "quiet", "leads_to"), SILENCES)
def test_silence_leads_to_a_nudge_and_limits_are_waited_out(state: AgentState, quiet: int, leads_to, spins) -> None:
    play = played(AT_WORK)
    observation = replace(READY, state=state, changed_at=Moment(play.at))
    if spins:
        observation = replace(observation, changed_at=Moment(play.at + quiet * 1000), progress_at=Moment(play.at))
    assert [type(x) for x in learned(play, look(play, observation, quiet), (c.Nudge, c.Escalate))] == (
        [leads_to] if leads_to else []
    )


def test_a_blocked_agent_is_not_nudged() -> None:
    play = played(AT_WORK + "|handoff api BLOCKED blocker=b clears=c")
    observation = replace(READY, changed_at=Moment(play.at))
    assert learned(play, look(play, observation, 90_000), (c.Nudge, c.Escalate)) == []


def test_an_escalation_that_is_open_is_not_raised_again_and_one_that_was_answered_may_be() -> None:
    play = played(AT_WORK)
    dialog = replace(READY, state=AgentState.DIALOG, screen="y/n?", evidence="tail: dialog")
    (raised,) = learned(play, look(play, dialog), c.Escalate)
    play.do(raised)
    assert learned(play, look(play, dialog), c.Escalate) == []
    assert play.do(raised) == ()
    play.answer("q1", "cleared")
    assert learned(play, look(play, dialog), c.Escalate) == [raised]


HEAD_CASES = [
    (PASSED, "api-1", 0),
    (PASSED, "later", 1),
    ("plan api|finish api", "later", 1),
    (AT_WORK, "later", 0),
    (APPROVED + "|merge", "later", 0),
]


@pytest.mark.parametrize(("script", "head", "voids"), HEAD_CASES)
def test_a_branch_that_moved_after_its_handoff_is_noticed(script: str, head: str, voids: int) -> None:
    play = played(script)
    heads = HEADS | {"refs/heads/gitorch/play-0001/api": commit(head)}
    assert learned(play, look(play, heads=heads), c.VoidWork) == [c.VoidWork(API, commit(head))] * voids


def test_a_branch_that_moved_at_its_last_round_is_put_to_the_principal_once() -> None:
    play = played("plan api rounds_max=1|launch api|handoff api|check api passed|branch-moves api later")
    heads = HEADS | {"refs/heads/gitorch/play-0001/api": commit("later")}
    assert play.run.questions["q1"].trigger == "rounds:api:1"
    assert learned(play, look(play, heads=heads), c.VoidWork) == []


TARGETS = [
    (HEADS, False, []),
    (
        HEADS | {"refs/heads/main": commit("elsewhere")},
        False,
        [c.VoidReport(f"main moved to {commit('elsewhere')[:12]}")],
    ),
    ({"refs/heads/gitorch/play-0001/api": commit("api-1")}, False, [c.VoidReport("main is gone")]),
    (HEADS | {"refs/heads/main": commit("merged")}, True, [c.RecordMerge(TARGET, commit("merged"), "tree")]),
    (HEADS | {"refs/heads/main": commit("on top")}, True, [c.RecordMerge(TARGET, commit("merged"), "tree")]),
]


@pytest.mark.parametrize(("heads", "merged", "learns"), TARGETS)
def test_a_target_that_moved_voids_the_report_unless_the_merge_moved_it(heads, merged: bool, learns) -> None:
    play = played(APPROVED)
    seen = look(play, heads=heads, merges_found=merged)
    assert learned(play, seen, (c.VoidReport, c.RecordMerge)) == learns


def test_a_test_result_is_learned_once_and_only_of_the_commit_handed_in() -> None:
    play = played(REPORTED)
    check = Check(commit("api-1"), "make check", "passed", 0, 1.0)
    done = CheckObservation(CheckPhase.FINISHED, check)
    assert learned(play, look(play, checks={commit("api-0"): done}), c.RecordCheck) == []
    assert (
        learned(play, look(play, checks={commit("api-1"): CheckObservation(CheckPhase.RUNNING)}), c.RecordCheck) == []
    )
    (recorded,) = learned(play, look(play, checks={commit("api-1"): done}), c.RecordCheck)
    play.do(recorded)
    assert learned(play, look(play, checks={commit("api-1"): done}), c.RecordCheck) == []


def test_a_channel_that_does_not_answer_is_learned_once_for_each_session() -> None:
    play = played(ALIVE)
    silent = replace(READY, state=AgentState.WORKING, channel="terminal", skipped={"claude": "it keeps no state file"})
    (noted,) = learned(play, look(play, silent), c.NoteSilentChannel)
    assert noted == c.NoteSilentChannel(S1, "claude", "it keeps no state file")
    play.do(noted)
    assert learned(play, look(play, silent), c.NoteSilentChannel) == []
    assert play.do(noted) == ()
    again = replace(silent, skipped={"claude": "another reason", "codex": "its socket is gone"})
    assert [one.channel for one in learned(play, look(play, again), c.NoteSilentChannel)] == ["codex"]


def test_a_receipt_that_the_ledger_lacks_is_learned_and_a_refused_one_is_not() -> None:
    play = played(ALIVE)
    for receipt, count in (("submitted", 1), ("unknown", 1), ("refused: a dialog is open", 0), ("", 0)):
        seen = look(play, sent={(S1, PromptId("p1")): receipt})
        assert learned(play, seen, c.RecordDelivery) == [c.RecordDelivery(S1, PromptId("p1"), receipt)] * count


def test_reminders_wait_twice_as_long_each_time_up_to_the_cap() -> None:
    play = played(
        "plan api remind_first_seconds=10 remind_cap_seconds=35|launch api|handoff api NEEDS_CONTEXT question=a"
    )
    waited = []
    for _ in range(4):
        seconds = next(s for s in range(100) if learned(play, look(play, later=s), c.Remind))
        waited.append(seconds - 1)
        play.at += seconds * 1000 - 1000
        play.do(c.Remind(play.run.questions["q1"].id))
    assert waited == [10, 20, 35, 35]


def test_an_overlap_is_noted_once() -> None:
    play = played("plan api db|launch api db")
    pair = (API, JobId("db"))
    seen = look(play, overlaps=(Overlap(pair, ("a.py",), conflict=False),))
    (noted,) = learned(play, seen, (c.NoteOverlap, c.Escalate))
    play.do(noted)
    assert learned(play, seen, (c.NoteOverlap, c.Escalate)) == []


def test_branches_that_would_conflict_are_escalated_once() -> None:
    play = played("plan api db|launch api db")
    seen = look(play, overlaps=(Overlap((API, JobId("db")), ("a.py",), conflict=True),))
    noted, escalated = learned(play, seen, (c.NoteOverlap, c.Escalate))
    assert (noted.conflict, escalated.trigger) == (True, "overlap:api:db")
    play.do(noted)
    play.do(escalated)
    assert learned(play, seen, (c.NoteOverlap, c.Escalate)) == []


QUEUES = [
    ("plan a b c max_agents=2", ["a", "b", "c"], 2),
    ("plan a b max_agents=1|grant a", [], 0),
    ("plan a b max_agents=1|launch a|handoff a", ["b"], 1),
    ("plan a b max_agents=1|launch a|handoff a|check a passed", ["a.spec", "b"], 1),
    ("plan a b max_agents=1|launch a|handoff a NEEDS_CONTEXT question=w", ["b"], 1),
]


@pytest.mark.parametrize(("script", "queue", "granted"), QUEUES)
def test_agents_at_work_are_counted_and_reviews_go_first(script: str, queue: list[str], granted: int) -> None:
    play = played(script)
    orders = learned(play, look(play), c.GrantLease)
    assert [order.job for order in orders] == queue
    given = 0
    for order in orders:
        if order.job in {j.spec.id for j in play.run.jobs.values() if j.phase == "queued"} and given < granted:
            play.grant(order.job)
            given += 1
    assert given == granted
    assert learned(play, look(play), c.GrantLease) == []


SCRIPTS = [GRANTED, ALIVE, AT_WORK, REPORTED, PASSED, "plan api|finish api", APPROVED, APPROVED + "|merge"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_could_not_be_asked_leads_to_nothing(script: str) -> None:
    """Of all that a tick can learn, only what rests on the ledger and the clock is left when the world is silent."""
    play = played(script)
    silent = Observed(Moment(play.at + 10_000_000), None, None)
    assert learned(play, silent, (c.EndSession, c.MarkAlive, c.Nudge, c.Escalate, c.VoidWork, c.VoidReport)) == []
    assert learned(play, silent, (c.RecordMerge, c.RenewLease, c.RecordCheck, c.RecordDelivery)) == []
    touched = (effects.StartSession, effects.StopSession, effects.DeliverPrompt)
    assert [e for e in outstanding(play.run, silent) if isinstance(e, touched)] == []


@pytest.mark.parametrize("script", ["prepare api", "prepare api|confirm"])
def test_a_run_that_has_not_begun_learns_and_owes_nothing(script: str) -> None:
    play = played(script)
    assert reconcile(play.run, look(play, READY, heads=HEADS)) == ()
    assert outstanding(play.run, look(play, READY, heads=HEADS)) == ()


OWED = [
    (GRANTED, ABSENT, [effects.StartSession(S1, API)]),
    (GRANTED, READY, []),
    (GRANTED, replace(ABSENT, started=True), []),
    (ALIVE, READY, [effects.DeliverPrompt(S1, PromptId("p1"))]),
    (ALIVE, replace(READY, state=AgentState.IDLE), [effects.DeliverPrompt(S1, PromptId("p1"))]),
    (ALIVE, replace(READY, state=AgentState.WORKING), []),
    (ALIVE, replace(READY, state=AgentState.ERROR), [effects.DeliverPrompt(S1, PromptId("p1"))]),
    (ALIVE, replace(READY, state=AgentState.DIALOG), []),
    (ALIVE, replace(READY, state=AgentState.UNKNOWN), []),
    (AT_WORK, READY, []),
    (REPORTED, READY, [effects.StartCheck(commit("api-1"))]),
    (PASSED, READY, []),
    (
        "plan api|finish api",
        READY,
        [effects.DeliverPrompt(S1, PromptId("p4")), effects.MakeEpicReport(API), effects.MakeReport(JobId("approval"))],
    ),
    (
        "plan api|finish api|told api|reported api",
        READY,
        [effects.StopSession(S1), effects.MakeReport(JobId("approval"))],
    ),
    ("plan api autonomy=per_epic|finish api", READY, [effects.MakeEpicReport(API)]),
    ("plan api autonomy=per_epic|finish api|reported api", READY, []),
    ("plan api|launch api|cancel enough", READY, [effects.StopSession(S1)]),
    ("plan api|launch api|pause lunch", READY, []),
    (
        "plan api cleanup=branches|launch api|cancel enough",
        READY,
        [effects.StopSession(S1), effects.CleanUp(branches=True)],
    ),
    (
        "plan api|launch api|cancel enough|answer q1 worktrees",
        READY,
        [effects.StopSession(S1), effects.CleanUp(branches=False)],
    ),
    (
        "plan a b 'c after a,b'|finish a b",
        READY,
        [
            effects.DeliverPrompt(S1, PromptId("p4")),
            effects.BuildBase(JobId("c"), (commit("a-1"), commit("b-1"))),
            effects.MakeEpicReport(JobId("a")),
            effects.MakeEpicReport(JobId("b")),
        ],
    ),
]


@pytest.mark.parametrize(("script", "observation", "owed"), OWED)
def test_the_world_owes(script: str, observation: SessionObservation, owed: list[object]) -> None:
    play = played(script)
    own = [e for e in outstanding(play.run, look(play, observation)) if getattr(e, "session", S1) == S1]
    assert own == owed


def test_a_check_that_runs_is_not_begun_again_and_a_lost_one_is() -> None:
    play = played(REPORTED)
    for phase, count in ((CheckPhase.RUNNING, 0), (CheckPhase.FINISHED, 0), (CheckPhase.ABSENT, 1)):
        seen = look(play, READY, checks={commit("api-1"): CheckObservation(phase)})
        assert [type(e) for e in outstanding(play.run, seen)] == [effects.StartCheck] * count


def test_a_text_that_was_typed_is_not_typed_again_before_it_is_recorded() -> None:
    play = played(ALIVE)
    assert outstanding(play.run, look(play, READY, sent={(S1, PromptId("p1")): "unknown"})) == ()


def test_work_begins_when_every_agent_launched_beside_it_is_alive() -> None:
    play = played("plan api db|grant api|grant db|alive s1")
    assert not may_begin(play.run, play.run.sessions["s1"])
    assert [e for e in outstanding(play.run, look(play, READY)) if isinstance(e, effects.DeliverPrompt)] == []
    play.do(c.MarkAlive(SessionId("s2"), 1, "hook"))
    assert may_begin(play.run, play.run.sessions["s1"])


def test_work_waits_for_the_second_try_of_a_launch_and_no_longer() -> None:
    play = played("plan api db|grant api|grant db|alive s1|dies s2 missing-program")
    session = play.run.sessions["s1"]
    assert not may_begin(play.run, session)
    play.grant("db")
    assert not may_begin(play.run, session)
    play.do(c.EndSession(SessionId("s3"), "missing-program"))
    assert play.run.questions["q1"].trigger == "launch:db:1"
    assert may_begin(play.run, session)


def test_work_does_not_wait_for_a_launch_that_has_no_place() -> None:
    play = played("plan a b c max_agents=2|grant a|grant b|alive s1|dies s2 missing-program|grant c|alive s3")
    assert may_begin(play.run, play.run.sessions["s1"])


def test_a_reviewer_waits_for_no_author() -> None:
    play = played("plan api db|launch api|handoff api|check api passed|grant db|grant api.spec")
    assert may_begin(play.run, play.run.sessions["s3"])


def test_a_clearance_that_a_busy_agent_does_not_read_is_waited_for_a_minute_only() -> None:
    play = played("plan api|finish api")
    session, busy = play.run.sessions["s1"], replace(READY, state=AgentState.WORKING)
    assert needed(play.run, session, look(play, busy, 59))
    assert not needed(play.run, session, look(play, busy, 61))


def test_the_tick_makes_tokens_and_the_rules_do_not() -> None:
    play = played("plan api")
    (order,) = learned(play, look(play), c.GrantLease)
    assert (order.token, order.nonce, order.session, order.fresh) == ("", "", "s1", True)
