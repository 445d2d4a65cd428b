"""The commands that a person should type next in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.model.plans.workflow import REVIEWING
from gitorch.model.work.job import ACTIVE, JobPhase
from gitorch.model.work.run import RunPhase
from gitorch.rules.guards.granting import queue
from gitorch.rules.views.inbox import inbox
from gitorch.rules.workflows.tracked import left_to_close

if TYPE_CHECKING:
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run


def next_commands(run: Run) -> tuple[str, ...]:
    """The commands to type next, most useful first; each works when pasted.

    There is always one at least, because even a run that is over has a log.
    """
    if run.phase is RunPhase.PREPARED:
        return (f"gitorch cancel {run.id}",)

    if run.phase is RunPhase.PAUSED:
        return (f"gitorch resume {run.id}",)

    answers = tuple(dict.fromkeys(row.command for row in inbox(run)))
    if run.phase.is_over:
        return _commands_after_the_end(run, answers)

    if run.settings.manual:
        return _commands_for_claims(run, answers)

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


def _commands_for_claims(run: Run, answers: tuple[str, ...]) -> tuple[str, ...]:
    """Finish the claimed jobs first, then answer questions, recover stale work, and claim more."""
    commands = _report_commands(run)
    commands += answers
    if any(job.phase is JobPhase.STALE for job in run.jobs.values()):
        commands.append("gitorch recover")

    commands += [f"gitorch claim {job.spec.id}" for job in queue(run)]
    if not commands:
        commands.append(f"gitorch up {run.id}")

    return tuple(commands)


def _report_commands(run: Run) -> list[str]:
    """The command that reports each job that was claimed by hand and is under way."""
    commands = []
    for job in run.jobs.values():
        if job.phase in ACTIVE and run.is_claimed_manually(job):
            commands += [_report_command(job)]

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
