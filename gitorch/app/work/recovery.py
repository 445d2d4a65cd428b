"""`recover`: what was left behind, and doing something about it, one thing or all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitorch.app.execute import carry, carry_asked
from gitorch.app.query.lookup import find_run
from gitorch.app.work.claims import find_job
from gitorch.errors import Denied, GitorchError, NotFound
from gitorch.model import commands
from gitorch.model.ids import LateHandoffId
from gitorch.model.job import JobPhase
from gitorch.model.values import Value
from gitorch.rules.ensure import run_there
from gitorch.rules.recovery import remedies

if TYPE_CHECKING:
    from gitorch.app.people.decisions import Caller
    from gitorch.app.services import Services
    from gitorch.model.artifact import Outcome
    from gitorch.model.decision import Decision
    from gitorch.model.run import Run
    from gitorch.rules.recovery import Remedy

WHY = "recovered"


class RecoveryResult(Value):
    """A remedy and what became of it: `done` with nothing in `refused`, or why not."""

    remedy: Remedy
    done: bool = False
    refused: str = ""


def look(services: Services, said: str | None) -> tuple[Run, tuple[RecoveryResult, ...]]:
    """What was left behind; nothing is changed."""
    run = find_run(services, said)
    return run, tuple(RecoveryResult(remedy) for remedy in remedies(run, services.clock.now()))


def apply(services: Services, caller: Caller, said: str | None, reason: str) -> tuple[Run, tuple[RecoveryResult, ...]]:
    """Do what `look` shows, each by itself: one that is refused keeps none of the others from being done."""
    run = find_run(services, said)
    run = run_there(carry(services, run.id, caller.actor, commands.ExpireLeases())[0])
    done = tuple(_applied(services, caller, run, remedy, reason) for remedy in remedies(run, services.clock.now()))
    return run_there(services.ledger.state(run.id)), done


def _applied(services: Services, caller: Caller, run: Run, remedy: Remedy, reason: str) -> RecoveryResult:
    if not remedy.by_itself:
        return RecoveryResult(remedy)
    try:
        if remedy.late_handoff is not None:
            adopt(services, caller, run, remedy.late_handoff, reason)
        elif run.jobs[remedy.job].phase is JobPhase.STALE:
            requeue(services, caller, run, remedy.job, reason)
    except Denied:
        raise
    except GitorchError as no:
        return RecoveryResult(remedy, refused=no.message)
    return RecoveryResult(remedy, done=True)


def requeue(services: Services, caller: Caller, run: Run, said: str, reason: str) -> Run:
    """Queue stale work again."""
    command = commands.RequeueJob(find_job(run, said), reason or WHY)
    expire = commands.ExpireLeases()
    return run_there(carry_asked(services, run.id, caller.actor, (expire, command), "requeue")[0])


def adopt(services: Services, caller: Caller, run: Run, said: str, reason: str) -> Run:
    """Let a late handoff count, by what git says of its worktree now."""
    kept = run.late_handoffs.get(LateHandoffId(said))
    if kept is None:
        message = f"run {run.id} keeps no late handoff {said}; it keeps {', '.join(run.late_handoffs) or 'none'}"
        raise NotFound(message, f"gitorch recover {run.id}")
    job = run.jobs[kept.job]
    facts = commands.WorkFacts(None, (), 0, ())
    if job.writes:
        expected = tuple(e.path for e in job.spec.artifacts if e.required)
        facts = services.git.facts(services.paths.job_worktree(run, kept.job), job.base or run.target_commit, expected)
    orders = (commands.ExpireLeases(), commands.AdoptLateHandoff(kept.id, facts, reason or WHY))
    return run_there(carry_asked(services, run.id, caller.actor, orders, "adopt")[0])


def cancel_job(services: Services, caller: Caller, run: Run, said: str, reason: str) -> Run:
    """Give a job up, with everything that cannot be done without it."""
    command = commands.CancelJob(find_job(run, said), reason or "given up by the principal")
    return run_there(carry_asked(services, run.id, caller.actor, command, "cancel")[0])


def decide(
    services: Services, caller: Caller, said_run: str | None, said: str, words: tuple[Outcome, str, str]
) -> tuple[Run, Decision]:
    """Record what the principal decided about a job's work: outcome, reason, follow-up."""
    run = find_run(services, said_run)
    outcome, note, follow_up = words
    command = commands.Decide(find_job(run, said), outcome, note, follow_up)
    after = run_there(carry_asked(services, run.id, caller.actor, command, "decide")[0])
    return after, after.decisions[-1]
