"""`reconcile(run, seen)`: what the ledger should learn from what was seen.

Set difference between what the ledger says and what the world shows, never a reaction to a change: asked twice
with the same answers it says the same, and once the ledger knows, it says nothing. What could not be asked
(`None`) leads to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.ids import Digest
from gitorch.model.job import JobPhase
from gitorch.model.observed import READY, AgentState, CheckPhase, overlap_key
from gitorch.model.question import QuestionKind, unanswered_trigger
from gitorch.model.run import OVER, RunPhase
from gitorch.model.session import PromptKind, SessionPhase
from gitorch.model.workflow import JobKind
from gitorch.rules.agent_state.permission import answer_to
from gitorch.rules.budgets import out_of_memory, over_budget, over_time, runaway
from gitorch.rules.deciding.claims import requeues_itself
from gitorch.rules.deciding.late import overdue
from gitorch.rules.deciding.sessions import next_session
from gitorch.rules.granting import ACTIVE, not_independent, queue
from gitorch.rules.workflows.closings import closing_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import JobId, Moment
    from gitorch.model.job import JobState
    from gitorch.model.observed import Observed, Overlap, SessionObservation
    from gitorch.model.question import Question
    from gitorch.model.run import Run
    from gitorch.model.session import Session

NO_PROGRAM = 127
"""The exit status by which a shell says that there is no such program."""

PROMPT_PAINTS_MS = 4_000
"""How long a permission prompt may take until all of it is on the screen: a hook tells of it before."""

PROMPT_STAYS_MS = 30_000
"""How long a prompt that a rule answers may go on standing there until a human is asked."""

UNANSWERED_OPTIONS = ("answer", "stop_epic", "stop_run")
DIALOG_OPTIONS = ("retry", "stop_epic", "stop_run")


def reconcile(run: Run, seen: Observed) -> tuple[Command, ...]:
    """Commands in the order in which they should be tried. One that is refused by then was overtaken; the next tick asks again."""
    if run.phase in {RunPhase.PREPARED, RunPhase.READY}:
        return ()
    learned = [*_sessions(run, seen), *_deliveries(run, seen), *_expiries(run, seen)]
    if run.phase in OVER:
        return tuple(learned)
    learned += [*_branches(run, seen), *_checks(run, seen), *_target(run, seen), *_questions(run, seen)]
    learned += _overlaps(run, seen)
    if run.phase is RunPhase.RUNNING:
        learned += [
            *closing_commands(run, seen),
            *over_budget(run, seen.now),
            *_checkpoints(run),
            *_left_behind(run),
            *_unjudgeable(run),
            *_grants(run),
        ]
    return tuple(learned)


def _sessions(run: Run, seen: Observed) -> Iterator[Command]:
    if seen.sessions is None:
        return
    for session in run.sessions.values():
        observation = seen.sessions.get(session.id)
        if (
            session.phase is SessionPhase.ENDED
            or observation is None
            or not (observation.started or observation.present)
        ):
            continue
        yield from _prompts(session, observation)
        over = _over(session, observation) or out_of_memory(run, session, observation)
        if over is not None:
            yield from _told(session, seen)  # nothing is told to a session that is over
            yield over
        elif session.phase is SessionPhase.STARTING:
            yield from _starting(run, session, observation, seen.now)
        else:
            yield from _at_work(run, session, observation, seen.now)


def _over(session: Session, observation: SessionObservation) -> Command | None:
    """The end of a session that its process or its terminal shows."""
    if observation.present and observation.state is not AgentState.EXITED:
        return None
    if not observation.present:
        how = "server-gone" if observation.server_gone else "killed"
    else:
        how = "missing-program" if observation.exit_status == NO_PROGRAM else "exited"
    return commands.EndSession(session.id, how, observation.exit_status, observation.screen, observation.conversation)


def _starting(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Iterator[Command]:
    if observation.was_ready or observation.state in READY | {AgentState.WORKING}:
        yield commands.MarkAlive(session.id, observation.pid, observation.evidence or str(observation.state))
        return
    since = observation.started_at or session.started_at
    if now - since > run.limits_of(session.lane).start_seconds * 1000:
        how = observation.word if observation.state is AgentState.DIALOG else "not-ready"
        yield commands.EndSession(session.id, how, None, observation.screen)


def _at_work(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Iterator[Command]:
    job = run.jobs[session.job]
    if job.lease is None or job.lease.session != session.id:
        return
    lease, limits = job.lease, run.limits_of(session.lane)
    if now - lease.granted_at > 0 and lease.until - now < limits.lease_seconds * 500:
        yield commands.RenewLease(job.spec.id, lease.fence)
    if run.is_asked_about(session):
        return
    if observation.state is AgentState.DIALOG:
        if not _answerable(run, session, observation, now):
            yield _at_dialog(session, observation)
    elif (
        asked := over_time(run, job, session, observation, now) or runaway(run, job, session, observation)
    ) is not None:
        yield asked
    elif job.phase in ACTIVE and observation.state is not AgentState.LIMITED:
        if observation.resets_at is not None and not job.nudged:
            yield commands.Nudge(session.id)
            return
        moved_at = observation.progress_at or observation.changed_at or lease.granted_at
        quiet_since = max(moved_at, lease.granted_at, *_answered_at(run, job))
        patience = _patience_ms(run, job, limits.silence_seconds)
        if now - quiet_since > (2 * patience if job.nudged and not _nudge_told(session) else patience):
            yield _silent(job, session, observation, now - quiet_since)


def _patience_ms(run: Run, job: JobState, silence_seconds: int) -> int:
    """How long an agent may be silent. One that was not yet told its work may have to wait for two launches beside it."""
    untold = job.phase is JobPhase.CLAIMED
    return (silence_seconds + (2 * run.settings.start_wait_seconds if untold else 0)) * 1000


def _answered_at(run: Run, job: JobState) -> Iterator[Moment]:
    """When this job's questions were answered: until then its agent was silent because it was told to wait."""
    for question in run.questions.values():
        if question.job == job.spec.id and question.answer is not None:
            yield question.answer.at


