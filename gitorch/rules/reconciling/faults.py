"""Steps that fail: when each is tried again, when a person is asked, and when only people can help.

A fault stops nothing but its own step. It is tried again at growing intervals for as long as it is owed; the question
about it is withdrawn as soon as it succeeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model import commands
from gitorch.model.counts import counted
from gitorch.model.plans.workflow import UNCLAIMED
from gitorch.model.work.fault import CLEANUP_STEP, TRY
from gitorch.model.work.question import fault_trigger

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from gitorch.model.ids import JobId, Moment
    from gitorch.model.work.fault import Fault, Step
    from gitorch.model.work.run import Run

TRIES_MAX = 3
"""How often a step fails before a person is asked: a lock of another program, a busy disk, pass by themselves."""

AGAIN_MS = 2_000
"""How long after the first failed try the next one follows; the wait doubles."""

AGAIN_MAX_MS = 900_000
"""The longest wait between two tries."""


def is_due(run: Run, step: Step, now: Moment, began: Moment) -> bool:
    """Whether a step may be tried now: it has not failed, or long enough ago, or before this loop `began`."""
    fault = run.faults.get(step.name)
    if fault is None or fault.failed_at is None:
        return True

    if fault.failed_at < began:
        return True

    return now - fault.failed_at >= wait_ms(fault.times)


def wait_ms(times: int) -> int:
    """How long a step that has failed so often waits for its next try."""
    doubled: int = AGAIN_MS * 2 ** min(times - 1, 20)
    return min(doubled, AGAIN_MAX_MS)


def fault_questions(run: Run) -> Iterator[commands.Escalate]:
    """A question for each step that keeps failing, once."""
    for fault in run.faults.values():
        if fault.times >= TRIES_MAX and not is_asked(run, fault.step):
            yield _question(run, fault)


def is_asked(run: Run, step: Step) -> bool:
    """Whether a person is asked about a step that fails."""
    return step.name in run.faults and run.is_escalated(fault_trigger(step.name))


def is_being_retried(run: Run, called_for: Collection[str] | None = None, host: str = "") -> bool:
    """Whether some step has failed about which nobody is asked yet.

    With `called_for` only the steps with these names count: what waits for another step is not tried again before it.
    With a `host` only what failed there counts: no other tries it again.
    """
    for fault in run.faults.values():
        if host and fault.host != host:
            continue

        if called_for is not None and fault.step.name not in called_for:
            continue

        if not is_asked(run, fault.step):
            return True

    return False


def _question(run: Run, fault: Fault) -> commands.Escalate:
    """The question about a step that keeps failing, with the error's own words."""
    doing = fault.step.doing
    return commands.Escalate(
        trigger=fault_trigger(fault.step.name),
        happened=f"{doing[:1].upper()}{doing[1:]} failed: {fault.first_line}",
        tried=f"{counted(fault.times, 'time')}. gitorch tries again at growing intervals; nothing else waits for it.",
        evidence=fault.reason.strip() or fault.code,
        decision=_decision(run, fault),
        options=_options(run, fault),
        job=fault.step.job,
        session=fault.step.session,
    )


def _decision(run: Run, fault: Fault) -> str:
    """What a person can decide about a fault."""
    options = _options(run, fault)
    first = "Remove the cause"
    if fault.cure:
        first = f"{first} ({TRY}{fault.cure})"

    parts = ["try again at once (retry)"]
    if "stop_epic" in options:
        parts.append(f"stop {fault.step.job}")
    if "stop_run" in options:
        parts.append("stop the run")
    if "leave" in options:
        parts.append("leave everything as it is (leave)")

    if len(parts) == 1:
        return f"{first}, then try again at once (retry)?"

    return f"{first}, then {', '.join(parts[:-1])}, or {parts[-1]}?"


def _options(run: Run, fault: Fault) -> tuple[str, ...]:
    """The answers that a question about a fault offers."""
    if fault.step.name == CLEANUP_STEP:
        return ("retry", "leave")

    if run.phase.is_over:
        return ("retry",)

    if _can_be_stopped(run, fault.step.job):
        return ("retry", "stop_epic", "stop_run")

    return ("retry", "stop_run")


def _can_be_stopped(run: Run, job: JobId | None) -> bool:
    """Whether the job of a fault is an epic that is not over, or a review of one."""
    if job is None:
        return False

    state = run.producer(job)
    return not state.phase.is_over and state.spec.kind not in UNCLAIMED
