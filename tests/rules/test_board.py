"""What people are told of a run: why each job stands where it stands, and commands that work when pasted."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from gitorch.model.values import replace

sys.path.insert(0, str(Path(__file__).parent))
from telling import Telling

from gitorch.model import commands
from gitorch.model.ids import JobId
from gitorch.model.record import Actor, ActorKind
from gitorch.model.work.job import JobPhase
from gitorch.rules.evolving.transitions import with_job
from gitorch.rules.views.next_commands import next_commands
from gitorch.rules.views.run import run_view
from gitorch.rules.views.why import WHY, why

TICK = "at the next tick of gitorch up"
API = "plan api|launch api|handoff api|"
GATE = API + "check api passed|"
SIGN = 'flow "draft text" "checkpoint sign after text"|launch text|handoff text|'

LINES = [
    ("blocked", "ui", 'plan api "ui after api"', "waits for api"),
    ("blocked", "approval", "plan api db|finish api", "waits for db"),
    ("blocked", "api.spec", "plan api|launch api", "waits for api"),
    ("blocked", "api.spec", API[:-1], "waits for the tests of api"),
    ("blocked", "api.quality", GATE[:-1], "waits for api.spec"),
    ("queued", "api", "plan api", f"will get an agent {TICK}"),
    ("queued", "db", "plan api db max_agents=1|grant api", "waits for a free agent: 1 of 1 are at work"),
    ("queued", "api", "plan api|pause lunch", "the run is paused"),
    ("queued", "merge", "plan api|finish api|report|approve", f"will be merged {TICK}"),
    (
        "queued",
        "c",
        'plan a b "c after a,b"|finish a b',
        "waits for its base: the branches that it needs must be merged first",
    ),
    (
        "queued",
        "api",
        "plan api|grant api|dies s1 exited|grant api|dies s2 exited 3",
        "q1 waits for you: The agent of api (scripted, session s2) could not be launched: exited with status 3.",
    ),
    ("claimed", "api", "plan api|grant api", "session s1 is starting"),
    (
        "claimed",
        "api",
        "plan api db|grant api|grant db|alive s1",
        "session s1 is ready, and begins once the agent of db has started",
    ),
    (
        "claimed",
        "api",
        "plan api db|grant api|grant db|alive s1|dies s2 exited",
        "session s1 is ready, and begins once the agent of db has started",
    ),
    ("claimed", "api", "plan api db|grant api|alive s1", "session s1 is starting"),
    ("claimed", "api", API + "check api failed|grant api", "session s1 is getting the findings"),
    ("running", "api", "plan api|launch api", "session s1 is at work"),
    ("running", "api", API + "check api failed|launch api", "session s1 is at work, round 2 of 3"),
    (
        "running",
        "api",
        "plan api|launch api|quiet s1 5 shows=dialog",
        "q1 waits for you: The agent of api (session s1) shows a dialog; a key would answer it.",
    ),
    ("submitted", "api", API[:-1], "its tests are running on a clean checkout"),
    ("submitted", "api", GATE[:-1], "waits for the reviews api.spec, api.quality"),
    ("submitted", "api", GATE + "launch api.spec|judge api.spec accept", "waits for the review api.quality"),
    ("waiting_human", "approval", "plan api|finish api", "gitorch is preparing the merge report"),
    (
        "waiting_human",
        "approval",
        "plan api|finish api|report",
        "q1 waits for you: Approve the merge of 1 branch into main? Read it: gitorch report play-0001",
    ),
    ("waiting_human", "sign", SIGN[:-1], "gitorch up will ask you at its next tick"),
    ("waiting_human", "sign", SIGN + "checkpoint sign", "q1 waits for you: Sign: continue or cancel?"),
    (
        "waiting_human",
        "api",
        "plan api|launch api|handoff api NEEDS_CONTEXT question=tabs?",
        "q1 waits for you: tabs?",
    ),
    ("completed", "api", "plan api|finish api", "passed its gate at api-1 in round 1"),
    (
        "completed",
        "api",
        (
            "plan api|launch api|handoff api|check api passed|launch api.spec|judge api.spec accept|launch api.quality"
            "|judge api.quality accept_with_findings minor b.py:1 typo note b.py:2 word"
        ),
        "passed its gate at api-1 in round 1; findings: 2 left as it is",
    ),
    ("completed", "api.spec", "plan api|finish api", "accept on api-1"),
    ("completed", "merge", "plan api|finish api|report|approve|merge", "done"),
    (
        "failed",
        "api",
        GATE + "launch api.spec|judge api.spec reject",
        "q1 waits for you: api was rejected in round 1.",
    ),
    ("canceled", "api", "plan api|cancel enough", "canceled: enough"),
    (
        "skipped",
        "ui",
        'plan api "ui after api" db|grant api|dies s1 exited|grant api|dies s2 exited|answer q1 stop_epic',
        "skipped, because api failed",
    ),
]


def told(script: str) -> Telling:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling


@pytest.mark.parametrize(("phase", "job", "script", "line"), LINES)
def test_why_explains_a_job_in_one_line(phase: str, job: str, script: str, line: str) -> None:
    telling = told(script)
    state = telling.play.run.jobs[JobId(job)]
    said = telling.readable(why(telling.play.run, state))
    assert (str(state.phase), said) == (phase, line)
    assert "\n" not in said


def test_why_explains_every_phase() -> None:
    assert {case[0] for case in LINES} | {"stale"} == {str(phase) for phase in WHY}
    telling = told("plan api")
    stale = with_job(telling.play.run, JobId("api"), phase=JobPhase.STALE)
    assert why(stale, stale.jobs["api"]) == "its lease expired in attempt 1; its worktree is kept"


NEXT = [
    ("prepare api", ["gitorch cancel play-0001"]),
    ("prepare api|confirm", ["gitorch up"]),
    ("plan api", ["gitorch up"]),
    ("plan api|pause lunch", ["gitorch resume play-0001"]),
    (
        "plan api|launch api|handoff api NEEDS_CONTEXT question=tabs?",
        ['gitorch answer q1 "…"', "gitorch up"],
    ),
    (API[:-1] + " DONE_WITH_CONCERNS concern=slow", ["gitorch answer q1 accept", "gitorch up"]),
    ("plan api|finish api|report", ["gitorch approve play-0001", "gitorch up"]),
    ("plan api|finish api|report|approve|merge", ["gitorch answer q2 worktrees"]),
    ("plan api cleanup=worktrees|finish api|report|approve|merge", ["gitorch log play-0001"]),
    ("plan api|cancel enough", ["gitorch log play-0001"]),
]


@pytest.mark.parametrize(("script", "commands"), NEXT)
def test_the_next_commands_fit_the_state_of_the_run(script: str, commands: list[str]) -> None:
    assert list(next_commands(told(script).play.run)) == commands


@pytest.mark.parametrize(("script", "commands"), NEXT)
def test_each_suggested_answer_is_accepted(script: str, commands: list[str]) -> None:
    """Playing the command of each question leaves the question answered; a verb of its own answers an approval."""
    telling = told(script)
    for command in commands:
        words = shlex.split(command)
        if words[1] == "answer":
            telling.tell(f"answer {words[2]} {shlex.quote(words[3])}")
            assert telling.play.run.questions[words[2]].answer is not None
        elif words[1] == "approve":
            telling.tell("approve")
            assert telling.play.run.approval is not None
        elif words[1] == "resume":
            telling.tell("resume")
            assert telling.play.run.phase == "running"
    assert next_commands(telling.play.run) != tuple(commands) or "gitorch answer" not in "".join(commands)


def test_a_run_is_shown_in_the_order_of_its_batches() -> None:
    view = run_view(told('plan "ui after api" api "db after api" "end after ui,db"').play.run)
    batches = {row.id: row.batch for row in view.jobs if row.kind in {"build", "review"}}
    assert {name: batch for name, batch in batches.items() if "." not in name} == {"api": 1, "ui": 2, "db": 2, "end": 3}
    assert all(batches[name] == batches[name.split(".")[0]] for name in batches)
    assert [row.batch for row in view.jobs] == sorted(row.batch for row in view.jobs)


SUMMARIES = [
    ("plan api db", "0 of 2 done"),
    ("plan api db|launch api", "0 of 2 done, 1 at work"),
    (
        "plan api db|launch api|handoff api|check api passed|launch api.spec|judge api.spec reject|finish db",
        "1 of 2 done, 1 failed, 1 waiting for you",
    ),
    ("plan api db|launch api|handoff api NEEDS_CONTEXT question=tabs?", "0 of 2 done, 1 waiting for you"),
    (
        "plan api|finish api|report|approve|merge",
        "1 of 1 done, only the cleanup waits for you, merged to main at merged",
    ),
    (
        "plan api push_remote=origin|finish api|report|approve|merge",
        "1 of 1 done, merged to main at merged, not yet pushed to origin",
    ),
    (
        "plan api push_remote=origin|finish api|report|approve|merge|pushed",
        "1 of 1 done, only the cleanup waits for you, merged to main at merged, pushed to origin",
    ),
    ("plan api|cancel enough", "0 of 1 done, enough"),
]


@pytest.mark.parametrize(("script", "summary"), SUMMARIES)
def test_the_summary_counts_epics_agents_and_questions(script: str, summary: str) -> None:
    telling = told(script)
    assert telling.readable(run_view(telling.play.run).summary) == summary


def test_an_ended_session_is_not_shown_as_working() -> None:
    telling = told("plan api|launch api")
    assert run_view(telling.play.run, {"s1": "dialog"}).jobs[0].agent == "dialog"
    telling.tell("dies s1 killed")
    row = run_view(telling.play.run, {"s1": "dialog"}).jobs[0]
    assert (row.session, row.agent, row.runtime) == (None, "", "scripted")


def test_an_escalation_in_the_inbox_says_what_happened_and_asks_a_question() -> None:
    row = run_view(told("plan api|launch api|handoff api BLOCKED blocker=b clears=c").play.run).inbox[0]
    assert row.text == "api is blocked: b. Is the blocker of api cleared, should it be stopped, or should the run stop?"
    assert replace(row, text="").command == "gitorch answer q1 cleared"


def refused(telling: Telling, job: str, verb: str, reason: str) -> str:
    """A refusal of something that the agent of a job tried, and what `why` then says of the job."""
    session = telling.play.session(job)
    agent = Actor(ActorKind.AGENT, job, "desk", session)
    telling.play.do(commands.RecordRefusal(verb, "refused", reason, JobId(job)), agent)
    return why(telling.play.run, telling.play.run.jobs[JobId(job)])


def test_a_refused_report_is_the_reason_until_one_is_accepted() -> None:
    telling = told("plan api|launch api")
    assert refused(telling, "api", "send", "nobody is called web") == "session s1 is at work"
    line = refused(telling, "api", "handoff", "changes outside the write scope: a.py\nsecond line")
    assert line == "its handoff was refused: changes outside the write scope: a.py; session s1 is at work"
    telling.tell("handoff api")
    assert telling.play.run.jobs[JobId("api")].trouble == ""


def test_a_failed_launch_and_a_death_are_the_reason_until_an_agent_lives() -> None:
    telling = told("plan api|grant api|dies s1 missing-program")
    api = telling.play.run.jobs[JobId("api")]
    assert "missing-program" in api.trouble
    assert why(telling.play.run, api).endswith(f"; {api.trouble}")
    telling.tell("launch api")
    assert why(telling.play.run, telling.play.run.jobs[JobId("api")]) == "session s2 is at work"
    telling.tell("dies s2 exited")
    assert telling.play.run.jobs[JobId("api")].trouble != ""


def test_a_failed_job_names_who_rejected_it() -> None:
    telling = told(GATE + "launch api.spec|judge api.spec reject|answer q1 leave_failed")
    assert why(telling.play.run, telling.play.run.jobs[JobId("api")]) == "failed: api.spec rejected it: looked at it"
