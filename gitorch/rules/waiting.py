"""Whether a run can go on by itself, or only people can move it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.observed import CheckPhase
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards.granting import is_at_work, queue
from gitorch.rules.outstanding import awaits_pulls, outstanding
from gitorch.rules.reconciling.faults import is_asked, is_being_retried
from gitorch.rules.reconciling.steps import TERMINALS, step_of
from gitorch.rules.workflows.closings import is_closing

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitorch.model.effects import Effect
    from gitorch.model.observed import Observed
    from gitorch.model.work.run import Run


def only_people_left(
    run: Run,
    observed: Observed,
    called_for: Collection[str] | None = None,
) -> bool:
    """Whether nothing can go on before a human does something: all agents are quiet, and somebody is asked or at work.

    A run that is over is left to people as soon as nothing of it is left to do here, or all that it still owes fails and people
    are asked.
    `called_for` names the steps that this tick came to; None: any step that has failed may be tried again.
    """
    if is_being_retried(run, called_for, observed.host):
        return False

    if run.phase.is_over:
        return _is_left_to_people(run, observed)

    if _agents_are_seen_to_work(run, observed) or _tests_run(observed):
        return False

    return _waits_for_people(run, observed)


def _waits_for_people(run: Run, observed: Observed) -> bool:
    """Whether a run without work under way goes on only after a person acts."""
    if run.phase is RunPhase.PAUSED:
        return True

    if run.settings.manual:
        return not hopeful(run, observed)

    if not (run.open_questions() or _claimed_manually(run) or awaits_pulls(run)):
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


def _is_left_to_people(run: Run, observed: Observed) -> bool:
    """Whether a run that is over is settled, or nothing but what keeps failing is left to do on this host."""
    if run.is_settled:
        return True

    # The host that leads has the cleanup to do; no other one waits for that.
    if observed.leads and not run.faults:
        return False

    return not hopeful(run, observed)


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
