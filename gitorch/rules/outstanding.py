"""`outstanding(run, seen)`: what the world still owes the ledger.

The difference between the two is the whole to-do list: nothing is queued, so nothing is lost when the process
dies, and a second look owes nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import effects
from gitorch.model.job import ENDED, JobPhase
from gitorch.model.observed import AT_PROMPT, AgentState, CheckPhase
from gitorch.model.run import OVER, RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.workflow import JobKind
from gitorch.rules.agent_state.permission import answer_to
from gitorch.rules.granting import may_be_granted, queue, wants_fresh
from gitorch.rules.views.notices import next_notices
from gitorch.rules.workflows.closings import is_closing, owed_closings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.effects import Effect
    from gitorch.model.observed import Observed
    from gitorch.model.run import Run
    from gitorch.model.session import Prompt, Session

LAST_WORD_MS = 60_000
"""How long a cleared agent may stay busy before it is stopped without having read its clearance."""


def outstanding(run: Run, seen: Observed) -> tuple[Effect, ...]:
    """Effects in the order in which they should be carried out; each looks before it acts."""
    owed = [*_unneeded(run, seen)]
    if run.phase in OVER:
        return (*owed, *_cleanup(run), *_notices(run, seen))
    owed += _notices(run, seen)
    if run.phase is not RunPhase.RUNNING:
        return tuple(owed)
    owed += [*owed_closings(run, seen), *_starts(run, seen), *_letters(run, seen), *_prompts(run, seen)]
    owed += [*_checks(run, seen), *_bases(run)]
    owed += [] if is_closing(run) else _reports(run)
    return (*owed, *_merges(run))


def _notices(run: Run, seen: Observed) -> Iterator[Effect]:
    yield from (effects.Notify(name) for name in next_notices(run, seen.notified))


def needed(run: Run, session: Session, seen: Observed) -> bool:
    """Whether a session still has something to do: its lease, an open gate, or a clearance to read."""
    job = run.jobs[session.job]
    if run.phase in OVER:
        return False
    if not job.writes:
        return job.lease is not None and job.lease.session == session.id
    if job.session != session.id or wants_fresh(run, job):
        return False
    if job.phase not in ENDED:
        return True
    if job.phase is not JobPhase.COMPLETED or next_prompt(session) is None:
        return False
    return seen.now - (run.changed_at or seen.now) < LAST_WORD_MS


def next_prompt(session: Session) -> Prompt | None:
    """The first text that the session has not been told."""
    return next((x for x in session.prompts if not x.receipt), None)


def may_begin(run: Run, session: Session) -> bool:
    """Whether work may be handed to a session: every author launched beside it is alive first, if need be at the second try.

    One that is launched with its work, and only with it, is waited for by nobody: two of them would wait for each other.
    """
    if not run.jobs[session.job].writes:
        return True
    others = (s for s in run.sessions.values() if s.id != session.id and run.jobs[s.job].writes)
    if any(s.phase is SessionPhase.STARTING and not run.workflow.lanes[s.lane].one_shot for s in others):
        return False
    # Only one that will get a place: waiting for one that waits for a place would be waiting for ever.
    return not any(j.launch_failures and j.writes and may_be_granted(run, j) for j in run.jobs.values())


def _unneeded(run: Run, seen: Observed) -> Iterator[Effect]:
    if seen.sessions is None:
        return
    for session in run.sessions.values():
        if session.phase is not SessionPhase.ENDED and not needed(run, session, seen):
            yield effects.StopSession(session.id)


def _starts(run: Run, seen: Observed) -> Iterator[Effect]:
    if seen.sessions is None:
        return
    for session in run.sessions.values():
        observation = seen.sessions.get(session.id)
        if session.holder:
            continue
        begun = observation is not None and (observation.present or observation.started)
        if session.phase is SessionPhase.STARTING and not begun and needed(run, session, seen):
            yield effects.StartSession(session.id, session.job)


def _letters(run: Run, seen: Observed) -> Iterator[Effect]:
    if seen.sessions is None:
        return
    for session in run.sessions.values():
        prompt = next_prompt(session)
        observation = seen.sessions.get(session.id)
        if session.phase is not SessionPhase.ALIVE or prompt is None or observation is None:
            continue
        told = (session.id, prompt.id) in seen.sent
        if not told and observation.state in AT_PROMPT and may_begin(run, session):
            yield effects.DeliverPrompt(session.id, prompt.id)


def _prompts(run: Run, seen: Observed) -> Iterator[Effect]:
    """Dialogs that the lane answers; one that a human was asked about is the human's."""
    for session in run.sessions.values():
        observation = (seen.sessions or {}).get(session.id)
        if session.phase is SessionPhase.ENDED or observation is None or observation.state is not AgentState.DIALOG:
            continue
        answer = answer_to(run.workflow.lanes[session.lane], observation)
        if answer is not None and not run.is_asked_about(session):
            yield effects.AnswerPermission(session.id, answer)


