"""`why`: in one line, what a job waits for or how it ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitorch.model.counts import noun_for
from gitorch.model.plans.workflow import JobKind
from gitorch.model.work.job import ENDED, JobPhase
from gitorch.model.work.question import HOLDING
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards.granting import active, base_of, may_be_granted, worktree_taken_by
from gitorch.rules.review.endings import ending
from gitorch.rules.usage.budgets import is_held
from gitorch.rules.usage.limits import limit_words, minute_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gitorch.model.ids import JobId
    from gitorch.model.work.job import JobState
    from gitorch.model.work.question import Question
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

NEXT_TICK = "will get an agent at the next tick of gitorch up"
"""Why a job is queued that nothing of the ledger holds up."""

ASKED = frozenset({JobPhase.SUBMITTED, JobPhase.WAITING_HUMAN})
"""Phases in which any open question of a job holds it; in the others only the kinds in `HOLDING` do."""

OVER_FOR_GOOD = ENDED - {JobPhase.FAILED}
"""Phases in which an open question holds nothing any more. A failed job can still be sent back by an answer."""

WITH_TROUBLE = frozenset({JobPhase.QUEUED, JobPhase.CLAIMED, JobPhase.RUNNING, JobPhase.STALE})
"""Phases in which what went wrong last is told beside what the job waits for."""

ENDED_WITHOUT_WORK = {
    JobPhase.FAILED: "failed",
    JobPhase.SKIPPED: "was skipped",
    JobPhase.CANCELED: "was canceled",
}
"""Phases because of which a job that needs this one is skipped, as a verb."""


def why(run: Run, job: JobState) -> str:
    """In one line, what this job waits for, or how it ended.

    A question that holds the job comes first, because only a person can move it.
    """
    question = _holding_question(run, job)
    if question is not None:
        return f"{question.id} waits for you: {_first_line(question.happened or question.text)}"

    fault = run.fault_of(job.spec.id)
    if fault is not None:
        return f"{fault.sentence}; gitorch tries again"

    reason = state_of(run, job)
    if not job.trouble or job.phase not in WITH_TROUBLE:
        return reason

    if job.refused:  # first, because the agent waits, and a cut line must not hide it
        return f"{job.trouble}; {reason}"

    return f"{reason}; {job.trouble}"


def state_of(run: Run, job: JobState) -> str:
    """In one line, how a job stands or ended by itself, whatever people were asked about it."""
    return WHY[job.phase](run, job)


def _holding_question(run: Run, job: JobState) -> Question | None:
    """The oldest open question that holds this job; None when there is none."""
    for question in run.open_questions(job.spec.id):
        if question.is_fault:
            return question

        if job.phase in OVER_FOR_GOOD:
            continue

        if job.phase in ASKED or question.kind in HOLDING:
            return question

    return None


def _why_blocked(run: Run, job: JobState) -> str:
    """A review of submitted work waits for more than its needs; any other job waits for its needs."""
    if job.spec.subject is not None:
        subject = run.jobs[job.spec.subject]
        if subject.phase is JobPhase.SUBMITTED:
            return _why_review_waits(run, job, subject)

    return f"waits for {_listed(_unmet_needs(run, job))}"


def _unmet_needs(run: Run, job: JobState) -> list[JobId]:
    """The needs that this job waits for.

    A checkpoint may ask once its needs have ended, done or not. So it names those that have not ended, if there are any.
    """
    unmet, under_way = _needs_not_done(run, job)

    if job.spec.kind is JobKind.CHECKPOINT and under_way:
        return under_way

    return unmet


def _needs_not_done(run: Run, job: JobState) -> tuple[list[JobId], list[JobId]]:
    """The needs that are not done, and those among them that may still be."""
    unmet = []
    under_way = []

    for need in job.spec.needs:
        if run.need_is_done(need):
            continue

        unmet.append(need)
        if not run.jobs[need].phase.is_over:
            under_way.append(need)
    return unmet, under_way


def _why_review_waits(run: Run, job: JobState, subject: JobState) -> str:
    """Why a review of submitted work cannot begin: the tests come first, then the reviews of earlier stages."""
    if not run.check_is_settled(subject):
        return f"waits for the tests of {subject.spec.id}"

    if subject.check is not None and subject.check_failed:
        return f"the tests of {subject.spec.id} {subject.check.ended}"

    return _why_stage_waits(run, job, subject)


def _why_stage_waits(run: Run, job: JobState, subject: JobState) -> str:
    """The reviews of earlier stages that have not judged yet."""
    earlier = []
    for review in _reviews_without_verdict(run, subject):
        if review.spec.stage < job.spec.stage:
            earlier += [review.spec.id]

    return f"waits for {_listed(earlier)}"


def _reviews_without_verdict(run: Run, subject: JobState) -> list[JobState]:
    """The reviews that have not judged the subject in this round."""
    missing = []
    judged = {verdict.review for verdict in subject.round_verdicts}

    for review in run.reviews_of(subject.spec.id):
        if review.spec.id in judged:
            continue

        missing.append(review)

    return missing


def _listed(jobs: Iterable[JobId]) -> str:
    """The jobs that are waited for; `its turn` when only the next tick is."""
    return ", ".join(jobs) or "its turn"


def _why_queued(run: Run, job: JobState) -> str:
    """The first reason that applies. The run comes first, because nothing starts while it is paused."""
    if run.phase is not RunPhase.RUNNING:
        return f"the run is {run.phase}"

    if job.spec.kind is JobKind.MERGE:
        from gitorch.rules.review.proposals import why_not_merged  # noqa: PLC0415  loads the commands

        return why_not_merged(run)

    if not run.is_target_ready:
        return f"waits for the tests of {run.target} as it is"

    if base_of(run, job) is None:
        return "waits for its base: the branches that it needs must be merged first"

    return _why_not_granted(run, job)


def _why_not_granted(run: Run, job: JobState) -> str:
    """What keeps a job that could begin from an agent; if nothing does, who will take it."""
    at_work = active(run)
    if at_work >= run.settings.max_agents and not may_be_granted(run, job):
        return f"waits for a free agent: {at_work} of {run.settings.max_agents} are at work"

    other = worktree_taken_by(run, job)
    if other is not None:
        return f"waits for the shared worktree of lane {job.spec.lane}, where {other} is unfinished"

    if is_held(run, job.spec.id):
        return "waits for an answer about a budget that is used up: gitorch inbox"

    if run.settings.manual:
        return f"ready to claim: gitorch claim {job.spec.id}"

    labels = run.workflow.labels_of(job.spec, job.spec.lane)
    if labels:
        return f"waits for a host with {', '.join(labels)} (gitorch host list)"

    return NEXT_TICK


def _why_claimed(run: Run, job: JobState) -> str:
    """A session got the job and its agent has not begun this attempt."""
    from gitorch.rules.views.starting import starting  # noqa: PLC0415  for the seconds in which agents start

    session, failure = run.living_session(job), failure_of(run, job)
    activity = starting(run, session)
    if job.attempt > 1:
        activity = "is getting the findings"

    if failure:
        activity = f"{_progress(session)}{failure}"

    return f"session {job.session} {activity}{_late_handoff_note(run, job)}"


def _why_running(run: Run, job: JobState) -> str:
    """Who is at work, and in which round."""
    if run.is_claimed_manually(job) and job.session is not None:
        return f"{run.sessions[job.session].holder} is at work (lease {job.fence})"

    progress = _progress(run.living_session(job))
    if job.attempt > 1:
        progress += f", round {job.attempt} of {run.rounds_of(job)}"

    return f"session {job.session} {progress}{failure_of(run, job)}{_late_handoff_note(run, job)}"


def _progress(session: Session | None) -> str:
    """What an agent with a job does, or has waited for since when."""
    if session is None:
        return "is at work"

    if session.limited_until is not None:
        return limit_words(session)

    if session.failed_at is not None:
        return f"failed its turn at {minute_of(session.failed_at)}"

    doubtful = session.doubtful_prompt
    if doubtful is not None:
        return f"is at work; whether {doubtful.id} ({doubtful.kind}) arrived is unknown: gitorch peek {session.id}"

    return "is at work"


def failure_of(run: Run, job: JobState) -> str:
    """What its program said when the turn failed that the agent of a job has not gone on after; empty while none stands.

    It continues a sentence.
    """
    session = run.living_session(job)
    if session is None or session.failed_at is None:
        return ""

    return f": {session.failure}"


def _late_handoff_note(run: Run, job: JobState) -> str:
    """Names the newest late handoff of this attempt that can still be adopted.

    It continues a sentence; empty when there is none.
    """
    kept = run.late_handoffs_of(job)
    if not kept:
        return ""

    newest = kept[-1]
    return f"; late handoff {newest.id} of session {newest.session} was kept: gitorch recover {run.id}"


def _why_submitted(run: Run, job: JobState) -> str:
    """The gate waits for the tests first, then for the reviews."""
    if run.needs_check(job) and not run.check_is_settled(job):
        return "its tests are running on a clean checkout"

    missing = _reviews_without_verdict(run, job)
    if missing:
        names = ", ".join(review.spec.id for review in missing)
        return f"waits for the {noun_for(len(missing), 'review')} {names}"

    return "is at its gate"


def _why_waiting(run: Run, job: JobState) -> str:
    """A checkpoint has no question yet: the report is written, or the next tick asks."""
    if run.merge_behind(job.spec.id) is not None:
        return "gitorch is preparing the merge report"

    return "gitorch up will ask you at its next tick"


def _why_completed(run: Run, job: JobState) -> str:
    """What the job ended with: a push, a verdict, or a cleared commit."""
    if job.spec.kind is JobKind.MERGE and run.push_is_owed:
        return f"merged; {_push_state(run, job)}"

    if job.verdict is not None:
        return _verdict_line(job)

    if job.cleared is not None:
        return _clearance_line(run, job)

    return _why_closed(run, job)


def _why_closed(run: Run, job: JobState) -> str:
    """Who approved, at the checkpoint of the merge report; `done` for every other job without a commit."""
    approval = run.approval
    if approval is None or run.report is None or run.report.checkpoint != job.spec.id:
        return "done"

    return approval.sentence


def _push_state(run: Run, job: JobState) -> str:
    """What the push of a merge waits for."""
    questions = run.open_questions(job.spec.id)
    if questions:
        return f"{questions[0].id} waits for you"

    return f"the push to {run.settings.push_remote} is next"


def _verdict_line(job: JobState) -> str:
    """A review's own verdict, and the decision that later cast doubt on it."""
    verdict = job.verdict
    if verdict is None:
        return ""

    line = f"{verdict.choice} on {verdict.commit[:12]}"
    if verdict.doubted:
        line += f"; in doubt since decision {verdict.doubted}"

    return line