def _nudge_told(session: Session) -> bool:
    """Whether the nudge reached the session; one that takes no text is given as much time again."""
    return any(prompt.kind is PromptKind.NUDGE and prompt.receipt for prompt in session.prompts)


def _prompts(session: Session, observation: SessionObservation) -> Iterator[Command]:
    """Answers that a rule gave and that are not told yet."""
    for number, answered in enumerate(observation.answered):
        if number >= session.permissions_answered:
            yield commands.RecordPermission(session.id, number, answered)


def _answerable(run: Run, session: Session, observation: SessionObservation, now: Moment) -> bool:
    """Whether the lane answers this dialog, or may yet: it is being painted, or was answered just now."""
    lane = run.workflow.lanes[session.lane]
    since = max(observation.progress_at or observation.changed_at or now, observation.answered_at or 0)
    patience = PROMPT_STAYS_MS if answer_to(lane, observation) else PROMPT_PAINTS_MS
    return (bool(lane.permissions) or lane.trust) and now - since < patience


def _at_dialog(session: Session, observation: SessionObservation) -> Command:
    return commands.Escalate(
        trigger=f"dialog:{session.id}",
        happened=f"The agent of {session.job} (session {session.id}) shows a {observation.word}; a key would answer it.",
        tried="Nothing was typed.",
        evidence=observation.screen or observation.evidence or "its screen could not be read",
        decision=f"Answer it yourself (gitorch attach {session.job}), then choose how to go on.",
        options=DIALOG_OPTIONS,
        job=session.job,
        session=session.id,
    )


def _silent(job: JobState, session: Session, observation: SessionObservation, quiet_ms: int) -> Command:
    if not job.nudged:
        return commands.Nudge(session.id)
    return commands.Escalate(
        trigger=f"stuck:{job.spec.id}:{job.attempt}",
        happened=f"The agent of {job.spec.id} (session {session.id}) has shown nothing new for {quiet_ms // 1000} s.",
        tried="It was nudged once." if _nudge_told(session) else "It was to be nudged once, but it takes no text.",
        evidence=observation.screen or observation.evidence or f"its state is {observation.state}",
        decision=f"Look at it (gitorch attach {job.spec.id}). Start it anew (retry), stop {job.spec.id}, or stop the run?",
        options=DIALOG_OPTIONS,
        job=job.spec.id,
        session=session.id,
    )


