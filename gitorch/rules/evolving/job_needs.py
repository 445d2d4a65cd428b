"""When a blocked job may begin. Work waits for completed needs, a review for its subject, a checkpoint for an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING, JobKind, ReviewMode

if TYPE_CHECKING:
    from gitorch.model.ids import JobId
    from gitorch.model.plans.workflow import JobSpec
    from gitorch.model.work.run import Run


def needs_are_met(run: Run, job: JobId) -> bool:
    """Whether every need of a blocked job is met, by the rule for its kind."""
    spec = run.jobs[job].spec
    if spec.kind in REVIEWING and spec.subject is not None:
        return _review_may_begin(run, spec, spec.subject)

    if spec.kind is JobKind.CHECKPOINT:
        return _checkpoint_may_ask(run, spec)

    return _all_are_done(run, spec.needs)


def _all_are_done(run: Run, needs: tuple[JobId, ...]) -> bool:
    """Whether the work behind each need is completed; true without needs."""
    for need in needs:
        if not run.need_is_done(need):
            return False

    return True


def _checkpoint_may_ask(run: Run, spec: JobSpec) -> bool:
    """Whether every need of a checkpoint is over and at least one was completed."""
    completed = False
    for need in spec.needs:
        if not run.jobs[need].phase.is_over:
            return False

        # A review ends with its verdict; its subject may still be at its gate, or wait for a human.
        if not run.producer(need).phase.is_over:
            return False

        if run.need_is_done(need):
            completed = True

    return completed


def _review_may_begin(run: Run, spec: JobSpec, subject: JobId) -> bool:
    """Whether the subject of a review can be reviewed and the reviews before it let this round through."""
    if not run.is_reviewable(run.jobs[subject]):
        return False

    let_through = run.reviews_let_through(run.jobs[subject])
    for need in spec.needs:
        if need != subject and not _review_need_is_met(run, spec, need, let_through):
            return False

    if run.settings.review_mode is ReviewMode.PARALLEL:
        return True

    return _earlier_stages(run, spec, subject) <= let_through


def _review_need_is_met(run: Run, spec: JobSpec, need: JobId, let_through: frozenset[JobId]) -> bool:
    """Whether a need of a review, other than its subject, is met.

    The gate of the subject waits for this review too. A need that reviews the same subject can therefore not wait for
    that gate; it is met as soon as its own verdict lets this round through.
    """
    if run.jobs[need].spec.subject == spec.subject:
        return need in let_through

    return run.need_is_done(need)


def _earlier_stages(run: Run, spec: JobSpec, subject: JobId) -> set[JobId]:
    """The reviews of the same subject whose stage comes before the stage of this review."""
    earlier: set[JobId] = set()
    for review in run.reviews_of(subject):
        if review.spec.stage < spec.stage:
            earlier.add(review.spec.id)

    return earlier
