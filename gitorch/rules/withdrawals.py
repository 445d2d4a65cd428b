"""Questions whose cause is gone: each is withdrawn with a sentence that says what settled it (F16).

A cause counts as gone only where it was looked for: what could not be observed withdraws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import QuestionKind, base_trigger, dialog_trigger, overlap_trigger
from gitorch.model.work.session import SessionPhase
from gitorch.rules.budgets import memory_allowed, over_sessions, requests_allowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from gitorch.model.observed import Observed, SessionObservation
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run

    Settled = Callable[[Run, Observed, Question], str]

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


def settled_by(run: Run, observed: Observed, question: Question) -> str:
    """What settled a question, in a clause; empty while its cause may still be there, and for a question of an agent."""
    if question.kind is not QuestionKind.ESCALATION:
        return ""

    cause = question.trigger.partition(":")[0]
    if run.merged is not None and cause not in AFTER_MERGE:
        return f"the run was merged to {run.target} at {run.merged.new[:12]}"

    settled = SETTLED.get(cause)
    if settled is None:
        return ""

    return settled(run, observed, question)


def _dialog(run: Run, observed: Observed, question: Question) -> str:
    """Its session ended, or shows no dialog any more, or another one."""
    reason = _session_is_over(run, question)
    if reason:
        return reason

    seen = _observation(observed, question)
    if seen is None or seen.state is AgentState.UNKNOWN:
        return ""

    if seen.state is not AgentState.DIALOG:
        return f"session {question.session} shows no dialog any more"

    if _is_another_dialog(question, seen):
        return f"session {question.session} shows another dialog"

    return ""


def _is_another_dialog(question: Question, seen: SessionObservation) -> bool:
    """Whether both the dialog that was asked about and the one that shows are known, and are not the same."""
    if question.session is None or seen.offered is None or question.trigger.count(":") < 2:
        return False

    return question.trigger != dialog_trigger(question.session, seen.offered)


def _stuck(run: Run, observed: Observed, question: Question) -> str:
    """Its session ended, or does again what it was asked about for not doing, or uses no more than it may."""
    reason = _session_is_over(run, question)
    if reason:
        return reason

    seen = _observation(observed, question)
    if seen is None:
        return ""

    budget = question.trigger.split(":")[3:4]
    if budget:
        return _within_budget(run, seen, question, budget[0])

    if seen.moved_at is not None and seen.moved_at > question.asked_at:
        return f"the agent of {question.job} shows something new"

    return ""


def _within_budget(run: Run, seen: SessionObservation, question: Question, budget: str) -> str:
    """An agent holds less memory again, or makes fewer requests. Time that is spent stays spent."""
    if question.job is None or question.session is None:
        return ""

    job, session = run.jobs[question.job], run.sessions[question.session]
    if budget == "memory" and 0 < seen.memory_mib < SHARE * memory_allowed(run, job, session):
        return f"the agent of {question.job} holds {seen.memory_mib} MiB of memory by now"

    was_counted = seen.requests > 0 or seen.state in READY
    if budget == "requests" and was_counted and seen.requests < SHARE * requests_allowed(run, job):
        return f"the agent of {question.job} makes {seen.requests} requests a minute by now"

    return ""


def _refused(run: Run, _: Observed, question: Question) -> str:
    """A report was accepted, or the session is over."""
    return _session_is_over(run, question)


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


def _restarts(run: Run, observed: Observed, question: Question) -> str:
    """Somebody else took the job, or the program that was missing is there."""
    if question.job is None:
        return ""

    job = run.jobs[question.job]
    if job.phase is not JobPhase.QUEUED:
        return f"{question.job} is {job.phase} by now"

    if observed.programs_found is not None and question.job in observed.programs_found:
        return f"the program of {question.job} was found"

    return ""


def _base(run: Run, _: Observed, question: Question) -> str:
    """The branches that the job needs are at other commits."""
    if question.job is None or question.trigger.count(":") < 2:
        return ""

    if question.trigger == base_trigger(question.job, run.base_parents(question.job)):
        return ""

    return f"the branches that {question.job} needs are at other commits by now"


def _target(run: Run, observed: Observed, _: Question) -> str:
    """The target exists again."""
    if observed.heads is None or f"refs/heads/{run.target}" not in observed.heads:
        return ""

    return f"{run.target} exists again"


def _independence(run: Run, _: Observed, question: Question) -> str:
    """Somebody judges, or has judged."""
    if question.job is None or run.jobs[question.job].phase is JobPhase.QUEUED:
        return ""

    return f"{question.job} is {run.jobs[question.job].phase} by now"


def _stale(run: Run, _: Observed, question: Question) -> str:
    """The work was queued again, adopted or taken."""
    if question.job is None or run.jobs[question.job].phase is JobPhase.STALE:
        return ""

    return f"{question.job} is {run.jobs[question.job].phase} by now"


def _budget(run: Run, _: Observed, question: Question) -> str:
    """No job wants another session. Time that is spent stays spent."""
    if question.trigger.endswith(":sessions") and not any(over_sessions(run)):
        return "no job waits for another session"

    return ""


def _session_is_over(run: Run, question: Question) -> str:
    """Why the session that is asked about has nothing to do with its job any more; empty while it works on it."""
    if question.session is None or question.job is None:
        return ""

    session = run.sessions[question.session]
    if session.phase is SessionPhase.ENDED:
        return f"session {session.id} has ended"

    job = run.jobs[question.job]
    if job.is_leased_to(session.id) and not _is_past_refusals(question, job.refused):
        return ""

    return f"session {session.id} has nothing left to do on {question.job}, which is {job.phase}"


def _is_past_refusals(question: Question, refused: int) -> bool:
    """Whether a question about refused reports came to its end: the count began anew."""
    return question.trigger.startswith("refused:") and refused == 0


def _observation(observed: Observed, question: Question) -> SessionObservation | None:
    """What was observed of the session that is asked about; None while tmux cannot be asked."""
    if observed.sessions is None or question.session is None:
        return None

    return observed.sessions.get(question.session)


SETTLED: Mapping[str, Settled] = {
    "dialog": _dialog,
    "stuck": _stuck,
    "refused": _refused,
    "overlap": _overlap,
    "launch": _restarts,
    "death": _restarts,
    "base": _base,
    "target": _target,
    "independence": _independence,
    "stale": _stale,
    "budget": _budget,
}
"""By the first part of the trigger. Other questions end with the facts that they are about: see `evolving`."""