def _deliveries(run: Run, seen: Observed) -> Iterator[Command]:
    for session in run.sessions.values():
        if session.phase is not SessionPhase.ENDED:
            yield from _told(session, seen)


def _told(session: Session, seen: Observed) -> Iterator[Command]:
    """The texts that reached a session and are not yet written down."""
    for prompt in session.prompts:
        receipt = seen.sent.get((session.id, prompt.id), "")
        if receipt and not prompt.receipt and not receipt.startswith("refused"):
            yield commands.RecordDelivery(session.id, prompt.id, receipt)


def _branches(run: Run, seen: Observed) -> Iterator[Command]:
    """Work that moved after it was handed in."""
    if seen.heads is None or run.merged is not None:
        return
    for job in run.jobs.values():
        if job.handoff is None or job.phase not in {JobPhase.SUBMITTED, JobPhase.COMPLETED} or not job.writes:
            continue
        head = seen.heads.get(f"refs/heads/{run.branch_of(job.spec.id)}")
        if head is not None and head != job.handoff.commit and not job.demands:
            yield commands.VoidWork(job.spec.id, head)


def _checks(run: Run, seen: Observed) -> Iterator[Command]:
    for job in run.jobs.values():
        if job.handoff is None or job.phase is not JobPhase.SUBMITTED:
            continue
        if not run.needs_check(job) or run.check_is_settled(job):
            continue
        observation = seen.checks.get(job.handoff.commit)
        if observation is not None and observation.phase is CheckPhase.FINISHED and observation.check is not None:
            yield commands.RecordCheck(job.spec.id, observation.check)


def _target(run: Run, seen: Observed) -> Iterator[Command]:
    """The report counts only while the target is where it was; a merge of ours that was not written down is written down."""
    report = run.report
    if seen.heads is None or report is None or run.merged is not None:
        return
    if run.approval is not None and seen.merges_found and report.merged_commit is not None:
        yield commands.RecordMerge(report.target_commit, report.merged_commit, report.merged_tree)
        return
    head = seen.heads.get(f"refs/heads/{report.target}")
    if head != report.target_commit:
        now = "is gone" if head is None else f"moved to {head[:12]}"
        yield commands.VoidReport(f"{report.target} {now}")


def _questions(run: Run, seen: Observed) -> Iterator[Command]:
    """Reminders at growing intervals: each waits twice as long as the one before, up to the cap."""
    settings = run.settings
    for question in run.open_questions():
        wait = min(settings.remind_first_seconds * 2**question.reminders, settings.remind_cap_seconds)
        if seen.now - (question.reminded_at or question.asked_at) > wait * 1000:
            yield commands.Remind(question.id)
        if _nobody_answered(run, question, seen.now):
            yield _unanswered(question, seen.now)


def _nobody_answered(run: Run, question: Question, now: Moment) -> bool:
    """Whether a judgment that an agent asked for is overdue, and the principal has not been called yet."""
    patience = run.settings.escalate_seconds
    if question.kind is not QuestionKind.CONTEXT or not patience or now - question.asked_at <= patience * 1000:
        return False
    return all(q.trigger != unanswered_trigger(question.id) for q in run.questions.values())


def _unanswered(question: Question, now: Moment) -> Command:
    minutes = (now - question.asked_at) // 60_000
    return commands.Escalate(
        trigger=unanswered_trigger(question.id),
        happened=f"{question.job or 'The run'} asked {question.id}, and nobody has answered for {minutes} min.",
        tried=f"Reminded {question.reminders} times. The agent waits; nothing was assumed for it.",
        evidence=question.text,
        decision="Answer it now (answer TEXT), stop the epic, or stop the run?",
        options=UNANSWERED_OPTIONS,
        job=question.job,
        session=question.session,
    )


def _overlaps(run: Run, seen: Observed) -> Iterator[Command]:
    """A pair is noted once, and once more when it comes to conflict; a conflict is put to the principal, once."""
    asked = {q.trigger for q in run.questions.values()}
    for overlap in seen.overlaps:
        if overlap_key(overlap.jobs, overlap.conflict) not in run.overlaps:
            yield commands.NoteOverlap(overlap.jobs, overlap.paths, overlap.conflict)
        if overlap.conflict and overlap_trigger(overlap.jobs) not in asked:
            yield _conflicting(overlap)


