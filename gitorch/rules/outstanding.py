"""`outstanding(run, observed)`: the effects that the world still owes the ledger.

The difference between the two is the whole to-do list: nothing is queued, so nothing is lost when the process dies, and
a second look owes nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import effects
from gitorch.model.job import JobPhase
from gitorch.model.observed import AT_PROMPT, AgentState, CheckPhase
from gitorch.model.run import RunPhase
from gitorch.model.session import SessionPhase
from gitorch.model.workflow import JobKind
from gitorch.rules.agent_state.permission import answer_to
from gitorch.rules.granting import may_be_granted, queue, wants_fresh
from gitorch.rules.views.notices import next_notices
from gitorch.rules.workflows.closings import is_closing, owed_closings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.effects import Effect
    from gitorch.model.job import JobState
    from gitorch.model.observed import Observed
    from gitorch.model.run import Run
    from gitorch.model.session import Prompt, Session

CLEARANCE_MS = 60_000
"""How long a cleared agent may stay busy before it is stopped without having read its clearance."""


def outstanding(run: Run, observed: Observed) -> tuple[Effect, ...]:
    """Effects in the order in which they should be carried out; each looks before it acts."""
    owed: list[Effect] = [*_unneeded_sessions(run, observed)]
    if run.phase.is_over:
        return (*owed, *_cleanup(run), *_notices(run, observed))

    owed += _notices(run, observed)
    if run.phase is not RunPhase.RUNNING:
        return tuple(owed)

    owed += owed_closings(run, observed)
    owed += _launches(run, observed)
    owed += _deliveries(run, observed)
    owed += _permission_answers(run, observed)
    owed += _checks(run, observed)
    owed += _bases(run)
    if not is_closing(run):
        owed += _epic_reports(run)
        owed += _merge_reports(run)

    owed += _merges(run)
    return tuple(owed)


def _notices(run: Run, observed: Observed) -> Iterator[Effect]:
    for name in next_notices(run, observed.notified):
        yield effects.Notify(name)


def needed(run: Run, session: Session, observed: Observed) -> bool:
    """Whether a session still has something to do: its lease, an open gate, or a clearance to read."""
    job = run.jobs[session.job]
    if run.phase.is_over:
        return False

    if not job.writes:
        return job.lease is not None and job.lease.session == session.id

    if job.session != session.id or wants_fresh(run, job):
        return False

    if not job.phase.is_over:
        return True

    if job.phase is not JobPhase.COMPLETED or next_prompt(session) is None:
        return False

    return observed.now - (run.changed_at or observed.now) < CLEARANCE_MS


def next_prompt(session: Session) -> Prompt | None:
    """The first prompt that was not delivered; None when nothing is owed."""
    for prompt in session.prompts:
        if not prompt.receipt:
            return prompt

    return None


def may_begin(run: Run, session: Session) -> bool:
    """Whether a session may get its work: first every author that is launched beside it is alive, if need be at the second try.

    Nobody waits for a one-shot agent, which is launched together with its work: two of them would wait for each other.
    """
    if not run.jobs[session.job].writes:
        return True

    for other in run.sessions.values():
        if other.id != session.id and other.phase is SessionPhase.STARTING and _is_waited_for(run, other):
            return False

    # Only for a relaunch that will get a place: one that itself waits for a place would be waited for without end.
    return not any(_is_relaunched(run, job) for job in run.jobs.values())


def _is_waited_for(run: Run, session: Session) -> bool:
    return run.jobs[session.job].writes and not run.workflow.lanes[session.lane].one_shot


def _is_relaunched(run: Run, job: JobState) -> bool:
    """Whether an author whose launch failed is about to be launched again."""
    return job.launch_failures > 0 and job.writes and may_be_granted(run, job)


def _unneeded_sessions(run: Run, observed: Observed) -> Iterator[Effect]:
    if observed.sessions is None:
        return

    for session in run.sessions.values():
        if session.phase is not SessionPhase.ENDED and not needed(run, session, observed):
            yield effects.StopSession(session.id)


def _launches(run: Run, observed: Observed) -> Iterator[Effect]:
    """Sessions that hold a lease and were never launched."""
    if observed.sessions is None:
        return

    for session in run.sessions.values():
        if session.holder or session.phase is not SessionPhase.STARTING:
            continue

        observation = observed.sessions.get(session.id)
        launched = observation is not None and (observation.present or observation.started)
        if not launched and needed(run, session, observed):
            yield effects.StartSession(session.id, session.job)


def _deliveries(run: Run, observed: Observed) -> Iterator[Effect]:
    """The next prompt of each living session that waits for one."""
    if observed.sessions is None:
        return

    for session in run.sessions.values():
        prompt = next_prompt(session)
        observation = observed.sessions.get(session.id)
        if session.phase is not SessionPhase.ALIVE or prompt is None or observation is None:
            continue

        if (session.id, prompt.id) in observed.sent or observation.state not in AT_PROMPT:
            continue

        if may_begin(run, session):
            yield effects.DeliverPrompt(session.id, prompt.id)


def _permission_answers(run: Run, observed: Observed) -> Iterator[Effect]:
    """Dialogs that the lane answers. A dialog that a human was asked about is left to the human."""
    if observed.sessions is None:
        return

    for session in run.sessions.values():
        observation = observed.sessions.get(session.id)
        if session.phase is SessionPhase.ENDED or observation is None or observation.state is not AgentState.DIALOG:
            continue

        answer = answer_to(run.workflow.lanes[session.lane], observation)
        if answer is not None and not run.is_asked_about(session):
            yield effects.AnswerPermission(session.id, answer)


def _checks(run: Run, observed: Observed) -> Iterator[Effect]:
    """Submitted commits that the test command has still to run on."""
    for job in run.jobs.values():
        if job.phase is not JobPhase.SUBMITTED or job.handoff is None or run.check_is_settled(job):
            continue

        observation = observed.checks.get(job.handoff.commit)
        if observation is None or observation.phase is CheckPhase.ABSENT:
            yield effects.StartCheck(job.handoff.commit)


def _bases(run: Run) -> Iterator[Effect]:
    """Bases of queued jobs that need the work of several branches."""
    for job in run.jobs.values():
        if job.phase is not JobPhase.QUEUED or job.base is not None or not _has_base(job):
            continue

        parents = run.base_parents(job.spec.id)
        if len(parents) > 1 and not run.is_held(job.spec.id):
            yield effects.BuildBase(job.spec.id, parents)


def _has_base(job: JobState) -> bool:
    """Whether a job starts from a commit: it writes, or judges a whole phase."""
    if job.spec.kind is JobKind.MERGE:
        return False

    return job.writes or job.spec.kind is JobKind.PHASE_SYNTHESIS


def _epic_reports(run: Run) -> Iterator[Effect]:
    for job in run.jobs.values():
        commit = run.reportable_commit(job)
        if commit is not None and commit != job.reported:
            yield effects.MakeEpicReport(job.spec.id)


def _merge_reports(run: Run) -> Iterator[Effect]:
    """The report of each waiting checkpoint with a merge behind it."""
    if run.report is not None:
        return

    for job in run.jobs.values():
        if job.spec.kind is not JobKind.CHECKPOINT or job.phase is not JobPhase.WAITING_HUMAN:
            continue

        if run.merge_behind(job.spec.id) is not None and not run.is_held(job.spec.id):
            yield effects.MakeReport(job.spec.id)


def _merges(run: Run) -> Iterator[Effect]:
    """The approved merge; then its push, or its undoing."""
    for job in run.jobs.values():
        if job.spec.kind is not JobKind.MERGE or run.is_held(job.spec.id):
            continue

        if job.phase is JobPhase.QUEUED and run.approval is not None and run.merged is None:
            yield effects.MergeBranches(job.spec.id)
        elif job.phase is JobPhase.COMPLETED and run.merged is not None and run.push_is_owed:
            yield _push(run.merged.push, job)


def _push(push: str, job: JobState) -> Effect:
    if push == "back":
        return effects.TakeBack(job.spec.id)

    return effects.PushMerge(job.spec.id)


def _cleanup(run: Run) -> Iterator[Effect]:
    choice = run.cleanup_choice
    if not run.cleaned and choice in {"worktrees", "branches"}:
        yield effects.CleanUp(branches=choice == "branches")


def only_people_left(run: Run, observed: Observed) -> bool:
    """Whether nothing can go on before a human does something: all agents are quiet, and somebody is asked or at work."""
    if run.phase.is_over:
        return run.is_settled

    if _agents_work(run) or _tests_run(observed):
        return False

    if run.phase is RunPhase.PAUSED:
        return True

    if run.settings.manual:
        return not outstanding(run, observed)

    if not run.open_questions() and not _claimed_manually(run):
        return False

    return not is_closing(run) and not queue(run) and not outstanding(run, observed)


def _agents_work(run: Run) -> bool:
    """Whether an agent of gitorch's is at work and waits for nobody."""
    for job in run.jobs.values():
        if job.phase.is_active and not run.is_held(job.spec.id) and not run.is_claimed_manually(job):
            return True

    return False


def _tests_run(observed: Observed) -> bool:
    return any(check.phase is CheckPhase.RUNNING for check in observed.checks.values())


def _claimed_manually(run: Run) -> bool:
    return any(run.is_claimed_manually(job) for job in run.jobs.values())
