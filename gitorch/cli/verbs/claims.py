"""`claim`, `heartbeat`, `release`, `recover`, `decide`: manual work, and abandoned work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gitorch.cli.verb_function import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.app.executing.execute import Caller
    from gitorch.app.work.claims import ClaimResult
    from gitorch.app.work.recovery import RecoveryResult
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.submission import KeptVerb
    from gitorch.model.work.job import Lease
    from gitorch.model.work.run import Run
    from gitorch.model.work.session import Session

T = TypeVar("T")


@verb("claim")
def claim(call: Call, job: str | None, runtime: str, run: str | None) -> None:
    """Claim a job for manual work: the next in the queue, or the named one."""
    from gitorch.app.work import claims
    from gitorch.cli.by_hand import do_or_keep

    call.learn_of_runs()
    caller = call.caller
    claimed = do_or_keep(
        call,
        lambda: claims.claim(call.services, caller, job, run, runtime),
        lambda: _kept(call, "claim", job, run, runtime=runtime),
    )
    if claimed is None:
        return

    lease = claimed.run.jobs[claimed.session.job].lease
    values: dict[str, Any] = {
        "run": claimed.run.id,
        "job": claimed.session.job,
        "session": claimed.session.id,
        "fence": claimed.session.fence,
        "until": _expiry(lease),
        "worktree": str(claimed.worktree),
        "brief": claimed.values,
    }
    call.say(values, lambda page: _claimed_text(claimed, page))


def _kept(call: Call, verb: str, job: str | None, run: str | None, *, fence: int = 0, runtime: str = "") -> KeptVerb:
    """What is kept of a verb that was typed while the remote is away."""
    from gitorch.model.submission import KeptVerb

    return KeptVerb(verb, call.caller.actor, call.services.clock.now(), str(call.folder), run, job, fence, runtime)


def _expiry(lease: Lease | None) -> str | None:
    """When a lease expires, as JSON has every timestamp; None without a lease."""
    if lease is None:
        return None

    from gitorch.text.records import timestamps

    return timestamps.iso(lease.until)


def _claimed_text(claimed: ClaimResult, page: Page) -> str:
    """The claim as a person reads it: the job, the folder to work in, and the brief."""
    from shlex import quote

    from gitorch.cli.pages.page import duration

    session = claimed.session
    job = claimed.run.jobs[session.job]
    lease = duration(claimed.run.limits_of(job.spec.lane).lease_seconds)
    head = f"{job.spec.id} is yours for {lease} (lease {session.fence}, session {session.id})."
    folder = quote(str(claimed.worktree))

    return "\n".join([page.line(head, "bold"), f"  cd {folder}", "", claimed.brief.rstrip()])


def _holder(call: Call, job: str | None, run: str | None, fence: int, verb: str) -> tuple[Run, Session, Any]:
    """The run and session that the caller holds, and the caller as an actor. Raises Denied, NotFound, Usage."""
    from gitorch.app.work import submissions

    return submissions.who(call.services, call.bearer(job, run, fence), verb)


def _by_hand(call: Call, session: Session, act: Callable[[], T], kept: Callable[[], KeptVerb]) -> T | None:
    """Do what was typed. Where the remote is away, what a person typed is kept, and None is given."""
    if not session.is_manual:
        return act()

    from gitorch.cli.by_hand import do_or_keep

    return do_or_keep(call, act, kept)


@verb("heartbeat")
def heartbeat(call: Call, job: str | None, fence: int, run: str | None) -> None:
    """Renew your lease while you are at work."""
    from gitorch.app.work import claims

    found, session, actor = _holder(call, job, run, fence, "heartbeat")
    beat = _by_hand(
        call,
        session,
        lambda: claims.heartbeat(call.services, found, session, actor, fence),
        lambda: _kept(call, "heartbeat", session.job, found.id, fence=fence),
    )
    if beat is None:
        return

    after, renewed = beat
    lease = after.jobs[session.job].lease
    left = "no time"
    if lease is not None:
        left = f"{(lease.until - call.services.clock.now()) // 1000} s"

    values = {
        "run": after.id,
        "job": session.job,
        "fence": session.fence,
        "until": _expiry(lease),
        "renewed": renewed,
    }
    call.say(values, f"{session.job} is yours for another {left}.")


@verb("release")
def release(call: Call, job: str | None, fence: int, run: str | None) -> None:
    """Release a job that you claimed."""
    from gitorch.app.work import claims

    found, session, actor = _holder(call, job, run, fence, "release")
    after = _by_hand(
        call,
        session,
        lambda: claims.release(call.services, found, session, actor, fence),
        lambda: _kept(call, "release", session.job, found.id, fence=fence),
    )
    if after is None:
        return

    values = {"run": after.id, "job": session.job, "phase": after.jobs[session.job].phase}
    call.say(values, f"{session.job} is queued again. Claim it again: gitorch claim {session.job}")


@verb("recover")
def recover(
    call: Call,
    what: str | None,
    apply_all: bool,
    requeue: bool,
    adopt: str | None,
    cancel: bool,
    reason: str,
    run: str | None,
) -> None:
    """Show abandoned work, and queue it again or accept a late handoff."""
    from gitorch.app.query.lookup import find_run

    caller = call.people_only(_attempt(adopt, cancel=cancel))
    if apply_all + requeue + (adopt is not None) + cancel > 1:
        raise Usage("--apply, --requeue, --adopt and --cancel exclude each other", "gitorch recover --help")

    if not requeue and adopt is None and not cancel:
        if what is None:
            what = run

        _list_abandoned(call, caller, what, reason, apply_all=apply_all)
        return

    found = find_run(call.services, run)
    if adopt is not None:
        _adopt(call, caller, found, adopt, reason)
        return

    if what is None:
        raise Usage("name the job", "gitorch recover JOB --requeue")

    _requeue_or_cancel(call, caller, found, what, reason, cancel=cancel)


def _attempt(adopt: str | None, *, cancel: bool) -> str:
    """The name under which an agent's attempt is recorded."""
    if cancel:
        return "cancel"

    if adopt is not None:
        return "adopt"

    return "recover"