def overlap_trigger(jobs: tuple[JobId, ...]) -> str:
    """One trigger for one pair."""
    return f"overlap:{':'.join(jobs)}"


def _conflicting(overlap: Overlap) -> Command:
    first, second = overlap.jobs
    return commands.Escalate(
        trigger=overlap_trigger(overlap.jobs),
        happened=f"{first} and {second} change the same lines; their branches do not merge as they are now.",
        tried="Both were merged in memory; nothing was stopped.",
        evidence="\n".join(overlap.paths),
        decision="Let both go on and settle it at the merge, or stop the run?",
        options=("go_on", "stop_run"),
    )


def _checkpoints(run: Run) -> Iterator[Command]:
    for job in run.jobs.values():
        waiting = job.spec.kind is JobKind.CHECKPOINT and job.phase is JobPhase.WAITING_HUMAN
        if waiting and run.merge_behind(job.spec.id) is None and not run.open_questions(job.spec.id):
            yield commands.OpenCheckpoint(job.spec.id)


def _expiries(run: Run, seen: Observed) -> Iterator[Command]:
    """Leases held by hand that the clock has ended."""
    if any(overdue(session, run.jobs[session.job], seen.now) for session in run.sessions.values()):
        yield commands.ExpireLeases()


def _left_behind(run: Run) -> Iterator[Command]:
    """Stale work: queued again where the run says so and the limit allows it, else put to the principal, once."""
    for job in run.jobs.values():
        if requeues_itself(run, job):
            yield commands.RequeueJob(
                job.spec.id, f"its lease ran out; {job.requeues + 1} of {run.settings.requeues_max}"
            )
        elif job.phase is JobPhase.STALE and not run.open_questions(job.spec.id):
            yield _stale(run, job)


def _stale(run: Run, job: JobState) -> Command:
    kept = ", ".join(f"{k.id} at {k.commit[:12]}" for k in run.late_handoffs_of(job))
    return commands.Escalate(
        trigger=f"stale:{job.spec.id}:{job.fence}",
        happened=f"The lease of {job.spec.id} (session {job.session}) ran out over unfinished work.",
        tried=f"It was queued again {job.requeues} times." if job.requeues else "Its branch and worktree are kept.",
        evidence=f"late handoffs: {kept}" if kept else f"lease {job.fence} was not renewed in time",
        decision=f"Queue {job.spec.id} again, stop it, or stop the run? A late handoff can be adopted: gitorch recover",
        options=("requeue", "stop_epic", "stop_run"),
        job=job.spec.id,
    )


def _unjudgeable(run: Run) -> Iterator[Command]:
    """A review that nobody may give by this run's own policy: its lane has the author's runtime."""
    for job in run.jobs.values():
        lane = run.workflow.lanes.get(job.spec.lane)
        asked = any(q.trigger == f"independence:{job.spec.id}" for q in run.questions.values())
        if job.phase is not JobPhase.QUEUED or lane is None or run.settings.manual or asked:
            continue
        if why := not_independent(run, job, lane.runtime):
            yield commands.Escalate(
                trigger=f"independence:{job.spec.id}",
                happened=f"No lane may judge for {job.spec.id}: {why}.",
                tried=f"Lane {lane.name} is the only one that the workflow names for it.",
                evidence=f"policy {run.settings.independence}, runtime {lane.runtime}",
                decision=f"Leave it to somebody (manual, then gitorch claim {job.spec.id} --runtime NAME), or stop?",
                options=("manual", "stop_epic", "stop_run"),
                job=job.spec.id,
            )


def _grants(run: Run) -> Iterator[Command]:
    """One lease a tick for each free place; whoever makes the tick adds token and nonce, which are not for rules to make."""
    fresh = 0
    for job in () if run.settings.manual else queue(run):
        if not_independent(run, job, run.workflow.lanes[job.spec.lane].runtime):
            continue
        living = run.living_session(job)
        session = living.id if living is not None else next_session(run, ahead=fresh)
        fresh += living is None
        yield commands.GrantLease(job.spec.id, session, living is None, Digest(""), "")
