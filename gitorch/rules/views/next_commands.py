"""The commands that a person should type next in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.work.job import ACTIVE, JobPhase
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards.granting import is_own_work, queue
from gitorch.rules.views.inbox import inbox
from gitorch.rules.workflows.tracked import left_to_close

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def next_commands(run: Run, caller: str = "", *, leads: bool = True) -> tuple[str, ...]:
    """The commands to type next, most useful first; each works when pasted.

    There is always one at least, because even a run that is over has a log. `caller` is the name under which the caller
    holds manual claims: nobody can report on the job of another holder. Empty: the commands of all holders.
    `leads` says whether the caller's host leads the run: only there `gitorch up` goes on where every job by hand is done.
    """
    if run.phase is RunPhase.PREPARED:
        return (f"gitorch cancel {run.id}",)

    if run.phase is RunPhase.PAUSED:
        return (f"gitorch resume {run.id}",)

    answers = tuple(dict.fromkeys(row.command for row in inbox(run)))
    if run.phase.is_over:
        return _commands_after_the_end(run, answers)

    if run.settings.manual:
        return _commands_for_claims(run, answers, caller, leads=leads)

    return (*answers, "gitorch up")


def _commands_after_the_end(run: Run, answers: tuple[str, ...]) -> tuple[str, ...]:
    """Answer what is still open and close the issues that gitorch could not close; without either, read the log."""
    commands = list(answers)
    issues = left_to_close(run)
    if issues:
        commands.append(run.settings.close_issues(issues))

    if not commands:
        commands.append(f"gitorch log {run.id}")

    return tuple(commands)


def _commands_for_claims(run: Run, answers: tuple[str, ...], caller: str, *, leads: bool) -> tuple[str, ...]:
    """Finish the claimed jobs first, then answer questions, recover stale work, and claim more.

    Where only others can go on, the command shows why the first of the jobs is not done, or which host leads the run.
    """
    claimed = _claimed(run)
    queued = queue(run)
    commands = _report_commands(run, claimed, caller)
    commands += answers
    if any(job.phase is JobPhase.STALE for job in run.jobs.values()):
        commands.append("gitorch recover")

    commands += _claim_commands(run, queued, caller)
    if commands:
        return tuple(commands)

    for job in (*claimed, *queued):
        return (f"gitorch why {job.spec.id}",)

    if not leads:
        return (f"gitorch why {run.id}",)

    return (f"gitorch up {run.id}",)


def _claimed(run: Run) -> list[JobState]:
    """The jobs that were claimed by hand and are under way."""
    return [job for job in run.jobs.values() if job.phase in ACTIVE and run.is_claimed_manually(job)]


def _report_commands(run: Run, claimed: list[JobState], caller: str) -> list[str]:
    """The command that reports each claimed job of the caller; of everybody where the caller has no name."""
    commands: list[str] = []
    for job in claimed:
        if caller in {"", run.holder_of(job)}:
            commands.append(_report_command(job))

    return commands


def _claim_commands(run: Run, queued: Sequence[JobState], caller: str) -> list[str]:
    """The command that claims each queued job but the reviews that the run's policy keeps from the caller."""
    commands: list[str] = []
    for job in queued:
        if not is_own_work(run, job, caller):
            commands.append(f"gitorch claim {job.spec.id}")

    return commands


def _report_command(job: JobState) -> str:
    """The command that reports a job: a verdict for a review, a handoff for other work.

    A handoff replies to every open finding of the last round, so that only the evidence is left to fill
    in.
    """
    name = job.spec.id
    if job.spec.kind in REVIEWING:
        return f'gitorch verdict accept --job {name} --summary "…"'

    command = f'gitorch handoff DONE --job {name} --summary "…"'
    return _with_replies(job, command)


def _with_replies(job: JobState, command: str) -> str:
    """The command with a reply to each open finding of the last round."""
    for listed in job.findings:
        if listed.open and listed.round == job.attempt - 1:
            command += f" --reply {listed.number}=fixed:HEAD"
    return command
