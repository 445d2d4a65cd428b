"""Commands that follow from observing a run's sessions: receipts, ends, launches, dialogs, and agents that fall silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.counts import counted
from gitorch.model.observed import READY, AgentState
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import REFUSED
from gitorch.model.work.review import PROGRAM_NOT_FOUND
from gitorch.model.work.session import PromptKind, SessionPhase
from gitorch.rules.guards.takeover import is_taken_over
from gitorch.rules.reconciling.budgets import out_of_memory, over_time, runaway
from gitorch.rules.reconciling.dialogs import asks_at_start, dialog_trouble
from gitorch.rules.reconciling.failed_turns import failed_turn
from gitorch.rules.usage.budgets import is_held, is_urgent
from gitorch.rules.usage.counting import usage_commands
from gitorch.rules.usage.limits import is_over, limit_commands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.commands import Command
    from gitorch.model.ids import Moment
    from gitorch.model.observed import Observed, SessionObservation
    from gitorch.model.work.job import JobState, Lease
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

LAUNCHES_BESIDE = 2
"""How many launches beside it an agent may have to wait for before it gets its brief."""

AGENT_OPTIONS = ("retry", "stop_epic", "stop_run")

REFUSALS_MAX = 3
"""At the third refused report in one lease a human is asked; before that the agent is reminded of each."""


def session_commands(run: Run, observed: Observed) -> Iterator[Command]:
    """Ends, signs of life, renewals and questions for every session that was launched and has not ended.

    Nothing while tmux cannot be asked.
    """
    if observed.sessions is None:
        return

    for session in observed.sessions_here(run):
        observation = observed.sessions.get(session.id)
        if observation is not None and observation.was_launched:
            yield from _commands_of(run, session, observation, observed)


def _commands_of(run: Run, session: Session, observation: SessionObservation, observed: Observed) -> Iterator[Command]:
    """What the ledger should learn of one session: answered requests first, then its end or its progress."""
    yield from _permissions_answered(session, observation)
    yield from _silent_channels(session, observation)
    yield from usage_commands(session, observation, observed.now, urgent=is_urgent(run, session, observation))

    end = _end_of(session, observation) or out_of_memory(run, session, observation)
    if end is not None:
        # Receipts come first: nothing is delivered to a session that has ended.
        yield from receipts(session, observed)
        yield end
        return

    if session.phase is SessionPhase.STARTING:
        yield from _while_starting(run, session, observation, observed.now)
    else:
        yield from _while_alive(run, session, observation, observed.now)


def receipts(session: Session, observed: Observed) -> Iterator[Command]:
    """Prompts that reached a session and are not recorded yet."""
    for prompt in session.prompts:
        if prompt.receipt:
            continue

        receipt = observed.sent.get((session.id, prompt.id), "")
        if receipt and not receipt.startswith("refused"):
            yield commands.RecordDelivery(session.id, prompt.id, receipt)


def _permissions_answered(session: Session, observation: SessionObservation) -> Iterator[Command]:
    """Answers to permission requests that are not recorded yet."""
    for number, answered in enumerate(observation.answered):
        if number >= session.permissions_answered:
            yield commands.RecordPermission(session.id, number, answered)


def _silent_channels(session: Session, observation: SessionObservation) -> Iterator[Command]:
    """Channels that do not answer and were never named for this session."""
    for channel, reason in observation.skipped.items():
        if channel not in session.silent_channels:
            yield commands.NoteSilentChannel(session.id, channel, reason)


def _end_of(session: Session, observation: SessionObservation) -> Command | None:
    """The end of a session whose process or terminal has ended; None while it runs."""
    how = _how_ended(observation)
    if not how:
        return None

    return commands.EndSession(session.id, how, observation.exit_status, observation.screen, observation.conversation)


def _how_ended(observation: SessionObservation) -> str:
    """How a session ended, in the word of its record; empty while it runs."""
    if not observation.present:
        return _how_vanished(observation)

    if observation.state is not AgentState.EXITED:
        return ""

    if observation.exit_status == PROGRAM_NOT_FOUND:
        return "missing-program"

    return "exited"


def _how_vanished(observation: SessionObservation) -> str:
    """How a session ended that tmux does not have any more."""
    if observation.server_gone:
        return "server-gone"

    return "killed"


def _while_starting(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Iterator[Command]:
    """The sign of life of a launch, or its end when it takes too long."""
    if observation.is_alive:
        evidence = observation.evidence or str(observation.state)
        yield commands.MarkAlive(session.id, observation.pid, evidence)
        yield from limit_commands(session, observation, now, at_work=True)  # a short limit may be over by the next tick
        return

    if asks_at_start(observation):
        yield from _dialog_at_start(run, session, observation, now)
        return

    since = max(observation.started_at or session.started_at, observation.answered_at or 0, run.asked_until(session))
    if now - since <= run.limits_of(session.lane).start_seconds * 1000:
        return

    yield from _slow_launch(session, observation)


def _dialog_at_start(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Iterator[Command]:
    """The question about a dialog before the first prompt, once: its launch takes as long as people need to answer."""
    if run.is_asked_about(session):
        return

    trouble = dialog_trouble(run, session, observation, now)
    if trouble is not None:
        yield trouble


def _slow_launch(session: Session, observation: SessionObservation) -> Iterator[Command]:
    """The end of a launch that took too long."""
    how = "not-ready"
    if observation.state is AgentState.DIALOG:
        how = observation.word

    yield commands.EndSession(session.id, how, None, observation.screen)


def _while_alive(run: Run, session: Session, observation: SessionObservation, now: Moment) -> Iterator[Command]:
    """The renewal of the session's lease, and a question or a nudge when it does not get on."""
    job = run.jobs[session.job]
    yield from limit_commands(session, observation, now, at_work=job.phase.is_active)
    if job.lease is None or job.lease.session != session.id:
        return

    if _is_renewal_due(run, session, job.lease, now):
        yield commands.RenewLease(job.spec.id, job.lease.fence)

    if run.is_asked_about(session):
        return

    trouble = _trouble(run, job, session, observation, now)
    if trouble is not None:
        yield trouble