def _checks(run: Run, seen: Observed) -> Iterator[Effect]:
    for job in run.jobs.values():
        if job.phase is not JobPhase.SUBMITTED or job.handoff is None:
            continue
        if run.needs_check(job) and not run.check_is_settled(job):
            observation = seen.checks.get(job.handoff.commit)
            if observation is None or observation.phase is CheckPhase.ABSENT:
                yield effects.StartCheck(job.handoff.commit)


def _bases(run: Run) -> Iterator[Effect]:
    for job in run.jobs.values():
        based = job.writes or job.spec.kind is JobKind.PHASE_SYNTHESIS
        begins = job.phase is JobPhase.QUEUED and job.base is None and based and not run.is_held(job.spec.id)
        parents = run.base_parents(job.spec.id)
        if begins and job.spec.kind is not JobKind.MERGE and len(parents) > 1:
            yield effects.BuildBase(job.spec.id, parents)


def _reports(run: Run) -> Iterator[Effect]:
    for job in run.jobs.values():
        if run.reportable_commit(job) not in {None, job.reported}:
            yield effects.MakeEpicReport(job.spec.id)
        waiting = job.spec.kind is JobKind.CHECKPOINT and job.phase is JobPhase.WAITING_HUMAN
        if (
            waiting
            and run.merge_behind(job.spec.id) is not None
            and run.report is None
            and not run.is_held(job.spec.id)
        ):
            yield effects.MakeReport(job.spec.id)


def _merges(run: Run) -> Iterator[Effect]:
    for job in run.jobs.values():
        if job.spec.kind is not JobKind.MERGE or run.is_held(job.spec.id):
            continue
        if job.phase is JobPhase.QUEUED and run.approval and run.merged is None:
            yield effects.MergeBranches(job.spec.id)
        if job.phase is JobPhase.COMPLETED and run.merged is not None and run.push_is_owed:
            back = run.merged.push == "back"
            yield effects.TakeBack(job.spec.id) if back else effects.PushMerge(job.spec.id)


def _cleanup(run: Run) -> Iterator[Effect]:
    choice = run.cleanup_choice
    if not run.cleaned and choice in {"worktrees", "branches"}:
        yield effects.CleanUp(branches=choice == "branches")


def only_people_left(run: Run, seen: Observed) -> bool:
    """Whether nothing can go on before a human does something: all agents are quiet and something is asked."""
    if run.phase in OVER:
        return run.is_settled
    given = (j for j in run.jobs.values() if j.phase in {JobPhase.CLAIMED, JobPhase.RUNNING})
    working = any(not run.is_held(j.spec.id) and not run.is_claimed_manually(j) for j in given)
    testing = any(c.phase is CheckPhase.RUNNING for c in seen.checks.values())
    if run.phase is RunPhase.PAUSED:
        return not working and not testing
    asked = bool(run.open_questions())
    if run.settings.manual:
        return not working and not testing and not outstanding(run, seen)
    busy_by_hand = any(run.is_claimed_manually(j) for j in run.jobs.values())
    busy = working or testing or is_closing(run)
    return (asked or busy_by_hand) and not busy and not queue(run) and not outstanding(run, seen)
