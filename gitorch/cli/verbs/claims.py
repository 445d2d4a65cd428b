"""`claim`, `heartbeat`, `release`, `recover`: work by hand, and work that was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gitorch.cli.group import verb
from gitorch.errors import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitorch.app.work.claims import ClaimResult
    from gitorch.app.work.recovery import RecoveryResult
    from gitorch.cli.call import Call
    from gitorch.cli.pages.page import Page
    from gitorch.model.run import Run
    from gitorch.model.session import Session

RUN = click.option("--run", metavar="RUN", help="The run, where several are open.")
JOB = click.option("--job", metavar="JOB", help="Which of your jobs, where you hold several.")
FENCE = click.option("--fence", type=int, default=0, metavar="N", help="Only if this is the number of the lease.")


@verb("claim", "gitorch claim", "gitorch claim api --json")
@click.argument("job", required=False)
@click.option("--runtime", default="", metavar="NAME", help="What works, where it is not the lane's runtime.")
@RUN
@click.pass_obj
def claim(call: Call, job: str | None, runtime: str, run: str | None) -> None:
    """Take a job by hand: the next of the queue, or the one that is named.

    Makes its worktree, prints its brief, and says until when it is yours. Then work there and `gitorch handoff` (a review
    ends with `gitorch verdict`), or `gitorch release` it. `gitorch heartbeat` keeps it for longer.
    """
    from gitorch.app.work import claims

    taken = claims.claim(call.services, call.caller, job, run, runtime)
    lease = taken.run.jobs[taken.session.job].lease
    values: dict[str, Any] = {
        "run": taken.run.id,
        "job": taken.session.job,
        "session": taken.session.id,
        "fence": taken.session.fence,
        "until": lease.until if lease is not None else None,
        "worktree": str(taken.worktree),
        "brief": taken.values,
    }
    call.say(values, lambda page: _claimed_text(taken, page))


def _claimed_text(taken: ClaimResult, page: Page) -> str:
    from gitorch.cli.pages.page import duration

    job = taken.run.jobs[taken.session.job]
    lease = duration(taken.run.limits_of(job.spec.lane).lease_seconds)
    head = f"{job.spec.id} is yours for {lease} (lease {taken.session.fence}, session {taken.session.id})."
    return "\n".join([page.line(head, "bold"), f"  cd {_quoted(str(taken.worktree))}", "", taken.brief.rstrip()])


def _quoted(path: str) -> str:
    from shlex import quote

    return quote(path)


def _mine(call: Call, job: str | None, run: str | None, fence: int, verb: str) -> tuple[Run, Session, Any]:
    from gitorch.app.work import submissions

    return submissions.who(call.services, call.bearer(job, run, fence), verb)


@verb("heartbeat", "gitorch heartbeat", "gitorch heartbeat --job api")
@JOB
@FENCE
@RUN
@click.pass_obj
def heartbeat(call: Call, job: str | None, fence: int, run: str | None) -> None:
    """Say that you are still at work, so that your lease lasts longer.

    It is written to the ledger once half of the lease is gone; call it as often as you like.
    """
    from gitorch.app.work import claims

    found, session, actor = _mine(call, job, run, fence, "heartbeat")
    after, renewed = claims.heartbeat(call.services, found, session, actor, fence)
    lease = after.jobs[session.job].lease
    until = lease.until if lease is not None else None
    left = f"{(until - call.services.clock.now()) // 1000} s" if until is not None else "no time"
    values = {"run": after.id, "job": session.job, "fence": session.fence, "until": until, "renewed": renewed}
    call.say(values, f"{session.job} is yours for another {left}.")


@verb("release", "gitorch release", "gitorch release --job api")
@JOB
@FENCE
@RUN
@click.pass_obj
def release(call: Call, job: str | None, fence: int, run: str | None) -> None:
    """Give a job back that you took by hand.

    Its branch and worktree stay for whoever takes it next.
    """
    from gitorch.app.work import claims

    found, session, actor = _mine(call, job, run, fence, "release")
    after = claims.release(call.services, found, session, actor, fence)
    values = {"run": after.id, "job": session.job, "phase": after.jobs[session.job].phase}
    call.say(values, f"{session.job} is queued again. Take it again: gitorch claim {session.job}")


@verb("recover", "gitorch recover", "gitorch recover --apply", "gitorch recover api --adopt h1 --reason 'It is sound.'")
@click.argument("what", metavar="[RUN|JOB]", required=False)
@click.option("--apply", "do", is_flag=True, help="Do what is shown.")
@click.option("--requeue", is_flag=True, help="Queue this stale job again.")
@click.option("--adopt", metavar="HAND-IN", help="Let this late handoff of the job count.")
@click.option("--cancel", is_flag=True, help="Give this job up, and what needs it.")
@click.option("--reason", default="", metavar="TEXT", help="Why; it is recorded.")
@RUN
@click.pass_obj
def recover(
    call: Call, what: str | None, do: bool, requeue: bool, adopt: str | None, cancel: bool, reason: str, run: str | None
) -> None:
    """Show work that was left behind, and queue it again or adopt what came late.

    Changes nothing without --apply or one of the other options.

    Work whose lease ran out is stale and keeps its branch and worktree: it is queued again, or its late handoff is adopted.
    Nothing is ever completed that nobody handed in.
    """
    from gitorch.app.work import recovery

    verb_said = "cancel" if cancel else "adopt" if adopt is not None else "recover"
    caller = call.people_only(verb_said)
    if requeue + (adopt is not None) + cancel + do > 1:
        message = "--apply, --requeue, --adopt and --cancel each say what to do; choose one"
        raise Usage(message, "gitorch recover --help")
    if requeue or adopt is not None or cancel:
        _one(call, caller, what, run, reason, (requeue, adopt))
        return
    said = what if what is not None else run
    done = recovery.apply(call.services, caller, said, reason) if do else recovery.look(call.services, said)
    after = _settled(call, done[0]) if do else done[0]
    told = _naming(call, after)
    call.say({"run": after.id, "remedies": done[1], "applied": do}, lambda page: _text(done[1], page, told, applied=do))


def _naming(call: Call, run: Run) -> Callable[[str], str]:
    """Lets a command mean this run, where several are open."""
    from gitorch.app.query.lookup import several_open
    from gitorch.rules.views.naming_runs import with_run

    return (lambda command: with_run(command, run.id)) if several_open(call.services) else str


def _one(
    call: Call, caller: Any, what: str | None, run: str | None, reason: str, wanted: tuple[bool, str | None]
) -> None:
    from gitorch.app.query.lookup import find_run
    from gitorch.app.work import recovery

    found, (again, late_handoff) = find_run(call.services, run), wanted
    if what is None and late_handoff is None:
        message = "name the job"
        raise Usage(message, "gitorch recover JOB --requeue")
    if late_handoff is not None:
        job = found.late_handoffs[late_handoff].job if late_handoff in found.late_handoffs else what or ""  # type: ignore[index]  # a word of the user's
        after = recovery.adopt(call.services, caller, found, late_handoff, reason)
    elif again:
        job = str(what)
        after = recovery.requeue(call.services, caller, found, job, reason)
    else:
        job = str(what)
        after = recovery.cancel_job(call.services, caller, found, job, reason)
    after = _settled(call, after)
    phase = next((state.phase for name, state in after.jobs.items() if name.startswith(job)), "")
    call.say({"run": after.id, "job": job, "phase": phase}, f"{job} is {phase}.")


def _settled(call: Call, run: Run) -> Run:
    """A run that is driven by hand goes on at once; any other is left to `gitorch up`."""
    from gitorch.cli.follow import carry_on

    return carry_on(call, run)[0] if run.settings.manual else run


def _text(rows: tuple[RecoveryResult, ...], page: Page, told: Callable[[str], str], *, applied: bool) -> str:
    if not rows:
        return "Nothing was left behind."
    lines: list[str] = []
    for row in rows:
        lines.append(page.line(f"{row.remedy.job}: {row.remedy.found}"))
        became = "done" if row.done else f"refused: {row.refused}" if row.refused else told(row.remedy.command)
        lines.append(page.line(f"    {row.remedy.would}: {became}"))
    return "\n".join([*lines, *([] if applied else ["", f"Do all of it: {told('gitorch recover --apply')}"])])


@verb("decide", 'gitorch decide api rejected --note "We keep files."')
@click.argument("job")
@click.argument("outcome")
@click.option("--note", metavar="TEXT", required=True, help="Why; it is recorded.")
@click.option("--follow-up", metavar="TEXT", default="", help="With accepted_with_follow_up: what is still to be done.")
@RUN
@click.pass_obj
def decide(call: Call, job: str, outcome: str, note: str, follow_up: str, run: str | None) -> None:
    """Record a decision about a job's work: accepted, rejected or accepted_with_follow_up.

    A rejected one marks the verdicts that rested on it, and takes back a merge report that stands.
    """
    from gitorch.app.work import recovery
    from gitorch.cli import arguments

    caller = call.people_only("decide")
    after, made = recovery.decide(call.services, caller, run, job, (arguments.outcome(outcome), note, follow_up))
    rested = (
        f" It marks the verdicts of {', '.join(made.verdicts)}." if made.outcome == "rejected" and made.verdicts else ""
    )
    call.say({"run": after.id, "decision": made}, f"{made.id}: {made.job} is {made.outcome}.{rested}")