def _clearance_line(run: Run, job: JobState) -> str:
    """The commit that passed the gate, and how the findings of all rounds ended, in the words of the merge report."""
    line = f"passed its gate at {(job.cleared or '')[:12]} in round {job.attempt}"
    ends = Counter(ending(run, job, listed).label for listed in job.findings)
    if not ends:
        return line

    counted = ", ".join(f"{count} {word}" for word, count in sorted(ends.items()))
    return f"{line}; findings: {counted}"


def _why_stale(_: Run, job: JobState) -> str:
    """Stale work is kept until a person or the recovery policy decides."""
    return f"its lease expired in attempt {job.attempt}; its worktree is kept"


def _why_over(run: Run, job: JobState) -> str:
    """The reason that its end, or that of the run, was given."""
    return f"{job.phase}: {job.trouble or run.reason or 'nobody said why'}"


def _why_skipped(run: Run, job: JobState) -> str:
    """Names the first need that ended without work; without one the job lies on a path that was not taken."""
    for need in job.spec.needs:
        phase = run.jobs[need].phase
        if phase in ENDED_WITHOUT_WORK:
            return f"skipped, because {need} {ENDED_WITHOUT_WORK[phase]}"

    return "skipped, because it is not needed"


WHY: Mapping[JobPhase, Callable[[Run, JobState], str]] = {
    JobPhase.BLOCKED: _why_blocked,
    JobPhase.QUEUED: _why_queued,
    JobPhase.CLAIMED: _why_claimed,
    JobPhase.RUNNING: _why_running,
    JobPhase.SUBMITTED: _why_submitted,
    JobPhase.WAITING_HUMAN: _why_waiting,
    JobPhase.STALE: _why_stale,
    JobPhase.COMPLETED: _why_completed,
    JobPhase.FAILED: _why_over,
    JobPhase.CANCELED: _why_over,
    JobPhase.SKIPPED: _why_skipped,
}
"""The function that explains each phase."""


def _first_line(text: str) -> str:
    """The first line of a text, which may be blank."""
    lines = text.strip().splitlines()
    if not lines:
        return ""

    return lines[0]
