"""`outstanding(run, observed)`: the effects that remain to be carried out, according to the ledger.

The difference between the two is the whole to-do list: nothing is queued, so nothing is lost when the process dies, and
a second look owes nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import effects
from gitorch.model.observed import AT_PROMPT, AgentState, CheckPhase, SetupPhase
from gitorch.model.plans.workflow import JobKind
from gitorch.model.work.job import JobPhase
from gitorch.model.work.question import checkout_trigger
from gitorch.model.work.run import RunPhase
from gitorch.model.work.session import UNSEEN, PromptKind, SessionPhase
from gitorch.rules.guards.beginning import may_begin
from gitorch.rules.guards.granting import wants_fresh
from gitorch.rules.reconciling.dialogs import owed_answer
from gitorch.rules.reconciling.readying import is_target_check_owed, session_trigger
from gitorch.rules.review.proposals import asked_for_pulls, waits_for_pulls
from gitorch.rules.usage.budgets import is_held
from gitorch.rules.views.notices import next_notices
from gitorch.rules.workflows.closings import is_closing, owed_closings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitorch.model.effects import Effect
    from gitorch.model.ids import CommitId
    from gitorch.model.observed import Observed, SessionObservation
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Prompt, Session

CLEARANCE_MS = 60_000
"""How long a cleared agent may stay busy before it is stopped without having read its clearance."""


def outstanding(run: Run, observed: Observed) -> tuple[Effect, ...]:
    """Effects in the order in which they should be carried out; each looks before it acts."""
    owed: list[Effect] = [*_unneeded_sessions(run, observed)]
    if observed.leads:
        owed += _notices(run, observed)
    if run.phase.is_over and observed.leads:
        owed += _cleanup(run)
    if run.phase is not RunPhase.RUNNING:
        return tuple(owed)

    if observed.leads:
        owed += owed_closings(run, observed)
    owed += _launches(run, observed)
    owed += _deliveries(run, observed)
    owed += _permission_answers(run, observed)
    owed += _checks(run, observed)
    if observed.leads:
        owed += _of_whole_run(run)
    return tuple(owed)


def _of_whole_run(run: Run) -> Iterator[Effect]:
    """What one host of several is enough for."""
    yield from _bases(run)
    if not is_closing(run):
        yield from _epic_reports(run)
        yield from _merge_reports(run)

    yield from _merges(run)


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


def _unneeded_sessions(run: Run, observed: Observed) -> Iterator[Effect]:
    """The end of each session that has nothing left to do; nothing while tmux cannot be asked."""
    if observed.sessions is None:
        return

    for session in observed.sessions_here(run):
        if not needed(run, session, observed):
            yield effects.StopSession(session.id)

    for session in given_up(run, observed):
        seen = observed.sessions.get(session.id)
        if seen is not None and seen.present:
            yield effects.StopSession(session.id)


def given_up(run: Run, observed: Observed) -> Iterator[Session]:
    """The sessions on this host whose job another host took over, because it had not seen them for too long."""
    for session in run.sessions.values():
        if session.ended == UNSEEN and observed.has(session):
            yield session


def _launches(run: Run, observed: Observed) -> Iterator[Effect]:
    """The launch of each session that holds a lease and was never launched."""
    if observed.sessions is None:
        return

    for session in observed.sessions_here(run):
        if not _lacks_process(session, observed.sessions.get(session.id)):
            continue

        if not needed(run, session, observed) or is_held(run, session.job):
            continue

        if _is_set_up(run, session, observed):
            yield effects.StartSession(session.id, session.job)
        elif _may_be_set_up(run, session, observed):
            yield effects.SetUpWorktree(session.id, session.job)


def _is_set_up(run: Run, session: Session, observed: Observed) -> bool:
    """Whether the worktree of a session is ready for its agent; always where the run sets nothing up."""
    if run.settings.preparation.is_empty:
        return True

    seen = observed.setups.get(session.id)
    return seen is not None and seen.phase is SetupPhase.DONE


def _may_be_set_up(run: Run, session: Session, observed: Observed) -> bool:
    """Whether the set-up of a worktree may begin: it is not under way, and nobody is asked about it."""
    seen = observed.setups.get(session.id)
    if seen is None or seen.phase is not SetupPhase.ABSENT:
        return False

    return not run.is_escalated(session_trigger(session.id))


def _lacks_process(session: Session, observation: SessionObservation | None) -> bool:
    """Whether a session of gitorch's own was never launched. A manual claim has no process of gitorch's."""
    if session.is_manual or session.phase is not SessionPhase.STARTING:
        return False

    if observation is None:
        return True

    return not observation.was_launched


def _observations(run: Run, observed: Observed) -> Iterator[tuple[Session, SessionObservation]]:
    """The sessions that are needed and were observed, each with its observation; none while tmux cannot be asked."""
    if observed.sessions is None:
        return

    for session in observed.sessions_here(run):
        observation = observed.sessions.get(session.id)
        if observation is not None and needed(run, session, observed):
            yield session, observation


def _deliveries(run: Run, observed: Observed) -> Iterator[Effect]:
    """The next prompt of each living session whose program shows its own prompt."""
    for session, observation in _observations(run, observed):
        prompt = _unsent_prompt(run, session, observed)
        if session.phase is not SessionPhase.ALIVE or not _takes(observation, prompt):
            continue

        if observation.state is AgentState.ERROR and run.is_held(session.job):  # a person is asked about it
            continue

        if prompt is not None and may_begin(run, session) and not is_held(run, session.job):
            yield effects.DeliverPrompt(session.id, prompt.id)


def _takes(observation: SessionObservation, prompt: Prompt | None) -> bool:
    """Whether the program shows its prompt. One at its limit does, and gets the nudge that ends the wait for it."""
    if observation.state is AgentState.LIMITED:
        return prompt is not None and prompt.kind is PromptKind.NUDGE

    return observation.state in AT_PROMPT


def _unsent_prompt(run: Run, session: Session, observed: Observed) -> Prompt | None:
    """The next prompt of a session; None when it was typed already and only its record is missing.

    An agent that has reported is not nudged: its program may have gone on by itself before the nudge could reach it. Nor is one that
    people are asked about, such as one that took no nudge.
    """
    reported = not run.jobs[session.job].phase.is_active
    for prompt in session.unsent_prompts:
        if prompt.kind is PromptKind.NUDGE and (reported or run.is_held(session.job)):
            continue

        if (session.id, prompt.id) in observed.sent:
            return None

        return prompt

    return None


def _permission_answers(run: Run, observed: Observed) -> Iterator[Effect]:
    """Dialogs that the lane answers, and those for which a human picked a choice; one that a human is asked about is left alone."""
    for session, observation in _observations(run, observed):
        if observation.state is AgentState.DIALOG:
            answer = owed_answer(run, session, observation)
            if answer is not None:
                yield effects.AnswerPermission(session.id, answer)


def _checks(run: Run, observed: Observed) -> Iterator[Effect]:
    """Commits that the test command has still to run on: the target's before work begins, then submitted ones."""
    if observed.leads and is_target_check_owed(run) and _is_absent(run.target_commit, observed):
        yield effects.StartCheck(run.target_commit)

    for job, commit in run.untested_handoffs():
        if not _tests_here(run, job, observed):
            continue

        if _is_absent(commit, observed) and not run.is_escalated(checkout_trigger(job.spec.id, commit)):
            yield effects.StartCheck(commit)


