"""A run at every question that gitorch asks, with the answers that the question offers."""

from __future__ import annotations

from play import HOST, HUMAN, SETTINGS, Play, finding
from telling import Telling

from gitorch.app.reconciler import merging, pushing
from gitorch.model import commands as c
from gitorch.model.ids import CommitId, JobId, Moment
from gitorch.model.observed import AgentState, CheckObservation, CheckPhase, Observed, Overlap, SessionObservation
from gitorch.model.plans.forge import PushAs
from gitorch.model.plans.preparation import NOT_SET_UP
from gitorch.model.plans.workflow import Independence
from gitorch.model.values import replace
from gitorch.model.work.fault import CLEANUP_STEP, Step
from gitorch.model.work.question import CLEANUP_OPTIONS
from gitorch.model.work.review import Check, Disposition, Reply
from gitorch.rules import reconcile as reconciling
from gitorch.rules.deciding import merges, report_questions, retrying, sessions
from gitorch.rules.reconcile import reconcile
from gitorch.rules.reconciling import budgets, dialogs, failed_turns, readying, session_commands
from gitorch.rules.review import gates, proposals
from gitorch.rules.workflows import closings

API = JobId("api")
TEXT = "Because."
ROUND = "check api passed|review api.spec needs_revision blocking a.py:3 bad"


def played(script: str) -> Play:
    telling = Telling()
    for step in script.split("|"):
        telling.tell(step)
    return telling.play


def seen(play: Play, **shown: object) -> Observed:
    observation = SessionObservation(True, True, AgentState.WAITING, 7, changed_at=Moment(play.at), was_ready=True)
    observation = replace(observation, **shown)
    return Observed(Moment(play.at), dict.fromkeys(play.run.sessions, observation), None)


def raising(play: Play, observed: Observed) -> Play:
    for command in reconcile(play.run, observed):
        if isinstance(command, c.Escalate):
            play.do(command)
    return play


def looked_at(script: str, **shown: object) -> Play:
    play = played(script)
    return raising(play, seen(play, **shown))


def budgeted(**settings: object) -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, replace(SETTINGS, **settings))
    play.launch("api")
    return play


def silent() -> Play:
    play = played("plan api ui|launch api")
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    return raising(play, replace(seen(play), now=Moment(play.at + SETTINGS.silence_seconds * 1000 + 1)))


def failing() -> Play:
    play = played("plan api ui|launch api")
    play.do(c.Nudge(play.session("api")))
    play.told("api")
    play.do(c.RecordFailedTurn(play.session("api"), "API Error: 500", "tail: error"))
    return raising(play, seen(play, state=AgentState.ERROR))


def over_time() -> Play:
    play = budgeted(job_seconds_max=600)
    play.at += 700_000
    return raising(play, seen(play))


def runaway() -> Play:
    play = budgeted(memory_mib_max=1000)
    return raising(play, seen(play, memory_mib=1500))


def run_over_time() -> Play:
    play = budgeted(run_seconds_max=60)
    play.at += 100_000
    return raising(play, seen(play))


def deferring() -> Play:
    play = played("plan api ui|launch api|handoff api|check api passed")
    play.review("api.spec", "needs_revision", (finding("minor"),))
    play.launch("api")
    play.submit_handoff("api", replies=(Reply(1, Disposition.DEFERRED, evidence="later"),))
    return play


def stale() -> Play:
    play = played("plan api ui manual=yes|claim api as=olga|passes 9000")
    return raising(play, seen(play))


def unanswered() -> Play:
    play = budgeted(escalate_seconds=60)
    play.submit_handoff("api", "NEEDS_CONTEXT", questions=("Which name?",))
    play.at += 100_000
    return raising(play, seen(play))


def stopped() -> Play:
    play = played("plan api ui|launch api")
    play.do(c.StopAgent(API), HUMAN)
    return play


def faulty(step: Step, script: str = "plan api ui") -> Play:
    play = played(script)
    for _ in range(3):
        play.do(c.NoteFault(step, "failed", "git failed"))
    return raising(play, seen(play))


def asked(script: str, trigger: str, options: tuple[str, ...], job: str) -> Play:
    play = played(script)
    play.do(c.Escalate(trigger, "It broke.", "Nothing.", "A log.", "What now?", options, JobId(job)))
    return play


def conflicting() -> Play:
    play = played("plan api ui|launch api|launch ui")
    return raising(play, replace(seen(play), overlaps=(Overlap((API, JobId("ui")), ("a.py",), conflict=True),)))


def unclosed() -> Play:
    play = played("plan api ui tracker=bd close_template=bd|finish api")
    for _ in range(3):
        play.do(c.RecordClosingFailure(API, "no network"))
    return raising(play, seen(play))


def barred() -> Play:
    play = Play()
    play.begin({"api": (), "ui": ()}, replace(SETTINGS, independence=Independence.RUNTIME))
    play.launch("api")
    play.submit_handoff("api")
    play.check("api")
    return raising(play, seen(play))


def not_passed(play: Play, tested: CommitId, outcome: str) -> Check:
    return Check(tested, play.run.settings.test_command, outcome, 1, 0.1, tail="no such module")