def _is_renewal_due(run: Run, session: Session, lease: Lease, now: Moment) -> bool:
    """Whether less than half of a lease's life is left; never in the moment of its grant.

    Both times are of this host's clock. That of the record may follow another host's.
    """
    half_life_ms = run.limits_of(session.lane).lease_seconds * 500
    return lease.until - now < half_life_ms


def _trouble(run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment) -> Command | None:
    """The question about a dialog, a budget or a silent agent; a silent agent is nudged first."""
    if observation.state is AgentState.DIALOG:
        return dialog_trouble(run, session, observation, now)

    over_budget = over_time(run, job, session, observation, now) or runaway(run, job, session, observation)
    if over_budget is not None:
        return over_budget

    return _trouble_at_work(run, job, session, observation, now)


def _trouble_at_work(
    run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment
) -> Command | None:
    """A nudge or a question for an agent that should be at work and is silent."""
    # Nothing is expected of an agent at its usage limit, or while its job waits for an answer.
    if not job.phase.is_active:
        return None

    if is_over(session, observation, now) and not job.nudged:
        return commands.Nudge(session.id)

    if is_taken_over(run, session, now):
        return commands.TakeOver(session.id)

    if observation.state is AgentState.LIMITED or now < (session.limited_until or 0):
        return None

    if is_held(run, job.spec.id):
        return None

    return _standstill(run, job, session, observation, now)


def _standstill(
    run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment
) -> Command | None:
    """What follows for an agent that may stand still: after a refused report first, then after a failed turn, then after silence."""
    refused = _refusal(job, session, observation)
    if refused is not None:
        return refused

    failed = failed_turn(run, job, session, observation, now)
    if failed is not None:
        return failed

    return _silence(run, job, session, observation, now)