def _tests_here(run: Run, job: JobState, observed: Observed) -> bool:
    """Whether this host tests what was handed in: its own agents' work, and that of hosts that are not seen any more."""
    if job.session is None:
        return observed.leads

    return observed.has(run.sessions[job.session]) or job.spec.id in observed.unseen


def _is_absent(commit: CommitId, observed: Observed) -> bool:
    """Whether no run of the test command is known at this commit."""
    observation = observed.checks.get(commit)
    return observation is None or observation.phase is CheckPhase.ABSENT


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

    return job.writes or job.spec.kind is JobKind.PHASE_SYNTHESIS


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

        return _merge_or_pulls(run, job)

    if job.phase is not JobPhase.COMPLETED or not run.push_is_owed:
        return None

    if run.merged.push == "back":
        return effects.TakeBack(job.spec.id)

    return effects.PushMerge(job.spec.id)


def awaits_pulls(run: Run) -> bool:
    """Whether the pull requests of the approved branches are open, so that people merge them."""
    return asked_for_pulls(run) is not None


def _merge_or_pulls(run: Run, job: JobState) -> Effect | None:
    """The merge, or the pull requests for it; None once those were opened."""
    if not waits_for_pulls(run):
        return effects.MergeBranches(job.spec.id)

    if awaits_pulls(run):
        return None

    return effects.OpenPulls(job.spec.id)


def _cleanup(run: Run) -> Iterator[Effect]:
    """The cleanup of a run that is over, once and only where it removes anything."""
    if run.cleaned or not run.cleanup_removes:
        return

    yield effects.CleanUp(branches=run.cleanup_choice == "branches")