def red_target() -> Play:
    """The tests do not pass on the target, and no agent has begun."""
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, test_target=True))
    play.do(c.RecordTargetCheck(not_passed(play, play.run.target_commit, "failed")))
    return raising(play, seen(play))


def no_checkout() -> Play:
    """The checkout in which a commit is to be tested could not be set up."""
    play = played("plan api ui|launch api|handoff api")
    tested = play.run.jobs[API].handoff.commit
    found = CheckObservation(CheckPhase.FINISHED, not_passed(play, tested, NOT_SET_UP))
    return raising(play, replace(seen(play), checks={tested: found}))


def pulled() -> Play:
    """An approved report whose branches wait for their pull requests."""
    play = Play()
    play.begin({"api": ()}, replace(SETTINGS, push_remote="origin", push_as=PushAs.PULL_REQUEST))
    play.finish("api")
    play.report()
    play.approve()
    run = play.run
    play.do(
        proposals.pulls_question(run, run.report, JobId("merge"), "origin", ("gitorch/r/api: https://forge/1",)), HOST
    )
    return play


QUESTIONS = {
    "pull requests to merge": (pulled, proposals.PULLS_OPTIONS),
    "tests that fail on the target": (red_target, readying.TARGET_OPTIONS),
    "a checkout that cannot be set up": (no_checkout, readying.SETUP_OPTIONS),
    "a dialog": (
        lambda: looked_at("plan api ui|launch api", state=AgentState.DIALOG, changed_at=Moment(1)),
        dialogs.DIALOG_OPTIONS,
    ),
    "a silent agent": (silent, session_commands.AGENT_OPTIONS),
    "a failed turn": (failing, failed_turns.OPTIONS),
    "an agent over its time": (over_time, budgets.JOB_OPTIONS),
    "an agent over its memory": (runaway, budgets.JOB_OPTIONS),
    "deaths": (
        lambda: played("plan api ui restarts_max=0|launch api|dies s1 killed"),
        sessions.AFTER_DEATHS,
    ),
    "an agent that was stopped": (stopped, retrying.AFTER_STOP),
    "a blocker": (
        lambda: played("plan api ui|launch api|handoff api BLOCKED blocker=b clears=c"),
        report_questions.BLOCKED_OPTIONS,
    ),
    "a fault": (lambda: faulty(Step("build-base:api", "merging", API)), ("retry", "stop_epic", "stop_run")),
    "a fault of the cleanup": (
        lambda: faulty(
            Step(CLEANUP_STEP, "cleaning up"), "plan api|finish api|report|approve|merge|answer q2 branches"
        ),
        ("retry", "leave"),
    ),
    "dependencies that do not merge": (
        lambda: asked(
            "plan api db 'ui after api,db'|finish api|finish db", "base:ui", merging.DEPENDENCY_OPTIONS, "ui"
        ),
        merging.DEPENDENCY_OPTIONS,
    ),
    "branches that do not merge": (lambda: played("plan api|finish api|report conflict=a"), merges.AFTER_CONFLICT),
    "a target that is gone": (
        lambda: asked("plan api|finish api", "target:main", ("retry", "stop_run"), "approval"),
        ("retry", "stop_run"),
    ),
    "a target that cannot move": (
        lambda: asked("plan api|finish api|report|approve", "move:main", ("retry", "stop_run"), "merge"),
        ("retry", "stop_run"),
    ),
    "a push": (
        lambda: asked(
            "plan api push_remote=origin|finish api|report|approve|merge", "push:origin", pushing.OPTIONS, "merge"
        ),
        pushing.OPTIONS,
    ),
    "an issue that stays open": (unclosed, closings.OPTIONS),
    "branches that conflict at work": (conflicting, ("leave", "stop_run")),
    "the time of a run": (run_over_time, budgets.RUN_OPTIONS),
    "the last round": (
        lambda: played(f"plan api ui rounds_max=1|launch api|handoff api|{ROUND}"),
        (gates.ONE_MORE_ROUND, *gates.AFTER_LAST_ROUND),
    ),
    "a rejection": (
        lambda: played("plan api ui|launch api|handoff api|check api passed|review api.spec reject"),
        ("one_more_round", "leave_failed", "stop_run"),
    ),
    "a review that nobody may give": (barred, ("manual", "stop_epic", "stop_run")),
    "a concern": (
        lambda: played("plan api ui|launch api|handoff api DONE_WITH_CONCERNS concern=slow"),
        report_questions.CONCERN_OPTIONS,
    ),
    "an epic's checkpoint": (
        lambda: played("plan api ui autonomy=per_epic|finish api"),
        ("approve", "reject"),
    ),
    "a finding to put off": (deferring, report_questions.DEFERRED_OPTIONS),
    "stale work": (stale, ("requeue", "stop_epic", "stop_run")),
    "a question without an answer": (unanswered, reconciling.UNANSWERED_OPTIONS),
    "a checkpoint": (
        lambda: played(
            "flow 'build one' 'checkpoint look after one' 'build two after look'|launch one|handoff one|check one passed|checkpoint look"
        ),
        ("continue", "cancel"),
    ),
    "a cleanup": (lambda: played("plan api|finish api|report|approve|merge"), CLEANUP_OPTIONS),
}
