"""`outstanding(run, observed)`: the effects that remain to be carried out, according to the ledger.

The difference between the two is the whole to-do list: nothing is queued, so nothing is lost when the process dies, and
a second look owes nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import effects
from gitorch.model.observed import AT_PROMPT, AgentState, CheckPhase
from gitorch.model.plans.workflow import JobKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import SessionPhase
from gitorch.rules.dialogs import owed_answer
from gitorch.rules.faults import is_asked, is_being_retried
from gitorch.rules.granting import is_at_work, may_be_granted, queue, wants_fresh
from gitorch.rules.steps import TERMINALS, step_of
from gitorch.rules.views.notices import next_notices
from gitorch.rules.workflows.closings import is_closing, owed_closings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitorch.model.effects import Effect
    from gitorch.model.observed import Observed, SessionObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt, Session

CLEARANCE_MS = 60_000
"""How long a cleared agent may stay busy before it is stopped without having read its clearance."""


def outstanding(run: Run, observed: Observed) -> tuple[Effect, ...]:
    """Effects in the order in which they should be carried out; each looks before it acts."""
    owed: list[Effect] = [*_unneeded_sessions(run, observed)]
    if run.phase.is_over:
        return (*owed, *_notices(run, observed), *_cleanup(run))

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
    """A notification for each thing that waits for people and that they were not notified of."""
    for name in next_notices(run, observed.notified):
        yield effects.Notify(name)


def needed(run: Run, session: Session, observed: Observed) -> bool:
    """Whether a session still has something to do: its lease, an open gate, or a clearance to read."""
    if run.phase.is_over:
        return False

    job = run.jobs[session.job]
    if not job.writes:
        return job.is_leased_to(session.id)

    return _author_needed(run, session, observed, job)


def _author_needed(run: Run, session: Session, observed: Observed, job: JobState) -> bool:
    """Whether an author has an open gate, or a clearance to read."""
    if job.session != session.id or wants_fresh(run, job):
        return False

    if not job.phase.is_over:
        return True

    if job.phase is not JobPhase.COMPLETED:
        return False

    return _has_clearance_to_read(run, session, observed)


def _has_clearance_to_read(run: Run, session: Session, observed: Observed) -> bool:
    """Whether the clearance of finished work is not delivered yet, and the agent may still come to its prompt."""
    if session.next_prompt is None:
        return False

    if run.changed_at is None:
        return True

    return observed.now - run.changed_at < CLEARANCE_MS


def may_begin(run: Run, session: Session) -> bool:
    """Whether a session may get its work: first every author that is launched beside it is alive, if need be at the second try.

    A reviewer begins at once. Nobody waits for a one-shot agent, which is launched together with its work: two of them
    would wait for each other.
    """
    if not run.jobs[session.job].writes:
        return True

    for other in run.living_sessions:
        if other.id != session.id and _is_waited_for(run, other):
            return False

    for job in run.jobs.values():
        if _is_relaunched(run, job):
            return False

    return True


def _is_waited_for(run: Run, session: Session) -> bool:
    """Whether this is the session of an author that is being launched and gets its work afterwards."""
    if session.phase is not SessionPhase.STARTING:
        return False

    if not run.jobs[session.job].writes:
        return False

    return not run.workflow.lanes[session.lane].one_shot


def _is_relaunched(run: Run, job: JobState) -> bool:
    """Whether an author whose launch failed is about to be launched again."""
    if not job.launch_failures or not job.writes:
        return False

    # A relaunch that itself waits for a place would be waited for without end.
    return may_be_granted(run, job)


def _unneeded_sessions(run: Run, observed: Observed) -> Iterator[Effect]:
    """The end of each session that has nothing left to do; nothing while tmux cannot be asked."""
    if observed.sessions is None:
        return

    for session in run.living_sessions:
        if not needed(run, session, observed):
            yield effects.StopSession(session.id)


def _launches(run: Run, observed: Observed) -> Iterator[Effect]:
    """The launch of each session that holds a lease and was never launched."""
    if observed.sessions is None:
        return

    for session in run.living_sessions:
        if not _lacks_process(session, observed.sessions.get(session.id)):
            continue

        if needed(run, session, observed):
            yield effects.StartSession(session.id, session.job)


def _lacks_process(session: Session, observation: SessionObservation | None) -> bool:
    """Whether a session of gitorch's own was never launched. A manual claim has no process of gitorch's."""
    if session.is_manual or session.phase is not SessionPhase.STARTING:
        return False

    if observation is None:
        return True

    return not observation.was_launched


def _observations(run: Run, observed: Observed) -> Iterator[tuple[Session, SessionObservation]]:
    """The sessions that have not ended and were observed, each with its observation; none while tmux cannot be asked."""
    if observed.sessions is None:
        return

    for session in run.living_sessions:
        observation = observed.sessions.get(session.id)
        if observation is not None:
            yield session, observation


def _deliveries(run: Run, observed: Observed) -> Iterator[Effect]:
    """The next prompt of each living session whose program shows its own prompt."""
    for session, observation in _observations(run, observed):
        if session.phase is not SessionPhase.ALIVE or observation.state not in AT_PROMPT:
            continue

        prompt = _unsent_prompt(session, observed)
        if prompt is not None and may_begin(run, session):
            yield effects.DeliverPrompt(session.id, prompt.id)


def _unsent_prompt(session: Session, observed: Observed) -> Prompt | None:
    """The next prompt of a session; None when it was typed already and only its record is missing."""
    prompt = session.next_prompt
    if prompt is None:
        return None

    if (session.id, prompt.id) in observed.sent:
        return None

    return prompt


def _permission_answers(run: Run, observed: Observed) -> Iterator[Effect]:
    """Dialogs that the lane answers, and those for which a human picked a choice; one that a human is asked about is left alone."""
    for session, observation in _observations(run, observed):
        if observation.state is AgentState.DIALOG:
            answer = owed_answer(run, session, observation)
            if answer is not None:
                yield effects.AnswerPermission(session.id, answer)


def _checks(run: Run, observed: Observed) -> Iterator[Effect]:
    """Submitted commits that the test command has still to run on."""
    for _, commit in run.untested_handoffs():
        observation = observed.checks.get(commit)
        if observation is None or observation.phase is CheckPhase.ABSENT:
            yield effects.StartCheck(commit)


def _bases(run: Run) -> Iterator[Effect]:
    """Bases of queued jobs that need the work of several branches."""
    for job in run.jobs_in(JobPhase.QUEUED):
        if run.is_held_by_people(job.spec.id) or not _lacks_base(job):
            continue

        parents = run.base_parents(job.spec.id)
        if len(parents) > 1:
            yield effects.BuildBase(job.spec.id, parents)


def _lacks_base(job: JobState) -> bool:
    """Whether a job starts from a commit that is not known yet. Work does, and the synthesis that judges a whole phase."""
    if job.base is not None or job.spec.kind is JobKind.MERGE:
        return False

    if job.spec.kind is JobKind.PHASE_SYNTHESIS:
        return True

    return job.writes


def _epic_reports(run: Run) -> Iterator[Effect]:
    """The report of each epic that reached the end of its gate at a commit without a report."""
    for job in run.jobs.values():
        commit = run.reportable_commit(job)
        if commit is not None and commit != job.reported:
            yield effects.MakeEpicReport(job.spec.id)


def _merge_reports(run: Run) -> Iterator[Effect]:
    """The report of each waiting checkpoint with a merge behind it; nothing while a report stands."""
    if run.report is not None:
        return

    for job in run.waiting_checkpoints():
        if run.is_held_by_people(job.spec.id):
            continue

        if run.merge_behind(job.spec.id) is not None:
            yield effects.MakeReport(job.spec.id)


def _merges(run: Run) -> Iterator[Effect]:
    """The approved merge; then its push, or its undoing."""
    for job in run.jobs.values():
        if job.spec.kind is not JobKind.MERGE or run.is_held_by_people(job.spec.id):
            continue

        effect = _merge_step(run, job)
        if effect is not None:
            yield effect


def _merge_step(run: Run, job: JobState) -> Effect | None:
    """The next step of a merge; None before the approval, and after the last step."""
    if run.merged is None:
        if run.approval is None or job.phase is not JobPhase.QUEUED:
            return None

        return effects.MergeBranches(job.spec.id)

    if job.phase is not JobPhase.COMPLETED or not run.push_is_owed:
        return None

    if run.merged.push == "back":
        return effects.TakeBack(job.spec.id)

    return effects.PushMerge(job.spec.id)


def _cleanup(run: Run) -> Iterator[Effect]:
    """The cleanup of a run that is over, once and only where it removes anything."""
    if run.cleaned or not run.cleanup_removes:
        return

    yield effects.CleanUp(branches=run.cleanup_choice == "branches")


def only_people_left(run: Run, observed: Observed, called_for: Collection[str] | None = None) -> bool:
    """Whether nothing can go on before a human does something: all agents are quiet, and somebody is asked or at work.

    A run that is over is left to people as soon as it is settled, or all that it still owes fails and people are asked.
    `called_for` names the steps that this tick came to; None: any step that has failed may be tried again.
    """
    if is_being_retried(run, called_for):
        return False

    if run.phase.is_over:
        return run.is_settled or _only_faults_left(run, observed)

    if _agents_are_seen_to_work(run, observed) or _tests_run(observed):
        return False

    return _waits_for_people(run, observed)


def _waits_for_people(run: Run, observed: Observed) -> bool:
    """Whether a run without work under way goes on only after a person acts."""
    if run.phase is RunPhase.PAUSED:
        return True

    if run.settings.manual:
        return not hopeful(run, observed)

    if not run.open_questions() and not _claimed_manually(run):
        return False

    return not _can_go_on(run, observed)


def _can_go_on(run: Run, observed: Observed) -> bool:
    """Whether gitorch itself still has something to do: an issue to close, a job to give out, or an effect to carry out."""
    if is_closing(run):
        return True

    if not all(run.is_held(job.spec.id) for job in queue(run)):
        return True

    return bool(hopeful(run, observed))


def hopeful(run: Run, observed: Observed) -> tuple[Effect, ...]:
    """The outstanding effects but for those that keep failing, so that a person is asked about them."""
    return tuple(effect for effect in outstanding(run, observed) if not is_asked(run, step_of(run, effect)))


def _only_faults_left(run: Run, observed: Observed) -> bool:
    """Whether something fails, and nothing else is outstanding."""
    return bool(run.faults) and not hopeful(run, observed)


def _agents_are_seen_to_work(run: Run, observed: Observed) -> bool:
    """Whether an agent is at work, as far as tmux can be asked; once people are asked about tmux, none is seen any more."""
    if observed.sessions is None and is_asked(run, TERMINALS):
        return False

    return _agents_work(run)


def _agents_work(run: Run) -> bool:
    """Whether an agent of gitorch's is at work and waits for nobody."""
    for job in run.jobs.values():
        if not is_at_work(run, job):
            continue

        if not run.is_claimed_manually(job):
            return True

    return False


def _tests_run(observed: Observed) -> bool:
    """Whether the test command is running on some commit."""
    for check in observed.checks.values():
        if check.phase is CheckPhase.RUNNING:
            return True

    return False


def _claimed_manually(run: Run) -> bool:
    """Whether somebody holds a job of the run by a manual claim."""
    for job in run.jobs.values():
        if run.is_claimed_manually(job):
            return True

    return False
