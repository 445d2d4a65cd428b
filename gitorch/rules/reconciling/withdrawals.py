"""Questions whose cause is gone: each is withdrawn with a sentence that says what settled it (F16).

A cause counts as gone only where it was looked for: what could not be observed withdraws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.counts import counted
from gitorch.model.observed import READY, AgentState, Observed
from gitorch.model.plans.runtime import TERMINAL
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import DIALOG, REFUSED, QuestionKind, base_trigger, dialog_trigger, overlap_trigger
from gitorch.model.work.session import SessionPhase
from gitorch.rules.agent_state.requests import REPORTED
from gitorch.rules.reconciling.budgets import memory_allowed, over_sessions, requests_allowed
from gitorch.rules.reconciling.failed_turns import works_again
from gitorch.rules.usage.budgets import spent_budgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitorch.model.ids import JobId, Moment
    from gitorch.model.observed import SessionObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

SHARE = 0.75
"""An agent is back within a budget once it uses less than this share of it, so that it is not asked about at once again."""

AFTER_MERGE = frozenset({"push", "tracker", "fault"})
"""First parts of the triggers of questions that a merge does not settle."""


def withdrawals(run: Run, observed: Observed) -> Iterator[commands.WithdrawQuestion]:
    """The withdrawal of every open question whose cause is gone."""
    for question in run.open_questions():
        reason = settled_by(run, observed, question)
        if reason:
            yield commands.WithdrawQuestion(question.id, reason)


def awaited(run: Run, job: JobId, now: Moment) -> list[Question]:
    """The open questions that people must answer before a job gets another agent.

    A question that ends with the session that it is about holds nobody.
    """
    unseen = Observed(now, None, None)
    asked = []
    for question in run.questions_holding(job):
        if not (question.is_fault or settled_by(run, unseen, question)):
            asked.append(question)

    return asked


def settled_by(run: Run, observed: Observed, question: Question) -> str:
    """What settled a question, in a clause; empty while its cause may still be there, and for a question of an agent."""
    if question.kind is not QuestionKind.ESCALATION:
        return ""

    cause = question.trigger.partition(":")[0]
    if run.merged is not None and cause not in AFTER_MERGE:
        return f"the run was merged to {run.target} at {run.merged.new[:12]}"

    if cause in OF_RUN:
        return OF_RUN[cause](run, observed, question)

    if question.job is None:
        return ""

    return _settled_at_job(run, observed, question, run.jobs[question.job])


def _settled_at_job(run: Run, observed: Observed, question: Question, job: JobState) -> str:
    """What settled a question about a job, or about the session that works on it."""
    cause = question.trigger.partition(":")[0]
    if cause in LEFT_PHASE:
        return _after_phase(job, LEFT_PHASE[cause])

    if cause in OF_JOB:
        return OF_JOB[cause](run, observed, question, job)

    if question.session is None or cause not in WITH_SESSION:
        return ""

    session = run.sessions[question.session]
    over = _session_is_over(session, job, question)
    seen = (observed.sessions or {}).get(session.id)
    if over or seen is None or cause not in OF_SESSION:
        return over

    return OF_SESSION[cause](run, seen, question, job)


def _session_is_over(session: Session, job: JobState, question: Question) -> str:
    """Why the session that is asked about has nothing to do with its job any more; empty while it works on it."""
    if session.phase is SessionPhase.ENDED:
        return f"session {session.id} has ended"

    is_past_refusals = question.trigger.startswith(REFUSED) and job.refused == 0
    if job.is_leased_to(session.id) and not is_past_refusals:
        return ""

    return f"session {session.id} has nothing left to do on {job.spec.id}, which is {job.phase}"


def _after_phase(job: JobState, phase: JobPhase) -> str:
    """The job has left the phase in which the question was asked."""
    if job.phase is phase:
        return ""

    return f"{job.spec.id} is {job.phase} by now"


def _dialog(_: Run, seen: SessionObservation, question: Question, job: JobState) -> str:
    """Its session shows no dialog any more, or another one."""
    if seen.state is AgentState.UNKNOWN:
        return ""

    if seen.state is not AgentState.DIALOG:
        return f"session {question.session} shows no dialog any more"

    if _has_choices_now(question, seen):
        return f"the choices of its dialog are known by now; session {question.session} is asked about again"

    if _is_another_dialog(question, seen, job):
        return f"session {question.session} shows another dialog"

    return ""


def _has_choices_now(question: Question, seen: SessionObservation) -> bool:
    """Whether a dialog that was asked about before its choices were known shows them now."""
    return bool(seen.dialogs) and question.trigger.count(":") < 2


def _is_another_dialog(question: Question, seen: SessionObservation, job: JobState) -> bool:
    """Whether both the dialog that was asked about and the one that shows are known, and are not the same.

    Its channel and its screen name one dialog by different marks. A screen does not say which request a channel reported.
    """
    if not seen.dialogs or job.session is None:
        return False

    if seen.channel == TERMINAL and question.trigger.startswith(f"{DIALOG}{job.session}:{REPORTED}"):
        return False

    return question.trigger not in [dialog_trigger(job.session, shown) for shown in seen.dialogs]


def _stuck(run: Run, seen: SessionObservation, question: Question, job: JobState) -> str:
    """The agent does again what it was asked about for not doing, or uses no more than it may."""
    budget = question.trigger.split(":")[3:4]
    if budget:
        return _within_budget(run, seen, job, budget[0])

    if (seen.moved_at or 0) > question.asked_at:
        return f"the agent of {question.job} shows something new"

    return ""


def _failed_turn(run: Run, seen: SessionObservation, question: Question, job: JobState) -> str:
    """The agent works again, or has done so since its turn failed."""
    session = run.living_session(job)
    if session is None or not works_again(session, seen):
        return ""

    return f"the agent of {question.job} works again"


def _within_budget(run: Run, seen: SessionObservation, job: JobState, budget: str) -> str:
    """An agent holds less memory again, or makes fewer requests. Time that is spent stays spent."""
    name = job.spec.id
    if budget == "memory" and 0 < seen.memory_mib < SHARE * memory_allowed(run, job):
        return f"the agent of {name} holds {seen.memory_mib} MiB of memory by now"

    was_counted = seen.requests > 0 or seen.state in READY
    if budget == "requests" and was_counted and seen.requests < SHARE * requests_allowed(run, job):
        return f"the agent of {name} makes {counted(seen.requests, 'request')} a minute by now"

    return ""


def _overlap(run: Run, observed: Observed, question: Question) -> str:
    """The branches merge as they are now, or the report has merged them."""
    if run.report is not None and not run.report.conflicts:
        return "the merge report merges both branches"

    if observed.overlaps is None:
        return ""

    for overlap in observed.overlaps:
        if overlap.conflict and overlap_trigger(overlap.jobs) == question.trigger:
            return ""

    return "both branches merge as they are now"


def _restarts(_: Run, observed: Observed, __: Question, job: JobState) -> str:
    """Somebody else took the job, or the program that was missing is there."""
    name = job.spec.id
    if name in (observed.programs_found or ()):
        return f"the program of {name} was found"

    return _after_phase(job, JobPhase.QUEUED)


def _base(run: Run, _: Observed, question: Question, job: JobState) -> str:
    """The branches that the job needs are at other commits."""
    name = job.spec.id
    was_known = question.trigger.count(":") > 1
    if not was_known or question.trigger == base_trigger(name, run.base_parents(name)):
        return ""

    return f"the branches that {name} needs are at other commits by now"


def _checkout(_: Run, __: Observed, question: Question, job: JobState) -> str:
    """The commit whose checkout could not be set up is not the one that is handed in; the worktree of a session is another cause."""
    if question.session is not None:
        return ""

    return _after_phase(job, JobPhase.SUBMITTED)


def _target(run: Run, observed: Observed, _: Question) -> str:
    """The target exists again."""
    if f"refs/heads/{run.target}" not in (observed.heads or {}):
        return ""

    return f"{run.target} exists again"


def _budget(run: Run, observed: Observed, question: Question) -> str:
    """No job wants another session, or the principal raised the budget. What is spent stays spent."""
    if question.trigger.endswith(":sessions") and not any(over_sessions(run)):
        return "no job waits for another session"

    if question.trigger.count(":") > 1 and question.trigger not in spent_budgets(run, observed.now):
        return "its budget is larger by now"

    return ""


OF_RUN: Mapping[str, Callable[[Run, Observed, Question], str]] = {
    "overlap": _overlap,
    "target": _target,
    "budget": _budget,
}
"""By the first part of the trigger. Other questions end with the facts that they are about: see `evolving`."""

LEFT_PHASE: Mapping[str, JobPhase] = {"independence": JobPhase.QUEUED, "stale": JobPhase.STALE}
"""Questions that end as soon as their job leaves this phase."""

OF_JOB: Mapping[str, Callable[[Run, Observed, Question, JobState], str]] = {
    "launch": _restarts,
    "death": _restarts,
    "base": _base,
    "setup": _checkout,
}

OF_SESSION: Mapping[str, Callable[[Run, SessionObservation, Question, JobState], str]] = {
    "dialog": _dialog,
    "stuck": _stuck,
    "failed": _failed_turn,
}

WITH_SESSION = frozenset({"refused", *OF_SESSION})
"""Questions that end with their session; nothing that a terminal shows settles a refusal."""