def _list_abandoned(call: Call, caller: Caller, what: str | None, reason: str, *, apply_all: bool) -> None:
    """Print abandoned work with its remedies; with `apply_all`, carry the remedies out first."""
    from gitorch.app.work import recovery

    place = _place(call, apply_all=apply_all)
    if apply_all:
        found, results = recovery.apply(call.services, caller, what, reason)
        from gitorch.cli.follow import carry_on_without_up

        found = carry_on_without_up(call, found)
    else:
        found, results = recovery.propose(call.services, what)

    command_in = _command_namer(call, found)
    values = {"run": found.id, "remedies": results, "applied": apply_all, "place": place}
    call.say(values, lambda page: "\n".join([*place, _remedies_text(results, page, command_in, applied=apply_all)]))


def _place(call: Call, *, apply_all: bool) -> list[str]:
    """What happened to a repository that was moved or copied; with `apply_all` also what was put right."""
    from gitorch.app.sessions.places import place_sentence, settle_now

    sentence = place_sentence(call.services)
    if not sentence:
        return []
    if apply_all:
        return list(settle_now(call.services))
    return [sentence, "Repair its worktrees and end its old agents: gitorch recover --apply"]


def _command_namer(call: Call, run: Run) -> Callable[[str], str]:
    """A function that adds the run to a command if several runs are open."""
    from gitorch.app.query.lookup import is_ambiguous
    from gitorch.rules.views.naming_runs import with_run

    if not is_ambiguous(call.services):
        return str

    return lambda command: with_run(command, run.id)


def _remedies_text(
    results: tuple[RecoveryResult, ...], page: Page, command_in: Callable[[str], str], *, applied: bool
) -> str:
    """What `recover` did, or would do, line by line, with the command that applies it."""
    if not results:
        return "No work was abandoned."

    lines = _remedy_lines(results, page, command_in)

    if not applied:
        lines += ["", f"Do all of it: {command_in('gitorch recover --apply')}"]

    return "\n".join(lines)


def _remedy_lines(results: tuple[RecoveryResult, ...], page: Page, command_in: Callable[[str], str]) -> list[str]:
    """Two lines for each job: what was found, and what was done or would be."""
    lines: list[str] = []
    for result in results:
        lines.append(page.line(f"{result.remedy.job}: {result.remedy.found}"))
        outcome = command_in(result.remedy.command)
        if result.done:
            outcome = "done"
        elif result.refused:
            outcome = f"refused: {result.refused}"

        lines.append(page.line(f"    {result.remedy.would}: {outcome}"))
    return lines


def _adopt(call: Call, caller: Caller, run: Run, handoff: str, reason: str) -> None:
    """Accept a late handoff. Raises NotFound, Refused."""
    from gitorch.app.work import recovery
    from gitorch.model.ids import LateHandoffId

    after = recovery.adopt(call.services, caller, run, handoff, reason)
    _say_phase(call, after, run.late_handoffs[LateHandoffId(handoff)].job)


def _requeue_or_cancel(call: Call, caller: Caller, run: Run, job: str, reason: str, *, cancel: bool) -> None:
    """Queue stale work again, or cancel it, and print the phase that it has now."""
    from gitorch.app.work import recovery

    if cancel:
        after = recovery.cancel_job(call.services, caller, run, job, reason)
    else:
        after = recovery.requeue(call.services, caller, run, job, reason)

    _say_phase(call, after, job)


def _say_phase(call: Call, run: Run, job: str) -> None:
    """Print the phase of the job, which may be named by its beginning."""
    from gitorch.app.query.lookup import find_job
    from gitorch.cli.follow import carry_on_without_up

    after = carry_on_without_up(call, run)
    phase = after.jobs[find_job(after, job)].phase
    call.say({"run": after.id, "job": job, "phase": phase}, f"{job} is {phase}.")


@verb("decide")
def decide(call: Call, job: str, outcome: str, note: str, follow_up: str, run: str | None) -> None:
    """Record a decision about a job's work: accepted, rejected or accepted_with_follow_up."""
    from gitorch.app.work import recovery
    from gitorch.cli import arguments

    caller = call.people_only("decide")
    after, made = recovery.decide(call.services, caller, run, job, (arguments.outcome(outcome), note, follow_up))
    line = f"{made.id}: {made.job} is {made.outcome}."
    if made.outcome == "rejected" and made.verdicts:
        line += f" It marks the verdicts of {', '.join(made.verdicts)}."

    call.say({"run": after.id, "decision": made}, line)
