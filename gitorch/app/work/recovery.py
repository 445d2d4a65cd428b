"""Recovery: adopting late handoffs, requeueing stale jobs, cancelling jobs, and recording decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.executing.execute import execute, execute_verb, only_people
from gitorch.app.people.signing import unsigned_approval
from gitorch.app.query.lookup import find_job, find_run, require_intact_ledger
from gitorch.errors import Denied, GitorchError, NotFound
from gitorch.model import commands
from gitorch.model.ids import LateHandoffId
from gitorch.model.values import Value
from gitorch.model.work.job import JobPhase
from gitorch.rules.deciding.recovery import remedies, withdrawal
from gitorch.rules.guards.ensure import run_there

if TYPE_CHECKING:
    from gitorch.app.executing.execute import Caller
    from gitorch.app.services import Services
    from gitorch.model.work.artifact import Outcome
    from gitorch.model.work.decision import Decision
    from gitorch.model.work.job import JobState
    from gitorch.model.work.run import Run
    from gitorch.rules.deciding.recovery import Remedy

REASON = "recovered"
"""The reason in the records where nobody gives one."""


class RecoveryResult(Value):
    """A remedy and its outcome."""

    remedy: Remedy
    done: bool = False
    refused: str = ""
    """Why it was refused; empty where it was done or not tried."""


def propose(services: Services, run_name: str | None) -> tuple[Run, tuple[RecoveryResult, ...]]:
    """The remedies for late handoffs and stale jobs; nothing is changed.

    Raises Corrupt for a damaged ledger, with the command that restores it.
    """
    require_intact_ledger(services)
    run = find_run(services, run_name)
    return run, tuple(RecoveryResult(remedy) for remedy in _remedies(services, run))


def _remedies(services: Services, run: Run) -> tuple[Remedy, ...]:
    """The withdrawal of a report whose approval has no valid signature, then what was left behind in the run."""
    left_behind = remedies(run, services.clock.now())
    fault = unsigned_approval(services, services.ledger.verified(run.id))
    if fault is None or run.report is None:
        return left_behind

    return (withdrawal(run, run.report.checkpoint, fault.message), *left_behind)


def apply(
    services: Services,
    caller: Caller,
    run_name: str | None,
    reason: str,
) -> tuple[Run, tuple[RecoveryResult, ...]]:
    """Apply the remedies that need no decision, each by itself: a refused one does not keep the others from being applied."""
    run = find_run(services, run_name)
    run = run_there(execute(services, run.id, caller.actor, commands.ExpireLeases())[0])
    results: list[RecoveryResult] = []
    for remedy in _remedies(services, run):
        results.append(_apply(services, caller, run, remedy, reason))
    return run_there(services.ledger.state(run.id)), tuple(results)


def _apply(
    services: Services,
    caller: Caller,
    run: Run,
    remedy: Remedy,
    reason: str,
) -> RecoveryResult:
    """Apply one remedy that needs no decision. A refusal is part of the result; Denied is raised, since it would meet them all."""
    if not remedy.by_itself:
        return RecoveryResult(remedy)

    try:
        if remedy.voids:
            _withdraw(services, caller, run, remedy.voids)
        elif remedy.late_handoff is not None:
            adopt(services, caller, run, remedy.late_handoff, reason)
        elif run.jobs[remedy.job].phase is JobPhase.STALE:
            requeue(services, caller, run, remedy.job, reason)
    except Denied:
        raise
    except GitorchError as error:
        return RecoveryResult(remedy, refused=error.message)

    return RecoveryResult(remedy, done=True)


def _withdraw(services: Services, caller: Caller, run: Run, reason: str) -> None:
    """Withdraw the report that stands, with its approval. Raises Denied for an agent."""
    only_people(services, caller, "recover")
    execute(services, run.id, services.host, commands.VoidReport(reason))


def requeue(
    services: Services,
    caller: Caller,
    run: Run,
    job_name: str,
    reason: str,
) -> Run:
    """Queue stale work again. Raises NotFound, Usage, Refused."""
    requeue_job = commands.RequeueJob(find_job(run, job_name), reason or REASON)
    orders = (commands.ExpireLeases(), requeue_job)
    return run_there(execute_verb(services, run.id, caller.actor, orders, "requeue")[0])


def adopt(
    services: Services,
    caller: Caller,
    run: Run,
    name: str,
    reason: str,
) -> Run:
    """Accept a handoff that arrived after its lease had ended, and return the run as it is afterwards.

    The worktree is read now, and not as it was at the handoff. Raises NotFound if the run has no such late handoff, and
    Refused if its job has moved on since.
    """
    kept = run.late_handoffs.get(LateHandoffId(name))
    if kept is None:
        known = ", ".join(run.late_handoffs) or "none"
        raise NotFound(f"run {run.id} keeps no late handoff {name}; it keeps {known}", f"gitorch recover {run.id}")

    facts = _facts_now(services, run, run.jobs[kept.job])
    orders = (commands.ExpireLeases(), commands.AdoptLateHandoff(kept.id, facts, reason or REASON))
    return run_there(execute_verb(services, run.id, caller.actor, orders, "adopt")[0])


def _facts_now(services: Services, run: Run, job: JobState) -> commands.WorkFacts:
    """The facts of a job's worktree; empty ones for a job that changes no files."""
    if not job.writes:
        return commands.WorkFacts(None, (), 0, ())

    expected = tuple(artifact.path for artifact in job.spec.artifacts if artifact.required)
    worktree = services.paths.job_worktree(run, job.spec.id)
    return services.git.facts(worktree, job.base or run.target_commit, expected)


def cancel_job(
    services: Services,
    caller: Caller,
    run: Run,
    job_name: str,
    reason: str,
) -> Run:
    """Cancel a job and everything that needs it. Raises NotFound, Usage, Refused."""
    command = commands.CancelJob(find_job(run, job_name), reason or "given up by the principal")
    return run_there(execute_verb(services, run.id, caller.actor, command, "cancel")[0])


def decide(
    services: Services,
    caller: Caller,
    run_name: str | None,
    job_name: str,
    decision: tuple[Outcome, str, str],
) -> tuple[Run, Decision]:
    """Record a decision about a job's work: its outcome, the reason and the follow-up. Raises NotFound, Usage, Refused."""
    run = find_run(services, run_name)
    outcome, note, follow_up = decision
    command = commands.Decide(find_job(run, job_name), outcome, note, follow_up)
    after = run_there(execute_verb(services, run.id, caller.actor, command, "decide")[0])
    return after, after.decisions[-1]