def _refusal(job: JobState, session: Session, observation: SessionObservation) -> Command | None:
    """A reminder for an agent that waits after its report was refused, and a question after the third refusal."""
    if job.refused >= REFUSALS_MAX:
        return _refusal_question(job, session, observation)

    if job.refused > job.reminded and observation.state in READY:
        return commands.RemindOfRefusal(session.id)

    return None


def _refusal_question(job: JobState, session: Session, observation: SessionObservation) -> Command:
    """The escalation of an agent whose reports are refused again and again."""
    name = job.spec.id
    return commands.Escalate(
        trigger=f"{REFUSED}{name}:{job.attempt}:{job.fence}",
        happened=f"The reports of {name} (session {session.id}) were refused {counted(job.refused, 'time')}: {job.refusal}",
        tried=f"It was told the reason each time, and reminded of it {counted(job.reminded, 'time')}.",
        evidence=observation.shown,
        decision=f"Tell it what to do (gitorch send {name} TEXT). Start it again (retry), stop {name}, or stop the run?",
        options=AGENT_OPTIONS,
        job=name,
        session=session.id,
    )


def _silence(run: Run, job: JobState, session: Session, observation: SessionObservation, now: Moment) -> Command | None:
    """A nudge for an agent that has been silent for too long, and a question after it; None within its patience."""
    if job.lease is None:
        return None

    since = max(_quiet_since(run, job, job.lease, observation), session.resumed_at or job.lease.granted_at)
    quiet_ms = now - since
    patience_ms = _patience_after_nudge(run, job, session)

    if quiet_ms <= patience_ms:
        return None

    if not job.nudged:
        return commands.Nudge(session.id)

    return _silence_question(job, session, observation, quiet_ms // 1000)


def _patience_after_nudge(run: Run, job: JobState, session: Session) -> int:
    """How long an agent may be silent; twice as long where a nudge did not reach it."""
    patience_ms = _patience_ms(run, job, run.limits_of(session.lane).silence_seconds)
    if job.nudged and not _nudge_reached(session):
        patience_ms *= 2
    return patience_ms


def _silence_question(job: JobState, session: Session, observation: SessionObservation, quiet_seconds: int) -> Command:
    """The escalation of an agent that stayed silent after its nudge."""
    tried = "A nudge is due, but its program accepts no text."
    if _nudge_reached(session):
        tried = "It was nudged once."

    name = job.spec.id
    return commands.Escalate(
        trigger=f"stuck:{name}:{job.attempt}",
        happened=f"The agent of {name} (session {session.id}) has shown nothing new for {quiet_seconds} s.",
        tried=tried,
        evidence=observation.shown,
        decision=f"Look at it (gitorch attach {name}). Start it again (retry), stop {name}, or stop the run?",
        options=AGENT_OPTIONS,
        job=name,
        session=session.id,
    )


def _quiet_since(run: Run, job: JobState, lease: Lease, observation: SessionObservation) -> Moment:
    """Since when the agent could have shown something: its last progress, its lease, or the last answer to its questions."""
    since = max(observation.moved_at or lease.granted_at, lease.granted_at)
    for question in run.questions.values():
        if question.job != job.spec.id or question.answer is None:
            continue

        # Until the answer the agent was silent because it had to wait.
        since = max(since, question.answer.at)

    return since


def _patience_ms(run: Run, job: JobState, silence_seconds: int) -> int:
    """How long an agent may be silent. One without its brief may have to wait for launches beside it."""
    if job.phase is JobPhase.CLAIMED:
        silence_seconds += LAUNCHES_BESIDE * run.settings.start_wait_seconds

    return silence_seconds * 1000


def _nudge_reached(session: Session) -> bool:
    """Whether the nudge was delivered. An agent that accepts no text is given as much time again."""
    for prompt in session.prompts:
        if prompt.kind is PromptKind.NUDGE and prompt.receipt:
            return True

    return False
