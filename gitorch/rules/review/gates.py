"""The gate after a job's work: passed, sent back as one list, put to the principal, or still shut.

`settle` is asked after every event that could matter; it answers with the events that follow, often none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.events import Escalated, GatePassed, QuestionAsked
from gitorch.model.ids import QuestionId
from gitorch.model.job import JobPhase
from gitorch.model.question import GATING, QuestionKind
from gitorch.model.review import FAILING, Choice
from gitorch.model.workflow import Autonomy, JobKind, ReviewMode
from gitorch.rules.review.findings import list_findings, listed_by

if TYPE_CHECKING:
    from gitorch.model.events import Event, FindingsListed
    from gitorch.model.job import JobState
    from gitorch.model.review import Finding
    from gitorch.model.run import Run

AFTER_LAST_ROUND = ("one_more_round", "accept_with_exceptions", "stop_epic", "stop_run")


def next_question(run: Run) -> QuestionId:
    """The id of the next question of this run."""
    return QuestionId(f"q{len(run.questions) + 1}")


def settle(run: Run, job: JobState) -> tuple[Event, ...]:
    """What follows for a job that was handed in, given everything known about it. Empty while something is missing."""
    if job.phase in {JobPhase.COMPLETED, JobPhase.FAILED} and job.demands:
        return (list_findings(run, job),)
    if job.phase is not JobPhase.SUBMITTED or job.handoff is None or not run.check_is_settled(job):
        return ()
    if _must_go_back(run, job):
        return _sent_back(run, job)
    if not _all_judged(run, job) or any(q.kind in GATING for q in run.open_questions(job.spec.id)):
        return ()
    if run.settings.autonomy is Autonomy.PER_EPIC and _checkpoint_missing(run, job):
        passed = f"{job.spec.id} passed its reviews at {job.handoff.commit[:12]}"
        text = f"{passed}. May the run go on from here? Read it: gitorch report {job.spec.id}"
        options = ("approve", "reject")
        return (QuestionAsked(next_question(run), QuestionKind.CHECKPOINT, job.spec.id, None, options, 0, text),)
    return (GatePassed(job.spec.id, job.handoff.commit, job.attempt, waived=False),)


def _must_go_back(run: Run, job: JobState) -> bool:
    """Whether this round has failed and its list is complete: no review that may run is still out."""
    if job.check_failed or job.demands:
        return True
    verdicts = job.round_verdicts
    if all(run.lets_through(v) for v in verdicts):
        return False
    if run.settings.review_mode is ReviewMode.PARALLEL:
        return _all_judged(run, job)
    failed = min(run.jobs[v.review].spec.stage for v in verdicts if not run.lets_through(v))
    due = {r.spec.id for r in run.judges_of(job) if r.spec.stage <= failed}
    return due <= {v.review for v in verdicts}


def _all_judged(run: Run, job: JobState) -> bool:
    return {r.spec.id for r in run.judges_of(job)} <= {v.review for v in job.round_verdicts}


def _checkpoint_missing(run: Run, job: JobState) -> bool:
    """Whether the principal has not approved exactly this handoff. Only work that is judged has an epic's checkpoint."""
    if job.handoff is None or job.spec.kind is not JobKind.BUILD:
        return False
    for question in run.questions.values():
        asked = question.kind is QuestionKind.CHECKPOINT and question.job == job.spec.id
        if asked and question.asked_at >= job.handoff.at and question.answer is not None:
            return question.answer.option != "approve"
    return True


def _sent_back(run: Run, job: JobState) -> tuple[Event, ...]:
    if any(q.kind is QuestionKind.ESCALATION for q in run.open_questions(job.spec.id)):
        return ()
    if job.attempt < job.rounds_allowed:
        return (_listed_for_author(run, job),)
    return (_exhausted(run, job),)


def _listed_for_author(run: Run, job: JobState) -> FindingsListed:
    """The list of a round. That of a synthesis goes to the job that its cycle leads back to."""
    back = next((c.back_to for c in run.workflow.cycles if c.review == job.spec.id), None)
    if job.spec.kind is not JobKind.PHASE_SYNTHESIS or back is None:
        return list_findings(run, job)
    return listed_by(run, run.jobs[back], [(str(v.review), f) for v in job.round_verdicts for f in v.findings])


def _exhausted(run: Run, job: JobState) -> Escalated:
    name, rounds = job.spec.id, job.attempt
    listed = list_findings(run, job).findings
    evidence = "\n".join(f"#{x.number} {x.finding.severity} {x.finding.path}: {x.finding.title}" for x in listed)
    commit = job.handoff.commit[:12] if job.handoff is not None else "nothing"
    return Escalated(
        question=next_question(run),
        trigger=f"rounds:{name}:{rounds}",
        job=name,
        session=None,
        happened=f"{name} still has findings after round {rounds} of {job.rounds_allowed}, at {commit}.",
        tried=_attempts(job),
        options=AFTER_LAST_ROUND if _may_go_back(run, job) else AFTER_LAST_ROUND[1:],
        evidence=evidence or "no finding was written down",
        text=f"Should {name} get one more round, be accepted with these findings, be stopped, or should the run stop?",
    )


def _may_go_back(run: Run, job: JobState) -> bool:
    """Whether one more round is to be had: only a synthesis without a cycle has nobody to go back to."""
    declared = any(c.review == job.spec.id for c in run.workflow.cycles)
    return declared or job.spec.kind is not JobKind.PHASE_SYNTHESIS


def _attempts(job: JobState) -> str:
    """What every round came to: the tests, and each verdict with the commit it is on."""
    tested = [f"tests at {c.commit[:12]}: {c.outcome}" for c in job.checks]
    judged = [f"round {v.round}, {v.review} at {v.commit[:12]}: {v.choice}" for v in job.verdicts]
    rounds = f"{job.attempt} {'round' if job.attempt == 1 else 'rounds'} by {job.session}"
    return "; ".join((rounds, *tested, *judged))


def may_judge(verdict: Choice, findings: tuple[Finding, ...]) -> str:
    """Why a verdict and its findings contradict each other; empty when they agree. What is withdrawn is no finding any more."""
    findings = tuple(f for f in findings if not f.withdrawn)
    failing = [f for f in findings if f.severity in FAILING]
    if verdict is Choice.ACCEPT and findings:
        return "accept carries no findings; use accept_with_findings, or needs_revision"
    if verdict is Choice.ACCEPT_WITH_FINDINGS and failing:
        return f"{failing[0].severity} findings fail the gate; the verdict for them is needs_revision"
    if verdict is Choice.ACCEPT_WITH_FINDINGS and not findings:
        return "accept_with_findings names no finding; use accept"
    if verdict is Choice.NEEDS_REVISION and not findings:
        return "needs_revision names no finding; say what must change"
    return ""
